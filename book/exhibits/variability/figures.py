"""The figures of the page *Variability*: many runs, and one run rounded in several ways."""

from collections.abc import Mapping
from statistics import fmean

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from exhibits import style
from exhibits.drawings import log


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
    _draw_mean(axes, errors, interval)
    _draw_samples(axes, errors, others)
    lines = ((style.ORANGE, "--"), (style.PINK, "-."))
    for (label, error), (colour, line) in zip(marks.items(), lines, strict=True):
        axes.axvline(error, color=colour, linestyle=line, label=label)
    axes.set(xlabel="test error after the last epoch (%)", ylabel="seeds")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    # Both samples are counted from the middle, the lower one downwards.
    axes.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{abs(count):.0f}"))
    axes.grid(axis="y", visible=False)
    style.legend_above(figure)
    return figure


def _draw_mean(axes: Axes, errors, interval: tuple[float, float]) -> None:
    """Draw the mean of the errors as a line and its interval as a band."""
    low, high = np.round(interval, 4)
    axes.axvspan(
        low, high, label="mean, t interval", color=style.GREY, alpha=0.3, linewidth=0
    )
    axes.axvline(round(fmean(errors), 6), color=style.INK, linewidth=1.2)


def _draw_samples(axes: Axes, errors, others) -> None:
    """Draw the dots of two samples, the first stacked upwards and the second downwards."""
    values, heights = _stacks(errors)
    other_values, depths = _stacks(others)
    axes.plot(values, heights, "o", color=style.BLUE, markersize=4.5, label="one seed")
    axes.plot(
        other_values,
        -depths,
        "s",
        color=style.GREEN,
        markersize=4.5,
        label="one seed in PyTorch",
    )
    axes.axhline(0, color=style.INK, linewidth=0.8)
    axes.set(ylim=(-depths.max() - 1, heights.max() + 1))


def _stacks(errors) -> tuple[np.ndarray, np.ndarray]:
    """Where the dots stand: each error, and its number among those that are equal."""
    values, counts = np.unique(np.round(errors, 2), return_counts=True)
    heights = [np.arange(1, count + 1) for count in counts]
    return np.repeat(values, counts), np.concatenate(heights)


@style.drawing()
def seed_curves(losses: pd.DataFrame, errors: pd.DataFrame) -> Figure:
    """The test loss and error of every run over the epochs, and their medians.

    Parameters
    ----------
    losses, errors : DataFrame, a row a seed, a column an epoch from 1
        In nats and in %.
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    _draw_curves(top, errors.columns, log(losses))
    _draw_curves(bottom, errors.columns, errors.to_numpy())
    top.set(ylabel="log test loss (ln nats)")
    bottom.set(ylabel="test error (%)", ylim=(0, None))
    style.count_epochs(top, bottom)
    return figure


def _draw_curves(axes: Axes, epochs, values: np.ndarray) -> None:
    """Draw a thin line for each run, a row of ``values``, and a thick one for the median."""
    alpha = max(0.1, min(0.35, 7 / len(values)))  # many lines hide one another
    lines = axes.plot(epochs, values.T, color=style.BLUE, alpha=alpha, linewidth=0.9)
    lines[0].set_label("one seed")
    median = np.round(np.median(values, axis=0), 5)
    axes.plot(epochs, median, color=style.ORANGE, linewidth=2.4, label="median")
    for handle in axes.legend(loc="upper right").get_lines():
        handle.set_alpha(1)


@style.drawing()
def final_and_best(final, best) -> Figure:
    """Errors of each run, after the last epoch and the best, in the order of the first.

    Parameters
    ----------
    final, best : array, shape (runs,), %
    """
    final = np.asarray(np.round(final, 4))
    best = np.asarray(np.round(best, 4))
    order = np.lexsort((best, final))
    final = final[order]
    best = best[order]
    place = np.arange(1, len(final) + 1)
    size = 6 if len(final) <= 40 else 2.5
    figure, axes = style.panels(2.8)
    axes.vlines(place, best, final, color=style.GREY, linewidth=0.2 * size)
    axes.plot(place, final, "o", color=style.BLUE, markersize=size, label="last epoch")
    axes.plot(
        place,
        best,
        "s",
        color=style.ORANGE,
        markersize=size,
        label="best epoch on the test images",
    )
    axes.set(xlabel="seeds, in the order of their last epoch", ylabel="test error (%)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="x", visible=False)
    style.legend_above(figure, markerscale=6 / size)
    return figure


@style.drawing()
def parting(rounding: pd.DataFrame) -> Figure:
    """How runs of one seed that are rounded otherwise part: weights above, errors below.

    Parameters
    ----------
    rounding : DataFrame
        The table that :mod:`studies.rounding` writes.
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    looks = ((style.BLUE, "o"), (style.ORANGE, "s"), (style.GREEN, "^"))
    errors = {}  # epochs and errors of each run, by its name: it stands in two pairs
    pairs = rounding.groupby(["first", "second"], sort=False)
    for ((first, second), rows), (colour, marker) in zip(pairs, looks, strict=True):
        distance = np.round(100 * rows.weight_distance, 4)
        label = f"{first} – {second}"
        top.plot(rows.epoch, distance, label=label, color=colour, marker=marker)
        trained = rows[rows.epoch > 0].round(4)
        errors[first] = (trained.epoch, trained.first_error)
        errors[second] = (trained.epoch, trained.second_error)
    for name, (colour, marker) in zip(errors, looks, strict=True):
        epochs, of_test = errors[name]
        bottom.plot(epochs, of_test, label=name, color=colour, marker=marker)
    top.set(ylabel="distance of the weights (%)", ylim=(0, None))
    bottom.set(ylabel="test error (%)", ylim=(0, None))
    top.legend(loc="lower right")
    bottom.legend(loc="upper right")
    style.count_epochs(top, bottom)
    return figure
