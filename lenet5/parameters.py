"""The parameters of a network: their first values, and their files."""

import math
from pathlib import Path

import numpy as np

from exact import UserError, random_numbers
from exact.network import Network, parse
from lenet5.config import EARLIER
from lenet5.files import load_arrays


def initial_weights(seed: int, network: Network) -> dict[str, np.ndarray]:
    """The parameters before the first step, float32, by the names of the network.

    Weights are Glorot uniform (Glorot and Bengio, "Understanding the difficulty of
    training deep feedforward neural networks", AISTATS 2010, equation 16); biases are zero.
    """
    parameters = {}
    stream = 0  # each layer's weights have a stream of their own
    for name, shape in network.parameter_shapes.items():
        if name.endswith("bias"):
            parameters[name] = np.zeros(shape, np.float32)
            continue
        # Fan-in and fan-out of a unit, added: of a convolution both count its window.
        fans = (shape[0] + shape[1]) * math.prod(shape[2:])
        drawn = random_numbers.uniform_array(random_numbers.key(seed, stream), shape)
        parameters[name] = (drawn * math.sqrt(6 / fans)).astype(np.float32)
        stream += 1
    return parameters


def describe_network(network: Network) -> dict:
    """What a file of weights says of its network, fit for JSON.

    Of the report's network it says the shape of the images alone: its files are older than
    the notation.
    """
    description = {"image_shape": list(network.image_shape)}
    for name, value in (
        ("network", network.notation),
        ("activation", network.activation),
    ):
        if value != EARLIER[name]:
            description[name] = value
    return description


def load_weights(path: Path) -> tuple[dict[str, np.ndarray], Network]:
    """Weights of a safetensors file, and the network that they are of.

    Raises
    ------
    UserError
        If the file is missing or damaged, or its weights are not of the network that it
        names.
    """
    arrays, metadata = load_arrays(path)
    try:
        notation = metadata.get("network", EARLIER["network"])
        network = Network(
            notation=notation,
            activation=metadata.get("activation", EARLIER["activation"]),
            image_shape=metadata.get("image_shape", (1, 28, 28)),
            classes=_classes(notation, arrays),
        )
    except UserError as error:
        raise UserError(f"{path} names no network: {error}") from error
    shapes = network.parameter_shapes
    for name in sorted(shapes | arrays):
        needed = f"float32 {shapes[name]}" if name in shapes else "unknown"
        given = "missing"
        if name in arrays:
            given = f"{arrays[name].dtype} {arrays[name].shape}"
        if given != needed:
            raise UserError(
                f"{path}: tensor {name} is {given}, in {network.notation} {needed}"
            )
    return {name: arrays[name] for name in shapes}, network


def _classes(notation: str, arrays: dict[str, np.ndarray]) -> int:
    """How many classes the last layer of a network tells apart, from its biases.

    Where there are none that could be, it is the ten of MNIST: the tensor is then refused
    by its name.
    """
    last = 1 + sum(part.kind == "dense" for part in parse(notation))
    bias = arrays.get(f"dense{last}.bias", np.zeros(10))
    if bias.ndim != 1 or bias.size < 2:
        return 10
    return bias.size
