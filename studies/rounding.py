"""One seed rounded in three ways: how fast the exact engine and PyTorch part, and PyTorch itself.

The recipe is trained by the exact engine and by PyTorch, under the plainest CPU capability
and under this machine's best.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from exact.network import Network
from lenet5 import RECORD, Config, engines, files
from lenet5.config import REPORT, report_config
from lenet5.data import load
from lenet5.parameters import initial_weights
from lenet5.train import train

TABLE = "rounding.csv"
CONFIG = report_config()
NETWORK = Network(REPORT)
COLUMNS = (
    "epoch", "first", "second", "weight_distance", "first_error", "second_error",
)  # fmt: skip
CAPABILITY = "ATEN_CPU_CAPABILITY"  # PyTorch reads it when it is loaded

Followed = tuple[np.ndarray, np.ndarray]  # weights and test errors: see follow


def follow(config: Config, splits, engine) -> Followed:
    """Train, and keep what is compared.

    Returns
    -------
    weights : array, shape (epochs + 1, weights), float64
        All of them, before the first epoch and after each.
    errors : array, shape (epochs + 1,)
        Of the test images, %.
    """
    weights = []

    def keep(engine, history) -> None:
        flat = [array.ravel() for array in engine.weights.values()]
        weights.append(np.concatenate(flat).astype(float))

    train_split, test_split = splits
    history = train(config, train_split, test_split, engine, on_epoch=keep)
    errors = [metrics.test_error for metrics in history]
    return np.stack(weights), np.array(errors)


def table(runs: dict[str, Followed]) -> list[tuple]:
    """The rows of ``record/rounding.csv``: what :func:`follow` gave, pair by pair."""
    rows = []
    for first, second in itertools.combinations(runs, 2):
        first_weights, first_errors = runs[first]
        second_weights, second_errors = runs[second]
        apart = np.linalg.norm(first_weights - second_weights, axis=1)
        distances = apart / np.linalg.norm(first_weights, axis=1)
        for epoch in range(len(distances)):
            row = (
                epoch,
                first,
                second,
                f"{distances[epoch]:.6g}",
                f"{first_errors[epoch]:.6g}",
                f"{second_errors[epoch]:.6g}",
            )
            rows.append(row)
    return rows


def follow_in_torch(capability: str | None) -> tuple[str, Followed]:
    """Follow the recipe in PyTorch, in a process of its own with a CPU capability.

    None is the best that this machine has. It gives the name of the run as well.
    """
    environment = dict(os.environ)
    environment.pop(CAPABILITY, None)
    if capability:
        environment[CAPABILITY] = capability
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "followed.npz")
        command = [sys.executable, "-m", "studies.rounding", str(path)]
        subprocess.run(command, env=environment, check=True)
        with np.load(path) as saved:  # closed before its folder is removed
            return f"PyTorch, {saved['name']}", (saved["weights"], saved["errors"])


def save_followed(path: Path) -> None:
    """Follow the recipe in this process's PyTorch, and save what came of it."""
    import torch

    from lenet5.model import TorchEngine

    engine = TorchEngine(NETWORK, initial_weights(CONFIG.seed, NETWORK))
    weights, errors = follow(CONFIG, load(), engine)
    name = torch.backends.cpu.get_cpu_capability()
    np.savez(path, name=name, weights=weights, errors=errors)


def make() -> None:
    """Write the table."""
    engine = engines.exact(NETWORK, initial_weights(CONFIG.seed, NETWORK))
    runs = {"exact engine": follow(CONFIG, load(), engine)}
    for capability in ("default", None):
        name, followed = follow_in_torch(capability)
        runs[name] = followed
    files.write_table(RECORD / TABLE, [COLUMNS, *table(runs)])
    files.write_sums(RECORD)


def read() -> pd.DataFrame:
    """The table: a row an epoch of each pair of runs."""
    return pd.read_csv(RECORD / TABLE)


if __name__ == "__main__":
    save_followed(Path(sys.argv[1]))
