"""Many runs at a time on Dask: the client asks, the workers train, the table is written here.

Each worker process receives the data once. A finished run comes back through Dask as
the bytes of its files, so a worker need not share the disk with the client.
"""

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import torch
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, as_completed
from filelock import FileLock

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.data import ROOT as DATA
from lenet5.data import Split, checksum
from lenet5.data import load as load_data
from lenet5.environment import code_hash
from lenet5.files import write_whole
from lenet5.run import RUNS, Run, fingerprint_of
from lenet5.table import machine_of, read_seconds, rows_of, write_table
from lenet5.train import resolve
from lenet5.worker import Data, Outcome, train_run


class Study(NamedTuple):
    """The configs whose run is there, and those that failed with the reason."""

    done: list[Config]
    failed: dict[Config, str]


class Silent:
    """Shows nothing of the progress of a study."""

    def __init__(self, configs: dict[str, Config]):
        pass

    def on_epoch(self, fingerprint: str, epoch: int) -> None:
        """A run, here or resumed, has done ``epoch`` epochs; called in another thread."""

    def on_run(self, fingerprint: str, reason: str) -> None:
        """A run has ended: well, or for a reason."""

    def close(self) -> None:
        """The study has ended."""


def replicate(
    configs: Sequence[Config],
    splits: tuple[Split, Split] | None = None,
    *,
    out: Path,
    runs: Path = RUNS,
    data: Path = DATA,
    scheduler: str | None = None,
    workers: int | None = None,
    progress: Callable = Silent,
) -> Study:
    """Train the runs of many configs in parallel, and write the table of their epochs.

    A run that is there is not trained again. One whose worker dies is tried again, up
    to Dask's ``allowed-failures``; it goes on from its checkpoint if the worker that
    takes it over sees the same ``runs``. A run that fails is noted and the others go on.

    Parameters
    ----------
    configs : sequence of Config
    splits : pair of Split, optional
        Training and test data; by default MNIST, read from ``data``.
    out : Path
        The table, see :mod:`lenet5.table`; written anew whenever a run ends.
    runs : Path
        Folder of the finished runs, here and, if it can be made there, on the workers.
    data : Path
        Folder that holds ``MNIST/raw``; the workers need none.
    scheduler : str, optional
        Address of a Dask scheduler; by default a cluster of processes on this machine.
    workers : int, optional
        Processes of that cluster; by default one a core.
    progress : callable
        Given the runs that are to be trained, by fingerprint; makes an object like
        :class:`Silent`.

    Returns
    -------
    Study

    Raises
    ------
    Lenet5Error
        If the data is damaged, no scheduler answers, or a worker has other code.
    OSError
        If a run or the table cannot be written.
    """
    splits = splits or load_data(data)
    runs, known = Path(runs), read_seconds(out)
    runs.mkdir(parents=True, exist_ok=True)
    facts = (checksum(*splits), code_hash(), torch.__version__)
    wanted = {
        fingerprint_of(config, *facts): config
        for config in dict.fromkeys(map(resolve, configs))
    }
    study, rows = Study([], {}), {}

    def ended(name: str, outcome: Outcome) -> None:
        config = wanted[name]
        if outcome.reason:
            study.failed[config] = outcome.reason
        else:
            study.done.append(config)
        seconds = known.get(name, {}) | outcome.seconds
        rows[name] = rows_of(
            config,
            name,
            outcome.history,
            seconds,
            outcome.machine,
            bool(outcome.reason),
        )
        write_table(out, chain.from_iterable(rows.values()))

    for name in wanted:
        if (runs / name).exists():
            ended(name, _stored(runs / name))
    missing = {name: config for name, config in wanted.items() if name not in rows}
    if missing:
        with (
            closing(progress(missing)) as shown,
            _client(scheduler, workers, missing.values()) as client,
        ):
            plugin = Data(splits)
            _send(client, plugin)
            for name, outcome in _outcomes(client, plugin.name, missing, runs, shown):
                if isinstance(outcome, Outcome):
                    _store(outcome.files, runs, name)
                    ended(name, outcome)
                else:  # not the run's own reason: the next study tries it again
                    study.failed[missing[name]] = f"{type(outcome).__name__}: {outcome}"
                shown.on_run(name, study.failed.get(missing[name], ""))
    return study


@contextmanager
def _client(
    scheduler: str | None, workers: int | None, configs: Iterable[Config]
) -> Iterator[Client]:
    if scheduler:
        try:
            client = Client(scheduler)
        except (OSError, ValueError) as error:
            raise Lenet5Error(
                f"no Dask scheduler answers at {scheduler} ({error}): start one, or "
                "leave --scheduler out to train on this machine"
            ) from error
        with client:
            yield client
        return
    configs = list(configs)
    threads = max(config.threads for config in configs)
    with _deaf_to_ctrl_c():
        cluster = LocalCluster(
            n_workers=min(workers or max(1, CPU_COUNT // threads), len(configs)),
            threads_per_worker=1,  # one run at a time in a process
            dashboard_address="127.0.0.1:0",  # none, but its port would be taken
            memory_limit=0,  # a run does not grow, and Dask is not to pause or kill it
        )
    with cluster, Client(cluster) as client:
        yield client


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A terminal sends Ctrl-C to the workers too: they inherit that they ignore it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread may set a signal's handler
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _send(client: Client, plugin: Data) -> None:
    try:
        client.register_plugin(plugin)
    except Lenet5Error:
        client.unregister_worker_plugin(plugin.name)
        raise


def _outcomes(
    client: Client, data: str, missing: dict[str, Config], runs: Path, shown
) -> Iterator[tuple[str, Outcome | BaseException]]:
    topic = f"lenet5-{uuid4()}"
    client.subscribe_topic(topic, lambda event: shown.on_epoch(*event[1]))
    futures = {
        client.submit(
            train_run,
            name,
            config,
            data,
            runs,
            topic,
            key=f"{topic}-{name}",
            pure=False,
        ): name
        for name, config in missing.items()
    }
    try:
        for future in as_completed(futures):
            if future.status == "finished":
                yield futures[future], future.result()
            elif future.status == "error":
                yield futures[future], future.exception()
            else:
                yield futures[future], Lenet5Error("the scheduler has given it up")
            future.release()
    finally:
        client.cancel(list(futures))


def _stored(folder: Path) -> Outcome:
    """The outcome of a run that is there."""
    try:
        run = Run.load(folder)
    except Lenet5Error as error:
        return Outcome({}, [], {}, "", str(error))
    return Outcome({}, run.history, {}, machine_of(run.environment), "")


def _store(files: dict[str, bytes], runs: Path, name: str) -> None:
    """Put a run that came back through Dask beside the others, unless it is there."""
    folder, partial = runs / name, runs / f"{name}.partial"
    with FileLock(runs / f"{name}.lock"):
        if files and not folder.exists():
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for file, content in files.items():
                write_whole(partial / file, content)
            os.replace(partial, folder)
