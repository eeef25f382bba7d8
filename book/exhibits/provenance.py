"""The origin of a figure or a table: the line under it that says where it comes from."""

import hashlib
from collections.abc import Iterable, Sequence

from exact import UserError
from lenet5 import Config, behaviour, engines
from lenet5.config import EARLIER, RECIPE, SETTINGS
from lenet5.provenance import Provenance
from lenet5.run import Run, name_of

SHOWN = 12  # hexadecimal digits of a checksum


def of_run(run: Run, command: str = "make reproduce") -> str:
    """The origin of what shows one run, as Markdown; ``command`` makes the recipe's anew."""
    name = f"run `{run.fingerprint}`"
    seed = f"seed {run.config.seed}"
    made_by = _made_by(run.environment["data_sha256"], [run.environment["behaviour"]])
    return _line(name, seed, *made_by, f"`{_command(run.config, command)}`")


def of_data(checksum: str) -> str:
    """The origin of what shows the data alone, from the data's checksum."""
    return _line(f"data `{checksum[:SHOWN]}`", "`make reproduce`")


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
        Another run, on the same data; where the engine is pinned in one with theirs, by
        the same engine.

    Raises
    ------
    UserError
        If a fingerprint is not that of its settings with the data of ``run``, or the
        engine behaves otherwise than it is pinned.
    """
    runs = list(runs)
    for row in runs:
        _check_same_origin(row, run)
    names = "\n".join(sorted(row["fingerprint"] for row in runs))
    digest = hashlib.sha256(names.encode()).hexdigest()
    seeds = _ranges(sorted({row["seed"] for row in runs}))
    counted = f"{len(runs)} runs `{digest[:SHOWN]}`"
    behaviours = sorted({row["behaviour"] for row in runs})
    made_by = _made_by(run.environment["data_sha256"], behaviours)
    return _line(counted, f"seeds {seeds}", *made_by, "`make seeds`")


def config_of(row: dict) -> Config:
    """The config of a row of a table of runs.

    A setting that is younger than the table has no column in it, and the value that all
    runs had before.

    Raises
    ------
    UserError
        If another setting is missing.
    """
    settings = {}
    for setting in SETTINGS:
        if setting.name in row:
            settings[setting.name] = row[setting.name]
        elif setting.name not in EARLIER:
            raise UserError(
                f"the study's run {row['fingerprint']} was made before there was the "
                f"setting {setting.name}: make the table again (make seeds)"
            )
    return Config.from_settings(settings)


def _check_same_origin(row: dict, run: Run) -> None:
    """Raise UserError if a row is not of the data of a run and its engine's behaviour."""
    config = config_of(row)
    data = run.environment["data_sha256"]
    provenance = Provenance(data, row["behaviour"], row["library"])
    expected = _behaviour_for(config, run)
    if (
        row["fingerprint"] != name_of(config, provenance)
        or row["behaviour"] != expected
    ):
        raise UserError(
            f"the study's run {row['fingerprint']} is of other data or another engine "
            f"than the run {run.fingerprint}: make both again (make seeds)"
        )


def _behaviour_for(config: Config, run: Run) -> str:
    """What the engine of a config should behave like, beside a run.

    Like the run's, where one trial pins both; else as it is pinned.
    """
    if config.engine != engines.EXACT or run.config.engine != engines.EXACT:
        return run.environment["behaviour"]
    pin = engines.pin_of(config)
    if pin == engines.pin_of(run.config):
        return run.environment["behaviour"]
    return behaviour.pinned(engines.PACKAGE, pin)


def _command(config: Config, otherwise: str) -> str:
    """What makes a config's run anew: an edition, or the recipe's own command."""
    changed = []
    for setting in RECIPE:
        value = getattr(config, setting.name)
        if value != setting.default:
            changed.append(f"{setting.name.upper()}={value}")
    return " ".join(["make what-if", *changed]) if changed else otherwise


def _made_by(data: str, behaviours: Iterable[str]) -> list[str]:
    """The data and the engines of runs, each by its checksum."""
    listed = ", ".join(f"`{behaviour[:SHOWN]}`" for behaviour in behaviours)
    return [f"data `{data[:SHOWN]}`", f"engine {listed}"]


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
