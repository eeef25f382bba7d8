"""The ledger ``book/choices.yml``: what was chosen, on which images, and what had been read."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import yaml

from exact import UserError

LEDGER = Path(__file__).resolve().parent.parent / "choices.yml"


class Choice(NamedTuple):
    """One choice, made on a day.

    ``images`` are those on which it was chosen, ``seen`` what had been read before it on
    the test images (empty if nothing), ``because`` whether it was made because of that, and
    ``tables`` the files of ``record/`` that hold the runs.
    """

    choice: str
    images: str
    chosen: str
    day: date
    seen: str
    tables: list[str]
    because: bool = False


def read_choices(path: Path = LEDGER) -> list[Choice]:
    """The choices, in the order of their days.

    Raises
    ------
    UserError
        If the ledger is missing or damaged, or its days are not in order.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        choices = [Choice(**entry) for entry in content["choices"]]
        days = [choice.day for choice in choices]
        ordered = sorted(days)
    except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
        cause = " ".join(str(error).split())
        raise UserError(
            f"{path} is missing or damaged ({cause}): restore it with git"
        ) from error
    if days != ordered:
        raise UserError(f"{path} is not in the order of its days: move the last one")
    return choices


def years(choices: list[Choice]) -> str:
    """The year of all choices, or the first and the last."""
    first, last = choices[0].day.year, choices[-1].day.year
    return f"{first}" if first == last else f"{first} to {last}"


def rows(choices: list[Choice]) -> list[tuple[str, ...]]:
    """The lines of a table: the day, what was open and came of it, on what, after what."""
    lines = []
    for choice in choices:
        day = f"{choice.day:%d\u00a0%b}".lstrip("0")
        star = "*" if choice.because else ""
        what = f"{choice.choice}{star}: {choice.chosen}"
        seen = choice.seen or "nothing"
        lines.append((day, what[0].upper() + what[1:], choice.images, seen))
    return lines
