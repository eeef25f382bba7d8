"""One seed, rounded in three ways: how fast the exact engine and PyTorch part, and PyTorch itself.

As a command, ``python -m exhibits.rounding`` in ``book/``, it trains the recipe with the
exact engine, and with PyTorch under its plainest CPU capability and under the best of
this machine, and writes ``record/rounding.csv``.
"""

import csv
import io
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np

from lenet5 import Config
from lenet5.checkpoint import seal, write_whole
from lenet5.data import load
from lenet5.draws import initial_weights
from lenet5.run import RECORD
from lenet5.train import train

COLUMNS = "epoch first second weight_distance first_error second_error".split()
VARIABLE = "ATEN_CPU_CAPABILITY"


def distance(first, second) -> float:
    """Length of the difference of two sets of weights, as a share of the first's length."""
    ours, theirs = (
        np.concatenate([array.ravel() for array in weights.values()]).astype(float)
        for weights in (first, second)
    )
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(ours))


def follow(config: Config, splits, engine) -> list[tuple[dict, float]]:
    """Train, and keep the weights and the test error of each epoch, the untrained one first."""
    seen = []

    def keep(engine, history):
        seen.append((engine.weights, history[-1].test_error))

    train(config, *splits, engine, on_epoch=keep)
    return seen


def table(runs: dict[str, list[tuple[dict, float]]]) -> list[tuple]:
    """The rows of ``record/rounding.csv`` from what each run has seen, by its name."""
    return [
        (epoch, a, b, f"{distance(ours, theirs):.6g}", f"{error:g}", f"{other:g}")
        for a, b in itertools.combinations(runs, 2)
        for epoch, ((ours, error), (theirs, other)) in enumerate(
            zip(runs[a], runs[b], strict=True)
        )
    ]


def in_torch(capability: str | None) -> tuple[str, list]:
    """Follow the recipe in PyTorch, in a process of its own with this CPU capability."""
    environment = {key: text for key, text in os.environ.items() if key != VARIABLE}
    if capability:
        environment[VARIABLE] = capability
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        command = [sys.executable, "-m", "exhibits.rounding", file.name]
        subprocess.run(command, env=environment, check=True)
        saved = np.load(file.name)
        epochs, names = len(saved["errors"]), list(initial_weights(0))
        weights = [{name: saved[name][i] for name in names} for i in range(epochs)]
        name = f"PyTorch, {saved['capability']}"
        return name, list(zip(weights, saved["errors"].tolist(), strict=True))


def _save_in_torch(path: str) -> None:
    import torch

    from lenet5.model import TorchEngine

    seen = follow(Config(), load(), TorchEngine(initial_weights(Config().seed)))
    errors = [error for _, error in seen]
    weights = {name: np.stack([kept[name] for kept, _ in seen]) for name in seen[0][0]}
    capability = torch.backends.cpu.get_cpu_capability()
    with open(path, "wb") as file:
        np.savez(file, errors=errors, capability=capability, **weights)


def main() -> None:
    from lenet5.exact import ExactEngine

    engine = ExactEngine(initial_weights(Config().seed))
    runs = {"exact engine": follow(Config(), load(), engine)}
    runs |= dict(in_torch(capability) for capability in ("default", None))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *table(runs)])
    write_whole(RECORD / "rounding.csv", text.getvalue().encode())
    seal(RECORD)


if __name__ == "__main__":
    _save_in_torch(*sys.argv[1:]) if sys.argv[1:] else main()
