"""What some runs, or some mistakes, say of those that were not seen."""

import math
import statistics
from collections.abc import Sequence

from scipy import optimize, stats

LEVEL, POWER = 0.95, 0.8


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


def prediction_interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval in which one more run falls, under the same assumption."""
    return _interval(values, math.sqrt(1 + 1 / len(values)))


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
    return "below" if error < low else "above" if error > high else "inside"


def binomial_spread(error: float, images: int) -> float:
    """Standard deviation, in points, of an error (%) on other test sets of as many images."""
    return math.sqrt(error * (100 - error) / images)


def wilson(mistakes: int, images: int) -> tuple[float, float]:
    """Wilson's score interval, in per cent, for the error behind a count of mistakes."""
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
    means = stats.ttest_ind(first, second).pvalue
    return float(means), float(stats.ks_2samp(first, second, method="exact").pvalue)


def welch_interval(
    first: Sequence[float], second: Sequence[float]
) -> tuple[float, float]:
    """Welch's t interval of the difference of two means, of samples without pairs."""
    test = stats.ttest_ind(first, second, equal_var=False)
    return tuple(map(float, test.confidence_interval(LEVEL)))


def detectable(first: int, second: int, spread: float) -> float:
    """The difference of means that Student's test finds with a probability of ``POWER``.

    ``first`` and ``second`` are the runs of each sample, ``spread`` is the standard
    deviation of both; the result is in its unit.
    """
    freedom, scale = first + second - 2, math.sqrt(1 / first + 1 / second)
    limit = stats.t.ppf((1 + LEVEL) / 2, freedom)

    def surplus(shift: float) -> float:
        return stats.nct.sf(limit, freedom, shift) - POWER

    return optimize.brentq(surplus, 0, 10) * spread * scale


def _quantile(runs: int) -> float:
    return float(stats.t.ppf((1 + LEVEL) / 2, runs - 1))


def _interval(values: Sequence[float], factor: float) -> tuple[float, float]:
    middle = statistics.fmean(values)
    half = _quantile(len(values)) * statistics.stdev(values) * factor
    return middle - half, middle + half
