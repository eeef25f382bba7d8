"""The figures of the page *Committee*: error by size, what is misread, error by cost."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from exhibits import style
from exhibits.committee.costs import Cost
from exhibits.drawings import labelled


@style.drawing()
def errors_by_size(errors: np.ndarray) -> Figure:
    """Error of committees of 1, 2, … networks; a band spans nine tenths of them.

    Parameters
    ----------
    errors : array, shape (committees, sizes)
        In %.
    """
    figure, axes = style.panels(3.2)
    number = np.arange(1, errors.shape[1] + 1)
    low, high = np.round(np.percentile(errors, (5, 95), axis=0), 4)
    axes.fill_between(
        number,
        low,
        high,
        color=style.BLUE,
        alpha=0.2,
        linewidth=0,
        label="nine committees in ten",
    )
    mean = np.round(errors.mean(axis=0), 4)
    axes.plot(number, mean, color=style.BLUE, marker="o", label="mean")
    axes.set(xlabel="networks", ylabel="test error (%)", xticks=number[::2])
    axes.legend()
    return figure


@style.drawing()
def misread(
    images: np.ndarray, titles: Sequence[str], framed: Sequence[bool]
) -> Figure:
    """Images under two lines each, a frame around some.

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    titles : sequence of str
    framed : sequence of bool
    """
    return labelled(
        images,
        titles,
        framed,
        columns=5,
        height=1.16,
        gap=0.62,
        foot=0.03,
        head=0.4,
        pad=4,
    )


@style.drawing()
def errors_by_cost(ours: list[Cost], published: list[Cost]) -> Figure:
    """Test error over the multiply-adds that a training takes.

    What was run here has its name to the right of its point, what was published below it,
    and an open mark, through which a point of ours at the same place shows.
    """
    figure, axes = style.panels(4.2)
    _draw_costs(axes, ours, style.BLUE, "run here", marker="o")
    for cost in ours:
        _name(axes, cost, style.BLUE, (8, 0), va="center", ha="left")
    open_mark = {"marker": "D", "markersize": 8, "markerfacecolor": "none"}
    _draw_costs(axes, published, style.PINK, "as papers state", **open_mark)
    for cost in published:
        _name(axes, cost, style.PINK, (0, -8), va="top", ha="center")
    _set_scales(axes, [*ours, *published])
    style.legend_above(figure)
    return figure


def _draw_costs(axes: Axes, costs: list[Cost], colour: str, label: str, **mark) -> None:
    """Draw a point for each cost."""
    points = np.array([_point(cost) for cost in costs])
    axes.plot(
        points[:, 0], points[:, 1], linestyle="", color=colour, label=label, **mark
    )


def _name(axes: Axes, cost: Cost, colour: str, offset: tuple, **alignment) -> None:
    """Write the name of a cost beside its point, so many points of print away."""
    axes.annotate(
        cost.name,
        _point(cost),
        xytext=offset,
        textcoords="offset points",
        color=colour,
        **alignment,
    )


def _point(cost: Cost) -> tuple[float, float]:
    """Where a cost is drawn: the logarithm of its multiply-adds, and its error (%)."""
    # The last bits of a logarithm differ by machine.
    return float(np.round(np.log10(cost.multiply_adds), 3)), round(cost.error, 3)


def _set_scales(axes: Axes, costs: list[Cost]) -> None:
    """Give the axes the usual span, and a wider one where a point would fall outside."""
    exponents = [math.log10(cost.multiply_adds) for cost in costs]
    left = min(11.3, min(exponents) - 0.8)  # a name stands on both sides of a point
    right = max(16.6, max(exponents) + 0.6)
    errors = [cost.error for cost in costs]
    lowest = min(0.17, 0.85 * min(errors))
    highest = max(1.4, 1.2 * max(errors))
    axes.set(yscale="log", ylabel="test error (%)", ylim=(lowest, highest))
    axes.set_yticks([0.2, 0.3, 0.5, 1], ["0.2", "0.3", "0.5", "1"])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="multiply-adds of the training", xlim=(left, right))
    powers = range(math.ceil(left), math.floor(right) + 1)
    axes.set_xticks(powers, [f"$10^{{{power}}}$" for power in powers])
