"""The figures of the page *Audit*: the loss put right, and the mistakes."""

from collections.abc import Collection

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from exhibits import style
from exhibits.drawings import labelled, link_to_pad
from exhibits.predictions import Predictions

MOST_MISTAKES = 300  # in the atlas; a page holds a third of them


@style.drawing()
def errata(history: pd.DataFrame, original: pd.DataFrame, name: str) -> Figure:
    """The loss that the 2020 report draws, as drawn and moved back, beside ours.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`.
    name : str
        Of ours.
    """
    figure, axes = style.panels(2.6)
    axes.plot(history.epoch, np.round(history.test_loss, 6), label=name, **style.OURS)
    axes.plot(
        original.drawn_at_epoch,
        original.loss,
        label="2020 report, as drawn",
        color=style.ORANGE,
        marker="x",
        linestyle=":",
        linewidth=1.2,
    )
    axes.plot(
        original.drawn_at_epoch - 1,
        original.loss,
        label="2020 report, moved back one",
        **style.REPORT_2020,
    )
    axes.set(ylabel="loss (nats)")
    style.log_scale(axes, (0.03, 0.1, 0.3, 1, 2))
    axes.legend(loc="upper right")
    style.count_epochs(axes)
    return figure


@style.drawing()
def atlas(predictions: Predictions, framed: Collection[int]) -> Figure:
    """The mistakes, 300 at most: label, prediction, probability (%); a frame around some.

    Parameters
    ----------
    framed : collection of int
        Images by their place in the test file.
    """
    mistakes = np.flatnonzero(predictions.wrong)[:MOST_MISTAKES]
    titles = []
    for row in mistakes:
        label = predictions.labels[row]
        predicted = predictions.predicted[row]
        confidence = 100 * predictions.confidence[row]
        titles.append(f"{label}→{predicted}\n{confidence:.0f}")
    figure = labelled(
        predictions.images[mistakes],
        titles,
        [row in framed for row in mistakes],
        columns=12,
        height=0.76,
        gap=1.0,
        foot=0.02,
        head=0.46,
        pad=2,
    )
    # The last row may have places to spare.
    for axes, row in zip(figure.axes, mistakes, strict=False):
        link_to_pad(axes, row, predictions.predicted[row], predictions.labels[row])
    return figure
