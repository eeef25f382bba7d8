# %% tags=["remove-cell"]
import itertools
import statistics

import numpy as np

from exhibits import choices, edition, glue, provenance, show, show_table
from exhibits.ledger import read_ledger
from exhibits.report import read_original
from exhibits.variability import figures, prose, tables
from lenet5 import RECORD
from lenet5.data import HELD_BACK, TEST, TRAINING
from studies import intervals, mistakes, rounding, seeds, validation
from studies.verdict import COVERAGE

recorded = edition.recorded()
study = seeds.read()
torch = seeds.read(RECORD / "seeds-torch.csv")
final = study.final
best = study.best
ours = final[recorded.config.seed]
mean = statistics.fmean(final)
spread = statistics.stdev(final)
original = round(100 - read_original().accuracy.iloc[-1], 2)
lecun = read_ledger().literature["lenet5"]["error"]
origin_of_both = f"{provenance.of_study(study.runs, recorded)} · beside them `record/seeds-torch.csv`"
glue(seeds=len(final))
glue("{:.2f} %", ours=ours, original=original, lecun=lecun)
glue("{:.3f} %", mean=mean)
glue("{:.2f}", spread=spread, pair=intervals.pair_difference(final))
glue(as_bad=(final >= original).sum(), as_bad_again=(final >= original).sum())
glue("{:.0f} %", level=100 * intervals.LEVEL)

# %% [markdown]
# # Variability: luck is a tenth of a point
#
# Train the same network by the same recipe from another {term}`seed`, and it ends at another error. Over
# {glue:text}`seeds` seeds the error on the test images is {glue:text}`mean` on average, and a single run lies
# {glue:text}`spread` points or so above or below. Our run, at {glue:text}`ours`, is one of them. The 2020 report ends
# at {glue:text}`original`, as an ordinary run would: {glue:text}`as_bad` of our {glue:text}`seeds` do no better. Two
# runs both have their luck, so they may well lie {glue:text}`pair` points apart: one pair in twenty differs by more.
#
# A training is random in two places, and the seed decides both: the first weights, and the order in which the images
# are read. Luck of this kind marks the results of the whole field {cite:p}`bouthillier2021`, and a comparison that is
# repeated to the last digit may still come out otherwise with other seeds {cite:p}`bouthillier2019`. This chapter
# measures how large that luck is here. It reads what is recorded and trains nothing.
#
# ## Where the runs end
#
# {numref}`fig-final-errors` shows the error of every run after its last epoch, and {numref}`tab-seeds` sums them up.
# The *standard deviation* is the usual measure of spread: about two runs in three lie no farther than that from the
# mean. The {term}`t interval` says how well the mean is known, at a confidence of {glue:text}`level`. It is narrow
# because the runs are many.
#
# ```{glue:figure} fig-final-errors
# :name: fig-final-errors
# :alt: A dot plot of the final test errors in per cent, one grey dot a seed and a blue diamond for our run, with a
# :  solid line and a grey band at their mean, a dashed line at the error of the 2020 report to the right of it and a
# :  dash-dotted line at that of LeNet-5 of 1998 far to the left. The dots reach farther to the right than to the left.
# :  Open squares hang below the axis, one a seed trained in PyTorch.
# The test error of every run after its last epoch; dots at the same error are stacked. The solid line is the mean of
# the seeds, the grey band its t interval. Below the axis, seeds of the same recipe trained in PyTorch.
# ```

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: mean and spread"}
show_table(
    "measure | our engine | PyTorch",
    tables.measure_rows(final, torch.final),
    "Test error after the last epoch over the seeds, in % of the images.",
    "tab-seeds",
    origin_of_both,
    "lrr",
)

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: a dot for each seed"}
marks = {"2020 report": original, "LeNet-5 (1998)": lecun}
of_mean = intervals.mean_interval(final)
dots = figures.final_errors(final, ours, torch.final, of_mean, marks)
show("fig-final-errors", dots, origin_of_both)

# %% tags=["remove-cell"]
lists = mistakes.read()
new_run = intervals.new_run(lists.wrong, final)
one_more = intervals.rank_interval(final)
reach = statistics.NormalDist().inv_cdf((1 + intervals.LEVEL) / 2)
reach *= new_run.around_mean
of_images = intervals.wilson(round(ours / 100 * TEST), TEST)
glue(lists=len(lists.seeds))
glue("{:,}", test_images=TEST)
glue("{:.2f}", binomial=new_run.images, both=new_run.both)
glue("{:.2f}", around_mean=new_run.around_mean)
glue("{:.2f}", twice=np.hypot(new_run.seeds, new_run.images))
glue("{:.2f}", of_networks=new_run.networks)
glue("{:.0f} %", coverage=100 * COVERAGE)
glue(original_place=intervals.place(original, one_more))
glue(lecun_place=intervals.place(lecun, one_more))
glue("{:.2f}", original_p=intervals.rank_p(original, final))
glue("{:.2f}", lecun_p=intervals.rank_p(lecun, final))
glue(as_good=(final <= lecun).sum())

# %% [markdown]
# ## Two kinds of luck, and which interval to take
#
# The seed is one source of luck, and the test images are another. A network that misreads a share $p$ of all digits
# misreads now more, now fewer of any $n$ of them, and its measured error has a standard deviation of $\sqrt{p(1-p)/n}$:
# {glue:text}`binomial` points for {glue:text}`test_images` images. So a new seed moves the error about as much as new
# test images would.
#
# The two do not simply add, for a part of both is the same luck. Some images are doubtful, and which of these a network
# happens to misread differs from seed to seed, even among networks that are equally good. So the scatter over seeds
# holds it, and the scatter over test images holds it once more. How large it is can be counted in the lists of what
# {glue:text}`lists` of our networks misread (`record/mistakes.csv`). Take this part out, and the seeds differ by
# {glue:text}`of_networks` points rather than {glue:text}`spread`; the error of a new run on new images then scatters
# about the recipe's true mean with a standard deviation of {glue:text}`both` points. To add both kinds of luck as if
# they were independent would give {glue:text}`twice`, and count a part twice. But where a new run on new images ends is
# less certain than that, since we know the mean of the recipe on these images only: about the mean that we have
# measured it scatters by {glue:text}`around_mean` points. (That this is so near the wrong sum is a coincidence: it adds
# the luck of our test images, and not a part of the luck once more.)
#
# Which interval is the right one depends on the question ({numref}`tab-intervals`). {term}`Wilson's interval` is about
# one network and new images. The t interval is about the mean of all seeds on these images. For one more seed there is
# a *prediction interval*. Sort the errors of the {glue:text}`seeds` runs: one more run is as likely to fall into each
# of the gaps between them as below or above all. So the interval reaches from one recorded run to another, and leaves
# out a few of the lowest and as many of the highest, in the same share as its confidence allows. It does not assume
# that the runs lie alike on either side of their mean, and they do not: they reach farther up than down. The band of
# `python -m lenet5 verify` is made in the same way, for the error and the loss at once, so that one more run of the
# recipe falls into it with a probability of {glue:text}`coverage` or more.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the four intervals"}
show_table(
    "question | left to chance | interval, %",
    [
        (
            "What is the error of our run's network on all such digits?",
            "the images",
            tables.span(*of_images),
        ),
        (
            "What is the mean error of the recipe on these test images?",
            "the seeds that were drawn",
            tables.span(*of_mean),
        ),
        (
            "Where does one more seed end on these test images?",
            "its seed",
            tables.span(*one_more),
        ),
        (
            "Where does one more seed end on other test images?",
            "seed and images",
            f"about {tables.span(mean - reach, mean + reach)}",
        ),
    ],
    f"Intervals of the test error at {100 * intervals.LEVEL:.0f} %, and what each is about.",
    "tab-intervals",
    provenance.of_files(["seeds.csv", "mistakes.csv"], mistakes.COMMAND),
    "llr",
)

# %% [markdown]
# The 2020 report lies {glue:text}`original_place` the interval of one more seed. Of our seeds {glue:text}`as_bad_again`
# lie as far out on its side; counting both sides doubles the share, to a {term}`p-value` of {glue:text}`original_p`.
# LeNet-5 (1998) is another network, trained otherwise: its {glue:text}`lecun` lies {glue:text}`lecun_place` the same
# interval, with {glue:text}`as_good` of our seeds as good or better (p = {glue:text}`lecun_p`). One run of each cannot
# tell which recipe is better where the difference is as small as the spread; {doc}`ladder` trains both with many seeds.

# %% tags=["remove-cell"]
pairs = []
for first, second in itertools.combinations(range(len(lists.seeds)), 2):
    pairs.append(intervals.mcnemar(lists.wrong[first], lists.wrong[second]))
p_values = [pair.p_value for pair in pairs]
significance = 1 - intervals.LEVEL
neighbours = pairs[0]  # of the first two seeds
few, many = lists.counts.argmin(), lists.counts.argmax()
extremes = intervals.mcnemar(lists.wrong[few], lists.wrong[many])
glue(pairs=len(pairs), differing=sum(p < significance for p in p_values))
glue("{:.2g}", significance=significance)
glue("{:.0f}", by_chance=significance * len(pairs))
glue(only_first=neighbours.only_first, only_second=neighbours.only_second)
glue("{:.2f}", neighbours_p=neighbours.p_value)
glue(few=lists.counts[few], many=lists.counts[many])
glue(extremes_p=prose.p_value(extremes.p_value))

# %% [markdown]
# ## Two networks are not two recipes
#
# Where the lists of mistakes of two networks are at hand, *McNemar's test* {cite:p}`mcnemar1947` compares them on the
# images that one alone misreads: if both were equally good, each such image would fall to the one or the other like a
# coin. The networks of the first two seeds misread {glue:text}`only_first` and {glue:text}`only_second` images alone,
# with a p-value of {glue:text}`neighbours_p`; those that misread fewest and most, {glue:text}`few` and
# {glue:text}`many` images in all, one that is {glue:text}`extremes_p`.
#
# Of all {glue:text}`pairs` pairs of {glue:text}`lists` networks, {glue:text}`differing` have a p-value below
# {glue:text}`significance`, where chance alone would make {glue:text}`by_chance`. The test is not at fault: some of
# these networks read better than others, and it says so. But all are of one recipe, so a small p-value between two
# networks says nothing of what made them {cite:p}`dietterich1998`. To compare recipes takes several runs of each.
#
# (sec-over-seeds)=
# ## Which digits are hard
#
# {numref}`fig-errors-by-digit` shows the error on the images of each digit. Their order is the network's own as much as
# the recipe's. {glue:text}`hardest` The most frequent mistake is no firmer. {glue:text}`confused` Of the
# {glue:text}`test_images` test images {glue:text}`never` are read rightly by all {glue:text}`lists` networks,
# {glue:text}`sometimes` are misread by some, and {glue:text}`always` by all.
#
# ```{glue:figure} fig-errors-by-digit
# :name: fig-errors-by-digit
# :alt: For each of the ten digits a column of grey dots, one a seed, with a dash at their mean and a blue diamond for
# :  our run. The columns of the digits from two to nine overlap widely; those of nought and one stand lowest.
# The test error on the images of each digit, one dot a seed; dots at the same error stand side by side.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: errors by digit"}
row = lists.seeds.index(recorded.config.seed)
by_digit = figures.errors_by_digit(lists.by_class, row)
origin_of_lists = provenance.of_files(["mistakes.csv"], mistakes.COMMAND)
show("fig-errors-by-digit", by_digit, origin_of_lists)
misread_by = lists.by_image
glue("{:,}", never=(misread_by == 0).sum())
glue(always=(misread_by == len(lists.seeds)).sum())
glue(sometimes=((misread_by > 0) & (misread_by < len(lists.seeds))).sum())
glue(hardest=prose.hardest(lists.by_class, row))
glue(confused=prose.most_confused(lists.confusions(), row))

# %% tags=["remove-cell"]
gain = final - best
gain_low, gain_high = intervals.mean_interval(gain)
best_epochs = study.errors.idxmin(axis=1)
_, errors = validation.two_measures(recorded.config)
chosen = validation.choices(errors)
of_many = validation.many_seeds()
glue("{:.2f}", gain=statistics.fmean(gain), gain_most=gain.max())
glue(gain_interval=tables.span(gain_low, gain_high))
glue(gain_none=(gain == 0).sum())
glue(first_best=best_epochs.min(), last_best=best_epochs.max())
glue("{:,}", held_back=HELD_BACK, fit_images=TRAINING - HELD_BACK)
glue(validated=prose.epochs_chosen(of_many))
glue(agreement=prose.agreement(chosen))

# %% [markdown]
# ## The last epoch or the best
#
# A network may be taken after its last epoch, or at the epoch whose error is lowest. If the best epoch is chosen by the
# test images, these images have helped to choose what they then measure, and the error comes out too low.
# {numref}`tab-selection` shows by how much. Over the {glue:text}`seeds` seeds the best epoch on the test images, which
# lies anywhere from {glue:text}`first_best` to {glue:text}`last_best`, is {glue:text}`gain` points lower than the last
# ({glue:text}`gain_interval`), and in one run by {glue:text}`gain_most`; in {glue:text}`gain_none` runs the last is as
# good. The networks have not become better by this: on another test set another epoch would be the best. The 2020
# report states no choice, and the plot has all epochs, so its last is the one that this book compares with.
#
# A *validation set* is there to choose by: images that neither train nor test. The 2020 report calls its test set one.
# We trained with the first {glue:text}`fit_images` training images and held the other {glue:text}`held_back` back.
# {glue:text}`agreement` {glue:text}`validated` In this book no epoch is chosen: where one has to be named, it is the
# last. Other choices are made on images held back
# ({numref}`tab-test-reads`).

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the last epoch or the best"}
show_table(
    "epoch taken | looks at | mean over the seeds | with images held back",
    tables.selection_rows({"last": final, "lowest on test": best}, errors, chosen),
    f"Test error (%) by the way to choose an epoch: the mean over {len(final)} seeds, and that of one training with "
    f"{HELD_BACK:,} images held back.",
    "tab-selection",
    provenance.of_files(
        ["seeds.csv", "validation", "validation-test"], "make record seeds"
    ),
    "llrr",
)

# %% tags=["remove-cell"]
p_of_means, p_of_shapes = intervals.two_samples(final, torch.final)
glue(torch_seeds=len(torch.final))
glue("{:.3f} %", torch_mean=statistics.fmean(torch.final))
glue("{:.2f}", means_p=p_of_means, shapes_p=p_of_shapes)
glue("{:.2f}", detectable=intervals.detectable(len(final), len(torch.final), spread))
glue("{:.0f} %", power=100 * intervals.POWER)

# %% [markdown]
# ## The same recipe in PyTorch
#
# Our engine takes the steps that PyTorch would take, and rounds them otherwise. Does that move the error? Before there
# was an engine of our own, {glue:text}`torch_seeds` seeds of the recipe were trained in PyTorch, from weights and
# orders of its own. They end at {glue:text}`torch_mean` on average. *Student's t test* asks whether the two means lie
# farther apart than the spread of the runs explains, and has a p-value of {glue:text}`means_p`. The *Kolmogorov-Smirnov
# test* compares all of the two samples, and not their means alone, and has one of {glue:text}`shapes_p`. So no
# difference shows. With so many runs the t test would find a difference of {glue:text}`detectable` points with a
# probability of {glue:text}`power`; a smaller one may be there unseen.
#
# Rounding alone makes another run of the same seed. {numref}`fig-parting` follows three trainings that start from the
# same weights and read the same images in the same order: our engine, and PyTorch on one machine with its plainest
# instructions and with the best that the processor has. The best, such as those called AVX-512, sum sixteen numbers at
# once, in another order, and so round otherwise. At first the runs differ in the last bits of a sum. Take all weights
# of a network as one long arrow. After one epoch the arrows of a pair of runs are {glue:text}`first_nearest` to
# {glue:text}`first_farthest` of their length apart, after the last {glue:text}`last_nearest` to
# {glue:text}`last_farthest`. The test errors differ by up to {glue:text}`gap` points on the way and by
# {glue:text}`last_gap` at the end. So a number can be met again to the last digit only where rounding is part of the
# definition, as it is in our engine, on every build of it that was tried.
#
# ```{glue:figure} fig-parting
# :name: fig-parting
# :alt: A line chart over the epochs. The distance between the weights of each of three pairs of runs rises from zero,
# :  ever more slowly, to a sixth of their length or more.
# One seed, rounded in three ways: the distance between the weights of two runs, in per cent of their length.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: runs that part"}
rounded = rounding.read()
distance = 100 * rounded.weight_distance
first = distance[rounded.epoch == 1]
last = distance[rounded.epoch == rounded.epoch.max()]
gaps = (rounded.first_error - rounded.second_error).abs()
gaps = gaps[rounded.epoch > 0]  # all runs start from the same weights
glue("{:.1f} %", first_nearest=first.min(), first_farthest=first.max())
glue("{:.1f} %", last_nearest=last.min(), last_farthest=last.max())
glue("{:.2f}", gap=gaps.max(), last_gap=gaps[last.index].max())
origin_of_roundings = provenance.of_files(["rounding.csv"], "make record")
show("fig-parting", figures.parting(rounded), origin_of_roundings)

# %% [markdown]
# ## When the test images were read
#
# An error is honest if nothing was chosen by the images that it was measured on. {numref}`tab-test-reads` lists the
# choices that were made for this book, in the order of time, with what had been read on the test images before. Some
# concern networks that part III explains: those of 1998 and the {term}`rungs <rung>` from them to ours ({doc}`ladder`),
# and the committees ({doc}`committee`). Most are made on images held back or on none. That does not make them blind.
# Before all but the first of them some test errors had been read, if only of earlier trials by other programs. Those
# with a star were made because of what had been read. A smaller factor on the loss of LeNet-5 of 1998 was tried for a
# training error, but after test errors had been read, and the comparison of the factors on every twelfth of the
# training images came later still. Nobody who works with MNIST today comes to it blind.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the choices and their dates"}
chosen_so_far = choices.read_choices()
show_table(
    "day | choice | on which images | test results read before",
    choices.rows(chosen_so_far),
    f"What was chosen in {choices.years(chosen_so_far)}, on which images, and what had been read on the test images by "
    "then. A star: chosen because of it.",
    "tab-test-reads",
    "Facts in `book/choices.yml`",
    "rlll",
)
