"""The parameters of the network: their names and shapes, their first values, their files."""

import math
from pathlib import Path

import numpy as np

from exact import UserError, random_numbers
from lenet5.files import load_arrays


def parameter_shapes(image_shape=(1, 28, 28), classes=10) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the network's parameters, in PyTorch's order.

    Parameters
    ----------
    image_shape : tuple of int, (channels, height, width)
    classes : int

    Raises
    ------
    UserError
        If the image is too small for the two convolutions, or a count is below 1.
    """
    channels, height, width = image_shape
    # Each convolution takes 4 from a side, and each pool halves it.
    rows = height // 4 - 3
    columns = width // 4 - 3
    if min(channels, classes, rows, columns) < 1:
        raise UserError(
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
    for layer, shape in weights.items():
        shapes[f"{layer}.weight"] = shape
        shapes[f"{layer}.bias"] = shape[:1]
    return shapes


def initial_weights(
    seed: int, image_shape=(1, 28, 28), classes=10
) -> dict[str, np.ndarray]:
    """The parameters before the first step, float32, by the names of the shapes above.

    Weights are Glorot uniform (Glorot and Bengio, "Understanding the difficulty of
    training deep feedforward neural networks", AISTATS 2010, equation 16); biases are zero.
    """
    parameters = {}
    stream = 0  # each layer's weights have a stream of their own
    for name, shape in parameter_shapes(image_shape, classes).items():
        if name.endswith("bias"):
            parameters[name] = np.zeros(shape, np.float32)
            continue
        # Fan-in and fan-out of a unit, added: of a convolution both count its window.
        fans = (shape[0] + shape[1]) * math.prod(shape[2:])
        drawn = random_numbers.uniform_array(random_numbers.key(seed, stream), shape)
        parameters[name] = (drawn * math.sqrt(6 / fans)).astype(np.float32)
        stream += 1
    return parameters


def load_weights(path: Path) -> tuple[dict[str, np.ndarray], tuple[int, int, int]]:
    """Weights and image shape of a safetensors file.

    Raises
    ------
    UserError
        If the file is missing or damaged, or holds the weights of another network.
    """
    arrays, metadata = load_arrays(path)
    image_shape = tuple(metadata.get("image_shape", (1, 28, 28)))
    classes = np.size(arrays.get("dense3.bias", 0))
    shapes = parameter_shapes(image_shape, classes)
    for name in sorted(shapes | arrays):
        needed = f"float32 {shapes[name]}" if name in shapes else "unknown"
        given = "missing"
        if name in arrays:
            given = f"{arrays[name].dtype} {arrays[name].shape}"
        if given != needed:
            raise UserError(f"{path}: tensor {name} is {given}, in LeNet5 {needed}")
    return {name: arrays[name] for name in shapes}, image_shape
