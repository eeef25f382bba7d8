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

config = edition.config_of_parameters(globals())
described = Network(network, activation)
layers = layer_table(described)

# %% [markdown]
# # Network and training

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# The network is one line of text and a page of Python; its training is a loop of a dozen lines. This chapter shows
# both, and how they compare with the program of 2020. The listings are read from the files that run whenever this
# chapter runs, so they cannot fall out of step with what was trained.
#
# ## The network
#
# {numref}`code-network` is the whole network, in PyTorch {cite:p}`paszke2019`. In the notation of Cireşan, Meier and
# Schmidhuber {cite:p}`ciresan2012` it is one line: {glue:text}`line`. There `nCk` is a convolution to *n* maps by
# kernels of *k*×*k* pixels, `MPk` the maximum of each *k*×*k* pixels of a map (`APk` their average), and `nN` a dense
# layer of *n* units. The size of the image comes from the data, and so does the last layer, which has a unit for each
# class. After each convolution and each dense layer but the last stands the activation: {glue:text}`activation`.
#
# That line is a setting in `lenet5/config.py`, and everything follows from it: the definition, the first weights, the
# program that trains, the page in the browser, and the figures and numbers of this book. To see what another network
# does, change the line: `make what-if NETWORK=20C4-MP2-40C5-MP3-150N ACTIVATION=tanh` makes a book of that network.

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
# {numref}`tab-layers` counts what each layer holds and what it costs. Convolutions use each of their weights many
# times, once for each place in the image: here they have {glue:text}`held` of the parameters and do {glue:text}`done`
# of the multiply-adds. Dense layers have the rest.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the layers counted"}
show_table(
    "layer | kind | output shape | parameters | multiply-adds",
    implementation.layer_rows(layers),
    "The layers, with parameters and multiply-adds for one image.",
    "tab-layers",
    align="lllrr",
)

# %% [markdown]
# Two details differ between the two libraries, and neither changes what can be learned. Flux flips the kernel of a
# convolution and PyTorch does not; since the kernel is learned, both can learn the same functions. And PyTorch would
# draw the first weights in its own way. Here, as in Flux, they are drawn by the rule of {term}`Glorot` and Bengio
# {cite:p}`glorot2010`, and biases start at zero.
#
# ## The training
#
# The call below trains the network, or reads the run if it was made before. A run is named by a fingerprint of its
# settings, of the data, and of what the training program computes, so a result is never taken for that of another
# network or another program.

# %%
run = load_or_train(config)
last = run.history[-1]
print(f"test error after epoch {last.epoch}: {last.test_error:.2f} %")

# %% tags=["remove-cell"]
training, _ = load()
images = len(training.labels)
steps = -(-images // batch_size)  # the last may be short
glue(batch=batch_size, steps=steps, last_batch=images - (steps - 1) * batch_size)

# %% [markdown]
# {numref}`tab-recipe` sets the recipe of 2020 beside that of this run; {numref}`tab-sources` says where the former is
# found. An {term}`epoch` is one pass over the training images in a fresh random order. A step reads a {term}`batch` of
# {glue:text}`batch` images, so an epoch takes {glue:text}`steps` steps; the last reads the {glue:text}`last_batch` that
# are left. Loss and error are measured on all images of both splits, before the first epoch and after each one.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the two recipes"}
show_table(
    "setting | 2020 report | this run",
    implementation.recipe_rows(run),
    "The recipe of the 2020 report and of this run.",
    "tab-recipe",
    provenance.of_run(run),
)

# %% [markdown]
# The run of 2020 was not seeded, so nobody can repeat it, not even its author; only its recipe can be followed. Here a
# {term}`seed` draws the first weights and the order of the images in each epoch, by the generator SplitMix64
# {cite:p}`steele2014`, which is a few operations on whole numbers.
#
# {numref}`code-epoch` is one epoch: it draws an order of the images, and an engine takes one step for each batch. An
# *engine* is what computes the steps. {numref}`code-loop` is the training: epoch by epoch it measures both splits, and
# notes a checksum of the weights.

# %% tags=["remove-input"]
show_source(train_epoch, "An epoch, from `lenet5/train.py`.", "code-epoch")
show_source(train, "The training loop, from `lenet5/train.py`.", "code-loop")

# %% [markdown]
# There are two engines. {numref}`code-step` is the one to read, in PyTorch: the gradient of the mean cross-entropy of a
# batch, and a step of the optimiser. `python -m lenet5 train --engine torch` trains with it. The runs of this book are
# made by the second engine, which computes the same steps, is several times as fast on these small networks, and gives
# the same bytes wherever it was tried; {doc}`the chapter on the same bytes <same-bytes>` explains it. A test takes five
# steps with each and compares both with the same steps in higher precision.

# %% tags=["remove-input"]
caption = "The steps of an epoch in PyTorch, from `lenet5/model.py`."
show_source(TorchEngine.steps, caption, "code-step")
