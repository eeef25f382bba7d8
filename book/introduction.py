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
# # Introduction

# %% tags=["remove-cell"]
from exact.network import Network
from exhibits import edition, glue, provenance, show
from exhibits.introduction import architecture
from exhibits.layers import layer_table
from exhibits.ledger import read_ledger

config = edition.config_of_parameters(globals())
ledger = read_ledger()
described = Network(network, activation)
glue("{} %", text_accuracy=ledger.claims["accuracy"].value)
glue(network=edition.describe_network(config, described))

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# Does a student report of 2020 hold when it is repeated by others, in another language, from what it says? Its plot
# does, and the accuracy in its text does not: {glue:text}`text_accuracy` is written and
# {glue:text}`results.ipynb::original_accuracy:s` is drawn. Ours is {glue:text}`results.ipynb::accuracy:s` after
# {glue:text}`results.ipynb::epochs:s` epochs.
#
# The original {cite:p}`mejia2020` trains LeNet-5, a small convolutional network, to read handwritten digits. Its code
# is in Julia {cite:p}`bezanson2017` with the library Flux {cite:p}`innes2018`; this book is in Python, with PyTorch
# {cite:p}`paszke2019` as the definition of the network and of its training. The report has the original's network, data
# and recipe. Each number of ours comes from a run and is typed by nobody; those of others stand in a ledger with their
# source. The grey line under a figure or a table names the run, the data and the engine by their checksums, or the file
# of the record that was read, and the command that makes all anew. Words that a student may not know, such as
# {term}`epoch`, lead to the {doc}`glossary`.

# %% [markdown]
# ## The network
#
# LeNet-5 dates from 1998 {cite:p}`lecun1998`. Convolutions look for local patterns, the first in the image and the
# next in what the one before it has found. Max-pooling keeps the strongest answer in every small block and lowers the
# resolution. Dense layers turn the values that remain into one for each digit. {glue:text}`network`
# {numref}`fig-architecture` shows the shapes on the way.

# %% [markdown]
# ```{glue:figure} fig-architecture
# :name: fig-architecture
# :alt: From left to right, a grey sheet for the image, and a stack of sheets for each layer of maps, pink after a
# :  convolution and smaller and orange after a pool, with its shape below it. Below, a blue bar for each dense layer,
# :  with its number of values beside it.
# The network, laid out from its description. Above, each stack is the maps of a layer drawn to scale, with a sheet for
# each, forty at most; under it stand the shape of the output and the size of the kernel. Below, each bar is a dense
# layer, as long as it has values.
# ```
#
# The variant of 2020 differs from the design of 1998 in five ways. The image has no margin: 28×28 pixels stand in place
# of 32×32. ReLU, $\max(0, x)$, replaces the scaled
# hyperbolic tangent. Max-pooling replaces an average with trained weights. Every map of the second convolution sees all
# maps before it, where the connection table of 1998 leaves some out. The last layer is a plain dense layer of
# {term}`logits`, without an activation, in place of radial basis functions.
#
# The network has {glue:text}`parameters` parameters, {glue:text}`dense_share` of them in the dense layers. One image
# costs {glue:text}`multiply_adds` multiply-adds. {doc}`implementation` lists both by layer.
#
# ## The loss
#
# The network gives a vector of logits $z \in \mathbb{R}^{10}$. The {term}`softmax` makes probabilities of them, and the
# loss of an image with label $y$ is the negative logarithm of the probability given to that label:
#
# ```{math}
# :label: eq-loss
# \begin{aligned}
# \ell(z, y) &= -\log \frac{e^{z_y}}{\sum_{k=0}^{9} e^{z_k}} \\
#            &= \log \sum_{k=0}^{9} e^{z_k} - z_y .
# \end{aligned}
# ```
#
# This is the cross-entropy on logits. The second form of {eq}`eq-loss` is the one that is computed: it neither
# overflows nor takes the logarithm of zero. A {term}`batch` is scored by its mean. A network that knows nothing gives
# every digit the same probability, so its loss is $\log 10 \approx$ {glue:text}`results.ipynb::ln10:s` nats. That value
# returns in {doc}`results`, and gives away a slip in the original's plot.
#
# ## The optimiser
#
# In the recipe of the report the weights follow Adam {cite:p}`kingma2014`. With $g_t$ the gradient of the batch loss at
# step $t$, Adam keeps a running mean of the gradient and one of its square, corrects both for their start at zero, and
# moves each weight $\theta$ by a step of about the learning rate $\eta$:
#
# ```{math}
# :label: eq-adam
# \begin{aligned}
# m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \\
# v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \\
# \theta_t &= \theta_{t-1} - \eta\,
#   \frac{m_t / (1 - \beta_1^t)}{\sqrt{v_t / (1 - \beta_2^t)} + \varepsilon} .
# \end{aligned}
# ```
#
# The original takes $\eta = 3 \times 10^{-4}$. The other constants in {eq}`eq-adam` are the paper's: $\beta_1 = 0.9$,
# $\beta_2 = 0.999$ and $\varepsilon = 10^{-8}$. There is no weight decay.

# %% tags=["hide-input", "remove-output"]
layers = layer_table(described)
parameters = sum(row.parameters for row in layers)
dense = sum(row.parameters for row in layers if row.kind == "dense")
multiply_adds = sum(row.multiply_adds for row in layers)
glue("{:,}", parameters=parameters, multiply_adds=multiply_adds)
glue("{:.0f} %", dense_share=100 * dense / parameters)
show("fig-architecture", architecture(described), provenance.of_nothing(config))

# %% tags=["remove-cell"]
lowest = ledger.facts["mcdnn_single_lowest"]
highest = ledger.facts["mcdnn_single_highest"]
glue("{:.0f}", mcdnn_mistakes=100 * ledger.literature["mcdnn"]["error"])  # of 10,000
glue(mcdnn_networks=ledger.facts["mcdnn_networks"])
glue(mcdnn_singles=f"{lowest} to {highest} %")
glue("{} %", mcdnn_accuracy=ledger.claims["mcdnn"].value)
glue("{} %", lenet5_error=ledger.literature["lenet5"]["error"])
glue("{} %", distorted_error=ledger.literature["lenet5-distorted"]["error"])

# %% [markdown]
# ## Better networks
#
# LeNet-5 is not the best reader of these digits, and the original does not claim it. It names a *multi-column deep
# neural network* {cite:p}`ciresan2012` among the best: {glue:text}`mcdnn_networks` networks, trained on images as they
# are given or drawn to one of six widths, distorted anew in every epoch, whose outputs are averaged. It misreads
# {glue:text}`mcdnn_mistakes` of the 10,000 test images, an accuracy of {glue:text}`mcdnn_accuracy`. Its single networks
# err on {glue:text}`mcdnn_singles`. LeNet-5 itself reached an error of {glue:text}`lenet5_error` in 1998, and
# {glue:text}`distorted_error` with distorted training images {cite:p}`lecun1998`. That network differs from the
# report's in almost every part, and {doc}`ladder` walks from one to the other. {doc}`committee` trains networks of the
# multi-column kind, and a committee that two cores can afford.
#
# ## What next
#
# {doc}`results` has the answer in full. Before it, {doc}`dataset` shows what the network is up against, and
# {doc}`implementation` how it is trained so that every machine gets the same bytes. {doc}`variability` asks whether the
# result is luck, {doc}`ladder` why the older network is better, {doc}`committee` what many networks read together, and
# {doc}`audit` checks the original claim by claim.
