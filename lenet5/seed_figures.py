"""The figures of a study over many seeds: arrays in, a matplotlib Figure out."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lenet5.style import BLUE, GREY, INK, ORANGE, PINK, WIDTH, style

MARKS = ((ORANGE, "--"), (PINK, "-."))


@style()
def final_errors(errors, interval: tuple[float, float], marks: dict[str, float]):
    """One dot a run at its final error, dots of the same error stacked.

    Parameters
    ----------
    errors : array, shape (runs,)
        Test error after the last epoch, %.
    interval : low, high
        Of the mean, %.
    marks : dict of float
        Two published errors to mark, %, by their label.

    Returns
    -------
    Figure
    """
    values, counts = np.unique(np.round(errors, 2), return_counts=True)
    x = np.repeat(values, counts)
    y = np.concatenate([np.arange(1, count + 1) for count in counts])
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(
        *interval, color=GREY, alpha=0.3, linewidth=0, label="mean, t interval"
    )
    axes.axvline(np.mean(errors), color=INK, linewidth=1.2)
    axes.plot(x, y, "o", color=BLUE, markersize=7, label="one seed")
    for (label, value), (colour, line) in zip(marks.items(), MARKS, strict=True):
        axes.axvline(value, color=colour, linestyle=line, label=label)
    axes.set(
        xlabel="test error after the last epoch (%)",
        ylabel="seeds",
        ylim=(0, counts.max() + 1),
    )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper center", ncols=4, fontsize=8.5)
    return figure


@style()
def curves(epochs, losses, errors) -> Figure:
    """The test loss and the test error of every run over the epochs, and their medians.

    Parameters
    ----------
    epochs : array, shape (epochs,)
    losses : array, shape (runs, epochs)
        Nats.
    errors : array, shape (runs, epochs)
        %.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(WIDTH, 5.4), layout="constrained")
    top, bottom = figure.subplots(2, sharex=True)
    for axes, values in ((top, np.log(losses)), (bottom, np.asarray(errors))):
        runs = axes.plot(epochs, values.T, color=BLUE, alpha=0.35, linewidth=0.9)
        runs[0].set_label("one seed")
        median = np.median(values, axis=0)
        axes.plot(epochs, median, color=ORANGE, linewidth=2.4, label="median")
        axes.legend(loc="upper right")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    top.set(ylabel="log test loss (ln nats)")
    bottom.set(ylabel="test error (%)", xlabel="epoch", ylim=(0, None))
    return figure


@style()
def final_and_best(seeds, final, best) -> Figure:
    """The error of each run after its last epoch and at the epoch that is best on the test images.

    Parameters
    ----------
    seeds : array of int, shape (runs,)
    final, best : array, shape (runs,)
        %.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    place = np.arange(len(seeds))
    axes.vlines(place, best, final, color=GREY, linewidth=1.2)
    axes.plot(place, final, "o", color=BLUE, markersize=6, label="last epoch")
    axes.plot(
        place,
        best,
        "s",
        color=ORANGE,
        markersize=6,
        label="best epoch on the test images",
    )
    axes.set_xticks(place, [str(seed) for seed in seeds], fontsize=8.5)
    axes.set(xlabel="seed", ylabel="test error (%)")
    axes.grid(axis="x", visible=False)
    figure.legend(loc="outside upper center", ncols=2)
    return figure
