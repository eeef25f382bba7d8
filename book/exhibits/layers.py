"""The layers of the network, counted."""

from typing import NamedTuple

from lenet5.costs import products


class LayerRow(NamedTuple):
    """One line of the layer table; ``shape`` is the output's, for one image."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layer_table(model) -> list[LayerRow]:
    """The layers in order, with output shapes, parameters, and multiply-adds an image.

    Parameters
    ----------
    model : lenet5.model.LeNet5
    """
    rows = []
    weights = next(model.parameters())
    output = weights.new_zeros(1, *model.image_shape)  # an image of paper
    for name, layer in model.layers.named_children():
        output = layer(output)
        row = LayerRow(
            name=name,
            kind=type(layer).__name__,
            shape=tuple(output.shape[1:]),
            parameters=sum(array.numel() for array in layer.parameters()),
            multiply_adds=products(layer, output),
        )
        rows.append(row)
    return rows
