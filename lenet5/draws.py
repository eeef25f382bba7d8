"""Chance, the same for every engine and machine: initial weights and shuffles.

The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014; constants of Vigna's ``splitmix64.c``), read as a function of a
key and a counter. Only whole numbers and correctly rounded operations follow it.
"""

import math

import numpy as np

from lenet5 import Lenet5Error

SHUFFLES = 1000  # the stream of epoch e is SHUFFLES + e; the layers' streams are 0 to 4


def splitmix64(key: int, counters) -> np.ndarray:
    """The outputs number ``counters``, from 0, of the generator that starts at ``key``.

    Parameters
    ----------
    key : int, from 0 to 2**64 - 1
    counters : array-like of int

    Returns
    -------
    array of uint64, of the counters' shape
    """
    n, u64 = np.atleast_1d(np.asarray(counters, np.uint64)), np.uint64
    z = u64(key) + (n + u64(1)) * u64(0x9E3779B97F4A7C15)  # arrays wrap silently
    z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
    return z ^ (z >> u64(31))


def parameter_shapes(image_shape=(1, 28, 28), classes=10) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the network's parameters, in PyTorch's order.

    Raises
    ------
    Lenet5Error
        If the image is too small for the two convolutions, or a count is below 1.
    """
    channels, height, width = image_shape
    rows, columns = height // 4 - 3, width // 4 - 3
    if min(channels, classes, rows, columns) < 1:
        raise Lenet5Error(
            f"no LeNet5 takes images of shape {tuple(image_shape)} in {classes} classes: "
            "give sides of 16 pixels or more, and a channel and a class at least"
        )
    weights = {
        "conv1": (6, channels, 5, 5),
        "conv2": (16, 6, 5, 5),
        "dense1": (120, 16 * rows * columns),
        "dense2": (84, 120),
        "dense3": (classes, 84),
    }
    shapes = {}
    for name, shape in weights.items():
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = shape, shape[:1]
    return shapes


def initial_weights(seed: int, image_shape=(1, 28, 28), classes=10) -> dict:
    """The float32 parameters before the first step, by the names of the shapes above.

    Weights are Glorot uniform (Glorot and Bengio 2010, equation 16), from 24 bits each;
    biases are zero.
    """
    shapes = parameter_shapes(image_shape, classes)
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    for stream, name in enumerate(name for name in shapes if name.endswith("weight")):
        shape = shapes[name]
        fans = (shape[0] + shape[1]) * math.prod(shape[2:])
        draws = splitmix64(_key(seed, stream), range(math.prod(shape)))
        unit = (draws >> np.uint64(40)).astype(np.float64) * 2.0**-23 - 1
        weights[name] = (unit * math.sqrt(6 / fans)).astype(np.float32).reshape(shape)
    return weights


def shuffle(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order of an epoch, uint32 of shape (count,): the images sorted by a draw each."""
    draws = splitmix64(_key(seed, SHUFFLES + epoch), range(count))
    return np.argsort(draws, kind="stable").astype(np.uint32)


def _key(seed: int, stream: int) -> int:
    return int(splitmix64(int(splitmix64(0, seed)[0]), stream)[0])
