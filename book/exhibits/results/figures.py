"""The figures of the page *Results*: one run over its epochs, and what it reads."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from exhibits import style
from exhibits.drawings import draw_as_stored, link_to_pad
from exhibits.predictions import Predictions


@style.drawing()
def answer(
    history: pd.DataFrame,
    original: pd.DataFrame,
    errors_of_seeds: pd.DataFrame,
    errors_of_reruns: pd.DataFrame,
    name: str,
) -> Figure:
    """The test error over the epochs: of our run, the 2020 report, its reruns, our seeds.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`.
    errors_of_seeds : DataFrame, a row a seed, a column an epoch from 1, %
        All seeds lie in the light band, and nine of ten in the darker one.
    errors_of_reruns : DataFrame, a row a run, a column an epoch from 0, %
        A line each.
    name : str
        Of our run.
    """
    figure, axes = style.panels(3.4)
    count = len(errors_of_seeds)
    bands = ((0, 1, 0.25, "all"), (0.05, 0.95, 0.35, "nine of ten"))
    for least, most, alpha, which in bands:
        low, high = errors_of_seeds.quantile([least, most]).round(4).to_numpy()
        axes.fill_between(
            errors_of_seeds.columns,
            low,
            high,
            label=f"our {count} seeds, {which}",
            color=style.GREY,
            alpha=alpha,
            linewidth=0,
        )
    axes.plot(
        original.drawn_at_epoch,
        np.round(100 - original.accuracy, 2),
        label="2020 report, as plotted",
        zorder=3,
        **style.REPORT_2020,
    )
    trained = errors_of_reruns.loc[:, 1:]
    for number, (_, errors) in enumerate(trained.iterrows()):
        label = f"its program, run again {len(trained)} times" if number == 0 else None
        axes.plot(trained.columns, errors.round(2), label=label, **style.RERUN)
    ours = history[history.epoch > 0].round(4)
    axes.plot(ours.epoch, ours.test_error, label=name, zorder=3, **style.OURS)
    axes.set(ylabel="error (% of test images)")
    style.log_scale(axes, (1, 1.5, 2, 3, 4, 6, 8))
    axes.legend(loc="upper right")
    style.count_epochs(axes)
    return figure


@style.drawing()
def convergence(history: pd.DataFrame, original: pd.DataFrame, name: str) -> Figure:
    """The loss, and the error in per cent, over the epochs.

    Parameters
    ----------
    history, original : DataFrame
        Of :class:`exhibits.report.Report`. The plotted loss is drawn one epoch earlier,
        since its first value is that of the untrained network.
    name : str
        Of our run.
    """
    figure, (top, bottom) = style.panels(4.2, 2, sharex=True)
    losses = history.train_loss.round(6), history.test_loss.round(6)
    _draw_run(top, history.epoch, *losses, name)
    top.plot(
        original.drawn_at_epoch - 1,
        original.loss,
        label="2020 report, moved back one epoch",
        **style.REPORT_2020,
    )
    top.set(ylabel="loss (nats)")
    style.log_scale(top, (0.01, 0.03, 0.1, 0.3, 1, 2))
    # The untrained network misreads nine of ten digits: a scale with it would hide the rest.
    trained = history[history.epoch > 0].round(4)
    _draw_run(bottom, trained.epoch, trained.train_error, trained.test_error, name)
    bottom.plot(
        original.drawn_at_epoch,
        np.round(100 - original.accuracy, 2),
        label="2020 report, as plotted",
        **style.REPORT_2020,
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
    axes.plot(epochs, of_test, label=f"{name}, test images", **style.OURS)


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
        link_to_pad(axes, row, predictions.predicted[row], predictions.labels[row])
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
