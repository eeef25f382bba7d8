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

# %% tags=["remove-cell"]
import numpy as np
import pandas as pd

from lenet5 import seed_figures
from lenet5.data import ROOT
from lenet5.display import glue_numbers, show, show_table
from lenet5.provenance import study_provenance
from lenet5.run import RECORD, Run
from lenet5.statistics import (
    binomial_spread,
    mean_interval,
    prediction_interval,
    t_quantile,
)

LEVEL = 0.95
TEST_IMAGES = 10_000
LENET5_1998 = 0.95  # %, LeCun et al. 1998, trained without distortions

study = pd.read_csv(RECORD / "seeds.csv")
runs = study.drop_duplicates("fingerprint").to_dict("records")
origin = study_provenance(runs, Run.load(RECORD))
failed = study[study.test_error.isna()].fingerprint.unique()
study = study[~study.fingerprint.isin(failed)]
original = 100 - pd.read_csv(ROOT / "original.csv").accuracy.iloc[-1]
errors = study.pivot(index="seed", columns="epoch", values="test_error")
losses = study.pivot(index="seed", columns="epoch", values="test_loss")
trained = errors.drop(columns=0)
final, best = trained.iloc[:, -1], trained.min(axis=1)
best_epoch, gain = trained.idxmin(axis=1), final - best
seeds, mean, spread = len(final), final.mean(), final.std(ddof=1)
low, high = mean_interval(final, LEVEL)
least, most = prediction_interval(final, LEVEL)
gain_low, gain_high = mean_interval(gain, LEVEL)
binomial = binomial_spread(mean, TEST_IMAGES)


# %% tags=["remove-cell"]
def half_width(runs):
    """Half of the interval in which one more run falls, after this many seeds of this spread."""
    quantile = t_quantile((1 + LEVEL) / 2, runs - 1)
    return quantile * spread * np.sqrt(1 + 1 / runs)


def outlier_from(error):
    """In words: from how many seeds of this mean and spread on an error is an outlier."""
    for runs in range(2, 1001):
        if abs(error - mean) > half_width(runs):
            return f"an outlier from {runs} seeds on"
    return "no outlier at any number of seeds"


def place(error):
    """In words: where an error lies against the interval of one more run."""
    if least <= error <= most:
        return "inside"
    return "below" if error < least else "above"


def listed(names):
    names = list(map(str, names))
    if len(names) < 2:
        return names[0] if names else "none"
    return f"{', '.join(names[:-1])} and {names[-1]}"


glue_numbers(
    seeds=seeds,
    failed=len(failed) or "none",
    epochs=int(trained.columns[-1]),
    machine=listed(study.machine.unique()),
    threads=listed(study.threads.unique()),
    level=f"{100 * LEVEL:.0f} %",
    test_images=f"{TEST_IMAGES:,}",
    mean=f"{mean:.3f} %",
    low=f"{low:.3f} %",
    high=f"{high:.3f} %",
    least=f"{least:.2f} %",
    most=f"{most:.2f} %",
    minimum=f"{final.min():.2f} %",
    maximum=f"{final.max():.2f} %",
    best_seed=final.idxmin(),
    worst_seed=final.idxmax(),
    spread=f"{spread:.3f}",
    binomial=f"{binomial:.3f}",
    ratio=f"{spread / binomial:.2f}",
    both=f"{np.hypot(spread, binomial):.3f}",
    pair=f"{t_quantile((1 + LEVEL) / 2, seeds - 1) * spread * np.sqrt(2):.2f}",
    original=f"{original:.2f} %",
    original_distance=f"{(original - mean) / spread:+.1f}".replace("-", "−"),
    original_place=place(original),
    original_outlier=outlier_from(original),
    as_bad=listed(final[final >= original - 1e-9].index),
    lecun=f"{LENET5_1998:.2f} %",
    lecun_distance=f"{(LENET5_1998 - mean) / spread:+.1f}".replace("-", "−"),
    lecun_place=place(LENET5_1998),
    lecun_outlier=outlier_from(LENET5_1998),
    best_mean=f"{best.mean():.3f} %",
    gain=f"{gain.mean():.3f}",
    gain_low=f"{gain_low:.3f}".replace("-", "−"),
    gain_high=f"{gain_high:.3f}",
    gain_most=f"{gain.max():.2f}",
    gain_none=int((gain == 0).sum()),
    first_best=int(best_epoch.min()),
    last_best=int(best_epoch.max()),
)

# %% [markdown]
# # Variability
#
# One run is one draw. Another seed draws other weights and another order of the images, and ends at another error. This
# chapter reads a recorded study: the recipe of the report, trained with {glue:text}`seeds` seeds for
# {glue:text}`epochs` epochs each (threads: {glue:text}`threads`; machine: {glue:text}`machine`). Runs that failed:
# {glue:text}`failed`. The table of every epoch of every run is `record/seeds.csv`, and nothing is trained here.
#
# ## The final error
#
# {numref}`fig-final-errors` shows where the runs end, from {glue:text}`minimum` (seed {glue:text}`best_seed`) to
# {glue:text}`maximum` (seed {glue:text}`worst_seed`). Two published errors are marked: that at which the plot of the
# original ends, {glue:text}`original` {cite:p}`mejia2020`, and the {glue:text}`lecun` of LeNet-5 trained without
# distorted images {cite:p}`lecun1998`.

# %% mystnb={"figure": {"caption": "The final test error of every seed, one dot each; dots at the same error are stacked. The black line is the mean, the grey band its t interval. The two broken lines are published errors: one stands among the dots, the other beside them.", "name": "fig-final-errors"}, "image": {"alt": "A dot plot of the final test errors in per cent, one dot a seed, with a solid line and a grey band at their mean, a dashed line at the error of the original report and a dash-dotted line at that of LeNet-5 of 1998."}} tags=["hide-input"]
marks = {"original report": original, "LeNet-5 of 1998": LENET5_1998}
show(seed_figures.final_errors(final, (low, high), marks), origin)

# %% [markdown]
# The mean is {glue:text}`mean`. Its t interval at {glue:text}`level` reaches from {glue:text}`low` to
# {glue:text}`high`; it takes the runs as independent draws of a normal distribution. {numref}`tab-seeds` adds the other
# measures, beside those of the epoch that is best on the test images.


# %% tags=["hide-input"]
def measures(values):
    interval = mean_interval(values, LEVEL)
    numbers = [
        np.mean(values),
        *interval,
        np.median(values),
        np.std(values, ddof=1),
        np.min(values),
        np.max(values),
    ]
    return [f"{number:.3f}" for number in numbers]


names = ["mean", "t interval, from", "t interval, to", "median"]
names += ["standard deviation", "least", "most"]
show_table(
    ["measure", "last epoch", "best epoch"],
    list(zip(names, measures(final), measures(best))),
    f"Test error over {seeds} seeds, in % of the images.",
    "tab-seeds",
    "lrr",
    origin,
)

# %% [markdown]
# ## Seeds and images
#
# The standard deviation across seeds is {glue:text}`spread` points. There is a second source of luck: the test images
# themselves. A network that misreads a share $p$ of all digits misreads a binomial number of any $n$ of them, and its
# measured error scatters by $\sqrt{p(1-p)/n}$. At the mean error and {glue:text}`test_images` images that is
# {glue:text}`binomial` points, so the seeds scatter {glue:text}`ratio` times as much as test sets would.
#
# The two answer different questions. All seeds read the same images, so the luck of the images is common to them and
# absent from their spread. To compare two runs on this test set the spread of the seeds counts: at {glue:text}`level`,
# two single runs of one recipe differ by up to {glue:text}`pair` points. To say how well one run reads digits that
# nobody has tested yet, both count, and together they make {glue:text}`both` points.
#
# ## The way there
#
# {numref}`fig-seed-curves` shows all runs. The bundle narrows as it falls, and its lines cross: which of two runs is
# ahead changes from epoch to epoch.

# %% mystnb={"figure": {"caption": "All seeds over the epochs, and their median. Top: the natural logarithm of the mean test loss. Bottom: the test error from the first epoch on. The width of the bundle at its right end is the spread that the text measures.", "name": "fig-seed-curves"}, "image": {"alt": "Two line charts over the epochs, each with one thin line a seed and a thick line for the median. All fall steeply during the first epochs and then run side by side, crossing often."}} tags=["hide-input"]
show(seed_figures.curves(trained.columns, losses.drop(columns=0), trained), origin)

# %% [markdown]
# ## The last epoch or the best
#
# A report that states the best epoch chooses it on the test images. {numref}`fig-final-best` shows what the choice is
# worth. The best epochs lie between {glue:text}`first_best` and {glue:text}`last_best`; for {glue:text}`gain_none` of
# the {glue:text}`seeds` seeds the last epoch is as good as the best. On average the best epoch is at
# {glue:text}`best_mean`, which flatters the recipe by {glue:text}`gain` points (t interval from {glue:text}`gain_low` to
# {glue:text}`gain_high`), and in one run by {glue:text}`gain_most`. Nothing has been learned for it: another test set
# would have another best epoch.

# %% mystnb={"figure": {"caption": "The test error of every seed after its last epoch (circles) and at its best epoch on the test images (squares). The line between them is what choosing on the test images flatters.", "name": "fig-final-best"}, "image": {"alt": "For each seed, a circle at the error of the last epoch and a square at the error of the best epoch, joined by a vertical line. The squares lie at or below the circles."}} tags=["hide-input"]
show(seed_figures.final_and_best(final.index, final, best), origin)

# %% [markdown]
# ## Is the original an outlier?
#
# After these runs, one more run of the recipe is expected between {glue:text}`least` and {glue:text}`most`, at
# {glue:text}`level`. The original, at {glue:text}`original`, lies {glue:text}`original_place` this interval,
# {glue:text}`original_distance` standard deviations from the mean. Seeds that end as high or higher:
# {glue:text}`as_bad`. With the mean and the spread found here the original is {glue:text}`original_outlier`.
#
# LeNet-5 of 1998 was another network, trained otherwise. Its {glue:text}`lecun` lies {glue:text}`lecun_place` the
# interval, {glue:text}`lecun_distance` standard deviations from the mean, and is {glue:text}`lecun_outlier`.
#
# The intervals hold for runs of this recipe on these test images. They say nothing of other recipes, and a single run
# of each cannot rank two recipes whose difference is as small as the spread.
