"""Intervals and tests for counts of mistakes and for replicates."""

import math
from typing import NamedTuple

import numpy as np
from scipy import stats


class Interval(NamedTuple):
    """Two ends, in the unit of what was given."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def wilson(mistakes: int, images: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for the error behind a count of mistakes.

    After Wilson, "Probable inference, the law of succession, and statistical
    inference" (1927), without correction for continuity.

    Parameters
    ----------
    mistakes, images : int
        0 <= mistakes <= images, images >= 1.
    confidence : float

    Returns
    -------
    Interval
        In per cent of the images.

    Raises
    ------
    ValueError
        If a count is outside its range.
    """
    interval = stats.binomtest(mistakes, images).proportion_ci(confidence, "wilson")
    return Interval(100 * interval.low, 100 * interval.high)


def difference(first: int, second: int, images: int) -> float:
    """The chance of so large a difference of two counts if both errors were equal.

    The two-sided score test of two proportions (Pearson's chi-squared without
    correction). It takes the mistakes as independent. Two networks that read the same
    test images share mistakes; who has both lists can do better with McNemar's paired
    test, whose statistic only grows with the mistakes that are shared.

    Parameters
    ----------
    first, second : int
        Mistakes of each among ``images`` images.
    images : int

    Returns
    -------
    float
        The p-value, from 0 to 1.

    Raises
    ------
    ValueError
        If a count is outside 0..images.
    """
    if not (0 <= first <= images and 0 <= second <= images):
        raise ValueError(
            f"{first} and {second} mistakes among {images} images: give counts from 0 "
            f"to {images}"
        )
    if first == second:
        return 1.0
    table = [[first, images - first], [second, images - second]]
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def prediction(values, coverage: float) -> Interval:
    """The interval that holds the next value of a normal sample with this probability.

    The mean of n values, plus and minus Student's t with n - 1 degrees of freedom times
    their standard deviation times sqrt(1 + 1/n): Hahn and Meeker, "Statistical
    intervals" (1991), section 4.8.

    Parameters
    ----------
    values : array, shape (n,), n >= 2
    coverage : float, between 0 and 1

    Returns
    -------
    Interval

    Raises
    ------
    ValueError
        If there are fewer than 2 values.
    """
    values = np.asarray(values, dtype=np.float64)
    count = len(values)
    if count < 2:
        raise ValueError(f"{count} values say nothing of their spread: give 2 or more")
    reach = stats.t.ppf((1 + coverage) / 2, count - 1)
    half = reach * values.std(ddof=1) * math.sqrt(1 + 1 / count)
    return Interval(float(values.mean() - half), float(values.mean() + half))
