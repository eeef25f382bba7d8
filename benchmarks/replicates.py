"""How many runs an hour one worker trains, and two: ``python benchmarks/replicates.py``.

The time in which the workers start and read the data is not counted: a study pays it
once.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet5 import Config
from lenet5.replicate import replicate

RUNS, EPOCHS = 4, 1


def runs_an_hour(workers: int, first_seed: int) -> float:
    """Throughput of short runs, once each worker has trained one."""
    with (
        TemporaryDirectory() as folder,
        ProcessPoolExecutor(workers, get_context("spawn")) as executor,
    ):
        for seeds in (range(workers), range(first_seed, first_seed + RUNS)):
            started = time.perf_counter()
            configs = [Config(epochs=EPOCHS, seed=seed) for seed in seeds]
            out = Path(folder) / f"{seeds.start}.csv"
            replicate(configs, executor, out=out, runs=Path(folder) / "runs")
            seconds = time.perf_counter() - started
    return 3600 * RUNS / seconds


def main() -> None:
    print(f"{RUNS} runs of {EPOCHS} epoch, one thread each")
    one, two = (runs_an_hour(workers, 1000 * workers) for workers in (1, 2))
    print(f"runs an hour: {one:.0f} with one worker, {two:.0f} with two")
    print(f"efficiency of two workers: {50 * two / one:.0f} %")


if __name__ == "__main__":
    main()
