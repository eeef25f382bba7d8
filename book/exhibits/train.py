"""The page *Train it yourself*: its figure for print, and the spread that the page draws."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from exhibits import style
from exhibits.drawings import draw_as_stored
from exhibits.layers import listed
from exhibits.predictions import Predictions
from lenet5.config import EARLIER, RECIPE, Config, Setting

KERNELS = 6  # in a row


@style.drawing()
def trained_here(
    history: pd.DataFrame,
    kernels: np.ndarray,
    predictions: Predictions,
    rows: Sequence[int],
) -> Figure:
    """What the page shows at the end: curves on those of our run, kernels, readings.

    Parameters
    ----------
    history : DataFrame
        Of :func:`exhibits.report.history_of`.
    kernels : array, shape (maps, channels, height, width)
        Of the first layer; six are shown.
    predictions : Predictions
    rows : sequence of int
        Twelve test images, by their place in the file.
    """
    figure = Figure(figsize=(style.WIDTH, 6.6), layout="constrained")
    top, below = figure.subfigures(2, height_ratios=(3.8, 2.8))
    charts = top.subplots(2, sharex=True)
    _draw_curves(charts[0], history, "loss", "loss (nats)")
    _draw_curves(charts[1], history, "error", "error (% of images)")
    style.count_epochs(*charts)
    grid = below.subplots(3, KERNELS)
    kernels = kernels[:KERNELS]
    limit = float(np.abs(kernels).max())
    for axes, kernel in zip(grid[0], kernels, strict=False):
        axes.imshow(
            kernel[0],
            cmap=style.ABOUT_ZERO,
            vmin=-limit,
            vmax=limit,
            gid=style.INVERTED,
        )
    for axes, row in zip(grid[1:].flat, rows, strict=True):
        draw_as_stored(axes, predictions.images[row, 0])
        axes.set_title(_title(predictions, row), pad=2, linespacing=1.05)
    for axes in grid.flat:
        axes.axis("off")
    return figure


def _draw_curves(axes: Axes, history: pd.DataFrame, quantity: str, label: str) -> None:
    """Draw our run broadly, and on it, since it is equal, what is computed."""
    for split, line, marker in (("train", "--", ""), ("test", "-", "o")):
        values = np.round(history[f"{split}_{quantity}"], 5)
        axes.plot(history.epoch, values, line, color=style.BLUE, alpha=0.5, linewidth=5)
        axes.plot(history.epoch, values, line, color=style.INK, marker=marker)
    axes.set(yscale="log", ylabel=label)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(LogLocator(subs=()))


def _title(predictions: Predictions, row: int) -> str:
    """The prediction for an image, the label if it is wrong, and the probability."""
    title = f"{predictions.predicted[row]}"
    if predictions.wrong[row]:
        title += f", is {predictions.labels[row]}"
    return f"{title}\n{100 * predictions.confidence[row]:.0f} %"


def spread_of_seeds(seeds: pd.DataFrame) -> dict:
    """Between which values nine seeds of ten lie at each epoch, fit for JSON.

    Parameters
    ----------
    seeds : DataFrame
        The table ``record/seeds.csv``, a row an epoch of each run.

    Returns
    -------
    dict
        The number of ``seeds``, the ``recipe`` that they share, each ``epoch``, and for
        ``test_loss`` (nats) and ``test_error`` (%) the lower and the upper end at each.
    """
    settings = EARLIER | seeds.iloc[0].to_dict()
    config = Config(**{setting.name: settings[setting.name] for setting in RECIPE})
    recipe = {setting.name: getattr(config, setting.name) for setting in RECIPE}
    spread = {
        "seeds": seeds.seed.nunique(),
        "recipe": recipe,
        "epoch": sorted(set(seeds.epoch.tolist())),
    }
    for measure in ("test_loss", "test_error"):
        ends = seeds.groupby("epoch")[measure].quantile([0.05, 0.95]).unstack()
        spread[measure] = ends.round(4).to_numpy().tolist()
    return spread


def settings_of_page() -> bytes:
    """The settings that the page offers, as JSON.

    Each has its ``name``, its ``label``, its ``kind`` (``whole`` or ``number``, with where
    it begins and ends as ``from`` and ``to``; ``choice``, with the ``choices``; or
    ``network``, a line of notation) and its ``default``, which a command need not name.
    """
    offered = []
    for setting in RECIPE:
        entry = {"name": setting.name, "label": setting.label}
        entry |= _allowed(setting)
        entry["default"] = setting.default
        offered.append(entry)
    return (json.dumps(offered, indent=1) + "\n").encode()


def labels_in_words() -> str:
    """What can be set on the page, in words."""
    return listed(setting.label.lower() for setting in RECIPE)


def _allowed(setting: Setting) -> dict:
    """The kind of a setting, and what it may be, for :func:`settings_of_page`."""
    if setting.kind is str and not setting.limits:
        return {"kind": "network"}
    if setting.kind is str:
        return {"kind": "choice", "choices": list(setting.limits)}
    least, largest = setting.limits
    kind = "whole" if setting.kind is int else "number"
    return {"kind": kind, "from": least, "to": largest}
