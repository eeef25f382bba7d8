"""The figures of the page *Audit*: the errors put right, the mistakes, the network inside."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exact.network import Network, Stage
from exhibits import style
from exhibits.audit.published import System
from exhibits.drawings import in_rows, labelled, side_by_side
from exhibits.layers import Step, first_kernels, steps
from exhibits.predictions import Predictions

MOST_MISTAKES = 300  # in the atlas; a page holds a third of them
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
def errata(
    history: pd.DataFrame,
    original: pd.DataFrame,
    text_accuracy: float,
    name: str = "this report",
) -> Figure:
    """The original's loss as drawn and moved back, its accuracy and that of its text.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`.
    text_accuracy : float, %
    name : str
        Of ours.
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    _draw_ours(top, history.epoch, np.round(history.test_loss, 6), name)
    top.plot(
        original.drawn_at_epoch,
        original.loss,
        label="original, as drawn",
        color=style.GREY,
        marker="x",
        linestyle=":",
        linewidth=1.2,
    )
    top.plot(
        original.drawn_at_epoch - 1,
        original.loss,
        label="original, moved back one",
        color=style.ORANGE,
        marker="s",
    )
    top.set(yscale="log", ylabel="loss (nats)")
    trained = history[history.epoch > 0]
    _draw_ours(bottom, trained.epoch, np.round(100 - trained.test_error, 2), name)
    bottom.plot(
        original.drawn_at_epoch,
        original.accuracy,
        label="original, as drawn",
        color=style.ORANGE,
        marker="s",
    )
    bottom.axhline(
        text_accuracy, color=style.PINK, linestyle="--", label="original, in the text"
    )
    bottom.set(ylabel="accuracy (% of images)")
    top.legend(loc="upper right")
    bottom.legend(loc="center right")
    style.count_epochs(top, bottom)
    return figure


def _draw_ours(axes: Axes, epochs, values, name: str) -> None:
    axes.plot(
        epochs, values, label=f"{name}, test images", color=style.BLUE, marker="o"
    )


@style.drawing()
def selection(errors: pd.DataFrame, chosen: Mapping[str, int]) -> Figure:
    """Errors of a validated training by epoch, and which epoch each choice takes.

    Parameters
    ----------
    errors : DataFrame
        Of :func:`studies.validation.two_measures`, %.
    chosen : mapping of int
        Of :func:`studies.validation.choices`: an epoch by the name of the choice.
    """
    figure, axes = style.panels(2.8)
    axes.plot(
        errors.index,
        errors.validation,
        label="validation images",
        color=style.ORANGE,
        marker="s",
    )
    axes.plot(
        errors.index, errors.test, label="test images", color=style.BLUE, marker="o"
    )
    for epoch in sorted(set(chosen.values())):
        names = [name for name, taken in chosen.items() if taken == epoch]
        axes.axvline(epoch, color=style.GREEN, linestyle="--", linewidth=1.0, zorder=0)
        axes.annotate(
            ",\n".join(names),
            (epoch, errors.test[epoch]),
            xytext=(epoch - 0.15, 0.99),
            textcoords=("data", "axes fraction"),
            rotation=90,
            ha="right",
            va="top",
        )
    axes.set(ylabel="error (% of images)", ylim=(0, None))
    style.legend_above(figure)
    style.count_epochs(axes)
    return figure


@style.drawing()
def intervals(systems: list[System]) -> Figure:
    """Errors of systems with their intervals, one a row; the first is ours."""
    figure, axes = style.panels(0.6 + 0.38 * len(systems))
    low, high = np.round(systems[0].interval, 4)
    axes.axvspan(low, high, color=style.BLUE, alpha=0.12, linewidth=0)
    for row, system in enumerate(systems):
        colour = style.BLUE if row == 0 else style.INK
        axes.plot(np.round(system.interval, 4), [row, row], color=colour)
        axes.plot(round(system.error, 4), row, "o", color=colour, markersize=6)
        axes.text(0.02, row - 0.22, f"{system.name} ({system.year})", color=colour)
    axes.set(xlabel="error (% of the test images)", xlim=(0, None), yticks=[])
    axes.set_ylim(len(systems) - 0.5, -0.8)
    return figure


@style.drawing()
def atlas(predictions: Predictions, framed: Collection[int]) -> Figure:
    """The mistakes, 300 at most: label, prediction, probability (%); a frame around some.

    Parameters
    ----------
    framed : collection of int
        Images by their place in the test file.
    """
    mistakes = np.flatnonzero(predictions.wrong)[:MOST_MISTAKES]
    titles = []
    for row in mistakes:
        label = predictions.labels[row]
        predicted = predictions.predicted[row]
        confidence = 100 * predictions.confidence[row]
        titles.append(f"{label}→{predicted}\n{confidence:.0f}")
    return labelled(
        predictions.images[mistakes],
        titles,
        [row in framed for row in mistakes],
        columns=12,
        height=0.76,
        gap=1.0,
        foot=0.02,
        head=0.46,
        pad=2,
    )


# -- inside the network ----------------------------------------------------------------


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
    # Diverging colours: that of the paper is no weight.
    limit = float(np.nanmax(np.abs(kernels)))
    image = axes.imshow(
        side_by_side(kernels), cmap="PuOr", vmin=-limit, vmax=limit, gid=style.INVERTED
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
