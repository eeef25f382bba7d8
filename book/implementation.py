# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters", "remove-cell"]
epochs = 20
batch_size = 128
lr = 3e-4
seed = 0

# %% tags=["remove-cell"]
from lenet5 import train as training
from lenet5.config import Config
from lenet5.convolution import convolve_and_pool
from lenet5.display import glue_numbers, show_source, show_table
from lenet5.model import LeNet5, layer_table
from lenet5.provenance import provenance
from lenet5.run import load_or_train

config = Config(epochs=epochs, batch_size=batch_size, lr=lr, seed=seed)
images = 60_000
steps = -(-images // batch_size)
glue_numbers(
    epochs=epochs,
    batch_size=batch_size,
    lr=f"{lr:g}",
    seed=seed,
    steps=steps,
    last_batch=images - (steps - 1) * batch_size,
    threads=config.threads,
)

# %% [markdown]
# # Implementation
#
# The code is a package of a few short modules, `lenet5`. Its listings below are read from the files that run, when this
# chapter runs; they cannot fall out of step.
#
# ## The network
#
# {numref}`code-network` is the whole network. `self.layers` declares it as the report does. `forward` computes the same
# function in a cheaper form. Each ReLU is moved behind its max-pooling: both are monotone, so they commute, and ReLU is
# left with a quarter of the values. The first convolution is computed together with its pool, by {numref}`code-pooled`,
# and the second has a backward pass of its own, which computes each gradient in the memory layout that is fastest for it.
# A test compares the logits and the gradients of the two forms.

# %% tags=["remove-input"]
show_source(LeNet5, "The network, from `lenet5/model.py`.", "code-network")

# %% tags=["remove-input"]
show_source(
    convolve_and_pool,
    "The first convolution and its pool, from `lenet5/convolution.py`.",
    "code-pooled",
)

# %% [markdown]
# {numref}`tab-layers` counts what the layers hold and cost. The convolutions have few parameters and most of the work;
# in the dense layers it is the other way round.

# %% tags=["hide-input"]
layers = layer_table(LeNet5())
show_table(
    ["layer", "kind", "output shape", "parameters", "multiply-adds"],
    [
        [
            row.name,
            row.kind,
            "×".join(map(str, row.shape)),
            f"{row.parameters:,}",
            f"{row.multiply_adds:,}",
        ]
        for row in layers
    ]
    + [["all", "", "", *(f"{sum(row[i] for row in layers):,}" for i in (3, 4))]],
    "The layers, with parameters and multiply-adds for one image.",
    "tab-layers",
    "lllrr",
)

# %% [markdown]
# Two details differ from Flux by name only. Flux flips the kernel of a convolution and PyTorch does not; since the
# kernel is learned, the functions that can be learned are the same. And PyTorch starts its layers from other weights
# unless told: here, as in Flux, weights are drawn from the uniform distribution of Glorot and Bengio
# {cite:p}`glorot2010`, and biases start at zero.

# %% [markdown]
# ## The training
#
# The call below trains the network, or reads the run if this machine has made it before. A run's name is a fingerprint
# of its settings, of the code that computes it, of the data and of PyTorch's version, so a changed line never shows an
# old result.

# %% tags=["nbval-ignore-output"]
run = load_or_train(config)
last = run.history[-1]
print(
    f"epoch {last.epoch}: test loss {last.test_loss:.4f}, test error {last.test_error:.2f} %"
)

# %% tags=["remove-cell"]
# Another machine rounds otherwise: there the recipe of the report lands in a band.
if config == Config():
    assert 98.5 <= 100 - last.test_error <= 99.3, last

# %% [markdown]
# {numref}`tab-recipe` is the recipe of the original, and this run's. An epoch is one pass over the training images in a
# fresh random order, in {glue:text}`steps` steps; the last batch holds the {glue:text}`last_batch` images that are left
# over. Loss and error are measured on all images of both splits before the first epoch and after each one.

# %% tags=["hide-input", "nbval-ignore-output"]
origin = provenance(run)
show_table(
    ["setting", "original", "this run"],
    [
        ["epochs", "20", epochs],
        ["batch size", "128", batch_size],
        ["optimiser", "Adam", "Adam"],
        ["learning rate", "0.0003", f"{lr:g}"],
        ["loss", "cross-entropy on logits", "cross-entropy on logits"],
        [
            "initial weights",
            "Glorot uniform, zero biases",
            "Glorot uniform, zero biases",
        ],
        ["seed", "none", seed],
        ["number format", "32-bit floating point", "32-bit floating point"],
    ],
    "The recipe.",
    "tab-recipe",
    origin=origin,
)

# %% [markdown]
# The original was not seeded, so no one can repeat its run, only its recipe. Here the seed draws the initial weights
# and every shuffle, and the run uses {glue:text}`threads` CPU threads whatever the machine has. On one machine, with one
# version of PyTorch, it repeats bit for bit. On another machine sums are rounded in another order, the difference grows
# over thousands of steps, and the final error lands near ours and not on it.
#
# {numref}`code-loop` is the loop.

# %% tags=["remove-input"]
show_source(training.train, "The training loop, from `lenet5/train.py`.", "code-loop")

# %% [markdown]
# One epoch of it is {numref}`code-epoch`, and one step {numref}`code-step`. Nothing in an epoch waits for a result: the
# losses are looked at when it is over.

# %% tags=["remove-input"]
show_source(training._epoch, "One epoch, from `lenet5/train.py`.", "code-epoch")

# %% tags=["remove-input"]
show_source(training._step, "One step, from `lenet5/train.py`.", "code-step")

# %% [markdown]
# {doc}`results` shows the run epoch by epoch.
#
# ## The machine
#
# {numref}`tab-machine` names what the two runs were made on. The graphs of the original were drawn on a laptop.

# %% tags=["hide-input", "nbval-ignore-output"]
facts = run.environment
show_table(
    ["part", "original", "this run"],
    [
        [
            "processor",
            "AMD Ryzen 5 3500U",
            f"{facts['cpu']} ({facts['cpu_capability']})",
        ],
        ["graphics processor", "none named", facts["gpu"] or "none used"],
        ["language", "Julia", f"Python {facts['python']}"],
        ["library", "Flux", f"PyTorch {facts['torch']}"],
        ["run", "not published", f"`{run.fingerprint}`"],
    ],
    "Where the runs were made.",
    "tab-machine",
    origin=origin,
)
