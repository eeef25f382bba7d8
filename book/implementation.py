# %% tags=["parameters", "remove-cell"]
from lenet5 import Config

network: str = Config.network
activation: str = Config.activation
optimizer: str = Config.optimizer
epochs: int = Config.epochs
batch_size: int = Config.batch_size
lr: float = Config.lr
schedule: str = Config.schedule
seed: int = Config.seed

# %% tags=["remove-cell"]
from exact.compiler import KERNEL
from exact.network import Network
from exhibits import (
    edition,
    glue,
    implementation,
    provenance,
    show_code,
    show_source,
    show_table,
)
from exhibits.layers import layer_table
from lenet5.data import load
from lenet5.model import TorchEngine
from lenet5.run import load_or_train
from lenet5.train import train, train_epoch
from studies import platforms

config = edition.config_of_parameters(globals())
described = Network(network, activation)
layers = layer_table(described)

# %% [markdown]
# # Implementation

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# The same recipe, trained anywhere, gives the same bytes: {glue:text}`builds` builds of the engine that trains, for
# several processors, have come to one checksum ({numref}`tab-platforms`). This chapter shows the network, the recipe,
# and the rules that make it so. The code is a package of a few short modules, `lenet5`. The listings are read from the
# files that run, when this chapter runs; they cannot fall out of step.
#
# ## The network
#
# {numref}`code-network` is the whole network, in PyTorch. In the notation of Cireşan, Meier and Schmidhuber
# {cite:p}`ciresan2012` it is one line, {glue:text}`line`. There `nCk` is a convolution to *n* maps by kernels of
# *k*×*k* pixels, `MPk` the maximum of each *k*×*k* of a map (`APk` the average), and `nN` a dense layer of *n* units.
# The image comes from the data, and so does the last layer, with a unit for each class. After each convolution and each
# dense layer but the last stands the activation: {glue:text}`activation`.
#
# That line is a setting of `lenet5/config.py`, and everything follows from it: the definition, the first weights, the
# engine, the page that trains, and what this book shows. Another line is another network, and
# `make what-if NETWORK=20C4-MP2-40C5-MP3-150N ACTIVATION=tanh` makes a book of it.

# %% tags=["remove-input"]
where = "from `lenet5/model.py`"
if not edition.has_report_network(config):
    where = "as `lenet5.model.sequential` makes them"
listing = implementation.listing(config, described)
show_code(listing, "python", f"The layers, {where}.", "code-network")

# %% tags=["remove-cell"]
convolutions = [row for row in layers if row.kind == "convolution"]
held = sum(row.parameters for row in convolutions) / described.parameters
work = sum(row.multiply_adds for row in layers)
done = sum(row.multiply_adds for row in convolutions) / work
glue(line=network, activation=implementation.activation_in_words(activation))
glue("{:.0f} %", held=100 * held, done=100 * done)

# %% [markdown]
# {numref}`tab-layers` counts what the layers hold and cost. Convolutions have few parameters for the work that they do:
# here {glue:text}`held` of the parameters and {glue:text}`done` of the multiply-adds. Dense layers have the rest.

# %% tags=["hide-input"]
show_table(
    "layer | kind | output shape | parameters | multiply-adds",
    implementation.layer_rows(layers),
    "The layers, with parameters and multiply-adds for one image.",
    "tab-layers",
    provenance.of_nothing(config),
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
run = load_or_train(config)
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
# the optimiser. This engine is the definition. `python -m lenet5 train --engine torch` trains with it, also on a
# graphics processor.

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
# {numref}`tab-platforms` is what came of the rules: the same short training of the report's network in
# {glue:text}`builds` builds of the kernel, with several numbers of threads, and one checksum of the weights. In the
# same builds {glue:text}`other_networks` other networks of the family, with other kernels, pools, activations and
# optimizers, were trained too, and each came to one checksum of its own.

# %% tags=["hide-input"]
builds = platforms.read()
networks = builds.network.unique()
glue(builds=(builds.network == networks[0]).sum(), other_networks=len(networks) - 1)
show_table(
    "platform | compiler | threads | weights",
    implementation.build_rows(builds),
    "Platforms, and the first digits of the checksum of the weights that each has trained for the report's network.",
    "tab-platforms",
    provenance.of_files(["platforms.csv"], "make record"),
)

# %% [markdown]
# ## The machine
#
# {numref}`tab-machine` names what the two runs were made on. The graphs of the original were drawn on a laptop. The run
# of the report was made where it was published; elsewhere it comes out the same.

# %% tags=["hide-input"]
published = edition.published()
made = published.environment
glue(run=published.fingerprint, made_on=f"{made['cpu']}, {made['system']}")
if run.fingerprint != published.fingerprint:
    made = run.environment
show_table(
    f"part | original | {edition.name_of(config)}",
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
