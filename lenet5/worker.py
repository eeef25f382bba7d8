"""What a Dask worker does for a study: hold the data, train a run, send its files back."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from distributed import WorkerPlugin, get_worker

from lenet5 import Lenet5Error
from lenet5.checkpoint import load_state
from lenet5.config import Config
from lenet5.data import Split, checksum
from lenet5.environment import code_hash, describe
from lenet5.run import load_or_train
from lenet5.table import machine_of
from lenet5.train import Metrics, State


class Outcome(NamedTuple):
    """What a worker sends back.

    Attributes
    ----------
    files : dict of bytes
        The run's files; empty if it failed.
    history : list of Metrics
        The epochs that were measured.
    seconds : dict of float
        Wall-clock seconds of each epoch that this worker has trained.
    machine : str
    reason : str
        Why the run failed, or "".
    """

    files: dict[str, bytes]
    history: list[Metrics]
    seconds: dict[int, float]
    machine: str
    reason: str


class Data(WorkerPlugin):
    """The data in a worker process, given to it once, before its first run.

    Raises
    ------
    Lenet5Error
        At ``setup``, if the worker's code or torch is not the client's.
    """

    idempotent = True  # a second study on a cluster sends the same data to none

    def __init__(self, splits: Sequence[Split]):
        self.arrays = [(split.images.numpy(), split.labels.numpy()) for split in splits]
        self.code, self.torch = code_hash(), torch.__version__
        self.name = f"lenet5-{checksum(*splits)}-{self.code}-{self.torch}"

    def setup(self, worker) -> None:
        if (code_hash(), torch.__version__) != (self.code, self.torch):
            raise Lenet5Error(
                f"worker {worker.address} has torch {torch.__version__} and lenet5 "
                f"{code_hash()[:8]} where torch {self.torch} and lenet5 {self.code[:8]} "
                "are asked for: install the client's versions there"
            )
        self.splits = tuple(Split(*map(torch.tensor, pair)) for pair in self.arrays)
        del self.arrays


def train_run(name: str, config: Config, data: str, runs: Path, topic: str) -> Outcome:
    """Train one run, or read it if this worker's disk has it; executed by a worker.

    Parameters
    ----------
    name : str
        The run's fingerprint.
    config : Config
        Resolved.
    data : str
        Name of the :class:`Data` plugin that holds the splits.
    runs : Path
        The client's folder of runs; used here too if it can be made, so that where the
        disk is shared a run goes on from its checkpoint on any worker.
    topic : str
        Dask's topic on which the epochs are announced, as ``(name, epoch)``.

    Returns
    -------
    Outcome

    Raises
    ------
    OSError
        If this worker cannot write the run.
    """
    worker = get_worker()
    splits = worker.plugins[data].splits
    try:
        runs.mkdir(parents=True, exist_ok=True)
    except OSError:  # a folder of the client's machine alone
        runs = Path(worker.local_directory) / "runs"
    seconds, last = {}, time.perf_counter()

    def on_epoch(state: State) -> None:
        nonlocal last
        now, epoch = time.perf_counter(), len(state.history) - 1
        seconds[epoch], last = round(now - last, 3), now
        worker.log_event(topic, (name, epoch))

    worker.log_event(topic, (name, 0))
    try:
        run = load_or_train(config, splits, runs=runs, on_epoch=on_epoch)
    except Lenet5Error as error:
        state = load_state(config, runs / f"{name}.checkpoints", name)
        history = state.history if state else []
        machine = machine_of(describe(config, ""))
        return Outcome({}, history, seconds, machine, str(error))
    files = {path.name: path.read_bytes() for path in (runs / name).iterdir()}
    return Outcome(files, run.history, seconds, machine_of(run.environment), "")
