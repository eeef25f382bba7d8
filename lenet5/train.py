"""The training loop of the report."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lenet5 import Config, Lenet5Error
from lenet5.data import Split
from lenet5.draws import shuffle

STEPS = 8  # steps a call of an engine: Ctrl-C comes between two calls


class Metrics(NamedTuple):
    """Where a run stands: mean losses in nats, errors in %, and a checksum of the weights."""

    epoch: int
    train_loss: float
    train_error: float
    test_loss: float
    test_error: float
    weights: str


def train(
    config: Config,
    train_split: Split,
    test_split: Split,
    engine,
    history: Sequence[Metrics] = (),
    on_epoch: Callable | None = None,
) -> list[Metrics]:
    """Train on shuffled batches, the last and short one too; the test split only measures.

    Parameters
    ----------
    engine : ExactEngine or TorchEngine
        In the state that ``history``, the metrics of the epochs that are done, led to.
    on_epoch : callable, optional
        Called with the engine and the history after each measurement.

    Returns
    -------
    list of Metrics
        One before the first epoch and one after each.

    Raises
    ------
    Lenet5Error
        If the loss is not finite; it names the epoch and the step.
    """
    history, images = list(history), len(train_split.labels)
    for epoch in range(len(history), config.epochs + 1):
        if epoch > 0:
            order = shuffle(config.seed, epoch, images)
            for start in range(0, images, STEPS * config.batch_size):
                rows = order[start : start + STEPS * config.batch_size]
                losses = engine.steps(train_split, rows, config.batch_size, config.lr)
                _check(losses, config, epoch, start // config.batch_size)
        measured = *engine.measure(train_split), *engine.measure(test_split)
        _check(measured[::2], config, epoch)
        history.append(Metrics(epoch, *measured, checksum(engine.weights)))
        if on_epoch:
            on_epoch(engine, history)
    return history


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the bytes of arrays, one after the other, as hexadecimal text.

    The bytes are little-endian ones on every machine: equal numbers, equal checksums.
    """
    digest = hashlib.sha256()
    for array in arrays.values():
        digest.update(little_endian(array))
    return digest.hexdigest()


def little_endian(array: np.ndarray) -> np.ndarray:
    """The array, contiguous, with the least significant byte of each number first."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def _check(losses, config: Config, epoch: int, steps_before: int | None = None) -> None:
    for step, loss in enumerate(losses, start=1):
        if not math.isfinite(loss):
            known = steps_before is not None
            when = f"step {steps_before + step}" if known else "the measurement"
            raise Lenet5Error(
                f"the loss is {loss} at epoch {epoch}, {when}: the learning rate is the "
                f"likely cause; try one below lr = {config.lr:g}"
            )
