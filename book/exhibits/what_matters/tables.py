"""The table of the page *What matters*: every variation in numbers."""

from exhibits.differences import as_change, as_p_value
from studies.variations import Compared, Outcome


def variation_rows(recipe: Outcome, compared: list[Compared]) -> list[tuple]:
    """The lines of a table: the recipe, and each variation against it, the best first."""
    lines = [_row(recipe)]
    for row in sorted(compared, key=lambda row: row.held_back.mean):
        of_row = (
            as_change(row.held_back),
            as_p_value(row.corrected),
            as_change(row.test),
        )
        lines.append(_row(row.outcome, *of_row))
    return lines


def _row(outcome: Outcome, held_back="", corrected="", test="") -> tuple:
    return (
        outcome.name,
        f"{outcome.held_back.mean():.2f}",
        held_back,
        corrected,
        f"{outcome.test.mean():.2f}",
        test,
        f"{outcome.of_train:.2f}",
        f"{outcome.parameters:,}",
        f"{outcome.multiply_adds:,}",
        f"{outcome.seconds:.0f}",
    )
