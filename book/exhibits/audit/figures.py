"""The figures of the page *Audit*: the errors put right, the mistakes, the network inside."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exhibits import style
from exhibits.audit.published import System
from exhibits.drawings import labelled, side_by_side
from exhibits.predictions import Predictions

# What each layer makes, from the first to the one before the logits.
LAYERS = (
    "convolution, ReLU",
    "max-pooling",
    "convolution, ReLU",
    "max-pooling",
    "dense, ReLU",
    "dense, ReLU",
)


@style.drawing()
def errata(
    history: pd.DataFrame, original: pd.DataFrame, text_accuracy: float
) -> Figure:
    """The original's loss as drawn and moved back, its accuracy and that of its text.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`.
    text_accuracy : float, %
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    _draw_ours(top, history.epoch, np.round(history.test_loss, 6))
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
    _draw_ours(bottom, trained.epoch, np.round(100 - trained.test_error, 2))
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


def _draw_ours(axes: Axes, epochs, values) -> None:
    axes.plot(
        epochs, values, label="this report, test images", color=style.BLUE, marker="o"
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
    """Errors of systems with their intervals, one a row; the first is this report's."""
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
    """Every mistake: label, prediction, probability (%); a frame around some images.

    Parameters
    ----------
    framed : collection of int
        Images by their place in the test file.
    """
    mistakes = np.flatnonzero(predictions.wrong)
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
def filters(weights: Mapping[str, np.ndarray]) -> Figure:
    """The kernels of both convolutions, each layer in one colour scale about zero.

    Parameters
    ----------
    weights : mapping of array
        Of a run, by the names of :func:`lenet5.parameters.parameter_shapes`.
    """
    figure = Figure(figsize=(style.WIDTH, 3.6), layout="constrained")
    top, bottom = figure.subfigures(2, height_ratios=(1.0, 1.8))
    _draw_kernels(
        top, weights["conv1.weight"], "first convolution: a kernel for each map"
    )
    _draw_kernels(
        bottom,
        weights["conv2.weight"],
        "second: a column for each map, a row for each before it",
    )
    return figure


def _draw_kernels(part, weights: np.ndarray, title: str) -> None:
    """Draw the kernels of a convolution, with a bar for their colours.

    Parameters
    ----------
    part : SubFigure
    weights : array, shape (maps, maps before, side, side)
    """
    kernels = weights.swapaxes(0, 1)  # a row for each map before
    rows, columns, side, _ = kernels.shape
    part.suptitle(title)
    axes = part.subplots()
    # Diverging colours: that of the paper is no weight.
    limit = float(np.abs(kernels).max())
    image = axes.imshow(
        side_by_side(kernels), cmap="PuOr", vmin=-limit, vmax=limit, gid=style.INVERTED
    )
    distance = side + 1  # of two kernels, in pixels
    middle = distance / 2 - 1  # of the first
    axes.set_xticks(np.arange(columns) * distance + middle, range(1, columns + 1))
    axes.set_yticks(np.arange(rows) * distance + middle, range(1, rows + 1))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.grid(False)
    bar = part.colorbar(image, ax=axes, label="weight", shrink=0.9, aspect=12)
    bar.outline.set_visible(False)


@style.drawing()
def feature_maps(image: np.ndarray, activations: Mapping[str, np.ndarray]) -> Figure:
    """One image and what each layer makes of it, down to the logits.

    Parameters
    ----------
    image : array, shape (channels, height, width), uint8
    activations : mapping of array
        Of :meth:`exact.engine.ExactEngine.activations`, in the order of the layers.
    """
    *hidden, logits = activations.values()
    heights = [_height(image)]
    heights += [_height(values) for values in hidden]
    figure, panels = style.panels(6.2, len(heights) + 1, height_ratios=[*heights, 1.5])
    _draw_activation(panels[0], image, "image")
    for axes, values, layer in zip(panels[1:-1], hidden, LAYERS, strict=True):
        shape = "×".join(map(str, values.shape))
        _draw_activation(axes, values, f"{layer}: {shape}")
    _draw_logits(panels[-1], logits)
    for axes in panels:
        axes.grid(False)
        axes.set_anchor("W")
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    return figure


def _height(values: np.ndarray) -> float:
    """The height of a panel beside the others: few maps side by side can be taller."""
    return np.clip(13 / len(values), 1, 2.2)


def _draw_activation(axes: Axes, values: np.ndarray, title: str) -> None:
    """Draw maps, of shape (maps, height, width), or values, of shape (units,), in a row."""
    aspect = None  # square pixels
    if values.ndim == 3:
        shown = side_by_side(values[None])
    else:
        shown = values[None]
        aspect = "auto"  # as wide as the figure
    axes.imshow(shown, cmap="gray_r", vmin=0, gid=style.INVERTED, aspect=aspect)
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
