"""Times the older networks pattern by pattern: PyTorch's loops, and their exact engines.

``python -m benchmarks.networks [ROUNDS]`` presents the same patterns to both, in turns.
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from lenet5.data import Split, load
from networks.column2012 import definition as column2012
from networks.column2012.columns import Column
from networks.column2012.tried import for_column
from networks.lenet1998 import bitmaps, schedule
from networks.lenet1998 import definition as lenet1998
from networks.lenet1998.rungs import BEST
from networks.lenet1998.tried import for_rung
from networks.views import view

BY_TORCH = 500  # patterns presented in a round: PyTorch is slow with single ones
BY_ENGINE = 20_000
A_PASS = 60_000
ROUNDS = 5


class Loop(NamedTuple):
    """What is timed: a call, and how many patterns it presents."""

    patterns: int
    present: Callable


def of_1998(train: Split) -> dict[str, Loop]:
    """The loops that train LeNet-5 of 1998, by name."""
    rows, _ = schedule.patterns(BEST, 0, 1, A_PASS)
    engine = for_rung(BEST, 0)
    engine.estimate(train, rows[: schedule.CURVATURE_PATTERNS])
    engine.set_rates(5e-4, BEST.mu)

    network = lenet1998.LeNet(BEST)
    weights = engine.weights
    with torch.no_grad():
        for name, parameter in network.layers.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
    rates = {name: torch.from_numpy(array) for name, array in engine.rates.items()}
    codes = torch.from_numpy(bitmaps.codes(BEST, 0))
    first = rows[:BY_TORCH].astype(np.int64)
    images = torch.from_numpy(train.images[first])
    labels = torch.from_numpy(train.labels[first]).long()

    by_torch = partial(lenet1998.train, network, images, labels, codes, rates, BEST)
    by_engine = partial(engine.train, train, rows[:BY_ENGINE])
    return {
        "PyTorch": Loop(BY_TORCH, by_torch),
        "lenet1998.c": Loop(BY_ENGINE, by_engine),
    }


def of_2012(train: Split) -> dict[str, Loop]:
    """The same of a column of 2012, on images that its engine alone distorts anew."""
    images = view(train.images[:BY_ENGINE], 0)
    labels = train.labels[:BY_ENGINE]
    engine = for_column(Column(), 0)

    network = column2012.Network()
    shown = torch.from_numpy(engine.distorted(images[:BY_TORCH], 0))
    targets = torch.from_numpy(labels[:BY_TORCH]).long()

    by_torch = partial(column2012.train, network, shown, targets, 0.001)
    by_engine = partial(engine.train, images, labels, 0)
    distorting = partial(engine.distorted, images, 0)
    return {
        "PyTorch": Loop(BY_TORCH, by_torch),
        "column2012.c": Loop(BY_ENGINE, by_engine),
        "distorting": Loop(BY_ENGINE, distorting),
    }


def take_turns(loops: dict[str, Loop], rounds: int) -> dict[str, list[float]]:
    """The seconds a pattern of each loop, round by round."""
    times = {name: [] for name in loops}
    for number in range(rounds + 1):
        for name, loop in loops.items():
            started = time.perf_counter()
            loop.present()
            seconds = time.perf_counter() - started
            if number > 0:  # the first round warms up
                times[name].append(seconds / loop.patterns)
    return times


def show(title: str, times: dict[str, list[float]]) -> None:
    """Print a line for each loop."""
    for name, seconds in times.items():
        pairs = zip(times["PyTorch"], seconds, strict=True)
        ratios = [theirs / ours for theirs, ours in pairs]
        middle = statistics.median(seconds)
        print(
            f"{title} {name:10} {1e6 * middle:8.1f} µs a pattern, "
            f"{middle * A_PASS:6.1f} s a pass, PyTorch takes "
            f"{statistics.median(ratios):.1f} times "
            f"({min(ratios):.1f} to {max(ratios):.1f})"
        )


def main(rounds: int) -> None:
    """Time both networks, and print what comes of it."""
    torch.set_num_threads(1)  # more are slower: the layers of one pattern are small
    train, _ = load()
    show("1998", take_turns(of_1998(train), rounds))
    show("2012", take_turns(of_2012(train), rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
