# %% tags=["remove-cell"]
import statistics

import numpy as np

from exhibits import edition, glue, provenance, show, show_table
from exhibits.ledger import read_ledger
from exhibits.report import read_original
from exhibits.variability import figures, tables
from lenet5 import RECORD
from lenet5.data import TEST
from studies import intervals, rounding, seeds

study = seeds.read()
origin = provenance.of_study(study.runs, edition.published())
origin_of_both = f"{origin} · beside them `record/seeds-torch.csv`"
final = study.final
best = study.best
mean = statistics.fmean(final)
spread = statistics.stdev(final)
original = round(100 - read_original().accuracy.iloc[-1], 2)
lecun = read_ledger().literature["lenet5"]["error"]
glue(seeds=len(final), epochs=study.errors.columns[-1])
(network,) = {provenance.config_of(row).network for row in study.runs}
glue(network=network)

# %% [markdown]
# # Variability
#
# The original is one draw among many of its recipe: of {glue:text}`seeds` seeds, {glue:text}`as_bad` end as high or
# higher. They end at {glue:text}`mean` on average, with a standard deviation of {glue:text}`spread` points.
#
# One run is one draw. Another {term}`seed` draws other weights and another order of the images, and ends at another
# error. This chapter reads a recorded study, `record/seeds.csv`: every epoch of every run of the report's network,
# {glue:text}`network`, {glue:text}`epochs` epochs each. Nothing is trained here.

# %% [markdown]
# ## The final error
#
# {numref}`fig-final-errors` shows where the runs end, from {glue:text}`minimum` (seed {glue:text}`best_seed`) to
# {glue:text}`maximum` (seed {glue:text}`worst_seed`). Two published errors are marked: that at which the plot of the
# original ends, {glue:text}`original` {cite:p}`mejia2020`, and the {glue:text}`lecun` of LeNet-5 trained without
# distorted images {cite:p}`lecun1998`.
#
# ```{glue:figure} fig-final-errors
# :name: fig-final-errors
# :alt: A dot plot of the final test errors in per cent, one dot a seed, with a solid line and a grey band at their
# :  mean, a dashed line at the error of the original report and a dash-dotted line at that of LeNet-5 of 1998. Squares
# :  hang below the axis, one a seed trained in PyTorch.
# The final test error of every seed, one dot each; dots at the same error are stacked. The solid line is their mean,
# the grey band its t interval. The two broken lines are published errors. Below the axis, seeds of the same recipe
# trained in PyTorch.
# ```
#
# The {term}`t interval` of the mean, at {glue:text}`level`, reaches from {glue:text}`low` to {glue:text}`high`.
# {numref}`tab-seeds` adds the other measures, beside those of the epoch that is best on the test images and those of
# the seeds trained in PyTorch.

# %% tags=["hide-input"]
torch = seeds.read(RECORD / "seeds-torch.csv")
show_table(
    "measure | last epoch | best epoch | last epoch, PyTorch",
    tables.measure_rows(final, best, torch.final),
    "Test error over the seeds, in % of the images.",
    "tab-seeds",
    origin_of_both,
    "lrrr",
)

# %% tags=["hide-input", "remove-output"]
marks = {"original report": original, "LeNet-5 of 1998": lecun}
glue(best_seed=final.idxmin(), worst_seed=final.idxmax())
glue("{:.2f} %", minimum=final.min(), maximum=final.max())
glue("{:.2f} %", original=original, lecun=lecun)
glue("{:.3f} %", mean=mean)
low, high = intervals.mean_interval(final)
glue("{:.3f} %", low=low, high=high)
glue("{:.0f} %", level=100 * intervals.LEVEL)
dots = figures.final_errors(final, torch.final, (low, high), marks)
show("fig-final-errors", dots, origin_of_both)

# %% [markdown]
# ## Seeds and images
#
# The seeds are one source of luck. The test images themselves are another. A network that misreads a share $p$ of all
# digits misreads a binomial number of any $n$ of them, and its measured error scatters by $\sqrt{p(1-p)/n}$. At the
# mean error and {glue:text}`test_images` images that is {glue:text}`binomial` points, so the seeds scatter
# {glue:text}`ratio` times as much as test sets would.
#
# The two answer different questions. All seeds read the same images, so the luck of the images is common to them and
# absent from their spread. To compare two runs on this test set the spread of the seeds counts: at {glue:text}`level`,
# two single runs of one recipe differ by up to {glue:text}`pair` points. For a run that is trained, only the images are
# left to chance; for one still to be trained that reads new digits, both are, and together they make
# {glue:text}`both` points.
#
# ## The way there
#
# {numref}`fig-seed-curves` shows all runs. The bundle narrows as it falls, and its lines cross: which of two runs is
# ahead changes from epoch to epoch.
#
# ```{glue:figure} fig-seed-curves
# :name: fig-seed-curves
# :alt: Two line charts over the epochs, each with one thin line a seed and a thick line for the median. All fall
# :  steeply during the first epochs and then run side by side, crossing often.
# All seeds over the epochs, and their median. Top: the natural logarithm of the mean test loss. Bottom: the test error
# from the first epoch on. The width of the bundle at its right end is the spread that the text measures.
# ```

# %% tags=["hide-input", "remove-output"]
binomial = intervals.binomial_spread(mean, TEST)
glue("{:,}", test_images=TEST)
glue("{:.3f}", spread=spread, binomial=binomial)
glue("{:.3f}", both=np.hypot(spread, binomial))
glue("{:.2f}", ratio=spread / binomial, pair=intervals.pair_difference(final))
show("fig-seed-curves", figures.seed_curves(study.losses, study.errors), origin)

# %% [markdown]
# ## The last epoch or the best
#
# A report that states the best epoch chooses it on the test images. {numref}`fig-final-best` shows what the choice is
# worth. The best epochs lie between {glue:text}`first_best` and {glue:text}`last_best`; for {glue:text}`gain_none` of
# the {glue:text}`seeds` seeds the last epoch is as good as the best. On average the best epoch is at
# {glue:text}`best_mean`, which flatters the recipe by {glue:text}`gain` points (t interval from {glue:text}`gain_low`
# to {glue:text}`gain_high`), and in one run by {glue:text}`gain_most`. Nothing has been learned for it: another test
# set would have another best epoch.
#
# ```{glue:figure} fig-final-best
# :name: fig-final-best
# :alt: For each seed, a circle at the error of the last epoch and a square at the error of the best epoch, joined by a
# :  vertical line. The squares lie at or below the circles.
# The test error of every seed after its last epoch (circles) and at its best epoch on the test images (squares). The
# line between them is what choosing on the test images flatters.
# ```

# %% tags=["hide-input", "remove-output"]
gain = final - best
low, high = intervals.mean_interval(gain)
best_epochs = study.errors.idxmin(axis=1)
glue(first_best=best_epochs.min(), last_best=best_epochs.max())
glue(gain_none=(gain == 0).sum())
glue("{:.3f} %", best_mean=statistics.fmean(best))
glue("{:.3f}", gain=statistics.fmean(gain), gain_low=low, gain_high=high)
glue("{:.2f}", gain_most=gain.max())
show("fig-final-best", figures.final_and_best(final, best), origin)

# %% tags=["remove-cell"]
one_more = intervals.prediction_interval(final)
least, most = one_more
glue("{:.2f} %", least=least, most=most)
glue(original_place=intervals.place(original, one_more))
glue(lecun_place=intervals.place(lecun, one_more))
glue(original_outlier=intervals.outlier_from(original, mean, spread))
glue(lecun_outlier=intervals.outlier_from(lecun, mean, spread))
glue("{:+.1f}", original_distance=(original - mean) / spread)
glue("{:+.1f}", lecun_distance=(lecun - mean) / spread)
glue(as_bad=(final >= original).sum())

# %% [markdown]
# ## Is the original an outlier?
#
# After these runs, one more run of the recipe is expected between {glue:text}`least` and {glue:text}`most`, at
# {glue:text}`level`. The original, at {glue:text}`original`, lies {glue:text}`original_place` this interval,
# {glue:text}`original_distance` standard deviations from the mean: it is {glue:text}`original_outlier`.
#
# LeNet-5 of 1998 was another network, trained otherwise. Its {glue:text}`lecun` lies {glue:text}`lecun_place` the
# interval, {glue:text}`lecun_distance` standard deviations from the mean, and is {glue:text}`lecun_outlier`.
#
# The intervals hold for runs of this recipe on these test images. They say nothing of other recipes, and a single run
# of each cannot rank two recipes whose difference is as small as the spread.

# %% tags=["remove-cell"]
p_of_means, p_of_shapes = intervals.two_samples(final, torch.final)
glue("{:.3f} %", torch_mean=statistics.fmean(torch.final))
glue("{:.3f}", torch_spread=statistics.stdev(torch.final))
glue(torch_seeds=len(torch.final))
glue("{:.2f}", means_p=p_of_means, shapes_p=p_of_shapes)
glue("{:.2f}", detectable=intervals.detectable(len(final), len(torch.final), spread))
glue("{:.0f} %", power=100 * intervals.POWER)

# %% [markdown]
# ## Two engines
#
# The exact engine takes the steps that PyTorch would take, and rounds them otherwise. Does that move the error? Before
# there was an exact engine, {glue:text}`torch_seeds` seeds of the same recipe were trained in PyTorch, from weights and
# orders of its own (`record/seeds-torch.csv`). They end at {glue:text}`torch_mean` on average, with a standard
# deviation of {glue:text}`torch_spread` points. Student's t test of the two means has a {term}`p-value` of
# {glue:text}`means_p`, and the exact Kolmogorov-Smirnov test, which any difference of the two distributions can move,
# one of {glue:text}`shapes_p`. With so many runs the t test finds a difference of {glue:text}`detectable` points with a
# probability of {glue:text}`power`, and a smaller one may be there unseen.

# %% [markdown]
# ## Roundings of one seed
#
# Rounding alone makes another run of the same seed. {numref}`fig-parting` follows three trainings that start from the
# same weights and see the same images in the same order: the exact engine, and PyTorch on one machine under two
# settings of its vector units, its plainest and its best. They differ in the last bits of a sum. After one epoch the
# weights of a pair are {glue:text}`first_nearest` to {glue:text}`first_farthest` of their length apart, after the last
# one {glue:text}`last_nearest` to {glue:text}`last_farthest`. The test errors differ by up to {glue:text}`gap` points
# on the way and {glue:text}`last_gap` at the end, where the standard deviation across seeds is {glue:text}`spread`. So
# a published number can be met again to the last digit only where rounding is part of the definition, as it is in the
# exact engine.
#
# ```{glue:figure} fig-parting
# :name: fig-parting
# :alt: Two line charts over the epochs. In the upper one the distance between the weights of each of three pairs of
# :  runs rises from zero, ever more slowly. In the lower one the test errors of the three runs fall together and cross.
# One seed, rounded in three ways. Top: the distance between the weights of two runs, in per cent of their length.
# Bottom: the test error of each run.
# ```

# %% tags=["hide-input", "remove-output"]
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
# ## What next
#
# One published error cannot show whether LeNet-5 of 1998 is better: {doc}`ladder` trains it with many seeds, and what
# is between. {doc}`audit` says which published results differ from ours by more than the luck of the images.
# {doc}`reproduce` trains with a seed of your own and shows where it falls among these.
