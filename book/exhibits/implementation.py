"""The tables of the page *Implementation*: the layers, the recipe and the builds."""

import math

import numpy as np
import pandas as pd

from exhibits.definition import loss_name, optimiser_name
from exhibits.layers import LayerRow
from lenet5.parameters import initial_weights
from lenet5.run import Run

# What the original states of its training, by the name of each setting.
ORIGINAL = {
    "epochs": "20",
    "batch size": "128",
    "optimiser": "Adam",
    "learning rate": "0.0003",
    "loss": "cross-entropy on logits",
    "initial weights": "Glorot uniform, zero biases",
    "seed": "none",
    "number format": "32-bit floating point",
}


def layer_rows(layers: list[LayerRow]) -> list[tuple]:
    """The lines of a table: what each layer holds and costs, and all together."""
    lines = []
    for layer in layers:
        shape = "×".join(map(str, layer.shape))
        counts = f"{layer.parameters:,}", f"{layer.multiply_adds:,}"
        lines.append((layer.name, layer.kind, shape, *counts))
    parameters = sum(layer.parameters for layer in layers)
    multiply_adds = sum(layer.multiply_adds for layer in layers)
    lines.append(("all", "", "", f"{parameters:,}", f"{multiply_adds:,}"))
    return lines


def recipe_rows(run: Run) -> list[tuple]:
    """The lines of a table: each setting, of the original and of a run."""
    trained_by = settings_of(run)
    return [(name, ORIGINAL[name], trained_by[name]) for name in ORIGINAL]


def settings_of(run: Run) -> dict[str, object]:
    """What a run was trained by, in words, read off the run and the code that made it."""
    bits = 8 * run.weights["conv1.weight"].itemsize
    return {
        "epochs": run.config.epochs,
        "batch size": run.config.batch_size,
        "optimiser": optimiser_name(),
        "learning rate": run.config.lr,
        "loss": loss_name(),
        "initial weights": describe_initial_weights(run.config.seed),
        "seed": run.config.seed,
        "number format": f"{bits}-bit floating point",
    }


def describe_initial_weights(seed: int) -> str:
    """How the weights and the biases of a seed are drawn, in words."""
    zero_biases = True
    glorot = True
    for name, array in initial_weights(seed).items():
        if name.endswith("bias"):
            zero_biases = zero_biases and not array.any()
        else:
            glorot = glorot and _fills_glorot_range(array)
    weights = "Glorot" if glorot else "other"
    biases = "zero" if zero_biases else "other"
    return f"{weights} uniform, {biases} biases"


def _fills_glorot_range(weights: np.ndarray) -> bool:
    """Whether weights reach to the limit of Glorot and Bengio (2010) and no further.

    Parameters
    ----------
    weights : array, shape (outputs, inputs, …)
        Of a layer; what follows are the sides of a kernel.
    """
    # Equation 16: the square root of 6 by the sum of what goes in and what comes out.
    fans = (weights.shape[0] + weights.shape[1]) * math.prod(weights.shape[2:])
    share = np.abs(weights).max() / math.sqrt(6 / fans)
    return bool(0.95 < share <= 1)


def build_rows(builds: pd.DataFrame) -> list[tuple]:
    """The lines of a table: each build, with the first digits of its checksum."""
    lines = []
    for build in builds.itertuples():
        digits = f"`{build.weights[:16]}`"
        lines.append((build.platform, build.compiler, build.threads, digits))
    return lines


def machine_rows(run: Run, made: dict) -> list[tuple]:
    """The lines of a table: where the original's run and ours were made.

    Parameters
    ----------
    made : dict
        The environment of the published run, see :func:`lenet5.run.describe`.
    """
    return [
        ("processor", "AMD Ryzen 5 3500U", made["cpu"]),
        ("system", "not named", made["system"]),
        ("language", "Julia", f"Python {made['python']} and C"),
        ("library", "Flux", "none; NumPy around the exact engine"),
        ("run", "not published", f"`{run.fingerprint}`"),
    ]
