"""A run's recipe, read off the run and the code that made it."""

import math
import re
from pathlib import Path

import numpy as np

import lenet5
from lenet5.draws import initial_weights
from lenet5.run import Run


def definition(pattern: str) -> tuple[str, ...]:
    """What a pattern finds in ``lenet5/model.py``, which defines a step; torch stays out."""
    path = Path(lenet5.__file__).with_name("model.py")
    return re.search(pattern, path.read_text(encoding="utf-8")).groups()


def optimiser_name() -> str:
    """The optimiser of a step."""
    return definition(r"torch\.optim\.(\w+)\(")[0]


def initial(seed: int) -> str:
    """How weights and biases are drawn, in words."""
    zero, glorot = True, True
    for name, array in initial_weights(seed).items():
        if name.endswith("bias"):
            zero &= not array.any()
            continue
        # Equation 16 of Glorot and Bengio, 2010.
        fans = (array.shape[0] + array.shape[1]) * math.prod(array.shape[2:])
        glorot &= 0.95 < np.abs(array).max() / math.sqrt(6 / fans) <= 1
    return f"{'Glorot' if glorot else 'other'} uniform, {'zero' if zero else 'other'} biases"


def recipe(run: Run) -> dict[str, object]:
    """What a run was trained by, in words, by the name of each setting."""
    loss, of = definition(r"F\.(\w+)\((\w+),")
    bits = 8 * run.weights["conv1.weight"].itemsize
    return {
        "epochs": run.config.epochs,
        "batch size": run.config.batch_size,
        "optimiser": optimiser_name(),
        "learning rate": run.config.lr,
        "loss": f"{loss.replace('_', '-')} on {of}",
        "initial weights": initial(run.config.seed),
        "seed": run.config.seed,
        "number format": f"{bits}-bit floating point",
    }
