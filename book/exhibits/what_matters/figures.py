"""The figure of the page *What matters*: each variation's error and cost beside the recipe's."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from exhibits import style
from studies.comparisons import ALIKE
from studies.variations import Compared, Outcome

COSTS = (0.5, 1, 2, 4)  # marked on the axis of costs, times those of the recipe


@style.drawing()
def errors_by_variation(compared: list[Compared], recipe: Outcome) -> Figure:
    """Each variation's difference to the recipe with its interval, and beside it the cost.

    The best stands at the top. A filled dot differs from the recipe beyond chance, an empty
    one cannot be told from it.

    Parameters
    ----------
    compared : list of Compared
    recipe : Outcome
        Whose costs are the measure of the others'.
    """
    rows = sorted(compared, key=lambda row: row.held_back.mean)
    height = 0.2 * len(rows) + 1.2
    figure, panels = style.panels(height, ncols=2, sharey=True, width_ratios=[2.1, 1])
    errors, costs = panels
    for place, row in enumerate(rows):
        _draw_difference(errors, place, row)
    _draw_legend(errors)
    errors.axvline(0, color=style.INK, linewidth=0.8, zorder=1)
    errors.set_yticks(range(len(rows)), [row.outcome.name for row in rows])
    errors.set(ylim=(len(rows) - 0.4, -0.6), xlabel="difference (points)")
    errors.set_title("error")
    _draw_costs(costs, [row.outcome for row in rows], recipe)
    for axes in (errors, costs):
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
    style.legend_above(figure, 3, handletextpad=0.3, columnspacing=1.2)
    return figure


def _draw_difference(axes: Axes, place: int, row: Compared) -> None:
    """Draw a row: the interval on the images held back, its mean, and the test images'."""
    low, high = np.round(row.held_back.interval, 4)
    axes.plot([low, high], [place, place], color=style.BLUE, zorder=1.9)
    fill = style.PAPER if row.verdict == ALIKE else style.BLUE
    _draw_mean(axes, round(row.held_back.mean, 4), place, fill)
    _draw_test(axes, round(row.test.mean, 4), place)


def _draw_mean(axes: Axes, error, place, fill: str, label: str | None = None) -> None:
    axes.plot(
        error,
        place,
        "o",
        color=style.BLUE,
        markerfacecolor=fill,
        markersize=5.5,
        label=label,
    )


def _draw_test(axes: Axes, error, place, label: str | None = None) -> None:
    axes.plot(error, place, "x", color=style.INK, markersize=5, zorder=2.1, label=label)


def _draw_legend(axes: Axes) -> None:
    """Name what stands in the rows."""
    _draw_mean(axes, [], [], style.BLUE, label="differs")
    _draw_mean(axes, [], [], style.PAPER, label="cannot be told")
    _draw_test(axes, [], [], label="test images")


def _draw_costs(axes: Axes, outcomes: list[Outcome], recipe: Outcome) -> None:
    """Draw what each takes: multiply-adds as bars, seconds of one core as marks."""
    for place, outcome in enumerate(outcomes):
        products = np.log2(outcome.multiply_adds / recipe.multiply_adds)
        seconds = np.log2(outcome.seconds / recipe.seconds)
        axes.barh(place, round(products, 3), height=0.5, color=style.GREY, alpha=0.5)
        axes.plot(round(seconds, 3), place, "|", color=style.INK, markersize=9)
    axes.axvline(0, color=style.INK, linewidth=0.8, zorder=1)
    ticks = np.round(np.log2(COSTS), 3)
    axes.set_xticks(ticks, [f"{cost:g}" for cost in COSTS])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(title="cost", xlabel="times the recipe")
