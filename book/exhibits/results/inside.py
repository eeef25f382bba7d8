"""Inside the network: its kernels, and what each layer makes of an image."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exact.network import Network, Stage
from exhibits import style
from exhibits.drawings import in_rows, side_by_side
from exhibits.layers import Step, first_kernels, steps

# Of maps and of kernels, so that each is large enough to be seen.
IN_A_ROW = 16
MOST_MAPS = 48
MOST_ROWS = 8  # of kernels, a row a map that they see
MOST_IMAGES = 24  # of weights, of a network without a convolution
IMAGES_IN_A_ROW = 8
# Heights of panels, in a unit of their own.
UNIT = 6.2 / 12.033  # inches, of the feature maps
BAR_CHART = 1.5
LONGEST_TITLE = 56  # letters on a line
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")


@style.drawing()
def filters(weights: Mapping[str, np.ndarray], network: Network) -> Figure:
    """The kernels of all convolutions, each layer in one colour scale about zero.

    Of a network without one it shows the weights of units of the first dense layer, which
    are as many as there are pixels.

    Parameters
    ----------
    weights : mapping of array
        Of a run, by the names of the network's parameters.
    """
    sheets = []
    for place, stage in enumerate(network.stages):
        if stage.is_convolution:
            sheets.append(_sheet(weights[f"{stage.name}.weight"], stage, place))
    if not sheets:
        sheets.append(_sheet_of_images(first_kernels(network, weights)))
    heights = [_height_of_sheet(*sheet.kernels.shape) for sheet in sheets]
    size = (style.WIDTH, round(9 / 7 * sum(heights), 6))
    figure = Figure(figsize=size, layout="constrained")
    parts = figure.subfigures(len(sheets), height_ratios=heights, squeeze=False)
    for part, sheet in zip(parts[:, 0], sheets, strict=True):
        _draw_kernels(part, sheet)
    return figure


def _height_of_sheet(rows: int, columns: int, height: int, width: int) -> float:
    """The height of a layer's kernels beside the others, with their title and numbers."""
    ratio = rows * height / (columns * width)
    if rows > 1:  # few kernels in a row need not be as wide as the figure
        ratio = min(ratio, rows / IMAGES_IN_A_ROW)
    return round(0.36 + max(0.6, 3.84 * ratio), 6)


class Sheet(NamedTuple):
    """The kernels of a layer as they are laid out.

    ``kernels`` has the shape (rows, columns, height, width), NaN where there is none;
    ``goes_on`` says whether a row goes on from the one above it.
    """

    kernels: np.ndarray
    title: str
    goes_on: bool


def _sheet(weights: np.ndarray, stage: Stage, place: int) -> Sheet:
    """The kernels of a convolution.

    Parameters
    ----------
    weights : array, shape (maps, maps before, side, side)
    place : int
        Of the convolution among all, from 0.
    """
    name = f"convolution {place + 1}"
    if place < len(ORDINALS):
        # The word says what it counts once, on the first.
        name = ORDINALS[place] + (" convolution" if place == 0 else "")
    if stage.channels == 1:
        shown = weights[:MOST_MAPS, 0]
        part = _part(len(shown), stage.outputs)
        title = f"{name}: a kernel for each map{part}"
        return Sheet(in_rows(shown, IN_A_ROW), title, True)
    shown = weights[:IN_A_ROW, :MOST_ROWS]
    of_maps = _part(len(shown), stage.outputs)
    before = _part(shown.shape[1], stage.channels)
    title = f"{name}: a column for each map{of_maps}, a row for each before it{before}"
    return Sheet(shown.swapaxes(0, 1), title, False)


def _sheet_of_images(kernels: np.ndarray) -> Sheet:
    """The weights of units of a dense layer as images.

    Parameters
    ----------
    kernels : array, shape (units, channels, height, width)
    """
    shown = kernels[:MOST_IMAGES, 0]
    part = _part(len(shown), len(kernels))
    title = f"no convolution, and so no kernels:\nthe weights of each unit{part}"
    return Sheet(in_rows(shown, IMAGES_IN_A_ROW), title, True)


def _part(shown: int, of_all: int) -> str:
    """How many of all are shown, in brackets; nothing if it is all."""
    return f" ({shown} of {of_all:,})" if shown < of_all else ""


def _draw_kernels(part, sheet: Sheet) -> None:
    """Draw the kernels of a layer in a part of a figure, with a bar for their colours."""
    kernels = sheet.kernels
    rows, columns, height, width = kernels.shape
    part.suptitle(_wrapped(sheet.title))
    axes = part.subplots()
    limit = float(np.nanmax(np.abs(kernels)))
    image = axes.imshow(
        side_by_side(kernels),
        cmap=style.ABOUT_ZERO,
        vmin=-limit,
        vmax=limit,
        gid=style.INVERTED,
    )
    across, down = width + 1, height + 1  # distances of two kernels, in pixels
    places = np.arange(columns) * across + across / 2 - 1
    axes.set_xticks(places, range(1, columns + 1))
    step = columns if sheet.goes_on else 1  # from the number of a row to the next
    numbers = range(1, 1 + rows * step, step)
    axes.set_yticks(np.arange(rows) * down + down / 2 - 1, numbers)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    bar = part.colorbar(image, ax=axes, label="weight", shrink=0.9, aspect=12)
    bar.outline.set_visible(False)


def _wrapped(title: str) -> str:
    """A title on two lines, where it is too long for one."""
    return title.replace(", a row", ",\na row") if len(title) > LONGEST_TITLE else title


@style.drawing()
def feature_maps(
    image: np.ndarray, activations: Mapping[str, np.ndarray], network: Network
) -> Figure:
    """One image and what each layer makes of it, down to the logits.

    Parameters
    ----------
    image : array, shape (channels, height, width), uint8
    activations : mapping of array
        Of :meth:`exact.engine.ExactEngine.activations`.
    """
    *hidden, logits = steps(network)
    heights = [_height(image)]
    heights += [_height(activations[step.output]) for step in hidden]
    heights.append(BAR_CHART)
    inches = round(UNIT * sum(heights), 1)
    figure, panels = style.panels(inches, len(heights), height_ratios=heights)
    _draw_activation(panels[0], image, "image")
    for axes, step in zip(panels[1:-1], hidden, strict=True):
        values = activations[step.output]
        _draw_activation(axes, values, _title(step, values))
    _draw_logits(panels[-1], activations[logits.output])
    for axes in panels:
        axes.grid(False)
        axes.set_anchor("W")
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure


def _title(step: Step, values: np.ndarray) -> str:
    """What a panel shows: the layer, the shape, and how much of it if it is not all."""
    title = f"{step.name}: {'×'.join(map(str, values.shape))}"
    if values.ndim == 3 and len(values) > MOST_MAPS:
        title += f", the first {MOST_MAPS}"
    return title


def _height(values: np.ndarray) -> float:
    """The height of a panel beside the others: few maps side by side can be taller."""
    count = min(len(values), MOST_MAPS)
    if values.ndim == 1 or count <= IN_A_ROW:
        return np.clip(13 / count, 1, 2.2)
    rows, columns = in_rows(values[:count], IN_A_ROW).shape[:2]
    return 0.4 + 9.6 * rows / columns


def _draw_activation(axes: Axes, values: np.ndarray, title: str) -> None:
    """Draw maps, of shape (maps, height, width), or values, of shape (units,), in rows."""
    aspect = None  # square pixels
    if values.ndim == 3:
        shown = side_by_side(in_rows(values[:MOST_MAPS], IN_A_ROW))
    else:
        shown = values[None]
        aspect = "auto"  # as wide as the figure
    # Without ReLU there are values below zero.
    least = min(0, float(values.min()))
    axes.imshow(shown, cmap="gray_r", vmin=least, gid=style.INVERTED, aspect=aspect)
    axes.set_title(title, loc="left", pad=3)
    axes.set_xticks([])


def _draw_logits(axes: Axes, logits: np.ndarray) -> None:
    """Draw the logits as bars about zero."""
    axes.bar(range(len(logits)), np.round(logits, 3), color=style.INK)
    axes.axhline(0, color=style.INK, linewidth=0.8)
    axes.set_title("logits", loc="left", pad=3)
    axes.set_xticks(range(len(logits)))
    axes.tick_params(length=0)
    axes.set_xlabel("digit")
