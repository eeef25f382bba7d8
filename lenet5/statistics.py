"""What some runs say of runs that were not made: intervals of their error."""

import math
from collections.abc import Sequence

import mpmath
import numpy as np


def t_quantile(p: float, freedom: int) -> float:
    """The value below which Student's t lies with probability ``p``.

    It inverts P(\\|T\\| > t) = I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t²), where
    I is the regularized incomplete beta function (Abramowitz and Stegun, 26.7.1).

    Parameters
    ----------
    p : float
        Above 0.5 and below 1.
    freedom : int
        Degrees of freedom, from 1.

    Returns
    -------
    float
    """

    def excess(x):
        return mpmath.betainc(freedom / 2, 0.5, 0, x, regularized=True) - 2 * (1 - p)

    x = mpmath.findroot(excess, (0, 1), solver="ridder", tol=1e-14)
    return float(mpmath.sqrt(freedom * (1 / x - 1)))


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """The interval that covers the mean of all runs with probability ``level``.

    The values are taken as independent draws of a normal distribution.

    Parameters
    ----------
    values : sequence of float, length 2 or more
    level : float

    Returns
    -------
    low, high : float
    """
    return _interval(values, level, math.sqrt(1 / len(values)))


def prediction_interval(
    values: Sequence[float], level: float = 0.95
) -> tuple[float, float]:
    """The interval in which one more run falls with probability ``level``.

    Parameters and assumptions are those of :func:`mean_interval`.
    """
    return _interval(values, level, math.sqrt(1 + 1 / len(values)))


def binomial_spread(error: float, images: int) -> float:
    """Standard deviation of the error on another test set of as many images.

    Parameters
    ----------
    error : float
        %
    images : int

    Returns
    -------
    float
        Percentage points.
    """
    return math.sqrt(error * (100 - error) / images)


def _interval(values: Sequence[float], level: float, factor: float):
    middle = float(np.mean(values))
    half = t_quantile((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1)
    return middle - float(half) * factor, middle + float(half) * factor
