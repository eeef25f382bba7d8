"""How many runs an hour one worker trains, and two: ``python -m benchmarks.replicates``.

The time in which the workers start and read the data is not counted: a study pays it
once.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet5 import Config
from studies.pool import workers
from studies.seeds import replicate

RUNS = 4  # of one epoch, one thread each


def runs_an_hour(processes: int) -> float:
    """Throughput of short runs, once each worker has trained one."""
    with TemporaryDirectory() as name, workers(None, processes) as (executor, _):
        folder = Path(name)
        train(range(processes), executor, folder / "first.csv")
        started = time.perf_counter()
        train(range(100, 100 + RUNS), executor, folder / "timed.csv")
        seconds = time.perf_counter() - started
    return 3600 * RUNS / seconds


def train(seeds: range, executor, out: Path) -> None:
    """Train a run of one epoch with each seed."""
    configs = [Config(epochs=1, seed=seed) for seed in seeds]
    replicate(configs, executor, out=out, runs=out.parent / "runs")


if __name__ == "__main__":
    one = runs_an_hour(1)
    two = runs_an_hour(2)
    print(f"runs an hour: {one:.0f} with one worker, {two:.0f} with two")
    print(f"efficiency of two workers: {50 * two / one:.0f} %")
