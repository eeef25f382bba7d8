# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

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

# %% [markdown]
# # Train it yourself

# %% tags=["remove-input"]
from exhibits import edition

edition.show_note_of_record(edition.config_of_parameters(globals()))

# %% [markdown]
# ```{only} html
# Press *Train*: your browser trains our network anew, all {glue:text}`epochs` {term}`epochs <epoch>` on all 60,000
# images, by the program that made our run. After each epoch it says whether what it has computed is the same to the
# last bit. Then take a network of your own: the layers, the {term}`recipe` and the {term}`seed` are yours to choose,
# below the curves. The page gives each loss in {term}`nats <nat>`, and takes the images in {term}`batches <batch>`.
# ```
#
# ```{only} latex
# In the HTML book this page trains our network in the reader's browser, all {glue:text}`epochs` epochs on all 60,000
# images, or a network of the reader's own. The page is `book/train.html`; it works from a file, without a server.
# {numref}`fig-training` shows it after a training.
# ```
#
# ```{app} kernel training
# ---
# data:
#   /record/history.csv /record/config.json /record/environment.json training/spread.json training/settings.json
#   /lenet5/behaviours.json pad/samples.json
# later:
#   kernel.wasm=exact.compiler:webassembly
#   /data/MNIST/raw/train-images-idx3-ubyte.gz /data/MNIST/raw/train-labels-idx1-ubyte.gz
#   /data/MNIST/raw/t10k-images-idx3-ubyte.gz /data/MNIST/raw/t10k-labels-idx1-ubyte.gz
#   kernel/unpack.js kernel/network.js kernel/kernel.js kernel/sha256.js
#   training/worker/random_numbers.js training/worker/data.js training/worker/helper.js training/worker/answers.js
#   training/worker/trial.js training/worker/train.js training/worker/worker.js
#   /record/seeds.csv
# ---
# ```

# %% depends=["pad/samples.json"] tags=["remove-cell"]
import json
from pathlib import Path

from exhibits import glue, provenance, show, train
from exhibits.layers import first_kernels
from exhibits.predictions import Predictions
from exhibits.report import history_of
from lenet5.data import load
from lenet5.files import write_whole
from studies import seeds

run = edition.recorded()
training, test = load()
of_seeds = seeds.read().table
spread = train.spread_of_seeds(of_seeds)
spread["images"] = [len(training.labels), len(test.labels)]
write_whole(Path("training", "spread.json"), json.dumps(spread).encode() + b"\n")
write_whole(Path("training", "settings.json"), train.settings_of_page())
checksum = run.history[-1].weights
groups = [checksum[start : start + 16] for start in range(0, len(checksum), 16)]
glue(epochs=run.config.epochs, network=run.config.network)
glue("{:,}", numbers=run.network.parameters)
glue(settings=train.labels_in_words())
glue(weights=" ".join(groups))  # lines may break between them
glue(seeds=spread["seeds"], first=of_seeds.seed.min(), last=of_seeds.seed.max())

# %% [markdown]
# ```{only} html
# A training of our network takes a minute or two of one processor core, and less of several. It reads 15 MB of this
# book and asks no other host. Each core that takes part needs some 100 MB of memory and changes no byte of the result.
# On a phone, keep the page in front, for a phone suspends what it does not show.
# ```
#
# ## What is compared
#
# An epoch ends with a measurement: the mean loss and the error on the training and on the test images, and a
# {term}`checksum` of all {glue:text}`numbers` weights. The record of our run, `record/history.csv`, holds these for
# every epoch. The page asks whether they are the same numbers, all digits of them. The checksum of the weights of
# our run after its last epoch is
#
# > {glue:text}`weights`
#
# Equal checksums mean equal bytes, so no tolerance is needed: the page either has our network, to the last bit, or says
# that it has not.
#
# The seeds from {glue:text}`first` to {glue:text}`last` are recorded as well, in `record/seeds.csv`. If you train with
# one of them, the page compares your training with the record of that seed, and says which place it takes among the
# {glue:text}`seeds`. Seeds that misread as many test images share a place. For any other seed the page says how many of
# the {glue:text}`seeds` it would beat.
#
# The numbers can be equal because a browser runs the same source as Python does: the build of this book compiles
# `exact/kernel.c` to {term}`WebAssembly`. {doc}`The chapter on bytes <same-bytes>` has the five rules behind it. By
# these the processor, the browser and the number of cores change how long a training takes, and they have changed
# nothing else wherever it was tried.
#
# ## A network of your own
#
# ```{only} html
# Under *What if?* you put a network together layer by layer, or write it in the notation: {glue:text}`network` is ours.
# The drawing, the number of parameters and the multiply-adds follow as you change it, and a short trial on your device
# says how long its training may take. The settings are {glue:text}`settings`.
#
# Nobody has recorded what your choice comes to, so the page names the command that gives the same bytes on a computer,
# and the checksum by which you know them. The grey band behind your curve is what {glue:text}`seeds` seeds have shown
# with the settings of our run: nine of ten lie in it. A choice may also fail. With a learning rate that is too high a
# network soon gives one answer to everything, or its numbers overflow (NaN), and the page says which.
#
# *Copy a link* makes an address that carries your choice, to send to a class or to a friend, and *Copy the result*
# makes a line of what came of it. The trained network can be saved: `python -m lenet5 evaluate` reads the file. It can
# also be handed to {doc}`draw`, which has the same engine. What the page keeps lies in this browser and is sent
# nowhere.
# ```
#
# ```{only} latex
# The page also trains any network of the notation, with other settings: {glue:text}`settings`. It draws the network,
# names the command that gives the same bytes on a computer, and says which place a seed takes among the
# {glue:text}`seeds` recorded ones. The trained network can be saved, and handed to {doc}`draw`.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the page after a training"}
samples = json.loads(Path("pad", "samples.json").read_text(encoding="utf-8"))
figure = train.trained_here(
    history_of(run),
    first_kernels(run.network, run.weights),
    Predictions.of_run(run, test),
    [sample["index"] for sample in samples],
)
show("fig-training", figure, provenance.of_run(run))

# %% [markdown]
# ```{glue:figure} fig-training
# :name: fig-training
# :alt: Two line charts over the epochs, loss and error on logarithmic scales; thin dark lines lie on broad pale blue
# :  ones, solid for test images and dashed for training images. Below them small squares of weights, blue and orange,
# :  and twelve handwritten digits, each under the digit that the network reads and its probability.
# The page after a training. Top: loss and error by epoch, of our run (blue, broad) and computed in the page (thin);
# solid: test images, dashed: training images. Below: kernels of the first layer, blue below zero and orange above, and
# what the network reads in twelve test images.
# ```
