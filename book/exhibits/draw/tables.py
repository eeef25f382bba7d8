"""The table of the page *Draw a digit*: how often the pad says no, by what is drawn."""

from collections.abc import Sequence

import numpy as np

from exhibits.draw import inputs
from exhibits.draw.inputs import Drawing
from exhibits.draw.judged import RULES, Choice, Readings, of_kind, share


def rows(
    drawings: Sequence[Drawing],
    readings: Readings,
    test: Readings,
    taken: dict[str, Choice],
) -> list[tuple]:
    """The lines of a table: what is drawn, how many, and the shares that get a no, %.

    Parameters
    ----------
    drawings : sequence of Drawing
        The half that was held back, and ``readings`` what is found in it.
    test : Readings
        Of test images.
    taken : dict of Choice
        The chosen one of each of the rules of :data:`exhibits.draw.judged.RULES`.
    """
    everything = columns(readings, taken)
    lines = []
    for kind in (*inputs.NONE, inputs.TWINS, inputs.DIGITS):
        chosen = of_kind(drawings, kind)
        shares = [share(no[chosen]) for no in everything]
        lines.append(_row(kind, int(chosen.sum()), shares))
    shares = [share(no) for no in columns(test, taken)]
    lines.append(_row("digits of the test set", len(test.ink), shares))
    return lines


def columns(readings: Readings, taken: dict[str, Choice]) -> list[np.ndarray]:
    """Whether there is a no to each input: by the first rule, by ink alone, by the others."""
    first, *others = (
        rule(readings, taken[name].threshold) for name, rule in RULES.items()
    )
    return [first, readings.no_of_ink(), *others]


def _row(name: str, count: int, shares: Sequence[float]) -> tuple:
    return name, f"{count:,}", *(f"{share:.1f}" for share in shares)
