"""The origin of a figure or a table: the line under it that says where it comes from."""

import hashlib
from collections.abc import Iterable, Sequence

from exact import UserError
from lenet5 import Config
from lenet5.config import RECIPE, SETTINGS
from lenet5.provenance import Provenance
from lenet5.run import Run, name_of

SHOWN = 12  # hexadecimal digits of a checksum


def of_run(run: Run, command: str = "make reproduce") -> str:
    """The origin of what shows one run, as Markdown; ``command`` makes the recipe's anew."""
    changed = []
    for setting in RECIPE:
        value = getattr(run.config, setting.name)
        if value != setting.default:
            changed.append(f"{setting.name.upper()}={value}")
    if changed:
        command = " ".join(["make what-if", *changed])
    name = f"run `{run.fingerprint}`"
    seed = f"seed {run.config.seed}"
    return _line(name, seed, *_made_by(run), f"`{command}`")


def of_data(checksum: str) -> str:
    """The origin of what shows the data and no run, from the data's checksum."""
    return _line(f"data `{checksum[:SHOWN]}`", "no run", "`make reproduce`")


def of_nothing() -> str:
    """The origin of what shows neither data nor a run: a layout, a count of weights."""
    return _line("no run", "no data", "`make reproduce`")


def of_files(names: Sequence[str], command: str) -> str:
    """The origin of what files of the record hold, and the command that makes them anew."""
    kind = "file" if len(names) == 1 else "files"
    listed = ", ".join(f"`record/{name}`" for name in names)
    return _line(f"{kind} {listed}", f"`{command}`")


def of_study(runs: Iterable[dict], run: Run) -> str:
    """The origin of what shows many runs.

    Parameters
    ----------
    runs : iterable of dict
        Each a row of a table of runs, see :attr:`studies.seeds.Seeds.runs`.
    run : Run
        Another run, by the same engine on the same data.

    Raises
    ------
    UserError
        If a fingerprint is not that of its settings with the data of ``run``, or the
        engine behaves otherwise than that of ``run``.
    """
    runs = list(runs)
    for row in runs:
        _check_same_origin(row, run)
    names = "\n".join(sorted(row["fingerprint"] for row in runs))
    digest = hashlib.sha256(names.encode()).hexdigest()
    seeds = _ranges(sorted({row["seed"] for row in runs}))
    counted = f"{len(runs)} runs `{digest[:SHOWN]}`"
    return _line(counted, f"seeds {seeds}", *_made_by(run), "`make seeds`")


def _check_same_origin(row: dict, run: Run) -> None:
    """Raise UserError if a row is not of the data and the engine of a run."""
    settings = {}
    for setting in SETTINGS:
        if setting.name not in row:
            raise UserError(
                f"the study's run {row['fingerprint']} was made before there was the "
                f"setting {setting.name}: make the table again (make seeds)"
            )
        settings[setting.name] = row[setting.name]
    config = Config(**settings)
    data = run.environment["data_sha256"]
    provenance = Provenance(data, row["behaviour"], row["library"])
    same_engine = row["behaviour"] == run.environment["behaviour"]
    if row["fingerprint"] != name_of(config, provenance) or not same_engine:
        raise UserError(
            f"the study's run {row['fingerprint']} is of other data or another engine "
            f"than the run {run.fingerprint}: make both again (make seeds)"
        )


def _made_by(run: Run) -> list[str]:
    """The data and the engine of a run, each by its checksum."""
    data = run.environment["data_sha256"]
    engine = run.environment["behaviour"]
    return [f"data `{data[:SHOWN]}`", f"engine `{engine[:SHOWN]}`"]


def _ranges(numbers: list[int]) -> str:
    """``[0, 1, 2, 5]`` as ``"0–2, 5"``."""
    ends: list[list[int]] = []  # the first and the last number of each range
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    words = []
    for first, last in ends:
        words.append(f"{first}–{last}" if first < last else f"{first}")
    return ", ".join(words)


def _line(*parts: str) -> str:
    """The parts in one line, with a capital letter."""
    line = " · ".join(parts)
    return line[0].upper() + line[1:]
