"""The layers of a network, read off its description: how they are called, and counted."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from exact.network import ACTIVATIONS, Layer, Network

# How the book calls the kinds of layers of :class:`exact.network.Layer`.
NAMES = {
    "convolution": "convolution",
    "max pool": "max-pooling",
    "average pool": "average pool",
    "flatten": "flatten",
    "dense": "dense",
    "relu": "ReLU",
    "tanh": "tanh",
}
COUNTS = "no one two three four five six seven eight nine ten".split()


class LayerRow(NamedTuple):
    """One line of the layer table; ``shape`` is the output's, for one image."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


class Step(NamedTuple):
    """A layer and the activation behind it, which are shown as one.

    ``output`` is the name of the layer that gives the values, the activation's if there is
    one; ``activation`` is its name in words, or empty.
    """

    layer: Layer
    activation: str
    output: str

    @property
    def name(self) -> str:
        """In words, such as ``convolution, ReLU``."""
        return ", ".join(filter(None, (NAMES[self.layer.kind], self.activation)))

    @property
    def window(self) -> str:
        """The side of a kernel or a pool in words, such as 5×5; empty of a dense layer."""
        if self.layer.kind == "convolution":
            side = self.layer.stage.kernel
        elif self.layer.kind in ("max pool", "average pool"):
            side = self.layer.stage.pool
        else:
            return ""
        return f"{side}×{side}"


def layer_table(network: Network) -> list[LayerRow]:
    """The layers in order, with output shapes, parameters, and multiply-adds an image."""
    rows = []
    for layer in network.layers:
        has_weights = layer.kind in ("convolution", "dense")
        row = LayerRow(
            name=layer.name,
            kind=NAMES[layer.kind],
            shape=layer.shape,
            parameters=layer.stage.parameters if has_weights else 0,
            multiply_adds=layer.stage.multiply_adds if has_weights else 0,
        )
        rows.append(row)
    return rows


def steps(network: Network) -> list[Step]:
    """What figures show of a network, from the image on: its layers with activations.

    Left out is what only lays out values anew.
    """
    found = []
    for layer in network.layers:
        if layer.kind in ACTIVATIONS:
            found[-1] = Step(found[-1].layer, NAMES[layer.kind], layer.name)
        elif layer.kind != "flatten":
            found.append(Step(layer, "", layer.name))
    return found


def first_kernels(network: Network, weights) -> np.ndarray:
    """The weights of the first layer as images, shape (maps, channels, height, width).

    Of a dense layer each unit has a weight for every pixel: an image too.

    Parameters
    ----------
    weights : mapping of array
        By the names of the network's parameters.
    """
    first = network.stages[0]
    kernels = weights[f"{first.name}.weight"]
    if first.is_convolution:
        return kernels
    return kernels.reshape(first.outputs, *network.image_shape)


# -- in words --------------------------------------------------------------------------


def in_words(number: int, nothing: str = "none") -> str:
    """A number as it stands in a sentence: a small one as a word."""
    if number == 0:
        return nothing
    return COUNTS[number] if number < len(COUNTS) else f"{number:,}"


def count(number: int, thing: str) -> str:
    """A number of things in words, such as ``two convolutions``, ``no convolution``."""
    word = in_words(number, nothing="no")
    return f"{word} {thing}" if number < 2 else f"{word} {thing}s"


def describe(network: Network) -> str:
    """What a network is made of, in words that follow "it has"."""
    convolutions = [stage for stage in network.stages if stage.is_convolution]
    dense = [stage for stage in network.stages if not stage.is_convolution]
    words = count(len(convolutions), "convolution")
    if convolutions:
        sides = listed(f"{side}×{side}" for side in sorted_set(convolutions, "kernel"))
        words += f" with kernels of {sides} pixels, {_pooling(convolutions)},"
    words += f" and {count(len(dense), 'dense layer')}"
    verb = "turns" if len(dense) == 1 else "turn"
    return f"{words}, which {verb} {dense[0].channels:,} values into {network.classes}"


def _pooling(convolutions: list) -> str:
    """How the maps of convolutions are pooled, in words."""
    pooled = [stage for stage in convolutions if stage.pool > 1]
    if not pooled:
        return "without pooling"
    kinds = []
    for is_average, name in ((False, "max-pooling"), (True, "averaging")):
        of_kind = [stage for stage in pooled if stage.is_average == is_average]
        if of_kind:
            sides = (f"{side}×{side}" for side in sorted_set(of_kind, "pool"))
            kinds.append(f"{name} of {' or '.join(sides)}")
    if len(convolutions) == 1:
        which = "followed by"
    elif len(pooled) == len(convolutions):
        which = "each followed by"
    else:
        which = f"{count(len(pooled), 'x').split()[0]} of them followed by"
    return f"{which} {' or '.join(kinds)}"


def sorted_set(stages: Iterable, attribute: str) -> list[int]:
    """The values that an attribute has among stages, each once."""
    return sorted({getattr(stage, attribute) for stage in stages})


def listed(words: Iterable[str]) -> str:
    """Words as a list in prose: ``a, b and c``."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
