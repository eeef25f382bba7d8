"""One line that says where a figure or a table comes from."""

import dataclasses
import hashlib
from collections.abc import Sequence

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.environment import code_hash
from lenet5.run import Run, fingerprint_of

SHOWN = 12  # hexadecimal digits of a checksum


def provenance(
    run: Run | None = None, data: str | None = None, command: str | None = None
) -> str:
    """The origin of what is shown, as Markdown.

    Parameters
    ----------
    run : Run, optional
        The run that the numbers come from; without one, no number is a trained one.
    data : str, optional
        The data's checksum, for what shows data and no run.
    command : str, optional
        What makes it anew; by default the command that repeats the whole report with
        the run's settings.

    Returns
    -------
    str
        Fingerprint and seed of the run, short checksums of the data and of the code,
        and the command. Without a run it is the same on every machine.
    """
    if run is None and data is None:
        parts = ["no run", "no data"]
    else:
        parts = []
    if run is not None:
        parts += [f"run `{run.fingerprint}`", f"seed {run.config.seed}"]
        data = run.environment["data_sha256"]
    if data:
        parts.append(f"data `{data[:SHOWN]}`")
    code = run.environment["code_sha256"] if run is not None else code_hash()
    parts += [f"code `{code[:SHOWN]}`", f"`{command or _command(run)}`"]
    return _line(parts)


def study_provenance(study: Sequence[dict], run: Run, command="make seeds") -> str:
    """The origin of what shows many runs, as Markdown.

    Parameters
    ----------
    study : sequence of dict
        One entry a run: its ``fingerprint`` and every field of its ``Config``.
    run : Run
        A run of the same data, code and torch.
    command : str
        What makes the study anew.

    Returns
    -------
    str
        How many runs, a short checksum of their fingerprints, the seeds, short checksums
        of the data and of the code, and the command.

    Raises
    ------
    Lenet5Error
        If a fingerprint is not that of its config with the data, code and torch of
        ``run``.
    """
    facts = run.environment
    data, code = facts["data_sha256"], facts["code_sha256"]
    fields = [field.name for field in dataclasses.fields(Config)]
    for row in study:
        config = Config(**{name: row[name] for name in fields})
        expected = fingerprint_of(config, data, code, facts["torch"])
        if row["fingerprint"] != expected:
            raise Lenet5Error(
                f"the study's run {row['fingerprint']} is of other data, code or torch "
                f"than the run {run.fingerprint}: make both again ({command})"
            )
    names = "\n".join(sorted(row["fingerprint"] for row in study))
    digest = hashlib.sha256(names.encode()).hexdigest()
    return _line(
        [
            f"{len(study)} runs `{digest[:SHOWN]}`",
            f"seeds {_ranges(sorted({row['seed'] for row in study}))}",
            f"data `{data[:SHOWN]}`",
            f"code `{code[:SHOWN]}`",
            f"`{command}`",
        ]
    )


def _ranges(numbers: list[int]) -> str:
    """``[0, 1, 2, 5]`` as ``"0–2, 5"``."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and number == ends[-1][1] + 1:
            ends[-1][1] = number
        else:
            ends.append([number, number])
    return ", ".join(f"{a}–{b}" if a < b else f"{a}" for a, b in ends)


def _line(parts: list[str]) -> str:
    line = " · ".join(parts)
    return line[0].upper() + line[1:]


def _command(run: Run | None) -> str:
    names = ("epochs", "batch_size", "lr", "seed")
    changed = [
        f"{entry.name.upper()}={getattr(run.config, entry.name):g}"
        for entry in dataclasses.fields(Config)
        if run is not None
        and entry.name in names
        and getattr(run.config, entry.name) != entry.default
    ]
    return " ".join(["make what-if", *changed]) if changed else "make reproduce"
