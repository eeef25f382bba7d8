# %% tags=["remove-cell"]
import math

from exhibits import edition, glue, provenance, same_bytes, show_table
from lenet5.data import TRAINING
from studies import platforms, verdict

recorded = edition.recorded()
builds = platforms.read()
networks = builds.network.unique()
of_report = builds[builds.network == networks[0]]
glue(builds=len(of_report), other_networks=len(networks) - 1)
glue(emulated=of_report.platform.str.contains("emulated").sum())
glue("{:.0f} %", coverage=100 * verdict.COVERAGE)
config = recorded.config
few_images = platforms.TRAINED[0].images
glue("{:,}", few_images=few_images, few_steps=math.ceil(few_images / platforms.BATCH))
glue("{:,}", all_steps=config.epochs * math.ceil(TRAINING / config.batch_size))

# %% [markdown]
# # The same bytes, wherever we tried
#
# Train the network of this book on your own machine, and you should get our weights, every bit of all of them. This
# chapter says why that is not so with the usual libraries, by which five rules it becomes so, and on what it was tried:
# {glue:text}`builds` builds of the program that trains, which all came to one checksum.
#
# ## Why machines differ
#
# A computer adds numbers with a limited number of digits, and rounds after each sum, so the order counts. In 32-bit
# numbers $(1 + 4 \cdot 10^{-8}) + 4 \cdot 10^{-8}$ is 1, since each sum is rounded down to 1, while
# $1 + (4 \cdot 10^{-8} + 4 \cdot 10^{-8})$ is larger. A fast library cuts a long sum into pieces that suit the
# processor at hand, its vector units and its cores. Two machines then add in two orders and round differently: PyTorch
# may give slightly different numbers on different machines. In a training each step starts from the result of the step
# before, and thousands of steps make a large difference of a small one
# ({doc}`Variability <variability>` shows how fast). Neither a seed nor a pinned version helps against that.
#
# ## Five rules
#
# The runs of this book are trained by a program in C, `exact/kernel.c` and the files beside it. It computes what
# {numref}`code-step` says, and leaves nothing to the machine:
#
# 1. **Only five operations.** Sums, differences, products, quotients and square roots have one right answer each, which
#    the standard IEEE 754 defines to the last bit and asks of every processor. A function such as $e^x$ has a right
#    answer too, but the standard does not ask it of a library, and libraries differ in the last bit. So the program
#    has functions of its own, made of these five operations.
# 2. **Every sum has one order,** and the source states it. No compiler may change it, nor fuse a product and a sum into
#    one operation that rounds once instead of twice.
# 3. **No sum runs across a vector.** A processor can hold eight or sixteen numbers side by side, in a *vector*, and add
#    two vectors at once. Here numbers side by side belong to different images or units and are never added to each
#    other, so each sum proceeds as it would alone. How wide the vectors are decides how fast it goes, and nothing else.
# 4. **A batch is cut into blocks of sixteen images,** however many cores there are. Each block has a gradient of its
#    own, and these are added in the order of the blocks.
# 5. **Nothing is drawn by chance inside.** The first weights and the order of the images come from outside, from the
#    seed, by operations on whole numbers.
#
# The rules cost little. On the report's network this engine is several times as fast as PyTorch on the same cores
# (`benchmarks/README.md` has the figures and how they were measured).
#
# ## What was tried
#
# {numref}`tab-platforms` lists the builds. Each has trained the report's network for one short epoch, on
# {glue:text}`few_images` images in {glue:text}`few_steps` steps, and all came to one checksum of the weights. A
# *native* build uses every instruction that the processor at hand has, a *baseline* build those alone that every
# processor of the kind x86_64 has. `zig` and `gcc` are compilers, and `-O3` asks them for more speed than `-O1`.
# {glue:text}`emulated` of the builds ran in an emulator, which does what another processor would do, and one in
# WebAssembly, the format in which a browser runs it. In the same builds {glue:text}`other_networks` other networks were
# trained, with other kernels, pools, activations and optimisers, and each came to one checksum of its own.
#
# All {glue:text}`all_steps` steps of our run were compared in fewer places: under three versions of Debian Linux, on
# processors of the kind x86_64, by `make reproduce`, and in the browser Chromium. Under Windows the engine was run, but
# not the Python around it, and under macOS nothing was; `README.md` lists what was tried where. A machine of another
# kind could still differ, and that would very likely be noticed: before each training the program makes a short one on
# made-up images whose checksum is known, and refuses to go on if it comes to another.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the builds"}
show_table(
    "platform | compiler | threads | checksum",
    same_bytes.build_rows(builds),
    "Platforms, and the first digits of the checksum of the weights that each has trained for the report's network.",
    "tab-platforms",
    provenance.of_files(["platforms.csv"], "make record"),
)

# %% [markdown]
# ## What your machine says
#
# `make reproduce` trains the network on your machine, executes every chapter, and ends with a verdict;
# `python -m lenet5 verify` gives it alone. A run of the exact engine is **bit-identical** to ours, in the loss and the
# error of every epoch and in every weight, or something is wrong; then the verdict names the first epoch that differs
# and the likely cause. A run that rounds otherwise, by PyTorch or on a graphics processor, is held to a band, drawn
# from the recorded seeds so that it contains the end of one more run with a probability of {glue:text}`coverage` or
# more. Of a network of your own nothing is recorded here, and the verdict says so; two runs of yours are compared by
# `python -m lenet5 verify RUN --against ANOTHER`.
#
# The same can be seen without an installation: in {doc}`train` your browser trains the network by the same source,
# compiled to WebAssembly, on as many cores as it has, and the page compares each epoch as it comes.
#
# {numref}`tab-machine` names what the two runs were made on. The 2020 report ran on a laptop, by its own account. We
# ran on a server; your machine should get the same result.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the two machines"}
made = recorded.environment
glue(run=recorded.fingerprint, made_on=f"{made['cpu']}, {made['system']}")
show_table(
    "part | 2020 report | our run",
    same_bytes.machine_rows(recorded, made),
    "Where the run of 2020 and ours were made.",
    "tab-machine",
    provenance.of_run(recorded),
)

# %% [markdown]
# ## Exercises
#
# 1. Train for one epoch on one core and on two: `python -m lenet5 train --epochs 1 --fresh --threads 1`, and again with
#    `--threads 2`. The last column of `history.csv`, in the folder of the run under `runs/`, is a checksum of all
#    weights. Is it the same? Now train with PyTorch, `--engine torch`, once with the variable `OMP_NUM_THREADS` set to
#    1 and once to 2.
# 2. On the page {doc}`train`, train with one core and with all that your computer has. What changes?
#
# :::{dropdown} Solutions
# 1. With the exact engine the checksums are equal, by rule 4; only the time differs. PyTorch cuts its sums by the
#    number of threads, and its two checksums usually differ after the first epoch.
# 2. The time that it takes. Losses, errors and checksums are the same, bit for bit.
# :::
