"""The figures of the page *Ladder*: error by rung, error by pass, and the first maps."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exhibits import style
from exhibits.drawings import side_by_side
from studies.ladder import Step


@style.drawing()
def errors_by_rung(steps: list[Step], paper: float) -> Figure:
    """Every run as a dot at its error, rung by rung; a bar spans the mean's interval.

    Parameters
    ----------
    steps : list of Step
        The first stands at the top.
    paper : float
        The error that the paper of 1998 states, %.
    """
    figure, axes = style.panels(0.62 * len(steps) + 1.1)
    _draw_dots(axes, [], [], label="one seed")
    _draw_mean(axes, [], [], label="mean, t interval")
    axes.axvline(paper, color=style.PINK, linestyle="--", zorder=0, label="the paper")
    for place, step in enumerate(steps):
        _draw_step(axes, place, step)
    axes.set(ylim=(len(steps) - 0.3, -0.6), xlabel="test error (%)", yticks=[])
    axes.grid(axis="y", visible=False)
    style.legend_above(figure, 3)
    return figure


def _draw_step(axes: Axes, place: int, step: Step) -> None:
    """Draw a row: the name above, below it the dots, those of one error side by side."""
    middle = place + 0.22
    errors = np.round(step.errors.to_numpy(), 2)
    values, counts = np.unique(errors, return_counts=True)
    gap = min(0.055, 0.4 / counts.max())
    for value, count in zip(values, counts, strict=True):
        heights = middle + gap * (np.arange(count) - (count - 1) / 2)
        _draw_dots(axes, [value] * count, heights)
    low, high = np.round(step.interval, 4)
    axes.plot([low, high], [middle, middle], color=style.INK, zorder=1.9)
    mean = round(step.mean, 4)
    _draw_mean(axes, mean, middle)
    axes.annotate(
        f"{step.name}: {mean:.2f} %",
        (0.01, place - 0.25),
        xycoords=("axes fraction", "data"),
        va="center",
        weight="bold",
    )


def _draw_dots(axes: Axes, errors, heights, label: str | None = None) -> None:
    axes.plot(
        errors, heights, "o", color=style.BLUE, alpha=0.75, markersize=3, label=label
    )


def _draw_mean(axes: Axes, error, height, label: str | None = None) -> None:
    axes.plot(error, height, "D", color=style.ORANGE, markersize=6, label=label)


@style.drawing()
def errors_by_pass(test, others, train) -> Figure:
    """Errors of one network after each pass, among the test errors of other seeds.

    Parameters
    ----------
    test, train : array, shape (passes,), %
    others : array, shape (seeds, passes), %
    """
    figure, axes = style.panels(3.6)
    number = np.arange(1, len(test) + 1)
    axes.plot(number, np.round(others, 3).T, color=style.GREY, alpha=0.3, linewidth=0.8)
    axes.plot([], [], color=style.GREY, linewidth=0.8, label="test, other seeds")
    axes.plot(
        number, np.round(test, 3), color=style.BLUE, marker="o", label="test images"
    )
    axes.plot(
        number,
        np.round(train, 3),
        color=style.ORANGE,
        marker="s",
        linestyle="--",
        label="training images",
    )
    axes.set(ylabel="error (%)", ylim=(0, None), xlabel="pass")
    axes.set_xticks([1, *number[4::5].tolist()])
    axes.legend()
    return figure


@style.drawing()
def first_maps(image: np.ndarray, layers: Mapping[str, np.ndarray]) -> Figure:
    """A digit and the maps that C1 to S4 make of it, dark where a unit is high.

    Parameters
    ----------
    image : array, shape (1, 28, 28), uint8
    layers : mapping of array, shape (maps, side, side)
        By the name of the layer, from the first to the last.
    """
    shown = {"input": image, **layers}
    rows = [max(1, len(maps) // 8) for maps in shown.values()]
    # Fixed places: a solver of layouts leaves zeros of either sign behind.
    figure = Figure(figsize=(style.WIDTH, 5.6))
    grid = figure.subplots(
        len(shown),
        height_ratios=[1 + count for count in rows],
        gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 0.96, "hspace": 0.3},
    )
    for axes, (name, maps), count in zip(grid, shown.items(), rows, strict=True):
        in_rows = np.round(maps, 3).reshape(count, -1, *maps.shape[1:])
        axes.imshow(side_by_side(in_rows), cmap="gray_r", gid=style.INVERTED)
        shape = "×".join(map(str, maps.shape))
        axes.set_title(f"{name}: {shape}", loc="left", pad=3)
        axes.set(xticks=[], yticks=[], anchor="W")
        axes.grid(False)
        axes.spines[:].set_visible(False)
    return figure
