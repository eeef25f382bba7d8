"""The figures of the page *Results*: one run over its epochs, and what it reads."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from exhibits import style
from exhibits.drawings import draw_as_stored, log
from exhibits.predictions import Predictions


@style.drawing()
def answer(
    history: pd.DataFrame,
    original: pd.DataFrame,
    errors_of_seeds: pd.DataFrame,
    name: str = "this report",
) -> Figure:
    """The test error over the epochs, ours and the original's, on the spread over seeds.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`.
    errors_of_seeds : DataFrame, a row a seed, a column an epoch from 1, %
        Nine seeds of ten lie in the band.
    name : str
        Of ours.
    """
    figure, axes = style.panels(3.0)
    low, high = errors_of_seeds.quantile([0.05, 0.95]).round(4).to_numpy()
    axes.fill_between(
        errors_of_seeds.columns,
        low,
        high,
        label=f"{len(errors_of_seeds)} seeds, nine of ten",
        color=style.GREY,
        alpha=0.35,
        linewidth=0,
    )
    axes.plot(
        original.drawn_at_epoch,
        np.round(100 - original.accuracy, 2),
        label="the original",
        color=style.ORANGE,
        marker="s",
    )
    trained = history[history.epoch > 0].round(4)
    axes.plot(
        trained.epoch,
        trained.test_error,
        label=name,
        color=style.BLUE,
        marker="o",
    )
    axes.set(ylabel="error (% of test images)", ylim=(0, None))
    axes.legend(loc="upper right")
    style.count_epochs(axes)
    return figure


@style.drawing()
def convergence(
    history: pd.DataFrame, original: pd.DataFrame, name: str = "this report"
) -> Figure:
    """The logarithm of the loss, and the error in per cent, over the epochs.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`. The published loss is drawn one epoch earlier,
        since its first value is that of the untrained network.
    name : str
        Of ours.
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    losses = log(history.train_loss), log(history.test_loss)
    _draw_run(top, history.epoch, *losses, name)
    top.plot(
        original.drawn_at_epoch - 1,
        log(original.loss),
        label="original, moved back one epoch",
        color=style.ORANGE,
        marker="s",
    )
    top.set(ylabel="log loss (ln nats)")
    # The untrained network misreads nine of ten digits: a scale with it would hide the rest.
    trained = history[history.epoch > 0].round(4)
    _draw_run(bottom, trained.epoch, trained.train_error, trained.test_error, name)
    bottom.plot(
        original.drawn_at_epoch,
        np.round(100 - original.accuracy, 2),
        label="original, as published",
        color=style.ORANGE,
        marker="s",
    )
    bottom.set(ylabel="error (% of images)", ylim=(0, None))
    note = f"epoch 0, off the scale: {history.test_error[0]:.1f} %"
    bottom.text(
        0.26, 0.53, note, color=style.BLUE, transform=bottom.transAxes, va="top"
    )
    for axes in (top, bottom):
        axes.legend(loc="upper right")
    style.count_epochs(top, bottom)
    return figure


def _draw_run(axes, epochs, of_train, of_test, name: str) -> None:
    """Draw our curves, on the training and on the test images."""
    axes.plot(
        epochs,
        of_train,
        label=f"{name}, training images",
        color=style.BLUE,
        linestyle="--",
        linewidth=1.2,
    )
    axes.plot(
        epochs, of_test, label=f"{name}, test images", color=style.BLUE, marker="o"
    )


@style.drawing()
def examples(
    predictions: Predictions, rows: Sequence[int], confident: bool = False
) -> Figure:
    """Test images white on black, three a row, each under its prediction; a wrong one is bold.

    Parameters
    ----------
    rows : sequence of int
        The images, by their place in the test file.
    confident : bool
        Whether the probability given to the prediction stands there too.
    """
    count = -(-len(rows) // 3)
    figure = Figure(figsize=(2.85, 1.12 * count), layout="constrained")
    grid = figure.subplots(count, 3, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    # The last row may have places to spare.
    for axes, row in zip(grid, rows, strict=False):
        title = f"{predictions.predicted[row]}"
        if predictions.wrong[row]:
            title += f" (is {predictions.labels[row]})"
        if confident:
            title += f"\n{100 * predictions.confidence[row]:.2f} %"
        draw_as_stored(axes, predictions.images[row, 0])
        if predictions.wrong[row]:
            axes.set_title(title, color=style.RED, fontweight="bold")
        else:
            axes.set_title(title)
    return figure


@style.drawing()
def confusion(matrix: np.ndarray) -> Figure:
    """The confusion matrix, labels by predictions, coloured by its mistakes alone.

    Parameters
    ----------
    matrix : array, shape (10, 10), int
        Of :meth:`exhibits.predictions.Predictions.confusion`.
    """
    mistakes = np.array(matrix)
    np.fill_diagonal(mistakes, 0)
    most = mistakes.max()
    figure, axes = style.panels(3.6)
    axes.imshow(
        mistakes,
        cmap="Blues",
        vmin=0,
        vmax=max(1, 1.4 * most),
        gid=style.INVERTED,
        aspect="auto",
    )
    for (label, predicted), count in np.ndenumerate(matrix):
        if mistakes[label, predicted] > 0.8 * most > 0:
            colour = style.PAPER  # on a dark field
        elif count:
            colour = style.INK
        else:
            colour = style.FAINT
        axes.text(predicted, label, str(count), color=colour, ha="center", va="center")
    ticks = range(len(mistakes))
    axes.set(xticks=ticks, yticks=ticks, xlabel="predicted digit", ylabel="label")
    axes.grid(False)
    return figure
