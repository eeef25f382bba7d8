"""One seed rounded in three ways: how fast the exact engine and PyTorch part, and PyTorch itself.

As a command in ``book/``, ``python -m exhibits.rounding``, it trains the recipe with the
exact engine and with PyTorch, under the plainest CPU capability and under this machine's
best, and writes ``record/rounding.csv``.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from lenet5 import Config
from lenet5.checkpoint import seal, write_table
from lenet5.data import load
from lenet5.draws import initial_weights
from lenet5.exact import ExactEngine
from lenet5.run import RECORD
from lenet5.train import train

COLUMNS = "epoch first second weight_distance first_error second_error".split()
VARIABLE = "ATEN_CPU_CAPABILITY"


def follow(config: Config, splits, engine) -> tuple[np.ndarray, np.ndarray]:
    """Train; all weights, shape (epochs + 1, weights), and the test error (%) after each."""
    weights = []

    def keep(engine, history):
        flat = [array.ravel() for array in engine.weights.values()]
        weights.append(np.concatenate(flat).astype(float))

    history = train(config, *splits, engine, on_epoch=keep)
    return np.stack(weights), np.array([row.test_error for row in history])


def table(runs: dict[str, tuple[np.ndarray, np.ndarray]]) -> list[tuple]:
    """The rows of ``record/rounding.csv``: what :func:`follow` gave, pair by pair."""
    rows = []
    for first, second in itertools.combinations(runs, 2):
        (ours, errors), (theirs, others) = runs[first], runs[second]
        length = np.linalg.norm(ours, axis=1)
        shares = np.linalg.norm(ours - theirs, axis=1) / length
        for epoch, numbers in enumerate(zip(shares, errors, others, strict=True)):
            rows.append((epoch, first, second, *(f"{x:.6g}" for x in numbers)))
    return rows


def in_torch(capability: str | None) -> tuple[str, tuple[np.ndarray, np.ndarray]]:
    """Follow the recipe in PyTorch, in a process of its own with this CPU capability."""
    environment = {key: text for key, text in os.environ.items() if key != VARIABLE}
    environment |= {VARIABLE: capability} if capability else {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "followed.npz")
        command = [sys.executable, "-m", "exhibits.rounding", str(path)]
        subprocess.run(command, env=environment, check=True)
        with np.load(path) as saved:  # closed before its folder is removed
            return f"PyTorch, {saved['name']}", (saved["weights"], saved["errors"])


def main(path: str | None = None) -> None:
    """Write the table, or at ``path`` what this process's PyTorch does."""
    start = initial_weights(Config().seed)
    if path:
        import torch

        from lenet5.model import TorchEngine

        name = torch.backends.cpu.get_cpu_capability()
        weights, errors = follow(Config(), load(), TorchEngine(start))
        np.savez(path, name=name, weights=weights, errors=errors)
        return
    runs = {"exact engine": follow(Config(), load(), ExactEngine(start))}
    runs |= dict(in_torch(capability) for capability in ("default", None))
    write_table(RECORD / "rounding.csv", [COLUMNS, *table(runs)])
    seal(RECORD)


if __name__ == "__main__":
    main(*sys.argv[1:])
