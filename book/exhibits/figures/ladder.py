"""Figures of the ladder: error by rung, error by pass, and what the first layers make."""

import numpy as np
from matplotlib.figure import Figure

from exhibits.figures import style
from exhibits.figures.network import sheet


@style.drawing()
def ladder(steps, paper: float) -> Figure:
    """Every run as a dot at its error, rung by rung; a bar spans the mean's interval.

    Parameters
    ----------
    steps : list of Step, the first at the top
    paper : float
        The error that the paper of 1998 states, %.
    """
    figure, axes = style.panels(0.62 * len(steps) + 1.1)
    dots = {"color": style.BLUE, "alpha": 0.75, "markersize": 3}
    means = {"color": style.ORANGE, "markersize": 6}
    axes.plot([], [], "o", label="one seed", **dots)
    axes.plot([], [], "D", label="mean, t interval", **means)
    axes.axvline(paper, color=style.PINK, linestyle="--", zorder=0, label="the paper")
    for place, step in enumerate(steps):
        errors = np.round(step.errors.to_numpy(), 2)
        values, counts = np.unique(errors, return_counts=True)
        gap = min(0.055, 0.4 / counts.max())
        for value, count in zip(values, counts, strict=True):
            heights = place + 0.22 + gap * (np.arange(count) - (count - 1) / 2)
            axes.plot([value] * count, heights, "o", **dots)
        low, high = np.round(step.interval, 4)
        axes.plot([low, high], 2 * [place + 0.22], color=style.INK, zorder=1.9)
        mean = round(step.mean, 4)
        axes.plot(mean, place + 0.22, "D", **means)
        label = f"{step.name}: {mean:.2f} %"
        corner = {"xycoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(label, (0.01, place - 0.25), weight="bold", **corner)
    axes.set(ylim=(len(steps) - 0.3, -0.6), xlabel="test error (%)", yticks=[])
    axes.grid(axis="y", visible=False)
    style.legend_above(figure, 3)
    return figure


@style.drawing()
def passes(test, others, train) -> Figure:
    """Errors (%) of one network after each pass, among the test errors of other seeds."""
    figure, axes = style.panels(3.6)
    number = np.arange(1, len(test) + 1)
    axes.plot(number, np.round(others, 3).T, color=style.GREY, alpha=0.3, linewidth=0.8)
    axes.plot([], [], color=style.GREY, linewidth=0.8, label="test, other seeds")
    blue = {"color": style.BLUE, "marker": "o", "label": "test images"}
    axes.plot(number, np.round(test, 3), **blue)
    orange = {"color": style.ORANGE, "marker": "s", "linestyle": "--"}
    axes.plot(number, np.round(train, 3), label="training images", **orange)
    axes.set(ylabel="error (%)", ylim=(0, None), xlabel="pass")
    axes.set_xticks([1, *number[4::5].tolist()])
    axes.legend()
    return figure


@style.drawing()
def maps(image, layers) -> Figure:
    """A digit and the maps that C1 to S4 make of it, dark where a unit is high.

    Parameters
    ----------
    image : array, shape (1, 28, 28), uint8
    layers : mapping of array, shape (maps, side, side)
        By the name of the layer, from the first to the last.
    """
    shown = {"input": image, **layers}
    rows = [max(1, len(values) // 8) for values in shown.values()]
    # Fixed places: a solver of layouts leaves zeros of either sign behind.
    figure = Figure(figsize=(style.WIDTH, 5.6))
    places = {"left": 0, "right": 1, "bottom": 0, "top": 0.96, "hspace": 0.3}
    ratios = [1 + n for n in rows]
    grid = figure.subplots(len(shown), height_ratios=ratios, gridspec_kw=places)
    for axes, (name, values), n in zip(grid, shown.items(), rows, strict=True):
        maps = np.round(values, 3).reshape(n, -1, *values.shape[1:])
        axes.imshow(sheet(maps), cmap="gray_r", gid=style.INVERTED)
        shape = "×".join(map(str, values.shape))
        axes.set_title(f"{name}: {shape}", loc="left", pad=3)
        axes.set(xticks=[], yticks=[], anchor="W")
        axes.grid(False)
        axes.spines[:].set_visible(False)
    return figure
