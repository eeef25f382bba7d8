"""The figure of a training in the page, for print."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from exhibits.figures import style

ABOUT_ZERO = LinearSegmentedColormap.from_list(
    "zero", (style.BLUE, "white", style.ORANGE)
)


@style.drawing()
def trained_here(history, kernels, read, rows) -> Figure:
    """What the page shows at the end: curves on the published ones, kernels, readings.

    Parameters
    ----------
    history : DataFrame
        As :func:`exhibits.history_of` gives it.
    kernels : array, shape (6, 1, 5, 5)
        Of the first layer.
    read : exhibits.Predictions
    rows : sequence of int
        Twelve test images, by their place in the file.
    """
    figure = Figure(figsize=(style.WIDTH, 6.6), layout="constrained")
    top, below = figure.subfigures(2, height_ratios=(3.8, 2.8))
    quantities = {"loss": "loss (nats)", "error": "error (% of images)"}
    charts = top.subplots(2, sharex=True)
    for axes, (name, label) in zip(charts, quantities.items(), strict=True):
        for split, line in (("train", "--"), ("test", "-")):
            values = np.round(history[f"{split}_{name}"], 5)
            axes.plot(history.epoch, values, color=style.ORANGE, alpha=0.7, linewidth=5)
            dots = {"marker": "o"} if split == "test" else {}
            axes.plot(history.epoch, values, line, color=style.BLUE, **dots)
        axes.set(yscale="log", ylabel=label)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(LogLocator(subs=()))
    style.count_epochs(*charts)
    grid = below.subplots(3, 6)
    limit = float(np.abs(kernels).max())
    for axes, kernel in zip(grid[0], kernels, strict=True):
        colours = {"cmap": ABOUT_ZERO, "vmin": -limit, "vmax": limit}
        axes.imshow(kernel[0], **colours, gid=style.INVERTED)
    for axes, row in zip(grid[1:].flat, rows, strict=True):
        axes.imshow(read.images[row, 0], cmap="gray", vmin=0, vmax=255)
        wrong = f", is {read.labels[row]}" if read.wrong[row] else ""
        title = f"{read.predicted[row]}{wrong}\n{100 * read.confidence[row]:.0f} %"
        axes.set_title(title, pad=2, linespacing=1.05)
    for axes in grid.flat:
        axes.axis("off")
    return figure
