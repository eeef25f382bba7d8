"""What some runs, or some mistakes, say of those that were not seen."""

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

from exact import UserError

LEVEL = 0.95  # of the intervals, and of the tests: 1 - LEVEL is their significance
POWER = 0.8  # the probability with which a test should find a difference


def mean_interval(values: Sequence[float]) -> tuple[float, float]:
    """The t interval of the mean of all runs, which are taken as independent and normal."""
    return _interval(values, math.sqrt(1 / len(values)))


def fold_interval(values: Sequence[float]) -> tuple[float, float]:
    """The t interval of a mean over folds, each of which is held back once.

    Their training sets overlap, so that the folds are not independent: the variance is
    corrected by the share of images held back (Nadeau and Bengio, "Inference for the
    generalization error", Machine Learning 52, 2003, section 3).
    """
    folds = len(values)
    return _interval(values, math.sqrt(1 / folds + 1 / (folds - 1)))


def prediction_interval(
    values: Sequence[float], level: float = LEVEL
) -> tuple[float, float]:
    """The interval in which one more run falls, if runs are independent and normal.

    Where there are enough of them, :func:`rank_interval` does without the normal.
    """
    return _interval(values, math.sqrt(1 + 1 / len(values)), level)


def pair_difference(values: Sequence[float], level: float = LEVEL) -> float:
    """By how much two single runs differ at most, in so large a share of all pairs."""
    pairs = [abs(one - other) for one, other in itertools.combinations(values, 2)]
    return float(np.quantile(pairs, level, method="inverted_cdf"))


def rank_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """The interval in which one more run falls, between two of those that were made.

    Runs of one recipe are as likely to come in one order as in any other. So one more is
    below the k-th lowest of n with a probability of at most k / (n + 1), whatever their
    distribution, and the same holds above (Wilks, "Determination of sample sizes for
    setting tolerance limits", Annals of Mathematical Statistics 12, 1941).

    Raises
    ------
    UserError
        If there are too few runs for the level: see :func:`fewest_ranked`.
    """
    runs = len(values)
    # Each end may leave out so many; a hair is added, since a level is no exact number.
    place = math.floor((1 - level) / 2 * (runs + 1) + 1e-9)
    if place < 1:
        raise UserError(
            f"{runs} runs are too few for an interval that holds one more with a "
            f"probability of {level:.3g}: it takes {fewest_ranked(level)}"
        )
    ordered = sorted(values)
    return float(ordered[place - 1]), float(ordered[-place])


def fewest_ranked(level: float) -> int:
    """How many runs :func:`rank_interval` needs: then it reaches from the least to the most."""
    return math.ceil(2 / (1 - level) - 1 - 1e-9)


def rank_p(value: float, values: Sequence[float]) -> float:
    """The p-value of a run, if it were one more of some: its place among them.

    It is twice the share of those that lie as far out to its own side, the run itself
    among them. Nothing is assumed of their distribution.
    """
    below = sum(other <= value for other in values)
    above = sum(other >= value for other in values)
    return min(1.0, 2 * (min(below, above) + 1) / (len(values) + 1))


def place(error: float, interval: tuple[float, float]) -> str:
    """In words: where an error lies against an interval."""
    low, high = interval
    if error < low:
        return "below"
    if error > high:
        return "above"
    return "inside"


def binomial_spread(error: float, images: int) -> float:
    """Standard deviation, in points, of an error (%) on other test sets of as many images."""
    return math.sqrt(error * (100 - error) / images)


def wilson(mistakes: int, images: int) -> tuple[float, float]:
    """Wilson's score interval, in per cent, for the error behind a count of mistakes.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.
    """
    interval = stats.binomtest(mistakes, images).proportion_ci(LEVEL, method="wilson")
    return 100 * interval.low, 100 * interval.high


class NewRun(NamedTuple):
    """Standard deviations of a measured error, in points, and where they come from."""

    seeds: float  # of another seed, on the same images
    images: float  # of the same network, on as many other images
    networks: float  # of another seed, if it were measured on all images that there are
    both: float  # of another seed, on other images
    # The same, but around the mean of the seeds on these images: that too has the luck that
    # all networks share on them.
    around_mean: float


def new_run(wrong: np.ndarray, errors: Sequence[float] | None = None) -> NewRun:
    """How much the error of a new run on new images scatters.

    The spread of seeds on one test set has two parts. Some networks are better than
    others on all images; and which of the doubtful images a network happens to misread is
    luck, even among networks that are equally good. New images bring the second kind of
    luck along, so that adding the spread of seeds to that of images counts it twice. With
    p the mean error, and p_i the share of networks that misread image i of n,

        variance = p (1 - p) / n + variance of seeds - mean of p_i (1 - p_i) / n

    Each term is estimated without bias, for images and for seeds that are independent
    draws; what the difference leaves is the variance of the networks.

    Parameters
    ----------
    wrong : array of bool, shape (networks, images)
        What each network misreads.
    errors : sequence of float, %
        Of more seeds on the same images, by which the spread of seeds is estimated; by
        default those of ``wrong``.
    """
    wrong = np.asarray(wrong, dtype=float)
    networks, images = wrong.shape
    by_network = wrong.sum(axis=1)
    by_image = wrong.sum(axis=0)
    total = wrong.sum()
    # p squared, from pairs of mistakes of two networks in two images.
    pairs = total**2 - (by_network**2).sum() - (by_image**2).sum() + total
    p_squared = pairs / (networks * (networks - 1) * images * (images - 1))
    of_images = (total / wrong.size - p_squared) / images
    share = by_image / networks
    luck = (share * (1 - share)).mean() * networks / (networks - 1) / images
    if errors is None:
        errors = 100 * by_network / images
    of_seeds = statistics.variance(errors) / 100**2
    of_networks = max(0.0, of_seeds - luck)  # an estimate may be below zero
    of_mean = max(0.0, of_images - luck)
    return NewRun(
        seeds=100 * math.sqrt(of_seeds),
        images=100 * math.sqrt(of_images),
        networks=100 * math.sqrt(of_networks),
        both=100 * math.sqrt(of_images + of_networks),
        around_mean=100 * math.sqrt(of_images + of_networks + of_mean),
    )


class Paired(NamedTuple):
    """McNemar's test of two networks on the same images."""

    only_first: int  # images that the first alone misreads
    only_second: int
    p_value: float


def mcnemar(first: np.ndarray, second: np.ndarray) -> Paired:
    """Whether two networks differ on the images that one of them alone misreads.

    If both were equally good, each such image would fall to either like a coin: the exact
    binomial test, two-sided. It compares these two networks, and not the recipes that made
    them (Dietterich, Neural Computation 10, 1998). Q. McNemar, "Note on the sampling error
    of the difference between correlated proportions or percentages", Psychometrika 12,
    1947.

    Parameters
    ----------
    first, second : array of bool, shape (images,)
        What each network misreads.
    """
    only_first = int((first & ~second).sum())
    only_second = int((second & ~first).sum())
    differing = only_first + only_second
    # Either tail of a fair coin, the outcome itself included; both tails are alike.
    tail = stats.binom.cdf(min(only_first, only_second), differing, 0.5)
    return Paired(only_first, only_second, float(min(1.0, 2 * tail)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, each as if it were one of all of them.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
    of Statistics 6, 1979: if nothing but chance were at work, one of these would be below
    a level with at most the probability of that level.
    """
    tests = len(p_values)
    adjusted = [1.0] * tests
    largest = 0.0
    order = sorted(range(tests), key=lambda number: p_values[number])
    for rank, number in enumerate(order):
        largest = max(largest, (tests - rank) * p_values[number])
        adjusted[number] = min(1.0, largest)
    return adjusted


def difference(first: int, second: int, images: int) -> float:
    """The p-value of two counts if both errors were equal: the test of two proportions.

    Pearson's chi-squared of 1900 without correction, which takes mistakes as independent.
    Two networks share some; who has both lists can do better with McNemar's paired test.
    """
    if first == second:  # no mistake at all leaves nothing to test
        return 1.0
    table = [[first, images - first], [second, images - second]]
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def two_samples(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """The p-values of Student's test of the means and of the exact Kolmogorov-Smirnov test."""
    of_means = stats.ttest_ind(first, second).pvalue
    of_distributions = stats.ks_2samp(first, second, method="exact").pvalue
    return float(of_means), float(of_distributions)


def welch_interval(
    first: Sequence[float], second: Sequence[float], level: float = LEVEL
) -> tuple[float, float]:
    """Welch's t interval of the difference of two means, of samples without pairs."""
    test = stats.ttest_ind(first, second, equal_var=False)
    interval = test.confidence_interval(level)
    return float(interval.low), float(interval.high)


def detectable(first: int, second: int, spread: float) -> float:
    """The difference of means that Student's test finds with a probability of ``POWER``.

    Parameters
    ----------
    first, second : int
        The runs of each sample.
    spread : float
        The standard deviation of both.

    Returns
    -------
    float
        In the unit of ``spread``.
    """
    freedom = first + second - 2
    limit = stats.t.ppf(
        (1 + LEVEL) / 2, freedom
    )  # of the statistic, if the means are equal

    def surplus(shift: float) -> float:
        """By how much the power exceeds what is asked, where the statistic is shifted."""
        return stats.nct.sf(limit, freedom, shift) - POWER

    shift = optimize.brentq(surplus, 0, 10)
    return shift * spread * math.sqrt(1 / first + 1 / second)


def _quantile(runs: int, level: float = LEVEL) -> float:
    """Of Student's t with one degree of freedom less than there are runs, two-sided."""
    return float(stats.t.ppf((1 + level) / 2, runs - 1))


def _interval(
    values: Sequence[float], factor: float, level: float = LEVEL
) -> tuple[float, float]:
    """The mean, and ``factor`` standard deviations to both sides, by Student's t."""
    middle = statistics.fmean(values)
    half = _quantile(len(values), level) * statistics.stdev(values) * factor
    return middle - half, middle + half
