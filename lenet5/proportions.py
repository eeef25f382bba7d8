"""Intervals and tests for counts of mistakes."""

import math
from statistics import NormalDist


def wilson(mistakes: int, images: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for the error behind a count of mistakes.

    After Wilson, "Probable inference, the law of succession, and statistical
    inference" (1927), without correction for continuity.

    Parameters
    ----------
    mistakes, images : int
        0 <= mistakes <= images, images >= 1.
    level : float

    Returns
    -------
    low, high : float
        In per cent of the images.

    Raises
    ------
    ValueError
        If a count is outside its range.
    """
    _check(mistakes, images)
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, shrink = mistakes / images, 1 + z**2 / images
    middle = share + z**2 / (2 * images)
    half = z * math.sqrt(share * (1 - share) / images + (z / (2 * images)) ** 2)
    return (
        100 * max(0.0, (middle - half) / shrink),
        100 * min(1.0, (middle + half) / shrink),
    )


def difference(first: int, second: int, images: int) -> float:
    """The chance of so large a difference of two counts if both errors were equal.

    The two-sided score test of two proportions with a pooled variance (Pearson's
    chi-squared of 1900 without correction). It takes the mistakes as independent. Two
    networks that read the same images share mistakes; who has both lists can do better
    with McNemar's paired test, whose statistic only grows with the mistakes shared.

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
        If a count is outside its range.
    """
    _check(first, images)
    _check(second, images)
    pooled = (first + second) / (2 * images)
    spread = math.sqrt(2 * pooled * (1 - pooled) * images)
    if spread == 0:
        return 1.0
    return math.erfc(abs(first - second) / spread / math.sqrt(2))


def _check(mistakes: int, images: int) -> None:
    if not 0 <= mistakes <= images or images < 1:
        raise ValueError(
            f"{mistakes} mistakes among {images} images: give a count from 0 to the "
            "number of images, which is 1 or more"
        )
