"""Numbers and sentences of the page *Committee* that follow from other studies."""

import statistics
from collections.abc import Sequence

from studies.comparisons import ALIKE, BETTER, paired, verdict
from studies.intervals import mean_interval
from studies.variations import Outcome


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
