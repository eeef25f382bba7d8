"""The figures of the page *Ladder*: error by rung, error by pass, and the first maps."""

import textwrap
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from exhibits import style
from exhibits.drawings import side_by_side
from studies.ladder import Step

NAME_WIDTH = 20  # letters of a line of a row's name


@style.drawing()
def errors_by_rung(steps: list[Step], beside: list[Step], paper: float) -> Figure:
    """Every run as a dot at its error, rung by rung; a bar spans the mean's interval.

    Parameters
    ----------
    steps, beside : list of Step
        The first stands at the top, and what stands beside the ladder below a line.
    paper : float
        The error that the paper of 1998 states, %.
    """
    rows = [*steps, *beside]
    figure, axes = style.panels(0.42 * len(rows) + 0.9)
    _draw_dots(axes, [], [], label="one seed")
    _draw_mean(axes, [], [], label="mean, t interval")
    axes.axvline(paper, color=style.PINK, linestyle="--", zorder=0, label="stated 1998")
    for place, step in enumerate(rows):
        _draw_step(axes, place, step)
    if beside:
        axes.axhline(len(steps) - 0.5, color=style.INK, linewidth=0.8)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel="test error (%)")
    names = [textwrap.fill(step.name, NAME_WIDTH) for step in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    style.legend_above(figure, 3, columnspacing=1.2, handletextpad=0.5)
    return figure


def _draw_step(axes: Axes, place: int, step: Step) -> None:
    """Draw the dots of a row, those of one error one above the other, and their mean."""
    errors = np.round(step.errors.to_numpy(), 2)
    values, counts = np.unique(errors, return_counts=True)
    gap = min(0.075, 0.7 / counts.max())
    for value, count in zip(values, counts, strict=True):
        heights = place + gap * (np.arange(count) - (count - 1) / 2)
        _draw_dots(axes, [value] * count, heights)
    low, high = np.round(step.interval, 4)
    axes.plot([low, high], [place, place], color=style.INK, zorder=1.9)
    _draw_mean(axes, round(step.mean, 4), place)


def _draw_dots(axes: Axes, errors, heights, label: str | None = None) -> None:
    axes.plot(
        errors, heights, "o", color=style.GREY, alpha=0.75, markersize=2.5, label=label
    )


def _draw_mean(axes: Axes, error, height, label: str | None = None) -> None:
    axes.plot(error, height, "D", color=style.BLUE, markersize=5.5, label=label)


@style.drawing()
def errors_by_pass(test, others, train) -> Figure:
    """Errors of one network after each pass, among the test errors of other seeds.

    Parameters
    ----------
    test, train : array, shape (passes,), %
    others : array, shape (seeds, passes), %
    """
    figure, axes = style.panels(2.8)
    number = np.arange(1, len(test) + 1)
    axes.plot(number, np.round(others, 3).T, color=style.GREY, alpha=0.3, linewidth=0.8)
    axes.plot([], [], color=style.GREY, linewidth=0.8, label="test, other seeds")
    axes.plot(
        number, np.round(test, 3), color=style.BLUE, marker="o", label="test images"
    )
    axes.plot(
        number,
        np.round(train, 3),
        color=style.BLUE,
        marker="s",
        markerfacecolor=style.PAPER,
        linestyle="--",
        label="training images",
    )
    axes.set(ylabel="error (%)", ylim=(0, None), xlabel="pass")
    axes.set_xticks([1, *number[4::5].tolist()])
    axes.legend()
    return figure


@style.drawing()
def first_maps(
    image: np.ndarray, layers: Mapping[str, np.ndarray], side: int
) -> Figure:
    """A digit and the maps that C1 to S4 make of it, dark where a unit is high.

    The digit stands in the margin that the network sees around it, within a frame.

    Parameters
    ----------
    image : array, shape (1, 28, 28), uint8
    layers : mapping of array, shape (maps, side, side)
        By the name of the layer, from the first to the last.
    side : int
        Of the network's input, pixels.
    """
    margin = (side - image.shape[-1]) // 2
    around = (margin, margin)
    shown = {"input": np.pad(image, ((0, 0), around, around)), **layers}
    rows = [max(1, len(maps) // 8) for maps in shown.values()]
    # Fixed places: a solver of layouts leaves zeros of either sign behind.
    figure = Figure(figsize=(style.WIDTH, 4.6))
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
        axes.spines[:].set(visible=name == "input", color=style.GREY)
    return figure
