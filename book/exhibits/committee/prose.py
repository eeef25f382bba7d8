"""Numbers and sentences of the page *Committee* that follow from other studies."""

import statistics
from collections.abc import Sequence

from scipy import stats

from exhibits.differences import as_p_value
from studies.comparisons import ALIKE, BETTER, paired, verdict
from studies.intervals import LEVEL, mean_interval, wilson
from studies.variations import Outcome


def of_forecast(forecast: tuple[int, int], found: tuple[int, int]) -> str:
    """How a forecast of an error did, in two sentences.

    Parameters
    ----------
    forecast, found : mistakes, images
        Those that were counted before, and those that came.
    """
    (mistakes, images), (wrong, read) = forecast, found
    low, high = wilson(mistakes, images)
    words = (
        f"The forecast was {mistakes} of {images:,} images, {100 * mistakes / images:.2f} %, "
        f"with Wilson's interval {low:.2f} to {high:.2f} %; what came is {wrong} of {read:,}, "
        f"{100 * wrong / read:.2f} %."
    )
    table = [[mistakes, images - mistakes], [wrong, read - wrong]]
    p_value = stats.fisher_exact(table).pvalue
    shown = as_p_value(p_value)
    shown = shown if shown.startswith("<") else f"= {shown}"
    test = f"by Fisher's exact test (p {shown})"
    if p_value >= 1 - LEVEL:
        return f"{words} The two do not differ beyond chance, {test}."
    return f"{words} The two differ beyond chance, {test}."


def one_more_run(few: Sequence[float], many: Sequence[float]) -> tuple[float, float]:
    """Where one more run is expected: about the mean of a few, as wide as many scatter.

    A few runs tell their mean well, and how much they scatter badly.

    Parameters
    ----------
    few : sequence of float
        Errors of runs of the same recipe, %.
    many : sequence of float
        Errors of runs of a like recipe, taken to scatter as much, %.

    Returns
    -------
    low, high : float
        The ends of the interval, %; an error is not below zero.
    """
    middle = statistics.fmean(few)
    # Half an interval of the mean of n runs is t s / sqrt(n).
    low, high = mean_interval(many)
    one = (high - low) / 2 * len(many) ** 0.5
    half = one * (1 + 1 / len(few)) ** 0.5
    return max(0.0, middle - half), middle + half


def rate_or_network(tuned: Outcome, network: Outcome) -> str:
    """Whether the best rate or the best other network does more, in a plain sentence."""
    difference = paired(tuned.held_back, network.held_back)
    word = verdict(difference, difference.p_value)
    if word == ALIKE:
        return "Whether the best rate or the best other network does better stays open"
    if word == BETTER:
        return "On the images held back the best rate does better than the best other network"
    return (
        "On the images held back the best other network does better than the best rate"
    )
