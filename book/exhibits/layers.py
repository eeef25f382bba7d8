"""The layers of the network, counted."""

from typing import NamedTuple


class LayerRow(NamedTuple):
    """One line of the layer table; ``shape`` is the output's, for one image."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layer_table(model) -> list[LayerRow]:
    """The layers in order, with output shapes, parameters, and multiply-adds an image."""
    rows, x = [], next(model.parameters()).new_zeros(1, *model.image_shape)
    for name, layer in model.layers.named_children():
        x = layer(x)
        parameters = sum(p.numel() for p in layer.parameters())
        # Every weight is used once for each output position.
        weights = layer.weight.numel() if hasattr(layer, "weight") else 0
        positions = x[0, 0].numel() if x.dim() == 4 else 1
        row = (name, type(layer).__name__, tuple(x.shape[1:]), parameters)
        rows.append(LayerRow(*row, weights * positions))
    return rows
