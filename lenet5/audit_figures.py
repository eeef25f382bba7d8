"""The figures of the audit: the original's curves put right, intervals, every mistake."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from lenet5.style import BLUE, GREEN, GREY, INK, ORANGE, PINK, SMALL, WIDTH, style


@style()
def errata(
    history: dict[str, Sequence], original: dict[str, Sequence], text_accuracy: float
) -> Figure:
    """The original's loss as drawn and moved back by one epoch, and its accuracy twice.

    Parameters
    ----------
    history : mapping of sequences
        Ours: ``epoch``, ``test_loss`` (nats), ``test_error`` (%).
    original : mapping of sequences
        ``drawn_at_epoch``, ``loss`` (nats), ``accuracy`` (%), as published.
    text_accuracy : float
        What the original's text gives, in per cent.
    """
    figure = Figure(figsize=(WIDTH, 5.4), layout="constrained")
    top, bottom = figure.subplots(2, sharex=True)
    epoch, drawn = np.asarray(history["epoch"]), np.asarray(original["drawn_at_epoch"])
    ours = {"color": BLUE, "marker": "o", "label": "this report, test images"}
    top.plot(epoch, history["test_loss"], **ours)
    as_drawn = {"color": GREY, "marker": "x", "linestyle": ":", "linewidth": 1.2}
    top.plot(drawn, original["loss"], label="original, as drawn", **as_drawn)
    theirs = {"color": ORANGE, "marker": "s"}
    top.plot(drawn - 1, original["loss"], label="original, moved back one", **theirs)
    top.set(yscale="log", ylabel="loss (nats)")
    trained = epoch > 0
    bottom.plot(
        epoch[trained], 100 - np.asarray(history["test_error"])[trained], **ours
    )
    bottom.plot(drawn, original["accuracy"], label="original, as drawn", **theirs)
    text = {"color": PINK, "linestyle": "--", "label": "original, in the text"}
    bottom.axhline(text_accuracy, **text)
    bottom.set(ylabel="accuracy (% of images)", xlabel="epoch")
    top.legend(loc="upper right")
    bottom.legend(loc="center right")
    bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


@style()
def intervals(names: Sequence[str], errors, lows, highs, ours: int) -> Figure:
    """Errors with their intervals, one below the other; one row stands out.

    Parameters
    ----------
    names : sequence of str
    errors, lows, highs : arrays, shape (N,), %
    ours : int
        The row of this report.
    """
    errors, lows, highs = (np.asarray(values) for values in (errors, lows, highs))
    figure = Figure(figsize=(WIDTH, 0.45 + 0.36 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(lows[ours], highs[ours], color=BLUE, alpha=0.12, linewidth=0)
    for row, (error, low, high) in enumerate(zip(errors, lows, highs, strict=True)):
        colour = BLUE if row == ours else INK
        axes.plot([low, high], [row, row], color=colour)
        axes.plot(error, row, "o", color=colour, markersize=6)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel="error (% of the test images)", xlim=(0, None))
    axes.grid(axis="y", visible=False)
    return figure


@style()
def selection(epochs: Sequence[dict[str, float]], chosen: dict[str, int]) -> Figure:
    """Error on the validation and the test images by epoch, with the epochs chosen.

    Parameters
    ----------
    epochs : sequence of dict
        ``epoch``, ``validation_error`` and ``test_error`` (%), from epoch 1.
    chosen : dict of int
        Name of a choice to the epoch that it takes.
    """
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    at = [row["epoch"] for row in epochs]
    for name, colour, marker in (
        ("validation", ORANGE, "s"),
        ("test", BLUE, "o"),
    ):
        errors = [row[f"{name}_error"] for row in epochs]
        axes.plot(at, errors, color=colour, marker=marker, label=f"{name} images")
    tested = {row["epoch"]: row["test_error"] for row in epochs}
    for epoch in sorted(set(chosen.values())):
        names = ", ".join(name for name, at in chosen.items() if at == epoch)
        axes.axvline(epoch, color=GREEN, linestyle="--", linewidth=1.0, zorder=0)
        axes.annotate(
            names,
            (epoch, tested[epoch]),
            xytext=(epoch - 0.15, 0.99),
            textcoords=("data", "axes fraction"),
            rotation=90,
            ha="right",
            va="top",
            fontsize=SMALL,
            color=INK,
        )
    axes.set(xlabel="epoch", ylabel="error (% of images)", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="lower left", ncols=2)
    return figure


@style()
def atlas(
    images, titles: Sequence[str], marked: Sequence[bool], columns: int = 12
) -> Figure:
    """Every image given, black on white and small, each under a title; some are framed.

    Parameters
    ----------
    images : array, shape (N, 1, height, width), in [0, 1]
    titles : sequence of str, length N
    marked : sequence of bool, length N
        The images that get a frame.
    columns : int
    """
    images = np.asarray(images)[:, 0]
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(WIDTH, 0.89 * rows))
    grid = figure.subplots(
        rows,
        columns,
        squeeze=False,
        gridspec_kw={
            "left": 0.005,
            "right": 0.995,
            "bottom": 0.02 / rows,
            "top": 1 - 0.36 / rows,
            "wspace": 0.14,
            "hspace": 0.62,
        },
    ).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, image, title, is_marked in zip(
        grid, images, titles, marked, strict=False
    ):
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=SMALL, pad=2, linespacing=1.05)
        if is_marked:
            frame = {"edgecolor": ORANGE, "facecolor": "none", "linewidth": 2.2}
            axes.add_patch(
                Rectangle(
                    (0, 0), 1, 1, transform=axes.transAxes, clip_on=False, **frame
                )
            )
    return figure
