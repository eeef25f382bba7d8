"""Figures of counts: images by class, mistakes by class and pair, and their intervals."""

import numpy as np
from matplotlib.figure import Figure

from exhibits.figures import style


@style.drawing()
def class_bars(values, label: str, line: float, line_label: str) -> Figure:
    """One bar a class, its value at its end, and a line across.

    Parameters
    ----------
    values : array, shape (classes,)
    label, line_label : str
        Of the values, with their unit, and of the line.
    line : float
    """
    figure, axes = style.panels(2.7)
    bars = axes.barh(range(len(values)), values, color=style.BLUE)
    form = "{:,}" if np.asarray(values).dtype.kind in "iu" else "{:.2f}"
    over_line = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.8}
    labels = [form.format(value) for value in values]
    axes.bar_label(bars, labels, padding=3, bbox=over_line, zorder=3)
    axes.axvline(line, color=style.ORANGE, linestyle="--", label=line_label)
    figure.legend(loc="outside upper right")
    axes.set(yticks=range(len(values)), ylabel="digit", xlabel=label)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    return figure


@style.drawing()
def confusion(matrix) -> Figure:
    """The confusion matrix, labels by predictions, coloured by its mistakes alone."""
    mistakes = np.array(matrix)
    np.fill_diagonal(mistakes, 0)
    figure, axes = style.panels(3.6)
    top = max(1, 1.4 * mistakes.max())
    axes.imshow(
        mistakes, cmap="Blues", vmin=0, vmax=top, gid=style.INVERTED, aspect="auto"
    )
    for (i, j), count in np.ndenumerate(matrix):
        dark = mistakes[i, j] > 0.8 * mistakes.max() > 0
        colour = style.PAPER if dark else (style.INK if count else style.FAINT)
        axes.text(j, i, str(count), color=colour, ha="center", va="center")
    ticks = range(len(mistakes))
    axes.set(xticks=ticks, yticks=ticks, xlabel="predicted digit", ylabel="label")
    axes.grid(False)
    return figure


@style.drawing()
def intervals(systems) -> Figure:
    """Errors of systems with their intervals, one a row; the first is this report's."""
    figure, axes = style.panels(0.6 + 0.38 * len(systems))
    ends = [np.round(system.interval, 4) for system in systems]
    axes.axvspan(*ends[0], color=style.BLUE, alpha=0.12, linewidth=0)
    for row, (system, interval) in enumerate(zip(systems, ends, strict=True)):
        colour = style.INK if row else style.BLUE
        axes.plot(interval, [row, row], color=colour)
        axes.plot(round(system.error, 4), row, "o", color=colour, markersize=6)
        axes.text(0.02, row - 0.22, f"{system.name} ({system.year})", color=colour)
    axes.set(xlabel="error (% of the test images)", xlim=(0, None), yticks=[])
    axes.set_ylim(len(systems) - 0.5, -0.8)
    return figure
