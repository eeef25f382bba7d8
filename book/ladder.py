# %% tags=["remove-cell"]
import itertools
from dataclasses import replace

import numpy as np

from exhibits import edition, glue, provenance, show, show_source, show_table
from exhibits.ladder import figures, prose, tables
from exhibits.ledger import read_ledger
from lenet5.data import HELD_BACK, TEST, TRAINING, load
from networks.lenet1998 import definition, rungs, schedule
from studies import intervals, ladder

steps = ladder.read(ladder.STUDY, rungs.RUNGS)
report = ladder.read_report()
letter, best = steps[:2]
train, test = load()
distorted, one_rate, low_scale = ladder.read(ladder.STUDY, rungs.BESIDE)
origin = provenance.of_files(["ladder.csv", "seeds.csv"], "make ladder seeds")
ledger = read_ledger()
paper = ledger.literature["lenet5"]["error"]
distorted_paper = ledger.literature["lenet5-distorted"]["error"]
glue("{} %", paper=paper, distorted_paper=distorted_paper)
glue("{} %", their_train=ledger.facts["lenet5_train"])
glue(margin=ledger.facts["lenet5_margin"])
glue(their_passes=ledger.facts["lenet5_train_passes"])
glue(network=edition.published().config.network)
glue("{:.2f} %", letter=letter.mean, best=best.mean, report=report.mean)
glue("{:.2f} %", top=min(step.mean for step in (*steps, report)))
low, high = best.interval
glue("{:.2f}", best_low=low, best_high=high)
low, high = intervals.prediction_interval(best.errors)
glue("{:.2f}", one_low=low, one_high=high)
glue("{:,}", letter_parameters=letter.parameters)
glue(seeds=len(best.errors), outcome=prose.how_reproduced(paper, (low, high)))

# %% [markdown]
# # Ladder
#
# LeNet-5 of 1998, trained anew to the letter of its paper {cite:p}`lecun1998`, misreads {glue:text}`letter` of the test
# images on average, and {glue:text}`best` with other initial weights. The network of the report,
# {glue:text}`network`, bears its name and misreads {glue:text}`report`. The layers of today with the training of 1998
# reach {glue:text}`top`.
#
# This chapter walks from 1998 to the report, one step at a time, with {glue:text}`seeds` seeds at each step. They are
# recorded in `record/ladder.csv`, and nothing is trained here.

# %% [markdown]
# ## From 1998 to the report
#
# {numref}`fig-ladder` shows every run. Each row is the network of the row above after one step; *Adam* takes another
# rule, batches and a constant rate at once. The last step is the report's own runs: the same recipe by another engine,
# from other initial weights and in other orders. {numref}`tab-ladder` has the numbers.
#
# ```{glue:figure} fig-ladder
# :name: fig-ladder
# :alt: Nine rows of dots over the test error in per cent, one dot a run, with a diamond at the mean of each row and a
# :  bar for its interval. The second row, of 1998, stands around the dashed line; max-pooling, ReLU and the full C3
# :  stand to the left of it; the letter, the softmax, Adam, 28×28 and the report to the right.
# The test error of every run, rung by rung, one dot each. Diamonds are means, bars their t intervals. The dashed line
# is the error that the paper of 1998 states.
# ```

# %% tags=["hide-input", "remove-output"]
show("fig-ladder", figures.errors_by_rung([*steps, report], paper), origin)

# %% tags=["hide-input"]
show_table(
    "rung | error | change | on training | spread | seeds",
    tables.rung_rows(steps, report),
    "Test error by rung, with t intervals: the mean (%), the mean difference to the rung before (points), seed by seed "
    "but for the report, the error on the training images (%), and the standard deviation of the seeds (points).",
    "tab-ladder",
    origin,
    "lrrrrr",
)

# %% [markdown]
# ## LeNet-5, to the letter
#
# The paper gives nearly all of it. An image of 28×28 pixels stands in a frame of 32×32, paper at $-0.1$ and ink at
# $1.175$. C1 makes six maps by convolution, C3 sixteen, each of which sees three, four or six of the maps before it by
# a printed table. Between them S2 and S4 *subsample*: the sum of four neighbours, times one trained coefficient, plus
# one trained bias. C5 and F6 are dense. Every unit up to F6 ends in $1.7159 \tanh(2a/3)$, and all that is trained are
# {glue:text}`letter_parameters` numbers.
#
# The ten outputs are no logits. Each is a *radial basis unit* that measures how far the 84 values $x$ of F6 are from a
# bitmap of its digit, of 7×12 pixels, drawn once and never trained. The loss of an image of digit $D$ pulls the right
# distance down and pushes the others up, most of all those below $j$:
#
# ```{math}
# :label: eq-map
# \begin{aligned}
# y_i &= \sum_{k=1}^{84} (x_k - w_{ik})^2, \\
# E &= y_D + \log\Bigl(e^{-j} + \sum_i e^{-y_i}\Bigr).
# \end{aligned}
# ```
#
# The weights move after every single image, twenty times through the training set. Each has a rate of its own: before
# each pass the second derivative $h_k$ of the loss with respect to it is estimated on 500 images, and its rate is
# $\eta / (\mu + h_k)$, with the global rate $\eta$ of the pass and a constant $\mu$ that keeps it finite.
# {numref}`code-lenet1998` is the network in PyTorch, {numref}`code-second` the estimate: it goes back through the
# layers as the gradient does, with each factor squared. The tests hold it to finite differences.

# %% tags=["hide-input"]
where = "from `networks/lenet1998/definition.py`."
show_source(definition.LeNet, f"The networks of all rungs, {where}", "code-lenet1998")
show_source(definition.second_derivatives, f"The curvatures, {where}", "code-second")

# %% [markdown]
# PyTorch is slow with single images. The runs of this chapter are made by `networks/lenet1998/lenet1998.c`, many times
# as fast and exact as the engine of the report is: the same bytes on every machine. Tests hold it to the definition
# over twenty updates, on every rung.
#
# ## Is the figure of 1998 reproduced?
#
# The paper states {glue:text}`paper`, give or take {glue:text}`margin`, for a single training. Read to the letter, with
# what it leaves open chosen on other images, the network reaches {glue:text}`letter`. With initial weights within
# $1/\sqrt{\text{fan-in}}$ in place of $2.4/\text{fan-in}$ it reaches {glue:text}`best`, t interval
# {glue:text}`best_low` to {glue:text}`best_high`. One more run is expected between {glue:text}`one_low` and
# {glue:text}`one_high`: the figure of 1998 is **{glue:text}`outcome`**. One figure is little to go by: runs of the
# letter reach it too, if seldom. {numref}`fig-passes-1998` is the paper's figure of the training, from our run: the
# test error has settled after ten passes, the training error goes on falling to {glue:text}`train_end` (the paper:
# {glue:text}`their_train` after {glue:text}`their_passes` passes), and there is no overtraining.
#
# ```{glue:figure} fig-passes-1998
# :name: fig-passes-1998
# :alt: A line chart over twenty passes. The errors on training and test images fall steeply; the training error goes on
# :  falling below the test error, which runs level from the tenth pass on, among thin lines of other seeds.
# Errors of one network of 1998 after each pass, on the test and the training images. Thin lines: the test error of
# other seeds.
# ```

# %% tags=["hide-input", "remove-output"]
network, stored = ladder.read_network()
misread_test = [int(count) for count in stored["misread"].split()]
train_errors = 100 * np.array(stored["misread_train"]) / TRAINING
test_errors = 100 * np.array(misread_test) / TEST
passes = figures.errors_by_pass(test_errors, best.passes, train_errors)
names = ["lenet1998.safetensors", "ladder.csv"]
show("fig-passes-1998", passes, provenance.of_files(names, "make ladder"))
glue("{:.2f} %", train_end=train_errors[-1])

# %% [markdown]
# ## What the paper leaves open
#
# The paper does not print the scale of its loss, nor $j$, nor the ten bitmaps, nor which 500 images estimate the second
# derivatives. Each was chosen on the last {glue:text}`held_back` training images, which trained nothing for it;
# {numref}`tab-choices` says what each is worth. Beyond chance matter a loss that is not scaled, since its scale
# stands beside $\mu$ in the rates, a large $j$, and maps that are not squashed before they are pooled; and a single
# rate, or a softmax, has a best value of its own. Bitmaps of one fount may be worse.
#
# Four scales lie close, so each was tried with every training image held back once: {glue:text}`parts` parts of
# {glue:text}`held_back`, with several seeds on each ({numref}`tab-scales`). The mean is the lowest at
# {glue:text}`chosen_scale`, the choice, by less than the intervals tell apart, which allow for trainings that share
# images {cite:p}`nadeau2003`. A figure of the paper speaks for a lower scale: its training error is
# {glue:text}`their_train`, and ours is {glue:text}`chosen_train` at the scale chosen and {glue:text}`low_train` at
# {glue:text}`low_scale`. There the test error is {glue:text}`low`, {glue:text}`low_gain` points against the scale
# chosen. But the test images choose nothing, so that network stands beside the ladder.

# %% tags=["hide-input"]
tried = ladder.read(ladder.CHOICES_STUDY)
show_table(
    "choice | error | change | on training | spread | seeds",
    tables.choice_rows(tried),
    "Error on the images held back when one choice is made otherwise, in the columns of {numref}`tab-ladder`; the "
    "change is that to the choice made.",
    "tab-choices",
    provenance.of_files(["ladder-choices.csv"], "make ladder"),
    "lrrrrr",
)
parts = ladder.read_parts()
show_table(
    "factor on the loss | error | change",
    tables.scale_rows(parts, rungs.SCALES),
    "Error (%) by the factor on the loss, every training image held back once: the mean over the parts, and the mean "
    "difference to the factor chosen (points), with its t interval.",
    "tab-scales",
    provenance.of_files(["ladder-parts.csv", "ladder-scales.csv"], "make ladder"),
    "lrr",
)
as_chosen = tried[0]
with_low_scale = tried[2]  # both in the order of rungs.CHOICES
glue("{:,}", held_back=HELD_BACK, added=(schedule.COPIES - 1) * TRAINING)
glue("{:.2f} %", chosen_train=as_chosen.of_train, low_train=with_low_scale.of_train)
glue("{:.2f} %", low=low_scale.mean, one_rate_mean=one_rate.mean)
glue(chosen_scale=prose.lowest_scale(parts, rungs.SCALES))
glue(low_scale=rungs.CHOICES[2].scale)
glue(parts=len(parts), low_gain=tables.gain(low_scale, best))

# %% tags=["remove-cell"]
lowest, highest = prose.first_rates(rungs.BEST, train)
unscaled, _ = prose.first_rates(replace(rungs.BEST, scale=1.0), train)
their_lowest, their_highest = ledger.facts["lenet5_rates"]
glue("{:.5f}", lowest=lowest, unscaled=unscaled, their_lowest=their_lowest)
glue("{:.3f}", highest=highest, their_highest=their_highest)
glue(one_rate=tables.gain(one_rate, best))
glue(distorted_gain=tables.gain(distorted, best))
glue("{} %", distorted=tables.error_with_interval(distorted))

# %% [markdown]
# ## A rate for each weight
#
# In the paper's first pass the rates range from about {glue:text}`their_lowest` to {glue:text}`their_highest`, ours
# from {glue:text}`lowest` to {glue:text}`highest`. The upper end is that of a weight which the
# loss hardly feels, $\eta/\mu$ at any scale of the loss. The lower end comes near the paper's with a loss that is not
# scaled, {glue:text}`unscaled`, and with such a loss the network hardly learns ({numref}`tab-choices`).
#
# Do the second derivatives gain anything? With one rate for all weights, tuned on the images held back, the same
# network reaches {glue:text}`one_rate_mean`; the difference is {glue:text}`one_rate` points: no gain shows.
#
# ## What the network sees
#
# {numref}`fig-maps-1998` follows one digit through the first four layers, as the paper's figure does.
#
# ```{glue:figure} fig-maps-1998
# :name: fig-maps-1998
# :alt: A handwritten digit, then six maps of 28×28 units in which strokes and their edges show, the same maps at half
# :  the size, sixteen maps of 10×10 in which parts of the digit stand out, and sixteen of 5×5.
# One test digit, and the maps of C1, S2, C3 and S4 of the network of 1998. The more ink, the higher the value.
# ```

# %% tags=["hide-input", "remove-output"]
image = test.images[test.labels == 4][0]
network.read(image[None])  # it keeps what its layers make of it
maps = figures.first_maps(image, network.maps)
names = ["lenet1998.safetensors"]
show("fig-maps-1998", maps, provenance.of_files(names, "make ladder"))

# %% [markdown]
# ## With distorted images
#
# The paper adds {glue:text}`added` images, each a training image shifted, scaled, squeezed or sheared at random, and
# reports {glue:text}`distorted_paper`. Here the passes are drawn from all of them, so that the training costs as much
# as without. It reaches {glue:text}`distorted`, {glue:text}`distorted_gain` points against the same network without.
#
# ## What was given up, and what was gained
#
# Of the layers, the softmax, with a scale of the loss of its own, costs {glue:text}`by_softmax` points; the maximum in
# place of the trained pool gives {glue:text}`by_max_pooling`, ReLU {glue:text}`by_relu` and a C3 that sees all maps
# {glue:text}`by_full_c3`, together more than that. The smaller input and its grey scale cost {glue:text}`by_28` points.
# The training costs most: Adam, in batches of {glue:text}`batch` and at one rate to the end, {glue:text}`by_adam`
# points. Which of the three is to blame is not tested. What is gained is ease: one rate to set, no second derivatives,
# and batches that keep a wide processor busy. {numref}`tab-ladder-cost` sets the cost beside the error.

# %% tags=["remove-cell"]
for before, step in itertools.pairwise(steps[1:]):
    # Such as by_max_pooling; that of 28×28 is by_28.
    name = step.name.partition("×")[0].lower()
    name = name.replace("-", "_").replace(" ", "_")
    glue(**{f"by_{name}": tables.gain(step, before)})
glue(batch=edition.published().config.batch_size)

# %% tags=["hide-input"]
show_table(
    "rung | parameters | multiply-adds | updates | seconds",
    tables.cost_rows([*steps, report, distorted, one_rate, low_scale]),
    "What each rung costs: trained numbers, multiply-adds to read one image, updates, and seconds of one core for a "
    f"run, the median on an {best.machine}, of the report on an {report.machine}.",
    "tab-ladder-cost",
    origin,
    "lrrrr",
)

# %% [markdown]
# ## What next
#
# {doc}`committee` goes on, to 2012 and to today. Without its tables in `record/`, `make ladder` makes every number of
# this chapter anew; the README has more in its section *Many seeds*.
