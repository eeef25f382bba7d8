"""The answer of the report in one picture."""

import numpy as np
from matplotlib.figure import Figure

from exhibits.figures import style
from exhibits.figures.curves import OURS, THEIRS


@style.drawing()
def answer(history, original, spread) -> Figure:
    """The test error over the epochs, ours and the original's, on the spread over seeds.

    Parameters
    ----------
    history, original : DataFrame
        As :func:`exhibits.report` gives them.
    spread : DataFrame, a row a seed, a column an epoch from 1, %
        Nine seeds of ten lie in the band.
    """
    figure, axes = style.panels(3.0)
    low, high = spread.quantile([0.05, 0.95]).round(4).to_numpy()
    band = {"color": style.GREY, "alpha": 0.35, "linewidth": 0}
    count = f"{len(spread)} seeds, nine of ten"
    axes.fill_between(spread.columns, low, high, label=count, **band)
    drawn, published = original.drawn_at_epoch, np.round(100 - original.accuracy, 2)
    axes.plot(drawn, published, label="the original", **THEIRS)
    trained = history[history.epoch > 0].round(4)
    ours = OURS | {"label": "this report"}
    axes.plot(trained.epoch, trained.test_error, **ours)
    axes.set(ylabel="error (% of test images)", ylim=(0, None))
    axes.legend(loc="upper right")
    style.count_epochs(axes)
    return figure
