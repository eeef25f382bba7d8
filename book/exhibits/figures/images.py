"""Figures of images: the data, what the network reads in them, and the pad."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from exhibits.figures import style

WHITE_ON_BLACK = {"cmap": "gray", "vmin": 0, "vmax": 255}
BLACK_ON_WHITE = {"cmap": "gray_r", "vmin": 0, "vmax": 255, "gid": style.INVERTED}


@style.drawing()
def digits(images, columns: int = 10) -> Figure:
    """A grid of images, uint8, shape (N, 1, H, W), N a multiple of ``columns``."""
    count, _, height, width = images.shape
    rows = count // columns
    sheet = np.reshape(images, (rows, columns, height, width)).swapaxes(1, 2)
    sheet = sheet.reshape(rows * height, columns * width)
    figure = Figure(figsize=(3.6, 3.6 * rows * height / (columns * width)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(sheet, **BLACK_ON_WHITE)
    axes.axis("off")
    return figure


@style.drawing()
def predictions(read, rows, confident: bool = False) -> Figure:
    """Test images white on black, three a row, each under its prediction; a wrong one is bold.

    Parameters
    ----------
    read : exhibits.Predictions
    rows : sequence of int
        The images, by their place in the test file.
    confident : bool
        Whether the probability given to the prediction stands there too.
    """
    count = -(-len(rows) // 3)
    figure = Figure(figsize=(2.85, 1.12 * count), layout="constrained")
    grid = figure.subplots(count, 3, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, row in zip(grid, rows, strict=False):
        guess, label = read.predicted[row], read.labels[row]
        title = f"{guess} (is {label})" if read.wrong[row] else f"{guess}"
        title += f"\n{100 * read.confidence[row]:.2f} %" if confident else ""
        wrong = {"color": style.RED, "fontweight": "bold"} if read.wrong[row] else {}
        axes.imshow(read.images[row, 0], **WHITE_ON_BLACK)
        axes.set_title(title, **wrong)
    return figure


@style.drawing()
def atlas(read, framed) -> Figure:
    """Every mistake: label, prediction, probability (%); a frame around some images."""
    mistakes = np.flatnonzero(read.wrong)
    titles = [
        f"{read.labels[row]}→{read.predicted[row]}\n{100 * read.confidence[row]:.0f}"
        for row in mistakes
    ]
    images, marks = read.images[mistakes], [row in framed for row in mistakes]
    small = {"columns": 12, "height": 0.76, "gap": 1.0, "foot": 0.02, "head": 0.46}
    return labelled(images, titles, marks, pad=2, **small)


def labelled(
    images, titles, framed, *, columns, height, gap, foot, head, pad
) -> Figure:
    """Images under two lines each, a frame around some.

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    titles : sequence of str
    framed : sequence of bool
    height : float
        Of a row, inches.
    foot, head : float
        Below the last row and above the first, in heights of a row.
    gap : float
        Between two rows, in heights of an image.
    pad : float
        Between a title and its image, in points.
    """
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(style.WIDTH, height * rows))
    edges = {"left": 0.005, "right": 0.995, "wspace": 0.1, "hspace": gap}
    edges |= {"bottom": foot / rows, "top": 1 - head / rows}
    grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=edges).ravel()
    for axes in grid:
        axes.axis("off")
    for axes, image, title, mark in zip(grid, images, titles, framed, strict=False):
        axes.imshow(image[0], **BLACK_ON_WHITE)
        axes.set_title(title, pad=pad, linespacing=1.05)
        if mark:
            frame(axes)
    return figure


def frame(axes) -> None:
    """Put a frame around an image."""
    look = {"edgecolor": style.ORANGE, "facecolor": "none", "linewidth": 2.2}
    place = {"transform": axes.transAxes, "clip_on": False}
    axes.add_patch(Rectangle((0, 0), 1, 1, **place, **look))


@style.drawing()
def pad(drawing, seen, probabilities) -> Figure:
    """What the digit pad does: a drawing, the image made of it, and how it is read.

    Parameters
    ----------
    drawing : array, shape (height, width), grey levels from 0 to 255
    seen : array, shape (28, 28), in [0, 1]; its ink was fitted into 20×20 pixels
    probabilities : array, shape (10,)
    """
    figure = Figure(figsize=(style.WIDTH, 3.5), layout="constrained")
    axes = figure.subplot_mosaic("AB;CC", height_ratios=(5, 4))
    paper, image, bars = axes.values()
    paper.imshow(drawing, **WHITE_ON_BLACK)
    image.imshow(np.round(255 * np.asarray(seen)), **WHITE_ON_BLACK)
    for axes, title in ((paper, "drawn"), (image, "seen")):
        axes.set_title(title)
        axes.axis("off")
    middles = [np.flatnonzero(np.any(seen, axis)).mean() for axis in (0, 1)]
    corner = (middles[0] - 10, middles[1] - 10)
    dashed = {"edgecolor": style.ORANGE, "linestyle": "--", "fill": False}
    image.add_patch(Rectangle(corner, 20, 20, **dashed))
    bars.bar(range(10), np.round(100 * probabilities, 2), color=style.BLUE)
    bars.set(xticks=range(10), xlabel="digit", ylabel="probability (%)", ylim=(0, 100))
    bars.set_title("read")
    bars.grid(axis="x", visible=False)
    return figure
