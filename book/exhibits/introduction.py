"""The figure of the page *Introduction*: the network, layer by layer."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from exhibits import style
from exhibits.layers import LayerRow

# How a layer is called and coloured, by its class in PyTorch; others are not drawn.
LOOKS = {
    "Conv2d": ("convolution", style.PINK),
    "MaxPool2d": ("max-pooling", style.ORANGE),
    "Linear": ("dense", style.BLUE),
}


class DrawnLayer(NamedTuple):
    """A layer as it is drawn; ``details`` are its kernel and its activation, in words."""

    name: str
    colour: str
    shape: tuple[int, ...]
    details: str


@style.drawing()
def architecture(model, layers: list[LayerRow]) -> Figure:
    """The layers from the image to the logits, to scale.

    Parameters
    ----------
    model : lenet5.model.LeNet5
    layers : list of LayerRow
        Of :func:`exhibits.layers.layer_table`.
    """
    drawn = _drawn_layers(model, layers)
    maps = [layer for layer in drawn if len(layer.shape) == 3]
    dense = [layer for layer in drawn if len(layer.shape) == 1]
    figure, (top, bottom) = style.panels(2.5, 2, height_ratios=(5, 3))
    _draw_maps(top, maps)
    _draw_dense(bottom, dense)
    for axes in (top, bottom):
        axes.axis("off")
    return figure


def _drawn_layers(model, layers: list[LayerRow]) -> list[DrawnLayer]:
    """The image, and after it the layers that are drawn, each with its activation."""
    drawn = [DrawnLayer("image", style.FAINT, model.image_shape, "")]
    for place, row in enumerate(layers):
        if row.kind not in LOOKS:
            continue
        name, colour = LOOKS[row.kind]
        details = []
        kernel_size = getattr(getattr(model.layers, row.name), "kernel_size", None)
        if kernel_size is not None:
            details.append(_rectangle(kernel_size))
        following = layers[place + 1 : place + 2]  # none after the last
        if following and following[0].kind == "ReLU":
            details.append("ReLU")
        drawn.append(DrawnLayer(name, colour, row.shape, ", ".join(details)))
    return drawn


def _draw_maps(axes: Axes, maps: list[DrawnLayer]) -> None:
    """Draw stacks of sheets from left to right, a sheet a channel, with words below."""
    largest = max(max(layer.shape[1:]) for layer in maps)
    scale = 0.76 / largest  # of the distance between two stacks, a pixel
    for place, layer in enumerate(maps):
        channels, height, width = layer.shape
        step = min(0.035, 0.24 / channels)
        offsets = step * (np.arange(channels) - (channels - 1) / 2)
        for offset in offsets:
            corner = (place + offset - scale * width / 2, offset - scale * height / 2)
            sheet = Rectangle(
                corner,
                scale * width,
                scale * height,
                facecolor=layer.colour,
                edgecolor=style.PAPER,
                linewidth=0.5,
            )
            axes.add_patch(sheet)
        lines = ["×".join(map(str, layer.shape)), layer.name]
        if layer.details:
            lines.append(layer.details)
        text = "\n".join(lines)
        axes.text(place, -0.5, text, ha="center", va="top", linespacing=1.25)
    axes.set(xlim=(-0.5, len(maps) - 0.5), ylim=(-1.05, 0.48), aspect="equal")


def _draw_dense(axes: Axes, layers: list[DrawnLayer]) -> None:
    """Draw a bar for each layer, as long as it has values, with words beside it."""
    units = []
    labels = []
    for layer in layers:
        count = layer.shape[0]
        label = f"{count}   {layer.name}"
        if layer.details:
            label += f", {layer.details}"
        units.append(count)
        labels.append(label)
    _, colour = LOOKS["Linear"]
    bars = axes.barh(range(len(layers)), units, 0.7, color=colour)
    axes.bar_label(bars, labels, padding=4)
    axes.set_xlim(0, 1.5 * max(units))
    axes.invert_yaxis()


def _rectangle(size: int | tuple[int, int]) -> str:
    """A size in words, such as 5×5; PyTorch gives one number for a square."""
    rows, columns = size if isinstance(size, tuple) else (size, size)
    return f"{rows}×{columns}"
