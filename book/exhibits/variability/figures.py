"""The figures of the page *Variability*: many runs, and one run rounded in several ways."""

from collections.abc import Mapping
from statistics import fmean

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from exhibits import style


@style.drawing()
def final_errors(
    errors,
    ours: float,
    others,
    interval: tuple[float, float],
    marks: Mapping[str, float],
) -> Figure:
    """One dot a run at its final error, dots of the same error stacked; a second sample hangs below.

    Parameters
    ----------
    errors, others : array, shape (runs,), %
        Test error after the last epoch, of the recipe's runs and of other runs.
    ours : float
        The error of the run that the book is about, which is one of ``errors``.
    interval : low, high
        Of the mean of ``errors``, %.
    marks : mapping of float
        The error of the 2020 report and that of LeNet-5 (1998), %, by their labels.
    """
    figure, axes = style.panels(3.9)
    _draw_mean(axes, errors, interval)
    _draw_samples(axes, errors, ours, others)
    lines = ((style.ORANGE, "--"), (style.PINK, "-."))
    for (label, error), (colour, line) in zip(marks.items(), lines, strict=True):
        axes.axvline(error, color=colour, linestyle=line, label=label)
    axes.set(xlabel="test error after the last epoch (%)", ylabel="runs")
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


def _draw_samples(axes: Axes, errors, ours: float, others) -> None:
    """Draw the dots of two samples, the first stacked upwards and the second downwards."""
    values, heights = _stacks(errors)
    other_values, depths = _stacks(others)
    dots = {"color": style.GREY, "markersize": 4.5, "linestyle": "none"}
    axes.plot(values, heights, marker="o", label="one seed", **dots)
    of_ours = np.flatnonzero(values == round(ours, 2))[:1]
    axes.plot(
        values[of_ours],
        heights[of_ours],
        "D",
        color=style.BLUE,
        markersize=5.5,
        label="our run",
    )
    axes.plot(
        other_values,
        -depths,
        marker="s",
        markerfacecolor="none",
        label="one seed in PyTorch",
        **dots,
    )
    axes.axhline(0, color=style.INK, linewidth=0.8)
    axes.set(ylim=(-depths.max() - 1, heights.max() + 1))


def _stacks(errors) -> tuple[np.ndarray, np.ndarray]:
    """Where the dots stand: each error, and its number among those that are equal."""
    values, counts = np.unique(np.round(errors, 2), return_counts=True)
    heights = [np.arange(1, count + 1) for count in counts]
    return np.repeat(values, counts), np.concatenate(heights)


@style.drawing()
def errors_by_digit(errors: np.ndarray, ours: int) -> Figure:
    """The error on the images of each digit, one dot a network; equal ones side by side.

    Parameters
    ----------
    errors : array, shape (networks, 10), %
    ours : int
        The row of the run that the book is about.
    """
    figure, axes = style.panels(2.9)
    for digit, of_digit in enumerate(errors.T):
        values, numbers = _stacks(of_digit)
        # Each group of equal dots is centred on its digit: 1, 2, 3 as -1, 0, 1.
        _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
        beside = numbers - (counts[group] + 1) / 2
        axes.plot(
            digit + 0.08 * beside,
            values,
            "o",
            color=style.GREY,
            markersize=2.5,
            label="one seed" if digit == 0 else None,
        )
    digits = np.arange(errors.shape[1])
    mean = np.round(errors.mean(axis=0), 5)
    axes.plot(digits, mean, "_", color=style.INK, markersize=22, label="mean")
    axes.plot(
        digits,
        np.round(errors[ours], 5),
        "D",
        color=style.BLUE,
        markersize=5,
        label="our run",
    )
    axes.set(xlabel="digit", ylabel="test error (%)", ylim=(0, None))
    axes.set_xticks(digits)
    axes.grid(axis="x", visible=False)
    style.legend_above(figure, columns=3)
    return figure


# What the runs of the record of roundings are called in the figure.
NAMES = {"exact engine": "our engine", "PyTorch, DEFAULT": "PyTorch, plain"}


@style.drawing()
def parting(rounding: pd.DataFrame) -> Figure:
    """How far the weights part of runs of one seed that are rounded otherwise.

    Parameters
    ----------
    rounding : DataFrame
        The table that :mod:`studies.rounding` writes.
    """
    figure, axes = style.panels(2.5)
    looks = ((style.BLUE, "o"), (style.PINK, "s"), (style.GREY, "^"))
    pairs = rounding.groupby(["first", "second"], sort=False)
    for (names, rows), (colour, marker) in zip(pairs, looks, strict=True):
        first, second = [NAMES.get(name, name) for name in names]
        distance = np.round(100 * rows.weight_distance, 4)
        label = f"{first} – {second}"
        axes.plot(rows.epoch, distance, label=label, color=colour, marker=marker)
    axes.set(ylabel="weights apart (%)", ylim=(0, None))
    style.count_epochs(axes)
    style.legend_above(figure, columns=1)
    return figure
