"""One line that says where a figure or a table comes from."""

import dataclasses

from lenet5.config import Config
from lenet5.environment import code_hash
from lenet5.run import Run

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
    parts = []
    if run is not None:
        parts += [f"run `{run.fingerprint}`", f"seed {run.config.seed}"]
        data = run.environment["data_sha256"]
    if data:
        parts.append(f"data `{data[:SHOWN]}`")
    code = run.environment["code_sha256"] if run is not None else code_hash()
    parts += [f"code `{code[:SHOWN]}`", f"`{command or _command(run)}`"]
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
