"""Times LeNet-5 of 1998 pattern by pattern: PyTorch's loop, and the ladder's engine.

``python -m benchmarks.ladder [ROUNDS]`` presents the same patterns to both, in turns.
"""

import statistics
import sys
import time

import torch

from lenet5.data import load
from systems import lenet1998, recipe
from systems.ladder import Ladder
from systems.rungs import BEST

PATTERNS = {"PyTorch": 500, "ladder.c": 20_000}
PASSES, PASS = 20, 60_000


def main(rounds: int) -> None:
    torch.set_num_threads(1)  # more are slower: the layers of one pattern are small
    train = load()[0]
    rows, _ = recipe.patterns(BEST, 0, 1, PASS)
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

    def by_torch(some) -> None:
        lenet1998.train(network, images[some], labels[some], codes, rates, BEST)

    loops = {"PyTorch": by_torch, "ladder.c": lambda some: engine.train(train, some)}
    times = {name: [] for name in loops}
    for number in range(rounds + 1):  # the first warms up
        for name, loop in loops.items():
            started = time.perf_counter()
            loop(rows[: PATTERNS[name]].astype("int64"))
            if number:
                times[name].append((time.perf_counter() - started) / PATTERNS[name])
    for name, each in times.items():
        middle = statistics.median(each)
        run = middle * PASSES * PASS
        print(
            f"{name:10} {1e6 * middle:8.1f} µs a pattern, {run:7.0f} s a run of 20 passes"
        )
    ratios = [x / y for x, y in zip(times["PyTorch"], times["ladder.c"], strict=True)]
    print(
        f"ratio {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
