"""Many runs at a time, of any network, and the table of their rows."""

import csv
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from exact import UserError
from lenet5 import files


@dataclass
class Progress:
    """Where many runs stand."""

    asked: int
    table: Path
    done: list = field(default_factory=list)  # their names
    failed: dict = field(default_factory=dict)  # why, by name
    seconds: list[float] = field(default_factory=list)  # of each that was made now


def one_row(*_) -> int:
    """The length of a run that has a single row in the table."""
    return 1


def as_they_are(_: str, rows: list) -> list:
    """What a run returned, as rows of the table."""
    return rows


def run_jobs(
    jobs: dict[str, tuple],
    work: Callable,
    executor,
    *,
    out: Path,
    columns: Sequence[str],
    key: str,
    length: Callable = one_row,
    receive: Callable = as_they_are,
    on_run: Callable | None = None,
) -> Progress:
    """Make many runs, and write the table of their rows.

    A run that an earlier table has whole is not made again. One that fails is noted, and
    the others go on.

    Parameters
    ----------
    jobs : dict of tuple
        The arguments of each run by its name, in the order of the table.
    work : callable
        ``work(*arguments)`` returns a run's rows, a list each, to be pickled. The worker,
        of :func:`studies.pool.workers`, may have another disk.
    out : Path
        The table. Until every run is done it stands beside, as ``NAME.partial.csv``. A
        ``SHA256SUMS`` in its folder is renewed.
    columns : sequence of str
        Of the table; the one called ``key`` holds the names.
    length : callable
        ``length(*arguments)`` is the number of rows of a whole run.
    receive : callable
        ``receive(name, result)`` turns here what ``work`` returned into the rows.
    on_run : callable, optional
        Called with the progress so far when a run has ended.

    Raises
    ------
    UserError
        If another table stands at ``out``.
    """
    partial = out.with_suffix(f".partial{out.suffix}")
    earlier = read_rows(out, columns, key) | read_rows(partial, columns, key)
    progress = Progress(len(jobs), partial)
    rows: dict[str, list] = {}
    names = {}  # of the runs that are being made, by their futures
    out.parent.mkdir(parents=True, exist_ok=True)
    for name, arguments in jobs.items():
        rows[name] = earlier.get(name, [])
        if len(rows[name]) == length(*arguments):
            progress.done.append(name)
        else:
            rows[name] = []
            names[executor.submit(timed, work, *arguments)] = name
    for future in as_completed(list(names)):
        name = names.pop(future)  # and with it the result, which may be large
        try:
            result, seconds = future.result()
        except Exception as error:
            progress.failed[name] = str(error)
        else:
            rows[name] = receive(name, result)
            progress.done.append(name)
            progress.seconds.append(seconds)
        write_rows(partial, columns, rows)
        if on_run:
            on_run(progress)
    if not progress.failed:
        write_rows(out, columns, rows)
        partial.unlink(missing_ok=True)
        progress.table = out
        if (out.parent / files.SUMS).exists():
            files.write_sums(out.parent)
    return progress


def timed(work: Callable, *arguments) -> tuple:
    """What a call returns, and the seconds that it takes."""
    started = time.perf_counter()
    result = work(*arguments)
    return result, time.perf_counter() - started


def write_rows(path: Path, columns: Sequence[str], rows: dict[str, list]) -> None:
    """Write the rows of many runs as one table."""
    lines = [columns]
    for of_run in rows.values():
        lines.extend(of_run)
    files.write_table(path, lines)


def read_rows(path: Path, columns: Sequence[str], key: str) -> dict[str, list]:
    """The rows of a table by the name of their run; none if there is no table.

    Raises
    ------
    UserError
        If the table has other columns.
    """
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    given = lines[0].split(",") if lines else []
    if given != list(columns):
        lacking = [name for name in columns if name not in given]
        others = [name for name in given if name not in columns]
        why = "is no table of a study"
        if key in given and lacking:
            why = f"has no column {lacking[0]!r}, which these runs need"
        elif key in given and others:
            why = f"has a column {others[0]!r}, which these runs do not have"
        raise UserError(f"{path} {why}: move it, or change --out")
    runs: dict[str, list] = {}
    place = columns.index(key)
    for row in csv.reader(lines[1:]):
        if len(row) == len(columns):  # a line that is cut belongs to no whole run
            runs.setdefault(row[place], []).append(row)
    return runs


def show_progress(width: int, progress: Progress) -> None:
    """Print how far a study of ``width`` runs at a time is."""
    left = progress.asked - len(progress.done) - len(progress.failed)
    a_run = 0.0  # seconds; none is known before one is made
    if progress.seconds:
        a_run = statistics.fmean(progress.seconds)
    time_left = timedelta(seconds=round(a_run * left / width))
    print(
        f"{len(progress.done)} of {progress.asked} done, {min(width, left)} running, "
        f"{len(progress.failed)} failed, {time_left} left",
        file=sys.stderr,
        flush=True,
    )


def show_end(progress: Progress) -> int:
    """Print what came of a study; the exit code of its command."""
    one_of_each_reason = {why: name for name, why in progress.failed.items()}
    for reason, name in one_of_each_reason.items():
        print(f"{name}: {reason}", file=sys.stderr)
    made = f"{len(progress.done)} done, {len(progress.seconds)} of them now"
    print(f"{made}, {len(progress.failed)} failed: {progress.table}")
    return 1 if progress.failed else 0
