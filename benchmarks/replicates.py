"""How many runs an hour one worker trains, and two: ``python -m benchmarks.replicates``.

The time in which the workers start and read the data is not counted: a study pays it
once.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet5 import Config
from lenet5.replicate import replicate, workers

RUNS = 4  # of one epoch, one thread each


def runs_an_hour(processes: int) -> float:
    """Throughput of short runs, once each worker has trained one."""
    with TemporaryDirectory() as folder, workers(None, processes) as (executor, _):
        for count in (processes, RUNS):
            started = time.perf_counter()
            configs = [Config(epochs=1, seed=100 * count + i) for i in range(count)]
            out = Path(folder, f"{count}.csv")
            replicate(configs, executor, out=out, runs=Path(folder, "runs"))
            seconds = time.perf_counter() - started
    return 3600 * RUNS / seconds


if __name__ == "__main__":
    one, two = runs_an_hour(1), runs_an_hour(2)
    print(f"runs an hour: {one:.0f} with one worker, {two:.0f} with two")
    print(f"efficiency of two workers: {50 * two / one:.0f} %")
