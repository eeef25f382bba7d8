# %% tags=["parameters", "remove-cell"]
epochs = 20
batch_size = 128
lr = 3e-4
seed = 0

# %% tags=["remove-cell"]
import inspect

from exact.compiler import KERNEL
from exhibits import (
    glue,
    implementation,
    provenance,
    show_code,
    show_source,
    show_table,
)
from exhibits.layers import layer_table
from lenet5 import RECORD, Config
from lenet5.data import load
from lenet5.model import LeNet5, TorchEngine
from lenet5.run import Run, load_or_train
from lenet5.train import train, train_epoch
from studies import platforms

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
source = inspect.getsource(LeNet5)
start = source.index("# fmt: off\n") + len("# fmt: off\n")
layers = source[start : source.index("# fmt: on")]
show_code(layers, "python", "The layers, from `lenet5/model.py`.", "code-network")

# %% [markdown]
# {numref}`tab-layers` counts what the layers hold and cost. The convolutions have few parameters and most of the work;
# in the dense layers it is the other way round.

# %% tags=["hide-input"]
show_table(
    "layer | kind | output shape | parameters | multiply-adds",
    implementation.layer_rows(layer_table(LeNet5())),
    "The layers, with parameters and multiply-adds for one image.",
    "tab-layers",
    provenance.of_nothing(),
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
run = load_or_train(Config(epochs=epochs, batch_size=batch_size, lr=lr, seed=seed))
last = run.history[-1]
print(
    f"epoch {last.epoch}: test loss {last.test_loss:.4f}, test error {last.test_error:.2f} %"
)

# %% tags=["remove-cell"]
training, _ = load()
images = len(training.labels)
steps = -(-images // batch_size)  # the last may be short
glue(steps=steps, last_batch=images - (steps - 1) * batch_size)

# %% [markdown]
# {numref}`tab-recipe` is the recipe of the original, and this run's. An {term}`epoch` is one pass over the training
# images in a fresh random order, in {glue:text}`steps` steps; the last {term}`batch` holds the {glue:text}`last_batch`
# images that are left over. Loss and error are measured on all images of both splits before the first epoch and after
# each one.

# %% tags=["hide-input"]
show_table(
    "setting | original | this run",
    implementation.recipe_rows(run),
    "The recipe of the original and of this run.",
    "tab-recipe",
    provenance.of_run(run),
)

# %% [markdown]
# The original was not seeded, so no one can repeat its run, only its recipe. Here the seed draws the initial weights
# and every shuffle, by the generator SplitMix64 {cite:p}`steele2014`, which is a few operations on whole numbers.
#
# {numref}`code-loop` is the loop. It draws the order of an epoch, has an engine take a step for each batch, measures
# both splits, and notes a checksum of the weights.

# %% tags=["remove-input"]
caption = "The training loop, from `lenet5/train.py`."
show_source([train, train_epoch], caption, "code-loop")

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
# engine of the project's own, `exact/kernel.c`, which computes the same steps by rules that leave nothing to the
# machine. {numref}`code-rules` is how that file begins.

# %% tags=["remove-input"]
kernel = KERNEL.read_text(encoding="utf-8")
rules = kernel.partition("*/")[0] + "*/"
caption = "The rules of the exact engine, from `exact/kernel.c`."
show_code(rules, "c", caption, "code-rules")

# %% [markdown]
# The kernel is compiled at first use. Before it trains, it goes through two short epochs whose checksum is known: a
# compiler, an emulator or a rounding mode that breaks a rule is found then, and not after the run. A test holds the
# kernel against {numref}`code-step` and against a reference in NumPy in double precision.
#
# {numref}`tab-platforms` is what came of the rules: the same short training in {glue:text}`builds` builds of the
# kernel, with several numbers of threads, and one checksum of the weights.

# %% tags=["hide-input"]
builds = platforms.read()
glue(builds=len(builds))
show_table(
    "platform | compiler | threads | weights",
    implementation.build_rows(builds),
    "Platforms, and the first digits of the checksum of the weights that each has trained.",
    "tab-platforms",
    provenance.of_files(["platforms.csv"], "make record"),
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
    implementation.machine_rows(run, made),
    "Where the original's run and ours were made.",
    "tab-machine",
    provenance.of_run(run),
)

# %% [markdown]
# ## What next
#
# {doc}`results` shows this run epoch by epoch. {doc}`reproduce` lets your browser train it, as the strictest test of
# the rules above. How far one seed parts under other roundings, without these rules, {doc}`variability` shows.
