"""A run's recipe, read off the run and the code that made it."""

import inspect
import math
import re

import numpy as np

import lenet5
from lenet5.draws import initial_weights
from lenet5.run import Run


def definition(pattern: str) -> tuple[str, ...]:
    """What a pattern finds in ``lenet5/model.py``, which defines a step; torch stays out."""
    path = inspect.getfile(lenet5).replace("__init__", "model")
    with open(path, encoding="utf-8") as file:
        return re.search(pattern, file.read()).groups()


def optimiser_name() -> str:
    """The optimiser of a step."""
    return definition(r"torch\.optim\.(\w+)\(")[0]


def recipe(run: Run) -> dict[str, object]:
    """What a run was trained by, in words, by the name of each setting."""
    weights = initial_weights(run.config.seed)
    glorot = zero = True
    for name, array in weights.items():
        if name.endswith("bias"):
            zero &= not array.any()
            continue
        fans = (array.shape[0] + array.shape[1]) * math.prod(array.shape[2:])
        # Uniform up to this limit, by equation 16 of Glorot and Bengio, 2010.
        glorot &= 0.98 < np.abs(array).max() / math.sqrt(6 / fans) <= 1
    assert glorot and zero, "the initial weights are not those that the book names"
    loss, of = definition(r"F\.(\w+)\((\w+),")
    return {
        "epochs": run.config.epochs,
        "batch size": run.config.batch_size,
        "optimiser": optimiser_name(),
        "learning rate": f"{run.config.lr:g}",
        "loss": f"{loss.replace('_', '-')} on {of}",
        "initial weights": "Glorot uniform, zero biases",
        "seed": run.config.seed,
        "number format": f"{8 * array.itemsize}-bit floating point",
    }
