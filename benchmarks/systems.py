"""Times the older systems pattern by pattern: PyTorch's loops, and their exact engines.

``python -m benchmarks.systems [ROUNDS]`` presents the same patterns to both, in turns.
"""

import statistics
import sys
import time
from functools import partial

import torch

from lenet5.data import load
from systems import column2012, columns, lenet1998, recipe
from systems.columns import Column, ColumnEngine
from systems.ladder import Ladder
from systems.rungs import BEST

BY_TORCH, BY_ENGINE, A_RUN = 500, 20_000, 60_000  # patterns presented


def of_1998(train) -> dict[str, tuple]:
    """By name: how many patterns of LeNet-5 of 1998, and a function that presents them."""
    rows, _ = recipe.patterns(BEST, 0, 1, A_RUN)
    engine, network = Ladder(BEST, 0), lenet1998.LeNet(BEST)
    engine.estimate(train, rows[: recipe.CURVATURE_PATTERNS])
    engine.set_rates(5e-4, BEST.mu)
    weights, codes = engine.weights, torch.from_numpy(recipe.codes(BEST, 0))
    with torch.no_grad():
        for name, parameter in network.layers.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
    rates = {name: torch.from_numpy(array) for name, array in engine.rates.items()}
    labels = torch.from_numpy(train.labels).long()
    images = torch.from_numpy(train.images.copy())

    some = rows[:BY_TORCH].astype("int64")
    given = images[some], labels[some], codes, rates, BEST
    return {
        "PyTorch": (BY_TORCH, partial(lenet1998.train, network, *given)),
        "ladder.c": (BY_ENGINE, partial(engine.train, train, rows[:BY_ENGINE])),
    }


def of_2012(train) -> dict[str, tuple]:
    """The same of a column of 2012, on images that its engine alone distorts anew."""
    images = columns.view(train.images[:BY_ENGINE], 0)
    engine, network = ColumnEngine(Column(), 0), column2012.Column()
    labels = train.labels[:BY_ENGINE]
    shown = torch.from_numpy(engine.distorted(images[:BY_TORCH], 0))
    targets = torch.from_numpy(labels[:BY_TORCH]).long()

    given = shown, targets, 0.001
    return {
        "PyTorch": (BY_TORCH, partial(column2012.train, network, *given)),
        "column.c": (BY_ENGINE, partial(engine.train, images, labels, 0)),
        "distorting": (BY_ENGINE, partial(engine.distorted, images, 0)),
    }


def main(rounds: int) -> None:
    torch.set_num_threads(1)  # more are slower: the layers of one pattern are small
    train = load()[0]
    for title, loops in (("1998", of_1998(train)), ("2012", of_2012(train))):
        times = {name: [] for name in loops}
        for number in range(rounds + 1):  # the first warms up
            for name, (count, loop) in loops.items():
                started = time.perf_counter()
                loop()
                if number:
                    times[name].append((time.perf_counter() - started) / count)
        for name, each in times.items():
            middle = statistics.median(each)
            ratios = [x / y for x, y in zip(times["PyTorch"], each, strict=True)]
            print(
                f"{title} {name:10} {1e6 * middle:8.1f} µs a pattern, "
                f"{middle * A_RUN:6.1f} s a pass, PyTorch takes "
                f"{statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
