"""The figure of the page *Introduction*: the network, layer by layer."""

import math
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from exact.network import Network
from exhibits import style
from exhibits.layers import NAMES, steps

# What learns and what does not. (Blue and orange are two runs, in every other figure.)
LEARNS, FIXED = style.PINK, style.FAINT
COLOURS = {
    "convolution": LEARNS,
    "max pool": FIXED,
    "average pool": FIXED,
    "dense": LEARNS,
}
STACKS = 5  # in a row: more have no room for the words below them
MOST_SHEETS = 40  # in a stack: more cannot be told apart
EDGE = 0.5  # points, between two sheets that stand far enough apart
ROW, BAR = 5, 1  # heights of a row of stacks and of a bar
HEIGHT = 2.5 / 8  # inches, of one of these


class DrawnLayer(NamedTuple):
    """A layer as it is drawn; ``details`` are its kernel and its activation, in words."""

    name: str
    colour: str
    shape: tuple[int, ...]
    details: str


@style.drawing()
def architecture(network: Network) -> Figure:
    """The layers from the image to the logits, to scale."""
    drawn = _drawn_layers(network)
    maps = [layer for layer in drawn if len(layer.shape) == 3]
    dense = [layer for layer in drawn if len(layer.shape) == 1]
    rows = math.ceil(len(maps) / STACKS)
    ratios = [ROW] * rows + [BAR * len(dense)]
    height = HEIGHT * sum(ratios)
    figure, panels = style.panels(height, rows + 1, height_ratios=ratios)
    largest = max(max(layer.shape[1:]) for layer in maps)
    for row in range(rows):
        in_row = maps[row * STACKS : (row + 1) * STACKS]
        _draw_maps(panels[row], in_row, largest)
    _draw_dense(panels[-1], dense)
    for axes in panels:
        axes.axis("off")
    return figure


def _drawn_layers(network: Network) -> list[DrawnLayer]:
    """The image, and after it the layers that are drawn, each with its activation."""
    drawn = [DrawnLayer("image", FIXED, network.image_shape, "")]
    for step in steps(network):
        kind = step.layer.kind
        details = ", ".join(filter(None, (step.window, step.activation)))
        shape = step.layer.shape
        drawn.append(DrawnLayer(NAMES[kind], COLOURS[kind], shape, details))
    return drawn


def _draw_maps(axes: Axes, maps: list[DrawnLayer], largest: int) -> None:
    """Draw stacks of sheets from left to right, a sheet a channel, with words below.

    Parameters
    ----------
    largest : int
        The longest side of all maps, in pixels.
    """
    scale = 0.76 / largest  # of the distance between two stacks, a pixel
    for place, layer in enumerate(maps):
        channels, height, width = layer.shape
        sheets = min(channels, MOST_SHEETS)
        step = min(0.035, 0.24 / sheets)
        offsets = step * (np.arange(sheets) - (sheets - 1) / 2)
        for offset in offsets:
            corner = (place + offset - scale * width / 2, offset - scale * height / 2)
            sheet = Rectangle(
                corner,
                scale * width,
                scale * height,
                facecolor=layer.colour,
                edgecolor=style.PAPER,
                linewidth=min(EDGE, 35 * step),
            )
            axes.add_patch(sheet)
        lines = ["×".join(map(str, layer.shape)), layer.name]
        if layer.details:
            lines.append(layer.details)
        text = "\n".join(lines)
        axes.text(place, -0.5, text, ha="center", va="top", linespacing=1.25)
    axes.set(xlim=(-0.5, STACKS - 0.5), ylim=(-1.05, 0.48), aspect="equal")


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
    bars = axes.barh(range(len(layers)), units, 0.7, color=COLOURS["dense"])
    axes.bar_label(bars, labels, padding=4)
    axes.set_xlim(0, 1.5 * max(units))
    axes.invert_yaxis()
