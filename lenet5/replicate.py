"""Many runs at a time, one row an epoch in a table: ``python -m lenet5 replicate``."""

import csv
import functools
import io
import itertools
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from lenet5 import Config, Lenet5Error

RUNS = Path(__file__).resolve().parent.parent / "runs"
SETTINGS = ("seed", "epochs", "batch_size", "lr", "engine")
METRICS = ("epoch", "train_loss", "train_error", "test_loss", "test_error", "weights")
COLUMNS = (*SETTINGS, *METRICS, "seconds", "fingerprint", "machine")


class Study(NamedTuple):
    """Configs done; failed, with the reason; seconds of each epoch; where the table is."""

    done: list[Config]
    failed: dict[Config, str]
    seconds: list[float]
    table: Path


def replicate(configs, executor, *, splits=None, out, runs=RUNS, on_run=None) -> Study:
    """Train the runs of many configs, and write the table of their epochs.

    A run that is stored, or whole in an earlier table, is not trained again. One that
    fails is noted, and the others go on.

    Parameters
    ----------
    configs : iterable of Config
    executor : Executor
        Of ``concurrent.futures``. Its workers have this version, not always this disk.
    splits : pair of Split, optional
        Training and test data; by default MNIST, of each worker's own ``data/``.
    out, runs : Path
        The table, and the folder of the finished runs. Until every run has ended, the
        table stands beside ``out``, as ``NAME.partial.csv``.
    on_run : callable, optional
        Called with the study so far when a run has ended.

    Raises
    ------
    Lenet5Error
        If the data is damaged, or ``out`` is no such table.
    """
    from lenet5 import data
    from lenet5.checkpoint import SUMS, seal, write_whole
    from lenet5.run import describe, fingerprint

    partial = out.with_suffix(f".partial{out.suffix}")
    known, study = _read(out) | _read(partial), Study([], {}, [], partial)
    facts = functools.cache(lambda x: describe(Config(engine=x), splits or data.load()))
    configs = sorted(configs, key=lambda config: [getattr(config, x) for x in SETTINGS])
    wanted = {fingerprint(config, facts(config.engine)): config for config in configs}
    rows, futures = {name: known.get(name, []) for name in wanted}, {}
    for folder in (runs, out.parent):
        folder.mkdir(parents=True, exist_ok=True)
    for name, config in wanted.items():
        if rows[name]:
            study.done.append(config)
        else:
            futures[executor.submit(train_run, config, name, splits, runs)] = name
    for future in as_completed(list(futures)):
        name = futures.pop(future)
        config, folder = wanted[name], runs / name
        try:
            run, seconds, reason = future.result()
        except Exception as error:  # it says nothing of the run, which stays missing
            study.failed[config] = str(error)
            continue
        if reason:
            study.failed[config] = reason
        else:
            study.done.append(config)
            if not folder.exists():  # the worker has another disk
                run.save(folder.with_suffix(".received"))
                os.replace(folder.with_suffix(".received"), folder)
        study.seconds.extend(seconds)
        rows[name] = _rows(run, seconds, reason)
        write_whole(partial, _table(rows.values()))
        if on_run:
            on_run(study)
    if [] in rows.values():
        return study
    write_whole(out, _table(rows.values()))
    partial.unlink(missing_ok=True)
    if (out.parent / SUMS).exists():
        seal(out.parent)
    return study._replace(table=out)


def train_run(config: Config, name: str, splits, runs: Path) -> tuple:
    """A run, trained on one core or read; its seconds by epoch; why it failed, or ""."""
    from lenet5 import data
    from lenet5.checkpoint import load_arrays
    from lenet5.run import Run, describe, fingerprint, load_or_train

    splits = splits or data.load()
    facts = describe(config, splits)
    if fingerprint(config, facts) != name:
        raise Lenet5Error("the worker has other code or data: give it this version")
    runs = runs if runs.is_dir() else RUNS  # the client's folder, or on another disk
    clock, reason = [time.perf_counter()], ""
    tick = lambda *_: clock.append(time.perf_counter())  # noqa: E731
    try:
        run = load_or_train(config, splits, runs=runs, threads=1, on_epoch=tick)
    except Lenet5Error as error:
        checkpoint = runs / f"{name}.partial" / "checkpoint"
        if not checkpoint.exists():  # it has not trained: a damaged file, no compiler
            raise
        history = load_arrays(checkpoint)[1]["history"]
        run, reason = Run(config, history, {}, facts), str(error)
    return run, [round(y - x, 3) for x, y in itertools.pairwise(clock)], reason


def _rows(run, seconds: list[float], reason: str) -> list[list]:
    """Of a run's epochs; one that failed ends in a row without metrics."""
    before = [getattr(run.config, name) for name in SETTINGS]
    after = [run.fingerprint, run.environment.get("gpu") or run.environment["cpu"]]
    times = [""] * (len(run.history) - len(seconds)) + seconds
    rows = [[*metrics, time] for metrics, time in zip(run.history, times, strict=True)]
    rows += [[len(rows), *[""] * len(METRICS)]] if reason else []
    return [[*before, *row, *after] for row in rows]


def _read(path: Path) -> dict[str, list[list[str]]]:
    """The rows of the runs that a table has whole, by fingerprint."""
    lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    if path.exists() and lines[:1] != [",".join(COLUMNS)]:
        raise Lenet5Error(f"{path} is no table of a study: move it, or change --out")
    runs = {}
    for *row, weights, seconds, name, machine in csv.reader(lines[1:]):
        if weights:
            runs.setdefault(name, []).append([*row, weights, seconds, name, machine])
    return {x: run for x, run in runs.items() if len(run) == int(run[0][1]) + 1}


def _table(runs) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *itertools.chain(*runs)])
    return text.getvalue().encode()


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


def add_command(commands, shared: list) -> None:
    """Add ``replicate`` to the command line, with the options that it shares."""
    command = commands.add_parser("replicate", parents=shared, help="train many runs")
    command.set_defaults(command=_replicate, refuse=command.error)
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    grid = {"nargs": "+", "default": [], "metavar": "NAME=VALUE,..."}
    for option, kind, text, more in (
        ("seeds", _seeds, "for example 0-29 or 0,3,7-9", {"default": "0-29"}),
        ("grid", _values, "of settings, to be combined with every seed", grid),
        ("scheduler", str, "address of a Dask cluster, as tcp://host:8786", {}),
        ("workers", int, "processes, without a cluster", {"default": len(usable(0))}),
        ("out", Path, "the table", {"default": RUNS / "seeds.csv"}),
    ):
        command.add_argument(f"--{option}", type=kind, help=text, **more)


def _seeds(text: str) -> list[int]:
    parts = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return sorted({seed for x in parts for seed in range(min(x), max(x) + 1)})


def _values(text: str) -> list[tuple]:
    """``"lr=1e-4,3e-4"`` as ``[("lr", 1e-4), ("lr", 3e-4)]``."""
    name, _, values = text.partition("=")
    kind = type(getattr(Config, name, ""))  # Config refuses what it does not know
    return [(name, kind(value)) for value in values.split(",")]


def _replicate(options) -> int:
    from lenet5 import data

    grid = itertools.product(options.seeds, *options.grid)
    try:
        configs = {Config(**{"seed": seed} | dict(values)) for seed, *values in grid}
    except (TypeError, ValueError) as error:
        options.refuse(str(error))
    splits = None if options.data == data.ROOT else data.load(options.data)
    where = {"out": options.out, "runs": options.runs, "splits": splits}
    with _executor(options.scheduler, max(1, options.workers)) as (executor, width):
        show = functools.partial(_show, configs, width)
        study = replicate(configs, executor, on_run=show, **where)
    for reason, config in {why: x for x, why in study.failed.items()}.items():
        print(f"lenet5: {config}: {reason}", file=sys.stderr)
    print(f"{len(study.done)} done, {len(study.failed)} failed: {study.table}")
    return 1 if study.failed else 0


@contextmanager
def _executor(scheduler: str | None, workers: int):
    if not scheduler:
        spawn = multiprocessing.get_context("spawn")
        with _Pool(workers, spawn, _start_worker) as pool:
            yield pool, workers
        return
    try:
        from distributed import Client

        client = Client(scheduler)
    except (ImportError, OSError, ValueError) as error:
        why = f"no Dask scheduler at {scheduler}: {error}"
        raise Lenet5Error(f"{why}; start one, or install lenet5[cluster]") from error
    with client:
        yield client.get_executor(pure=False), sum(client.nthreads().values()) or 1


def _show(configs: set[Config], width: int, study: Study) -> None:
    left = configs - study.failed.keys() - set(study.done)
    epoch = sum(study.seconds) / (len(study.seconds) or 1)
    seconds = round(epoch * sum(config.epochs + 1 for config in left) / width)
    text = f"{len(study.done)} of {len(configs)} done, {min(width, len(left))} running"
    text += f", {len(study.failed)} failed, {timedelta(seconds=seconds)} left"
    print(text, file=sys.stderr, flush=True)
