"""The training loop of the report.

With the default settings (20 epochs, batches of 128, Adam at 3e-4, seed 0) it misreads about
one test image in a hundred, after some 20 seconds on two cores. ``python -m lenet5 train
--fresh`` runs it; ``record/history.csv`` has what comes of it, epoch by epoch.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from exact import UserError
from exact.arrays import checksum
from exact.random_numbers import shuffle
from lenet5 import Config
from lenet5.data import Split

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
    UserError
        If the loss is not finite; it names the epoch and the step.
    """
    history = list(history)
    for epoch in range(len(history), config.epochs + 1):
        if epoch > 0:
            train_epoch(config, train_split, engine, epoch)
        train_loss, train_error = engine.measure(train_split)
        test_loss, test_error = engine.measure(test_split)
        for loss in (train_loss, test_loss):
            check_loss(loss, config, epoch, "the measurement")
        weights = checksum(engine.weights)
        history.append(
            Metrics(epoch, train_loss, train_error, test_loss, test_error, weights)
        )
        if on_epoch:
            on_epoch(engine, history)
    return history


def train_epoch(config: Config, split: Split, engine, epoch: int) -> None:
    """Take the steps of one epoch, from 1: each image once, in the epoch's own order."""
    images = len(split.labels)
    order = shuffle(config.seed, epoch, images)
    rate = learning_rate(config, epoch)
    step = 0
    for start in range(0, images, STEPS * config.batch_size):
        rows = order[start : start + STEPS * config.batch_size]
        losses = engine.steps(split, rows, config.batch_size, rate)
        for loss in losses:
            step += 1
            check_loss(loss, config, epoch, f"step {step}")


def learning_rate(config: Config, epoch: int) -> float:
    """The rate of an epoch, from 1: the same in all of them, or falling in equal steps.

    The last of falling rates is ``lr / epochs``. A product and a quotient, each rounded
    once: the same number on every machine.
    """
    if config.schedule == "linear":
        return config.lr * (config.epochs - epoch + 1) / config.epochs
    return config.lr


def check_loss(loss: float, config: Config, epoch: int, when: str) -> None:
    """Raise UserError if a loss is not finite, since nothing sensible follows it."""
    if not math.isfinite(loss):
        raise UserError(
            f"the loss is {loss} at epoch {epoch}, {when}: the learning rate is the "
            f"likely cause; try one below lr = {config.lr:g}"
        )
