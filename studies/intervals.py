"""What some runs, or some mistakes, say of those that were not seen."""

import math
import statistics
from collections.abc import Sequence

from scipy import optimize, stats

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
    """The interval in which one more run falls, under the same assumption."""
    return _interval(values, math.sqrt(1 + 1 / len(values)), level)


def pair_difference(values: Sequence[float]) -> float:
    """By how much two single runs differ at most, under the same assumption."""
    return _quantile(len(values)) * statistics.stdev(values) * math.sqrt(2)


def outlier_from(error: float, mean: float, spread: float) -> str:
    """In words: from how many runs of this mean and spread on an error is an outlier."""
    for runs in range(2, 1001):
        half = _quantile(runs) * spread * math.sqrt(1 + 1 / runs)
        if abs(error - mean) > half:
            return f"an outlier from {runs} seeds on"
    return "no outlier at any number of seeds"


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
    first: Sequence[float], second: Sequence[float]
) -> tuple[float, float]:
    """Welch's t interval of the difference of two means, of samples without pairs."""
    test = stats.ttest_ind(first, second, equal_var=False)
    interval = test.confidence_interval(LEVEL)
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
