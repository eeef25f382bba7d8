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
from exhibits import edition, glue, show
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
# In April 2020 a student, Jesús Adolfo Mejía de Dios, handed in a course report {cite:p}`mejia2020`. It trains LeNet-5,
# a small convolutional network, to read handwritten digits, in the language Julia {cite:p}`bezanson2017` with the
# library Flux {cite:p}`innes2018`. This book asks whether what the report says holds when other people try it, with
# other software. In short: its plot holds, and one number in its text does not. The text gives an accuracy of
# {glue:text}`text_accuracy`. The plot ends at an error of {glue:text}`results.ipynb::original_error:s`, which is an
# accuracy of {glue:text}`results.ipynb::original_accuracy:s`, and our run ends at an error of
# {glue:text}`results.ipynb::error:s` after the same {glue:text}`results.ipynb::epochs:s` epochs.
#
# ## What is repeated, and from what
#
# The text, the figures and the program of the course report are public, and *the 2020 report* means all three. The text
# alone is not enough to repeat the run. It names the network, the optimiser, the learning rate, the loss and the number
# of epochs. It does not say how many images a training step reads, how the first weights are drawn, or whether the
# random numbers were seeded, and its listing of the network leaves three names undefined. These we take from the
# program, and the numbers behind the plot too. The program, in turn, is that of a public collection of examples for
# Flux {cite:p}`fluxzoo`, white space apart, with functions added that draw two of the four figures. Starting from a
# well-made example is how most people learn; it also means that the recipe is that of Flux's authors, down to the
# learning rate. {doc}`The audit <audit>` says where each claim is made, and what became of it.
#
# Other people with other software make a *replication* of the 2020 report. A *repetition* is something else: the same
# people get the same numbers again with their own program. We do that with `make reproduce`; a reader who runs it makes
# a *reproduction* of ours. The author of the 2020 report was not asked for anything, and helped by publishing what he
# had.
#
# Three sides appear throughout. *The 2020 report* is the original; *our run* and *our network* are what we trained by
# its recipe. Of the network of 1998, *LeNet-5 (1998)* is what its paper states, and *LeNet-5 of 1998* is the network
# itself, which we train anew ({doc}`ladder`).
#
# ## How to read this book
#
# Part I is the short answer: the network, the data, the training and the result. Part II asks how sure it is, by many
# trainings, claim by claim, and byte by byte. Part III goes further than the 2020 report does, back to 1998 and on to
# committees of networks. In {doc}`draw` you can write a digit yourself, and in {doc}`train` your browser trains the
# network.
#
# Code fills in our numbers; those of other papers are listed with their sources in one file, `book/claims.yml`. The
# grey line under a figure or a table says which run or which file it comes from, by a short checksum, and which command
# makes it again. Words that a student may not know, such as {term}`epoch`, are explained in the {doc}`glossary`.

# %% [markdown]
# ## The network
#
# A network is a chain of *layers*. A layer computes new values from those of the layer before it, the first from the
# pixels: it multiplies them by *weights*, the numbers that training changes, and adds up. Each value that it gives is
# that of a *unit*.
#
# LeNet-5 dates from 1998 {cite:p}`lecun1998`, and has layers of three kinds. A *convolution* slides a small square of
# weights, its *kernel*, over the image, and so looks for one local pattern in every place; what one kernel gives is a
# *map*. The first convolution looks for strokes and edges in the image, the next for combinations of what the first has
# found. *Max-pooling*, as the 2020 report has it, keeps the largest value of every block of 2×2, which halves the width
# and the height of a map; it has no weights. In a *dense* layer every unit sees all values before it; the last has ten
# units, one for each digit. {numref}`fig-architecture` shows the network of this book, with the shapes on the way.
# {glue:text}`network`

# %% [markdown]
# ```{glue:figure} fig-architecture
# :name: fig-architecture
# :alt: From left to right, a grey sheet for the image, and a stack of sheets for each layer of maps, pink after a
# :  convolution and smaller and grey after a pool, with its shape below it. Below, a pink bar for each dense layer,
# :  with its number of values beside it.
# The network, laid out from its description. Above, each stack is the maps of a layer drawn to scale, with a sheet for
# each, forty at most; under it stand the shape of the output and the size of the kernel. Below, each bar is a dense
# layer, as long as it has values. Pink layers have weights to learn, grey ones have none.
# ```
#
# The network of 2020 differs from the design of 1998 in six ways. Its images have no margin: they stand as 28×28
# pixels, and not within 32×32. In them paper is 0 and ink 1, and not $-0.1$ and $1.175$. The {term}`activation` is
# ReLU, $\max(0, x)$, and not a scaled hyperbolic tangent. Pools take a maximum, and not an average with trained
# weights. Every map of the second convolution sees all maps before it, where a table of 1998 leaves some out. And the
# last layer is dense and gives {term}`logits`, where that of 1998 measures distances to drawings of the digits.
# {doc}`ladder` walks from the one to the other.
#
# The network has {glue:text}`parameters` numbers to learn, {glue:text}`dense_share` of them in the dense layers. To
# read one image takes {glue:text}`multiply_adds` {term}`multiply-adds <multiply-add>`. {doc}`implementation` lists both
# by layer.
#
# ## The loss
#
# Training needs a number that says how wrong the network is. The network gives ten logits $z_0, \dots, z_9$. The
# {term}`softmax` makes probabilities of them, and the loss of an image with label $y$ is the negative logarithm of the
# probability given to that label:
#
# ```{math}
# :label: eq-loss
# \begin{aligned}
# \ell(z, y) &= -\log \frac{e^{z_y}}{\sum_{k=0}^{9} e^{z_k}} \\
#            &= \log \sum_{k=0}^{9} e^{z_k} - z_y .
# \end{aligned}
# ```
#
# This is the cross-entropy on logits. The second form of {eq}`eq-loss` is the one to compute. It takes no logarithm of
# zero, and once the largest logit is subtracted from all ten, which changes nothing in the result, it cannot overflow.
# A {term}`batch` is scored by the mean over its images. A network that knows nothing gives every digit the same
# probability, so its loss is $\log 10 \approx$ {glue:text}`results.ipynb::ln10:s` {term}`nats <nat>`. Keep that value
# in mind: in {doc}`Results <results>` it gives away a slip in the plot of 2020.
#
# ## The optimiser
#
# Training starts from weights that are drawn at random. At each step $t$ the network reads one batch, the
# {term}`gradient` $g_t$ says how the loss of that batch changes with each weight, and the *optimiser* moves every
# weight a little so that the loss falls. That of the 2020 report is Adam {cite:p}`kingma2014`. It keeps a running mean
# of the gradient and one of its square, corrects both for their start at zero, and moves each weight $\theta$ by a step
# of about the {term}`learning rate` $\eta$:
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
# The 2020 report takes $\eta = 3 \times 10^{-4}$. The other constants in {eq}`eq-adam` are those that Adam's authors
# suggest: $\beta_1 = 0.9$, $\beta_2 = 0.999$ and $\varepsilon = 10^{-8}$. Nothing draws the weights towards zero, as
# *weight decay* would.

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the network drawn"}
layers = layer_table(described)
parameters = sum(row.parameters for row in layers)
dense = sum(row.parameters for row in layers if row.kind == "dense")
multiply_adds = sum(row.multiply_adds for row in layers)
glue("{:,}", parameters=parameters, multiply_adds=multiply_adds)
glue("{:.0f} %", dense_share=100 * dense / parameters)
show("fig-architecture", architecture(described))

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
# LeNet-5 is not the best reader of these digits, and the 2020 report does not say that it is. Among the best it names a
# *multi-column deep neural network* of 2012 {cite:p}`ciresan2012`: {glue:text}`mcdnn_networks` networks whose outputs
# are averaged. They are trained on images as they are given or drawn to one of six widths, and distorted anew in every
# epoch. Together they misread {glue:text}`mcdnn_mistakes` of the 10,000 test images, an accuracy of
# {glue:text}`mcdnn_accuracy`; each of them alone misreads {glue:text}`mcdnn_singles`. LeNet-5 (1998) reached an error
# of {glue:text}`lenet5_error`, and {glue:text}`distorted_error` with distorted training images {cite:p}`lecun1998`.
# {doc}`The chapter on the committee <committee>` trains networks of the multi-column kind, and a committee that a small
# computer can afford.
