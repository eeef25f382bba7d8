"""The line under a figure or a table that says where it comes from."""

import dataclasses
import hashlib
from collections.abc import Iterable

from lenet5 import Config, Lenet5Error
from lenet5.run import Run, fingerprint

SHOWN = 12  # hexadecimal digits of a checksum
PARAMETERS = ("epochs", "batch_size", "lr", "seed")  # of the what-if editions


def of_run(run: Run, command: str = "make reproduce") -> str:
    """The origin of what shows one run, as Markdown; ``command`` makes the recipe's anew."""
    changed = [
        f"{name.upper()}={getattr(run.config, name)}"
        for name in PARAMETERS
        if getattr(run.config, name) != getattr(Config(), name)
    ]
    command = " ".join(["make what-if", *changed]) if changed else command
    names = [f"run `{run.fingerprint}`", f"seed {run.config.seed}"]
    return _line(*names, *_made_by(run), f"`{command}`")


def of_data(checksum: str) -> str:
    """The origin of what shows the data and no run, from the data's checksum."""
    return _line(f"data `{checksum[:SHOWN]}`", "no run", "`make reproduce`")


def of_nothing() -> str:
    """The origin of what shows neither data nor a run: a layout, a count of weights."""
    return _line("no run", "no data", "`make reproduce`")


def of_files(names: str, command: str) -> str:
    """The origin of what files of the record hold, and the command that makes them anew."""
    listed = ", ".join(f"`record/{name}`" for name in names.split())
    return _line(f"{'files' if ' ' in names else 'file'} {listed}", f"`{command}`")


def of_study(study: Iterable[dict], run: Run) -> str:
    """The origin of what shows many runs, each given by its row in a table of runs.

    Raises
    ------
    Lenet5Error
        If a fingerprint is not that of its settings with the data of ``run``, or the
        engine behaves otherwise than that of ``run``.
    """
    study, fields = list(study), {entry.name for entry in dataclasses.fields(Config)}
    for row in study:
        config = Config(**{name: row[name] for name in fields})
        made_by = {
            "data_sha256": run.environment["data_sha256"],
            "behaviour": row["behaviour"],
            "library": row["library"],
        }
        same_engine = row["behaviour"] == run.environment["behaviour"]
        if row["fingerprint"] != fingerprint(config, made_by) or not same_engine:
            raise Lenet5Error(
                f"the study's run {row['fingerprint']} is of other data or another engine "
                f"than the run {run.fingerprint}: make both again (make seeds)"
            )
    names = "\n".join(sorted(row["fingerprint"] for row in study))
    digest = hashlib.sha256(names.encode()).hexdigest()
    seeds = _ranges(sorted({row["seed"] for row in study}))
    counted = [f"{len(study)} runs `{digest[:SHOWN]}`", f"seeds {seeds}"]
    return _line(*counted, *_made_by(run), "`make seeds`")


def _made_by(run: Run) -> list[str]:
    """The data and the engine of a run, each by its checksum."""
    data, engine = run.environment["data_sha256"], run.environment["behaviour"]
    return [f"data `{data[:SHOWN]}`", f"engine `{engine[:SHOWN]}`"]


def _ranges(numbers: list[int]) -> str:
    """``[0, 1, 2, 5]`` as ``"0–2, 5"``."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(f"{a}–{b}" if a < b else f"{a}" for a, b in ends)


def _line(*parts: str) -> str:
    line = " · ".join(parts)
    return line[0].upper() + line[1:]
