"""Sentences of the page *Variability* that depend on what was found."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from exhibits.layers import listed


def p_value(p: float) -> str:
    """A p-value as it is printed: of small ones a bound."""
    for bound in (0.001, 0.01):
        if p < bound:
            return f"less than {bound}"
    return f"{p:.2f}"


def hardest(errors: np.ndarray, ours: int) -> str:
    """Which digit is misread most, in our run and over the seeds.

    Parameters
    ----------
    errors : array, shape (networks, 10), %
    ours : int
        The row of our run.
    """
    first = errors.argmax(axis=1)
    digits, counts = np.unique(first, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    shares = [f"the {digits[place]} in {counts[place]}" for place in order]
    return (
        f"The hardest is the {first[ours]} in our run; over {len(errors)} seeds it is "
        f"{listed(shares)}."
    )


def most_confused(confusions: np.ndarray, ours: int) -> str:
    """Which mistake is made most often, in our run, ties included, and over the seeds.

    Parameters
    ----------
    confusions : array, shape (networks, 10, 10)
        Counts by the label and the digit that is read.
    ours : int
        The row of our run.
    """
    mistakes = confusions.copy()
    mistakes[:, np.arange(10), np.arange(10)] = 0
    in_ours = mistakes[ours]
    names = [
        f"{label} as {read}" for label, read in np.argwhere(in_ours == in_ours.max())
    ]
    first = f"Our run reads {listed(names)} most often, {in_ours.max()} times"
    if len(names) > 1:
        first += " each"
    mean = np.round(mistakes.mean(axis=0), 1)  # as it is printed, so that a tie is one
    pairs = np.argwhere(mean == mean.max())
    often = [f"{label} as {read}" for label, read in pairs]
    each = " each" if len(often) > 1 else ""
    largest = mistakes.max(axis=(1, 2))
    label, read = pairs[0]
    is_first = int((mistakes[:, label, read] == largest).sum())
    return (
        f"{first}; over the seeds it is {listed(often)}, {mean.max():.1f} times{each} on "
        f"average. In {is_first} of {len(mistakes)} seeds no mistake is made more often than "
        f"{label} as {read}."
    )


def agreement(chosen: Mapping[str, int]) -> str:
    """Whether the ways to choose an epoch agree on one training."""
    epochs = set(chosen.values())
    if len(epochs) == 1:
        return (
            "The table has three ways to take an epoch: the last, the lowest error on the images "
            "held back, the lowest on the test images. In the one training of its last column, the "
            f"same as our run but for its images, all three take epoch {epochs.pop()}."
        )
    epochs = listed(f"epoch {epoch}" for epoch in sorted(epochs))
    return (
        f"In the one training of the table's last column its three ways take {epochs}."
    )


def epochs_chosen(errors: pd.DataFrame) -> str:
    """Which epochs are the best on the images held back, over some seeds.

    Parameters
    ----------
    errors : DataFrame, a row a seed, a column an epoch
        On the images held back, %.
    """
    lowest = errors.min(axis=1)
    last = errors.columns[-1]
    at_last = int((errors[last] == lowest).sum())
    first = errors.idxmin(axis=1).min()
    return (
        f"Of {len(errors)} seeds trained so, {at_last} have their lowest error on the images held "
        f"back at the last epoch; the earliest such epoch of any is epoch {first}."
    )
