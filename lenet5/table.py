"""The table of a study: one row for each epoch of each run."""

import csv
import dataclasses
import io
from collections.abc import Iterable
from pathlib import Path

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.files import write_whole
from lenet5.train import Metrics

SETTINGS = ("seed", "epochs", "batch_size", "lr", "threads", "device")
COLUMNS = (*SETTINGS, *Metrics._fields, "seconds", "fingerprint", "machine")


def machine_of(environment: dict) -> str:
    """What of a machine decides a run's last bits: its GPU, or its CPU's model and vectors.

    Parameters
    ----------
    environment : dict
        See :func:`lenet5.environment.describe`.
    """
    return environment["gpu"] or f"{environment['cpu']} {environment['cpu_capability']}"


def rows_of(
    config: Config,
    fingerprint: str,
    history: list[Metrics],
    seconds: dict[int, float],
    machine: str,
    failed: bool,
) -> list[dict]:
    """The rows of one run.

    Parameters
    ----------
    config : Config
    fingerprint : str
    history : list of Metrics
    seconds : dict of float
        Wall-clock seconds by epoch, training and both evaluations; the cell of an
        epoch that was not timed stays empty.
    machine : str
    failed : bool
        A failed run ends in a row whose metrics are empty, at the epoch it did not end.

    Returns
    -------
    list of dict
        With the keys ``COLUMNS``.
    """
    rows = [metrics._asdict() for metrics in history]
    if failed:
        rows.append({"epoch": len(history)})
    settings = dataclasses.asdict(config)
    return [
        settings
        | row
        | {
            "seconds": seconds.get(row["epoch"], ""),
            "fingerprint": fingerprint,
            "machine": machine,
        }
        for row in rows
    ]


def write_table(path: Path, rows: Iterable[dict]) -> None:
    """Write the rows, sorted by their settings and the epoch, whole or not at all.

    Raises
    ------
    OSError
        If the table cannot be written; an earlier one is as it was.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    key = (*SETTINGS, "epoch")
    writer.writerows(sorted(rows, key=lambda row: [row[name] for name in key]))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.getvalue().encode())


def read_seconds(path: Path) -> dict[str, dict[int, float]]:
    """The seconds of each epoch by fingerprint, from an earlier table if there is one.

    Raises
    ------
    Lenet5Error
        If the file is not such a table.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    seconds: dict[str, dict[int, float]] = {}
    try:
        for row in csv.DictReader(lines):
            if row["seconds"]:
                timed = seconds.setdefault(row["fingerprint"], {})
                timed[int(row["epoch"])] = float(row["seconds"])
    except (KeyError, ValueError, TypeError, csv.Error) as error:
        raise Lenet5Error(
            f"{path} is not the table of a study ({error}): "
            "move it away, or name another with --out"
        ) from error
    return seconds
