"""Many runs at a time, of this network and of any other, and the table of their rows."""

import argparse
import csv
import itertools
import multiprocessing
import operator
import os
import signal
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from lenet5 import RUNS, Config, Lenet5Error, cores

SETTINGS = ("seed", "epochs", "batch_size", "lr", "engine", "device")
METRICS = ("epoch", "train_loss", "train_error", "test_loss", "test_error", "weights")
# After what was measured: the seconds, and the run's name with what made it.
COLUMNS = (
    *SETTINGS, *METRICS, "seconds", "fingerprint", "behaviour", "library", "machine",
)  # fmt: skip
_settings = operator.attrgetter(*SETTINGS)


class Study(NamedTuple):
    """Where many runs stand."""

    asked: int
    done: list  # their names
    failed: dict  # why, by name
    seconds: list[float]  # of each that was made
    table: Path


@contextmanager
def workers(scheduler: str | None, processes: int):
    """An executor of ``concurrent.futures``, and how many tasks it runs at a time.

    It is the Dask cluster at ``scheduler``, or else so many processes here, which end
    when their client does. A cluster that does not answer raises Lenet5Error.
    """
    if not scheduler:
        spawn = multiprocessing.get_context("spawn")
        with _Pool(processes, spawn, _start_worker) as pool:
            yield pool, processes
        return
    try:
        from distributed import Client

        client = Client(scheduler)
    except (ImportError, OSError, ValueError) as error:
        why = f"no Dask scheduler at {scheduler}: {error}"
        raise Lenet5Error(f"{why}; start one, or install lenet5[cluster]") from error
    with client:
        yield client.get_executor(pure=False), sum(client.nthreads().values()) or 1


def run_jobs(
    jobs: dict[str, tuple],
    work: Callable,
    executor,
    *,
    out: Path,
    columns,
    key: str,
    length: Callable = lambda *_: 1,
    receive: Callable = lambda name, rows: rows,
    on_run: Callable = lambda study: None,
) -> Study:
    """Make many runs, and write the table of their rows.

    A run that an earlier table has whole is not made again. One that fails is noted, and
    the others go on.

    Parameters
    ----------
    jobs : dict of tuple
        The arguments of each run by its name, in the order of the table.
    work : callable
        ``work(*arguments)`` returns a run's rows, a list each, to be pickled. The
        worker, of :func:`workers`, may have another disk.
    out : Path
        The table; another there raises Lenet5Error. Until every run is done it stands
        beside, as ``NAME.partial.csv``. A ``SHA256SUMS`` in its folder is renewed.
    columns : sequence of str
        Of the table; the one called ``key`` holds the names.
    length : callable
        ``length(*arguments)`` is the number of rows of a whole run.
    receive : callable
        ``receive(name, result)`` turns here what ``work`` returned into the rows.
    on_run : callable
        Called with the study so far when a run has ended.
    """
    from lenet5.checkpoint import SUMS, seal, write_table

    partial = out.with_suffix(f".partial{out.suffix}")
    known = _read(out, columns, key) | _read(partial, columns, key)
    rows, study, futures = {}, Study(len(jobs), [], {}, [], partial), {}
    out.parent.mkdir(parents=True, exist_ok=True)
    for name, arguments in jobs.items():
        rows[name] = known.get(name, [])
        if len(rows[name]) == length(*arguments):
            study.done.append(name)
        else:
            rows[name] = []
            futures[executor.submit(_timed, work, *arguments)] = name
    for future in as_completed(list(futures)):
        name = futures.pop(future)  # and its result, which may be large
        try:
            result, seconds = future.result()
        except Exception as error:
            study.failed[name] = str(error)
        else:
            rows[name] = receive(name, result)
            study.done.append(name)
            study.seconds.append(seconds)
        write_table(partial, itertools.chain([columns], *rows.values()))
        on_run(study)
    if study.failed:
        return study
    write_table(out, itertools.chain([columns], *rows.values()))
    partial.unlink(missing_ok=True)
    if (out.parent / SUMS).exists():
        seal(out.parent)
    return study._replace(table=out)


def show_progress(width: int, study: Study) -> None:
    """Print how far a study of ``width`` runs at a time is."""
    left = study.asked - len(study.done) - len(study.failed)
    seconds = statistics.fmean(study.seconds or [0]) * left / width
    text = f"{len(study.done)} of {study.asked} done, {min(width, left)} running, "
    text += f"{len(study.failed)} failed, {timedelta(seconds=round(seconds))} left"
    print(text, file=sys.stderr, flush=True)


def show_end(study: Study) -> int:
    """Print what came of a study; the exit code of its command."""
    for reason, name in {why: name for name, why in study.failed.items()}.items():
        print(f"{name}: {reason}", file=sys.stderr)
    made = f"{len(study.done)} done, {len(study.seconds)} of them now"
    print(f"{made}, {len(study.failed)} failed: {study.table}")
    return 1 if study.failed else 0


def add_options(add_argument: Callable, out: Path) -> None:
    """Give a command the options of a study, whose table is ``out``."""
    add_argument("--scheduler", help="address of a Dask cluster, as tcp://host:8786")
    text = "or so many processes"
    add_argument("--workers", type=_at_least_one, default=cores(), help=text)
    add_argument("--out", type=Path, default=out, help="the table")


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def replicate(configs, executor, *, splits=None, runs=RUNS, **options) -> Study:
    """Train the runs of many configs, and write the table of their epochs.

    Parameters
    ----------
    configs : iterable of Config, by which the study calls its runs
    splits : pair of Split, optional
        By default MNIST, of each worker's own ``data/``.
    runs : Path
        The folder of the finished runs; those of workers on another disk come here too.
    executor, out, on_run
        See :func:`run_jobs`.
    """
    from lenet5 import data
    from lenet5.run import describe, fingerprint

    def receive(name: str, result: tuple) -> list[list]:
        run, seconds = result
        if not (runs / name).exists():
            run.save(runs / f"{name}.received")
            os.replace(runs / f"{name}.received", runs / name)
        made_by = [
            name,
            run.environment["behaviour"],
            run.environment.get("library", ""),
            run.environment.get("gpu") or run.environment["cpu"],
        ]
        # Epochs that were trained by an earlier call have no time.
        times = [""] * (len(run.history) - len(seconds)) + seconds
        rows = []
        for metrics, time_of_epoch in zip(run.history, times, strict=True):
            rows.append([*_settings(run.config), *metrics, time_of_epoch, *made_by])
        return rows

    configs = sorted(configs, key=_settings)
    engines = {config.engine for config in configs}
    facts = {x: describe(Config(engine=x), splits or data.load()) for x in engines}
    wanted = {fingerprint(config, facts[config.engine]): config for config in configs}
    jobs = {name: (config, name, splits, runs) for name, config in wanted.items()}
    runs.mkdir(parents=True, exist_ok=True)
    form = {"columns": COLUMNS, "key": "fingerprint", "receive": receive}
    form["length"] = lambda config, *_: config.epochs + 1
    study = run_jobs(jobs, train_run, executor, **form, **options)
    failed = {wanted[name]: why for name, why in study.failed.items()}
    return study._replace(done=[wanted[name] for name in study.done], failed=failed)


def train_run(config: Config, name: str, splits, runs: Path) -> tuple:
    """A run, trained on one core or read, and the seconds of the epochs trained now."""
    from lenet5 import data
    from lenet5.run import describe, fingerprint, load_or_train

    splits = splits or data.load()
    if fingerprint(config, describe(config, splits)) != name:
        raise Lenet5Error(
            "the worker has another engine, library or data: give it this version"
        )
    runs = runs if runs.is_dir() else RUNS  # the client's folder, or on another disk
    clock = [time.perf_counter()]
    options = {"on_epoch": lambda *_: clock.append(time.perf_counter()), "threads": 1}
    run = load_or_train(config, splits, runs=runs, **options)
    return run, [round(y - x, 3) for x, y in itertools.pairwise(clock)]


def _timed(work: Callable, *arguments) -> tuple:
    started = time.perf_counter()
    return work(*arguments), time.perf_counter() - started


def _read(path: Path, columns, key: str) -> dict[str, list[list[str]]]:
    """The rows of a table by the name of their run."""
    form = {"encoding": "utf-8", "errors": "replace"}
    lines = path.read_text(**form).splitlines() if path.exists() else []
    if path.exists() and lines[:1] != [",".join(columns)]:
        raise Lenet5Error(f"{path} is no table of a study: move it, or change --out")
    runs, place = {}, columns.index(key)
    for row in csv.reader(lines[1:]):
        if len(row) == len(columns):  # a line that is cut belongs to no whole run
            runs.setdefault(row[place], []).append(row)
    return runs


class _Pool(ProcessPoolExecutor):
    def submit(self, *task):
        # A terminal sends Ctrl-C to every process: these inherit that they ignore it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return super().submit(*task)
        finally:
            signal.signal(signal.SIGINT, before)

    def __exit__(self, *error):
        for worker in [*self._processes.values()]:  # Python 3.14 has terminate_workers
            worker.terminate()
        self.shutdown()


def _start_worker() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # of PyTorch, where it is asked for
    client = multiprocessing.parent_process()
    threading.Thread(target=lambda: (client.join(), os._exit(1)), daemon=True).start()
