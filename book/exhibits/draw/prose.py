"""A sentence of the page *Draw a digit* that follows from its rates."""

from collections.abc import Sequence

import numpy as np

from exhibits.draw.inputs import DIGITS, LETTERS, Drawing
from exhibits.draw.judged import mean_rate, of_kind, rate
from studies.intervals import LEVEL, mcnemar


def what_1998_adds(
    drawings: Sequence[Drawing], no: np.ndarray, no_without: np.ndarray
) -> str:
    """What LeNet-5 of 1998 changes, where both rules refuse about as many test images.

    Parameters
    ----------
    drawings : sequence of Drawing
        Those on which the rules are compared.
    no, no_without : array of bool
        Whether each gets a no, with that network and without it.
    """
    words = (
        f"Then {rate(no_without, drawings, LETTERS):.1f} % of the letters are refused, "
        f"against {rate(no, drawings, LETTERS):.1f} % with it, and over all kinds of what is "
        f"no digit {mean_rate(no_without, drawings):.1f} % against "
        f"{mean_rate(no, drawings):.1f} %."
    )
    digits = of_kind(drawings, DIGITS)
    test = mcnemar(no[digits], no_without[digits])
    words += (
        f" Of the {digits.sum()} drawn digits {no_without[digits].sum()} get a wrong no "
        f"without it, and {no[digits].sum()} with it"
    )
    p_value = f"McNemar's test: p = {test.p_value:.2f}"
    if test.p_value >= 1 - LEVEL:
        return f"{words}, which may be luck ({p_value})."
    if test.only_first < test.only_second:
        return f"{words}: that is its gain ({p_value})."
    return f"{words}: that is its price ({p_value})."
