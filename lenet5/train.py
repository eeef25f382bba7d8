"""The training loop of the report: tensors in, tensors out, reports by callback."""

import ctypes
import dataclasses
import math
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.cuda_graph import GraphedStep
from lenet5.data import Split
from lenet5.model import LeNet5

EVALUATION_BATCH = 500


class Metrics(NamedTuple):
    """Loss (nats, mean over a split) and error (% misread) after ``epoch`` epochs."""

    epoch: int
    train_loss: float
    train_error: float
    test_loss: float
    test_error: float


@dataclass
class State:
    """All that decides the rest of a run; an epoch takes one a step further.

    Attributes
    ----------
    model : LeNet5
    optimizer : torch.optim.Adam
    shuffle : torch.Generator
        On the CPU and of its own, so that neither evaluation nor anything else shifts
        the order of the images.
    history : list of Metrics
        One row before the first epoch and one after each.
    """

    model: LeNet5
    optimizer: torch.optim.Adam
    shuffle: torch.Generator
    history: list[Metrics]

    @classmethod
    def initial(cls, config: Config, image_shape=(1, 28, 28), classes=10) -> "State":
        """The state before the first epoch, drawn from ``config.seed``."""
        device = resolve(config).device
        model = LeNet5(image_shape, classes, config.seed).to(device)
        # Adam: Kingma and Ba 2014, algorithm 1. Its betas and epsilon are PyTorch's
        # defaults and the paper's.
        optimizer = torch.optim.Adam(
            model.parameters(), lr=config.lr, fused=True, capturable=device == "cuda"
        )
        return cls(model, optimizer, torch.Generator().manual_seed(config.seed), [])


def train(
    config: Config,
    train_split: Split,
    test_split: Split,
    *,
    state: State | None = None,
    on_epoch: Callable[[State], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> State:
    """Train by Adam on the mean cross-entropy of shuffled batches.

    The last, short batch of an epoch is kept.

    Parameters
    ----------
    config : Config
    train_split, test_split : Split
        The test split is measured, never learned from, and nothing is chosen by it.
    state : State, optional
        Where to go on from; by default the initial state.
    on_epoch : callable, optional
        Called with the state when metrics were added: before the first epoch and after
        each.
    on_step : callable, optional
        Called with the epoch, from 1, and the images seen in it.

    Returns
    -------
    State
        After ``config.epochs`` epochs.

    Raises
    ------
    Lenet5Error
        If the loss is not finite; it names the epoch and the step.
    """
    config = resolve(config)
    exact = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    with cpu_threads(config.threads), exact:
        keep_freed_blocks()
        if state is None:
            state = State.initial(config, tuple(train_split.images.shape[1:]))
        train_split, test_split = (
            _to(split, config.device) for split in (train_split, test_split)
        )
        step = _step(state, train_split)
        if config.device == "cuda":
            step = GraphedStep(step, config.batch_size)
        if not state.history:
            _measure(state, train_split, test_split, on_epoch)
        while len(state.history) <= config.epochs:
            _epoch(config, state, step, len(train_split.images), on_step)
            _measure(state, train_split, test_split, on_epoch)
    return state


def resolve(config: Config) -> Config:
    """The same config with ``device="auto"`` replaced by what this machine has.

    Raises
    ------
    Lenet5Error
        If CUDA is asked for and torch sees none.
    """
    if config.device == "cuda" and not torch.cuda.is_available():
        raise Lenet5Error(
            "device = 'cuda', but torch sees no CUDA device: give cpu or auto"
        )
    if config.device != "auto":
        return config
    return dataclasses.replace(
        config, device="cuda" if torch.cuda.is_available() else "cpu"
    )


def logits(model: LeNet5, images: Tensor) -> Tensor:
    """Logits of any number of images, in batches that fit the cache.

    Parameters
    ----------
    model : LeNet5
    images : Tensor, shape (N, channels, height, width), float32 in [0, 1]

    Returns
    -------
    Tensor, shape (N, classes), float32
    """
    with torch.inference_mode():
        return torch.cat([model(batch) for batch in images.split(EVALUATION_BATCH)])


def evaluate(model: LeNet5, split: Split) -> tuple[float, float]:
    """Mean cross-entropy (nats) and error (% of images misread) of a model on a split.

    Parameters
    ----------
    model : LeNet5
    split : Split

    Returns
    -------
    loss, error : float
    """
    outputs = logits(model, split.images)
    loss = F.cross_entropy(outputs.double(), split.labels).item()
    wrong = (outputs.argmax(1) != split.labels).sum().item()
    return loss, 100 * wrong / len(split.labels)


def _step(state: State, split: Split) -> Callable[[Tensor], Tensor]:
    def step(rows: Tensor) -> Tensor:
        images, labels = (tensor.index_select(0, rows) for tensor in split)
        loss = F.cross_entropy(state.model(images), labels)
        state.optimizer.zero_grad()
        loss.backward()
        state.optimizer.step()
        return loss.detach()

    return step


def _epoch(config: Config, state: State, step, images: int, on_step) -> None:
    epoch = len(state.history)
    order = torch.randperm(images, generator=state.shuffle).to(config.device)
    losses = []
    for rows in order.split(config.batch_size):
        losses.append(step(rows))
        if on_step:
            on_step(epoch, min(len(losses) * config.batch_size, images))
    # One look an epoch, not one a step: a GPU would have to wait for each.
    finite = torch.stack(losses).isfinite()
    if not finite.all():
        first = int((~finite).nonzero()[0])
        raise Lenet5Error(
            f"the loss is {losses[first].item()} at epoch {epoch}, "
            f"step {first + 1} of {len(losses)}: "
            f"the learning rate is the likely cause; try one below lr = {config.lr:g}"
        )


def _measure(state: State, train_split: Split, test_split: Split, on_epoch) -> None:
    metrics = Metrics(
        len(state.history),
        *evaluate(state.model, train_split),
        *evaluate(state.model, test_split),
    )
    if not all(map(math.isfinite, metrics)):
        raise Lenet5Error(
            f"the loss is not finite after epoch {metrics.epoch}: lower the learning rate"
        )
    state.history.append(metrics)
    if on_epoch:
        on_epoch(state)


def _to(split: Split, device: str) -> Split:
    return Split(split.images.to(device), split.labels.to(device))


@contextmanager
def cpu_threads(threads: int):
    """Give torch this many CPU threads inside the block.

    How a sum is split among threads decides its last bits.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_blocks() -> None:
    """Ask glibc to keep freed blocks for the next step.

    It saves the page faults of getting them anew.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "gnu_get_libc_version"):
            m_trim_threshold, m_mmap_threshold = -1, -3
            libc.mallopt(m_mmap_threshold, 32 << 20)  # glibc's upper limit
            libc.mallopt(m_trim_threshold, 1 << 30)
