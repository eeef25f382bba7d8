# %% tags=["parameters", "remove-cell"]
epochs = 20
batch_size = 128
lr = 3e-4
seed = 0

# %% tags=["remove-cell"]
import inspect
from pathlib import Path

import pandas as pd

import lenet5
from exhibits import RECORD, glue, origin, show_code, show_source, show_table
from exhibits.layers import layer_table
from exhibits.recipe import recipe
from lenet5 import Config
from lenet5.data import load
from lenet5.model import LeNet5, TorchEngine
from lenet5.run import Run, load_or_train
from lenet5.train import train

# %% [markdown]
# # Implementation
#
# The same recipe, trained anywhere, gives the same bytes: {glue:text}`builds` builds of the engine that trains, for
# several processors, have come to one checksum ({numref}`tab-platforms`). This chapter shows the network, the recipe,
# and the rules that make it so. The code is a package of a few short modules, `lenet5`. The listings are read from the
# files that run, when this chapter runs; they cannot fall out of step.
#
# ## The network
#
# {numref}`code-network` is the whole network.

# %% tags=["remove-input"]
layers = (
    inspect.getsource(LeNet5).partition("# fmt: off\n")[2].partition("# fmt: on")[0]
)
show_code(layers, "python", "The layers, from `lenet5/model.py`.", "code-network")

# %% [markdown]
# {numref}`tab-layers` counts what the layers hold and cost. The convolutions have few parameters and most of the work;
# in the dense layers it is the other way round.

# %% tags=["hide-input"]
rows = layer_table(LeNet5())
parameters, multiply_adds = (sum(row[column] for row in rows) for column in (3, 4))
show_table(
    "layer | kind | output shape | parameters | multiply-adds",
    [
        f"{row.name} | {row.kind} | {'×'.join(map(str, row.shape))} | "
        f"{row.parameters:,} | {row.multiply_adds:,}"
        for row in rows
    ]
    + [f"all | – | – | {parameters:,} | {multiply_adds:,}"],
    "The layers, with parameters and multiply-adds for one image.",
    "tab-layers",
    origin.of_nothing(),
    "lllrr",
)

# %% [markdown]
# Two details differ from Flux by name only. Flux flips the kernel of a convolution and PyTorch does not; since the
# kernel is learned, the functions that can be learned are the same. And PyTorch starts its layers from other weights
# unless told: here, as in Flux, weights are drawn from the uniform distribution of {term}`Glorot` and Bengio
# {cite:p}`glorot2010`, and biases start at zero.
#
# ## The training
#
# The call below trains the network, or reads the run if it was made before. A run's name is a fingerprint of its
# settings, of the data, and of what the engine computes: before it trains, the engine makes a short training on made-up
# images, whose checksum is known. So the source may be rewritten freely, and a change of the arithmetic never shows an
# old result.

# %%
run = load_or_train(Config(epochs, batch_size, lr, seed))
last = run.history[-1]
print(
    f"epoch {last.epoch}: test loss {last.test_loss:.4f}, test error {last.test_error:.2f} %"
)

# %% tags=["remove-cell"]
images = len(load()[0].labels)
steps = -(-images // batch_size)
glue(steps=steps, last_batch=images - (steps - 1) * batch_size)

# %% [markdown]
# {numref}`tab-recipe` is the recipe of the original, and this run's. An {term}`epoch` is one pass over the training
# images in a fresh random order, in {glue:text}`steps` steps; the last {term}`batch` holds the {glue:text}`last_batch`
# images that are left over. Loss and error are measured on all images of both splits before the first epoch and after
# each one.

# %% tags=["hide-input"]
original = ["20", "128", "Adam", "0.0003", "cross-entropy on logits"]
original += ["Glorot uniform, zero biases", "none", "32-bit floating point"]
rows = zip(recipe(run).items(), original)
show_table(
    "setting | original | this run",
    [(name, theirs, ours) for (name, ours), theirs in rows],
    "The recipe of the original and of this run.",
    "tab-recipe",
    origin.of_run(run),
)

# %% [markdown]
# The original was not seeded, so no one can repeat its run, only its recipe. Here the seed draws the initial weights
# and every shuffle, by the generator SplitMix64 {cite:p}`steele2014`, which is a few operations on whole numbers.
#
# {numref}`code-loop` is the loop. It draws the order of an epoch, has an engine take a step for each batch, measures
# both splits, and notes a checksum of the weights.

# %% tags=["remove-input"]
show_source(train, "The training loop, from `lenet5/train.py`.", "code-loop")

# %% [markdown]
# What a step is, {numref}`code-step` says in PyTorch: the gradient of the mean cross-entropy of a batch, and a step of
# Adam. This engine is the definition. `python -m lenet5 train --engine torch` trains with it, also on a graphics
# processor.

# %% tags=["remove-input"]
caption = "The steps of an epoch in PyTorch, from `lenet5/model.py`."
show_source(TorchEngine.steps, caption, "code-step")

# %% [markdown]
# ## The exact engine
#
# PyTorch promises no bytes. Sums are cut to fit a processor's vector units and its threads, so two machines add in two
# orders and round otherwise; thousands of steps amplify the difference ({doc}`variability` shows how fast). No seed and
# no pinned version mends that. The published run and every seed of {doc}`variability` are therefore trained by an
# engine of the project's own, `lenet5/kernel.c`, which computes the same steps by rules that leave nothing to the
# machine. {numref}`code-rules` is how that file begins.

# %% tags=["remove-input"]
kernel = Path(lenet5.__file__).with_name("kernel.c").read_text(encoding="utf-8")
rules = kernel.partition("*/")[0] + "*/"
caption = "The rules of the exact engine, from `lenet5/kernel.c`."
show_code(rules, "c", caption, "code-rules")

# %% [markdown]
# The kernel is compiled at first use. Before it trains, it goes through two short epochs whose checksum is known: a
# compiler, an emulator or a rounding mode that breaks a rule is found then, and not after the run. A test holds the
# kernel against {numref}`code-step` and against a reference in NumPy in double precision.
#
# {numref}`tab-platforms` is what came of the rules: the same short training in {glue:text}`builds` builds of the
# kernel, with several numbers of threads, and one checksum of the weights.

# %% tags=["hide-input"]
builds = pd.read_csv(RECORD / "platforms.csv", dtype=str)
assert builds.weights.nunique() == 1, "two builds have trained other weights"
glue(builds=len(builds))
show_table(
    "platform | compiler | threads | weights",
    [(*build, f"`{weights[:16]}`") for *build, weights in builds.to_numpy()],
    "Platforms, and the first digits of the checksum of the weights that each has trained.",
    "tab-platforms",
    origin.of_files("platforms.csv", "make record"),
)

# %% [markdown]
# ## The machine
#
# {numref}`tab-machine` names what the two runs were made on. The graphs of the original were drawn on a laptop. Ours
# was made where it was published; elsewhere it comes out the same.

# %% tags=["hide-input"]
made = Run.load(RECORD).environment
glue(run=run.fingerprint, made_on=f"{made['cpu']}, {made['system']}")
show_table(
    "part | original | this report",
    [
        ("processor", "AMD Ryzen 5 3500U", made["cpu"]),
        ("system", "not named", made["system"]),
        ("language", "Julia", f"Python {made['python']} and C"),
        ("library", "Flux", "none; NumPy around the exact engine"),
        ("run", "not published", f"`{run.fingerprint}`"),
    ],
    "Where the original's run and ours were made.",
    "tab-machine",
    origin.of_run(run),
)

# %% [markdown]
# ## What next
#
# {doc}`results` shows this run epoch by epoch. {doc}`reproduce` lets your browser train it, as the strictest test of
# the rules above. How far one seed parts under other roundings, without these rules, {doc}`variability` shows.
