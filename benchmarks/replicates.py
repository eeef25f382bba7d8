"""How many runs an hour Dask trains with one worker and with two, on short runs of the recipe.

``python benchmarks/replicates.py`` ends in a few minutes on two cores. The time of
starting a cluster and of sending it the data is not counted: a study pays it once.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lenet5.config import Config
from lenet5.data import load
from lenet5.replicate import Silent, replicate


def runs_an_hour(splits, runs: int, epochs: int, workers: int) -> float:
    """Throughput from the moment the first run starts until the last one is stored.

    Parameters
    ----------
    splits : pair of Split
    runs, epochs, workers : int

    Returns
    -------
    float
        Runs of ``epochs`` epochs an hour.
    """
    started, ended = [], []

    class Stopwatch(Silent):
        def on_epoch(self, fingerprint, epoch):
            started.append(time.perf_counter())

        def on_run(self, fingerprint, reason):
            ended.append(time.perf_counter())

    configs = [Config(epochs=epochs, seed=seed, threads=1) for seed in range(runs)]
    with TemporaryDirectory() as folder:
        study = replicate(
            configs,
            splits,
            out=Path(folder) / "seeds.csv",
            runs=Path(folder) / "runs",
            workers=workers,
            progress=Stopwatch,
        )
    if study.failed:
        raise SystemExit(f"runs failed: {study.failed}")
    return 3600 * runs / (ended[-1] - started[0])


def main(arguments: list[str] | None = None) -> int:
    """Print the throughput with one and two workers, and the efficiency of the second."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args(arguments)
    splits = load()
    print(
        f"{options.runs} runs of {options.epochs} epoch(s), one thread each, "
        f"{os.cpu_count()} cores"
    )
    rates = []
    for workers in (1, 2):
        rates.append(runs_an_hour(splits, options.runs, options.epochs, workers))
        print(f"{workers} worker(s): {rates[-1]:.0f} runs an hour", flush=True)
    print(f"efficiency of two workers: {100 * rates[1] / (2 * rates[0]):.0f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
