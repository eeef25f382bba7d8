"""Many seeds of the report's network: trained, written as a table, and read again."""

import argparse
import functools
import itertools
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from exact import UserError
from lenet5 import RECORD, RUNS, Config, data, engines
from lenet5.config import EARLIER, SETTINGS
from lenet5.run import load_or_train, name_of
from studies import jobs, pool
from studies.jobs import Progress, run_jobs

# A table begins with the seed, since its rows are in the order of the seeds.
SETTING_COLUMNS = [setting.name for setting in SETTINGS]
SETTING_COLUMNS.remove("seed")
SETTING_COLUMNS.insert(0, "seed")
METRICS = ["epoch", "train_loss", "train_error", "test_loss", "test_error", "weights"]
# After what was measured: the seconds, and the run's name with what made it.
MADE_BY = ["seconds", "fingerprint", "behaviour", "library", "machine"]
# What every table has; others stand in it where a run needs them, see columns_of.
NEEDED = [name for name in SETTING_COLUMNS if name not in EARLIER] + METRICS + MADE_BY
# Where an empty cell is a missing number, and not the empty text: the exact engine has no
# library.
MEASURED = ["train_loss", "train_error", "test_loss", "test_error", "seconds"]


def replicate(
    configs: Iterable[Config],
    executor,
    *,
    out: Path,
    splits=None,
    runs: Path = RUNS,
    on_run: Callable | None = None,
) -> Progress:
    """Train the runs of many configs, and write the table of their epochs.

    Parameters
    ----------
    configs : iterable of Config, by which the progress calls its runs
    splits : pair of Split, optional
        By default MNIST, of each worker's own ``data/``.
    runs : Path
        The folder of the finished runs; those of workers on another disk come here too.
    executor, out, on_run
        Of :func:`studies.jobs.run_jobs`.

    Raises
    ------
    UserError
        If another table stands at ``out``, or the data are missing or damaged.
    """
    provenances = {}  # of each engine: the data's checksum takes a moment
    by_name = {}
    configs = list(configs)
    settings = columns_of(configs)
    for config in sorted(configs, key=functools.partial(settings_of, SETTING_COLUMNS)):
        kind = (config.engine, engines.pin_of(config))
        if kind not in provenances:
            provenances[kind] = engines.provenance(config, splits or data.load())
        by_name[name_of(config, provenances[kind])] = config
    arguments = {}
    for name, config in by_name.items():
        arguments[name] = (config, name, splits, runs)
    runs.mkdir(parents=True, exist_ok=True)
    progress = run_jobs(
        arguments,
        train_run,
        executor,
        out=out,
        columns=[*settings, *METRICS, *MADE_BY],
        key="fingerprint",
        length=count_rows,
        receive=functools.partial(keep_run, runs, settings),
        on_run=on_run,
    )
    progress.done = [by_name[name] for name in progress.done]
    progress.failed = {by_name[name]: why for name, why in progress.failed.items()}
    return progress


def make(
    configs: Iterable[Config],
    options: argparse.Namespace,
    runs: Path = RUNS,
    splits=None,
) -> int:
    """Train the runs of many configs, and tell how far they are; the exit code.

    ``options`` are those of :func:`studies.pool.add_options`.
    """
    workers = pool.workers(options.scheduler, options.workers)
    with workers as (executor, width):
        progress = replicate(
            configs,
            executor,
            splits=splits,
            runs=runs,
            out=options.out,
            on_run=functools.partial(jobs.show_progress, width),
        )
    return jobs.show_end(progress)


def columns_of(configs: Iterable[Config]) -> list[str]:
    """The columns of a table of some runs that hold their settings.

    A setting that all runs had before it was one has a column only where a run has another
    value: see :data:`lenet5.config.EARLIER`.
    """
    changed = set()
    for config in configs:
        changed.update(config.settings())
    return [name for name in SETTING_COLUMNS if name not in EARLIER or name in changed]


def settings_of(columns: Iterable[str], config: Config) -> list:
    """The settings of a config in the order of a table's columns."""
    return [getattr(config, name) for name in columns]


def count_rows(config: Config, *_) -> int:
    """How many rows a whole run has: one before the first epoch and one after each."""
    return config.epochs + 1


def train_run(config: Config, name: str, splits, runs: Path) -> tuple:
    """A run, trained on one core or read, and the seconds of the epochs trained now.

    Raises
    ------
    UserError
        If the run would have another name here than where it was asked for.
    """
    provenance = engines.provenance(config, splits or data.load())
    if name_of(config, provenance) != name:
        raise UserError(
            "the worker has another engine, library or data: give it this version"
        )
    if not runs.is_dir():  # the client's folder; this worker has another disk
        runs = RUNS
    clock = [time.perf_counter()]

    def on_epoch(engine, history) -> None:
        clock.append(time.perf_counter())

    run = load_or_train(config, splits, runs=runs, on_epoch=on_epoch, threads=1)
    seconds = [round(end - start, 3) for start, end in itertools.pairwise(clock)]
    return run, seconds


def keep_run(runs: Path, columns: list[str], name: str, result: tuple) -> list[list]:
    """Keep a run that a worker has made, and give its rows of the table."""
    run, seconds = result
    if not (runs / name).exists():
        received = runs / f"{name}.received"
        run.save(received)
        os.replace(received, runs / name)
    environment = run.environment
    machine = environment.get("gpu") or environment["cpu"]
    library = environment.get("library", "")
    made_by = [name, environment["behaviour"], library, machine]
    # Epochs that were trained by an earlier call have no time.
    untimed = len(run.history) - len(seconds)
    times = [""] * untimed + seconds
    rows = []
    for metrics, time_of_epoch in zip(run.history, times, strict=True):
        row = settings_of(columns, run.config)
        row += metrics
        row.append(time_of_epoch)
        row += made_by
        rows.append(row)
    return rows


class Seeds(NamedTuple):
    """Many runs of one recipe, and the test losses (nats) and errors (%) of each epoch.

    ``runs`` are settings and fingerprints; ``table`` has a row for each epoch of each run;
    ``losses`` and ``errors`` have a row a seed and a column an epoch from 1.
    """

    runs: list[dict]
    table: pd.DataFrame
    losses: pd.DataFrame
    errors: pd.DataFrame

    @property
    def final(self) -> pd.Series:
        """The error of each seed after the last epoch, %."""
        return self.errors.iloc[:, -1]

    @property
    def best(self) -> pd.Series:
        """The lowest error of each seed, %."""
        return self.errors.min(axis=1)


def read(path: Path = RECORD / "seeds.csv") -> Seeds:
    """Read a table of many seeds of one recipe.

    Raises
    ------
    UserError
        If the table is missing or damaged.
    """
    needed = ("seed", "fingerprint", "epoch", "test_loss", "test_error")
    table = read_table(path, needed)
    runs = table.drop_duplicates("fingerprint").to_dict("records")
    trained = table[table.epoch > 0]
    by_epoch = {"index": "seed", "columns": "epoch"}
    losses = trained.pivot(**by_epoch, values="test_loss")
    errors = trained.pivot(**by_epoch, values="test_error")
    return Seeds(runs, table, losses, errors.round(2))


def read_table(path: Path, needed: Iterable[str] = NEEDED) -> pd.DataFrame:
    """The rows of a table of many runs, as a DataFrame.

    Raises
    ------
    UserError
        If the table is missing or damaged, or lacks a needed column.
    """
    missing = {name: [""] for name in MEASURED}
    try:
        table = pd.read_csv(path, keep_default_na=False, na_values=missing)
    except (OSError, ValueError) as error:
        mend = "restore it with git"
        raise UserError(f"{path} is missing or damaged: {mend}") from error
    for name in needed:
        if name not in table:
            raise UserError(
                f"{path} has no column {name!r}: if it was made before there was one, "
                "make it again (make seeds); if it is damaged, restore it with git"
            )
    return table
