"""The parameters of a rung's network: which there are, and their first values."""

import math

import numpy as np

from exact import random_numbers
from networks.lenet1998.rungs import YEAR, Rung

# Paper, table I: the maps of S2 that each map of C3 sees.
TABLE = (
    "012", "123", "234", "345", "045", "015",
    "0123", "1234", "2345", "0345", "0145", "0125", "0134", "1245", "0235",
    "012345",
)  # fmt: skip


def connections(rung: Rung) -> np.ndarray:
    """Whether a map of C3 sees a map of S2, bool of shape (16, 6)."""
    seen = np.ones((16, 6), bool)
    if rung.table:
        for row, maps in enumerate(TABLE):
            for column in range(6):
                seen[row, column] = str(column) in maps
    return seen


def parameter_shapes(rung: Rung) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a rung's parameters, in PyTorch's order."""
    side = top_side(rung)
    layers = {"c1": (6, 1, 5, 5)}
    if rung.trained_pool:
        layers["s2"] = (6,)
    layers["c3"] = (16, 6, 5, 5)
    if rung.trained_pool:
        layers["s4"] = (16,)
    layers["c5"] = (120, 16, side, side)
    layers["f6"] = (84, 120, 1, 1)
    if not rung.radial:
        layers["output"] = (10, 84, 1, 1)
    shapes = {}
    for name, shape in layers.items():
        shapes[f"{name}.weight"] = shape
        shapes[f"{name}.bias"] = shape[:1]
    return shapes


def top_side(rung: Rung) -> int:
    """The side of a map of S4, in units: 5 where the input's side is 32."""
    return rung.side // 4 - 3


def count(rung: Rung) -> int:
    """Trained numbers of a network: connections that C3 lacks are none."""
    total = sum(math.prod(shape) for shape in parameter_shapes(rung).values())
    missing = int((~connections(rung)).sum())
    return total - 25 * missing  # a window of 5×5 for each connection


def initial_weights(rung: Rung, seed: int) -> dict[str, np.ndarray]:
    """Parameters before the first update, uniform by the fan-in of their unit.

    A rung starts within 2.4 / fan-in, as the paper has it (appendix A), or within
    1 / sqrt(fan-in). Connections that C3 lacks are zero, and stay so.

    Returns
    -------
    dict of arrays, float32
        By the names and in the shapes of :func:`parameter_shapes`.
    """
    weights = {}
    for stream, (name, shape) in enumerate(parameter_shapes(rung).items()):
        layer = name.partition(".")[0]
        fans = _fan_ins(rung, layer)
        if rung.start == "letter":
            bounds = 2.4 / fans
        else:
            bounds = 1 / np.sqrt(fans)
        # One for each unit, whose axis is the first.
        other_axes = (1,) * (len(shape) - 1)
        bounds = bounds.reshape(len(fans), *other_axes)
        key = random_numbers.key(seed, stream, YEAR)
        drawn = random_numbers.uniform_array(key, shape) * bounds
        if name == "c3.weight":
            drawn = drawn * connections(rung)[:, :, None, None]
        weights[name] = drawn.astype(np.float32)
    return weights


def _fan_ins(rung: Rung, layer: str) -> np.ndarray:
    """How many values each unit of a layer takes, shape (units,)."""
    if layer == "c3":  # a window of 5×5 in each map that it sees
        return 25 * connections(rung).sum(axis=1)
    fan_in = {
        "c1": 25,
        "s2": 4,
        "s4": 4,
        "c5": 16 * top_side(rung) ** 2,
        "f6": 120,
        "output": 84,
    }
    units = {"c1": 6, "s2": 6, "s4": 16, "c5": 120, "f6": 84, "output": 10}
    return np.full(units[layer], fan_in[layer])
