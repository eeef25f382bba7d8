"""Figures of the data and of one run: arrays in, a matplotlib Figure out."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lenet5.style import BLUE, INK, ORANGE, WIDTH, style


@style()
def digits(images, columns: int = 10) -> Figure:
    """A grid of images, black on white, without axes.

    Parameters
    ----------
    images : array, shape (N, 1, height, width), in [0, 1], N a multiple of ``columns``
    columns : int
    """
    images = np.asarray(images)[:, 0]
    count, height, width = images.shape
    rows = count // columns
    sheet = (
        images.reshape(rows, columns, height, width)
        .swapaxes(1, 2)
        .reshape(rows * height, columns * width)
    )
    figure = Figure(figsize=(5, 5 * rows * height / (columns * width)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.axis("off")
    return figure


@style()
def convergence(history: dict[str, Sequence], original: dict[str, Sequence]) -> Figure:
    """Two panels over the epochs: the natural logarithm of the loss, and the error in per cent.

    Parameters
    ----------
    history : mapping of sequences
        Columns ``epoch``, ``train_loss``, ``test_loss`` (nats), ``train_error``,
        ``test_error`` (%).
    original : mapping of sequences
        Columns ``drawn_at_epoch``, ``loss`` (nats), ``accuracy`` (%), as published. The
        loss is drawn one epoch earlier than it was published, since its first value is
        that of the untrained network.
    """
    figure = Figure(figsize=(WIDTH, 5.6), layout="constrained")
    top, bottom = figure.subplots(2, sharex=True)
    epoch, published = (
        np.asarray(history["epoch"]),
        np.asarray(original["drawn_at_epoch"]),
    )
    ours = {"color": BLUE, "marker": "o"}
    train = {"color": BLUE, "linestyle": "--", "linewidth": 1.2}
    theirs = {"color": ORANGE, "marker": "s"}
    top.plot(
        epoch,
        np.log(history["train_loss"]),
        label="this report, training images",
        **train,
    )
    top.plot(
        epoch, np.log(history["test_loss"]), label="this report, test images", **ours
    )
    top.plot(
        published - 1,
        np.log(original["loss"]),
        label="original, moved back one epoch",
        **theirs,
    )
    top.set(ylabel="log loss (ln nats)")
    shown = (
        epoch > 0
    )  # the untrained network reads nine of ten digits wrong: a scale with it would hide the rest
    bottom.plot(
        epoch[shown],
        np.asarray(history["train_error"])[shown],
        label="this report, training images",
        **train,
    )
    bottom.plot(
        epoch[shown],
        np.asarray(history["test_error"])[shown],
        label="this report, test images",
        **ours,
    )
    bottom.plot(
        published,
        100 - np.asarray(original["accuracy"]),
        label="original, as published",
        **theirs,
    )
    bottom.set(ylabel="error (% of images)", xlabel="epoch", ylim=(0, None))
    if epoch[0] == 0:
        bottom.text(
            0.14,
            0.8,
            f"epoch 0, off the scale:\n{history['test_error'][0]:.1f} %",
            color=BLUE,
            fontsize=8.5,
            transform=bottom.transAxes,
            va="top",
        )
    for axes in (top, bottom):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper right")
    return figure


@style()
def predictions(
    images, titles: Sequence[str], wrong: Sequence[bool] | None = None, columns: int = 3
) -> Figure:
    """Images white on black, each under a title; the title of a wrong one is bold and coloured.

    Parameters
    ----------
    images : array, shape (N, 1, height, width), in [0, 1]
    titles : sequence of str, length N
    wrong : sequence of bool, length N, optional
    columns : int
    """
    images = np.asarray(images)[:, 0]
    wrong = [False] * len(images) if wrong is None else wrong
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(1.65 * columns, 1.75 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, image, title, is_wrong in zip(grid, images, titles, wrong, strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(
            title,
            color="#B34700" if is_wrong else INK,
            fontweight="bold" if is_wrong else "normal",
        )
    return figure


@style()
def confusion(matrix) -> Figure:
    """The confusion matrix, coloured by its mistakes; the diagonal is left pale.

    Parameters
    ----------
    matrix : array of int, shape (classes, classes)
        ``matrix[i, j]`` counts the images of class i that are read as j.
    """
    matrix = np.asarray(matrix)
    mistakes = matrix.copy()
    np.fill_diagonal(mistakes, 0)
    figure = Figure(figsize=(5.4, 5.0), layout="constrained")
    axes = figure.subplots()
    axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=max(1, 1.4 * mistakes.max()))
    for (i, j), count in np.ndenumerate(matrix):
        dark = i != j and mistakes[i, j] > 0.8 * mistakes.max() > 0
        colour = "white" if dark else (INK if count else "#999999")
        axes.text(
            j,
            i,
            str(count),
            ha="center",
            va="center",
            fontsize=9 if i != j else 8,
            color=colour,
        )
    axes.set(
        xticks=range(len(matrix)),
        yticks=range(len(matrix)),
        xlabel="predicted digit",
        ylabel="label",
    )
    axes.grid(False)
    return figure


@style()
def class_bars(
    values, label: str, line: float | None = None, line_label: str = ""
) -> Figure:
    """One bar a class, its value above it, with an optional line across.

    Parameters
    ----------
    values : array, shape (classes,)
    label : str
        The vertical axis, with its unit.
    line : float, optional
        Where the line stands, and ``line_label`` what it is.
    """
    values = np.asarray(values)
    figure = Figure(figsize=(WIDTH, 2.9), layout="constrained")
    axes = figure.subplots()
    bars = axes.bar(range(len(values)), values, color=BLUE)
    form = "{:,}" if values.dtype.kind in "iu" else "{:.2f}"
    over_line = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
    labels = [form.format(value) for value in values]
    axes.bar_label(bars, labels, fontsize=8.5, padding=1.5, bbox=over_line, zorder=3)
    if line is not None:
        axes.axhline(line, color=ORANGE, linestyle="--", label=line_label)
        figure.legend(loc="outside upper right")
    axes.set(xticks=range(len(values)), xlabel="digit", ylabel=label)
    axes.grid(axis="x", visible=False)
    return figure
