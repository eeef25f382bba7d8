"""Figures of many runs, and of one run rounded in several ways."""

from collections.abc import Mapping
from statistics import fmean

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from exhibits.figures import style
from exhibits.figures.curves import log

LINES = ((style.ORANGE, "--"), (style.PINK, "-."))


@style.drawing()
def final_errors(
    errors, others, interval: tuple[float, float], marks: Mapping[str, float]
) -> Figure:
    """One dot a run at its final error, dots of the same error stacked; a second sample hangs below.

    Parameters
    ----------
    errors, others : array, shape (runs,), %
        Test error after the last epoch, of this report's runs and of other runs.
    interval : low, high
        Of the mean of ``errors``, %.
    marks : mapping of float
        Two published errors to mark, %, by their label.
    """
    figure, axes = style.panels(4.3)
    low, high = np.round(interval, 4)
    band = {"color": style.GREY, "alpha": 0.3, "linewidth": 0}
    axes.axvspan(low, high, label="mean, t interval", **band)
    axes.axvline(round(fmean(errors), 6), color=style.INK, linewidth=1.2)
    up, down = _stacks(errors), _stacks(others)
    axes.plot(*up, "o", color=style.BLUE, markersize=4.5, label="one seed")
    other = {"color": style.GREEN, "markersize": 4.5, "label": "one seed in PyTorch"}
    axes.plot(down[0], -down[1], "s", **other)
    axes.axhline(0, color=style.INK, linewidth=0.8)
    for (label, value), (colour, line) in zip(marks.items(), LINES, strict=True):
        axes.axvline(value, color=colour, linestyle=line, label=label)
    axes.set(xlabel="test error after the last epoch (%)", ylabel="seeds")
    axes.set(ylim=(-down[1].max() - 1, up[1].max() + 1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{abs(y):.0f}"))
    axes.grid(axis="y", visible=False)
    style.legend_above(figure)
    return figure


@style.drawing()
def seed_curves(losses, errors) -> Figure:
    """The test loss and error of every run (row) over the epochs, and their medians."""
    figure, axes = style.panels(4.4, 2, sharex=True)
    alpha = max(0.1, min(0.35, 7 / len(losses)))
    for each, values in zip(axes, (log(losses), errors.to_numpy()), strict=True):
        one = {"color": style.BLUE, "alpha": alpha, "linewidth": 0.9}
        runs = each.plot(errors.columns, values.T, **one)
        runs[0].set_label("one seed")
        median = np.round(np.median(values, axis=0), 5)
        each.plot(
            errors.columns, median, color=style.ORANGE, linewidth=2.4, label="median"
        )
        for handle in each.legend(loc="upper right").get_lines():
            handle.set_alpha(1)
    axes[0].set(ylabel="log test loss (ln nats)")
    axes[1].set(ylabel="test error (%)", ylim=(0, None))
    style.count_epochs(*axes)
    return figure


@style.drawing()
def final_and_best(final, best) -> Figure:
    """Errors of each run (%), after the last epoch and the best, in the order of the first."""
    final, best = np.round(final, 4), np.round(best, 4)
    order = np.lexsort((best, final))
    final, best = np.asarray(final)[order], np.asarray(best)[order]
    place, size = np.arange(1, len(final) + 1), 6 if len(final) <= 40 else 2.5
    figure, axes = style.panels(2.8)
    axes.vlines(place, best, final, color=style.GREY, linewidth=0.2 * size)
    axes.plot(place, final, "o", color=style.BLUE, markersize=size, label="last epoch")
    squares = {"color": style.ORANGE, "markersize": size}
    axes.plot(place, best, "s", label="best epoch on the test images", **squares)
    axes.set(xlabel="seeds, in the order of their last epoch", ylabel="test error (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", visible=False)
    style.legend_above(figure, markerscale=6 / size)
    return figure


@style.drawing()
def parting(rounding) -> Figure:
    """How runs of one seed that are rounded otherwise part: weights above, errors below.

    ``rounding`` is the table that :mod:`exhibits.rounding` writes.
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    looks = [
        {"color": style.BLUE, "marker": "o"},
        {"color": style.ORANGE, "marker": "s"},
    ]
    looks += [{"color": style.GREEN, "marker": "^"}]
    runs = {}
    pairs = rounding.groupby(["first", "second"], sort=False)
    for ((first, second), rows), look in zip(pairs, looks, strict=True):
        distance = np.round(100 * rows.weight_distance, 4)
        top.plot(rows.epoch, distance, label=f"{first} – {second}", **look)
        trained = rows[rows.epoch > 0].round(4)
        runs |= {first: (trained.epoch, trained.first_error)}
        runs |= {second: (trained.epoch, trained.second_error)}
    for (name, series), look in zip(runs.items(), looks, strict=True):
        bottom.plot(*series, label=name, **look)
    top.set(ylabel="distance of the weights (%)", ylim=(0, None))
    bottom.set(ylabel="test error (%)", ylim=(0, None))
    top.legend(loc="lower right")
    bottom.legend(loc="upper right")
    style.count_epochs(top, bottom)
    return figure


def _stacks(errors) -> tuple[np.ndarray, np.ndarray]:
    """Where the dots stand: each error, and its number among those that are equal."""
    values, counts = np.unique(np.round(errors, 2), return_counts=True)
    heights = [np.arange(1, count + 1) for count in counts]
    return np.repeat(values, counts), np.concatenate(heights)
