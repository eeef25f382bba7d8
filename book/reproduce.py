# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Reproduce it here
#
# ```{only} html
# This page trains the published network, {glue:text}`network`, in your browser: all {glue:text}`epochs` epochs on all
# 60,000 images, by the program that made the published run. After each epoch it compares what it has computed with what
# was published, to the last bit.
# ```
#
# ```{only} latex
# In the HTML book this page trains the published network in the reader's browser: all {glue:text}`epochs` epochs on all
# 60,000 images, by the program that made the published run. The page is `book/reproduce.html`; it works from a file,
# without a server. {numref}`fig-reproduce` shows it after a training.
# ```
#
# ```{app} kernel reproduce
# ---
# data:
#   /record/history.csv /record/config.json /record/environment.json reproduce/spread.json reproduce/settings.json
#   /lenet5/behaviours.json pad/samples.json
# later:
#   kernel.wasm=exact.compiler:webassembly
#   /data/MNIST/raw/train-images-idx3-ubyte.gz /data/MNIST/raw/train-labels-idx1-ubyte.gz
#   /data/MNIST/raw/t10k-images-idx3-ubyte.gz /data/MNIST/raw/t10k-labels-idx1-ubyte.gz
#   kernel/unpack.js kernel/network.js kernel/kernel.js kernel/sha256.js
#   reproduce/worker/random_numbers.js reproduce/worker/data.js reproduce/worker/helper.js
#   reproduce/worker/train.js reproduce/worker/worker.js
# ---
# ```

# %% depends=["pad/samples.json"] tags=["remove-cell"]
import json
from pathlib import Path

from exhibits import edition, glue, provenance, reproduce, show
from exhibits.layers import first_kernels
from exhibits.predictions import Predictions
from exhibits.report import history_of
from lenet5.data import load
from lenet5.files import write_whole
from studies import seeds

run = edition.published()
spread = reproduce.spread_of_seeds(seeds.read().table)
write_whole(Path("reproduce", "spread.json"), json.dumps(spread).encode() + b"\n")
write_whole(Path("reproduce", "settings.json"), reproduce.settings_of_page())
checksum = run.history[-1].weights
groups = [checksum[start : start + 16] for start in range(0, len(checksum), 16)]
glue(epochs=run.config.epochs, network=run.config.network)
glue("{:,}", numbers=run.network.parameters)
glue(settings=reproduce.labels_in_words())
glue(weights=" ".join(groups))  # lines may break between them
glue(seeds=spread["seeds"])

# %% [markdown]
# ## What is compared
#
# An epoch ends with a measurement: the mean loss and the error on the training and on the test images, and a checksum
# of all {glue:text}`numbers` weights. The record of the published run, `record/history.csv`, holds these for every
# epoch. The page asks whether they are the same numbers, all digits of them. The checksum of the published weights
# after the last epoch is
#
# > {glue:text}`weights`
#
# Equal checksums mean equal bytes. There is no tolerance, so there is nothing to argue about: a browser computes the
# published network or another one.
#
# ## Why it can be equal
#
# A browser runs the same source as Python does. The build of this book compiles `exact/kernel.c` to WebAssembly. The
# kernel uses the five operations that IEEE 754 defines to the last bit, each sum has one order, and the initial weights
# and shuffles come from whole numbers. So the processor, the browser and the number of lanes of its vectors change how
# long a training takes and nothing else.
#
# ## What can be changed
#
# ```{only} html
# Under *What if?* the page trains with other settings: {glue:text}`settings`. The published run has nothing to say of
# the result. Behind its curve stands what {glue:text}`seeds` seeds have shown with the published
# settings: nine of ten lie in the grey band.
#
# The trained network can be saved: `python -m lenet5 evaluate` reads the file. It can also be handed to the pad of
# {doc}`try-it`, which has the same kernel. What the page keeps lies in this browser and is sent nowhere.
# ```
#
# ```{only} latex
# The page also trains with other settings, {glue:text}`settings`, and shows what {glue:text}`seeds` seeds have done
# with the published ones. The trained network can be saved, and handed to the pad of {doc}`try-it`.
# ```

# %% tags=["hide-input", "remove-output"]
_, test = load()
samples = json.loads(Path("pad", "samples.json").read_text(encoding="utf-8"))
figure = reproduce.trained_here(
    history_of(run),
    first_kernels(run.network, run.weights),
    Predictions.of_run(run, test),
    [sample["index"] for sample in samples],
)
show("fig-reproduce", figure, provenance.of_run(run))

# %% [markdown]
# ```{glue:figure} fig-reproduce
# :name: fig-reproduce
# :alt: Two line charts over the epochs, loss and error on logarithmic scales; blue dots and lines lie on broad
# :  orange lines. Below them small squares of weights, blue and orange, and twelve handwritten digits, each under the
# :  digit that the network reads and its probability.
# The page after a training. Top: loss and error by epoch, published (orange, broad) and computed in the page (blue;
# dashed: training images). Below: kernels of the first layer, blue below zero and orange above, and what the network
# reads in twelve test images.
# ```

# %% [markdown]
# ## What next
#
# A single run that is equal says nothing of other seeds: {doc}`variability` has {glue:text}`seeds` of them. The rules
# by which a browser and a server come to the same bytes are in {doc}`implementation`.
