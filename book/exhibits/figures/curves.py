"""Figures of one run over its epochs."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from exhibits.figures import style

OURS = {"color": style.BLUE, "marker": "o", "label": "this report, test images"}
TRAIN = {"color": style.BLUE, "linestyle": "--", "linewidth": 1.2}
TRAIN |= {"label": "this report, training images"}
THEIRS = {"color": style.ORANGE, "marker": "s"}


def log(losses) -> np.ndarray:
    """The natural logarithm, to what a reader can see: its last bits differ by machine."""
    return np.round(np.log(losses), 5)


@style.drawing()
def convergence(history, original) -> Figure:
    """The logarithm of the loss, and the error in per cent, over the epochs.

    Parameters
    ----------
    history, original : DataFrame
        As :func:`exhibits.report` gives them. The published loss is drawn one epoch
        earlier, since its first value is that of the untrained network.
    """
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    drawn = original.drawn_at_epoch
    top.plot(history.epoch, log(history.train_loss), **TRAIN)
    top.plot(history.epoch, log(history.test_loss), **OURS)
    moved = {"label": "original, moved back one epoch"}
    top.plot(drawn - 1, log(original.loss), **THEIRS, **moved)
    top.set(ylabel="log loss (ln nats)")
    # The untrained network misreads nine of ten digits: a scale with it would hide the rest.
    trained = history[history.epoch > 0].round(4)
    bottom.plot(trained.epoch, trained.train_error, **TRAIN)
    bottom.plot(trained.epoch, trained.test_error, **OURS)
    published = np.round(100 - original.accuracy, 2)
    bottom.plot(drawn, published, label="original, as published", **THEIRS)
    bottom.set(ylabel="error (% of images)", ylim=(0, None))
    note = f"epoch 0, off the scale: {history.test_error[0]:.1f} %"
    place = {"transform": bottom.transAxes, "va": "top"}
    bottom.text(0.26, 0.53, note, color=style.BLUE, **place)
    for axes in (top, bottom):
        axes.legend(loc="upper right")
    style.count_epochs(top, bottom)
    return figure


@style.drawing()
def errata(history, original, text_accuracy: float) -> Figure:
    """The original's loss as drawn and moved back, its accuracy and that of its text (%)."""
    figure, (top, bottom) = style.panels(4.4, 2, sharex=True)
    drawn, loss = original.drawn_at_epoch, original.loss
    top.plot(history.epoch, np.round(history.test_loss, 6), **OURS)
    as_drawn = {"color": style.GREY, "marker": "x", "linestyle": ":", "linewidth": 1.2}
    top.plot(drawn, loss, label="original, as drawn", **as_drawn)
    top.plot(drawn - 1, loss, label="original, moved back one", **THEIRS)
    top.set(yscale="log", ylabel="loss (nats)")
    trained = history[history.epoch > 0]
    bottom.plot(trained.epoch, np.round(100 - trained.test_error, 2), **OURS)
    bottom.plot(drawn, original.accuracy, label="original, as drawn", **THEIRS)
    text = {"color": style.PINK, "linestyle": "--", "label": "original, in the text"}
    bottom.axhline(text_accuracy, **text)
    bottom.set(ylabel="accuracy (% of images)")
    top.legend(loc="upper right")
    bottom.legend(loc="center right")
    style.count_epochs(top, bottom)
    return figure


@style.drawing()
def selection(errors, chosen: Mapping[str, int]) -> Figure:
    """Errors of :mod:`exhibits.validation` by epoch (%), and what each choice takes."""
    figure, axes = style.panels(2.8)
    looks = {"validation": THEIRS, "test": {"color": style.BLUE, "marker": "o"}}
    for split, look in looks.items():
        axes.plot(errors.index, errors[split], label=f"{split} images", **look)
    for epoch in sorted(set(chosen.values())):
        names = ",\n".join(name for name, at in chosen.items() if at == epoch)
        axes.axvline(epoch, color=style.GREEN, linestyle="--", linewidth=1.0, zorder=0)
        place = {"xytext": (epoch - 0.15, 0.99), "rotation": 90, "ha": "right"}
        place |= {"textcoords": ("data", "axes fraction"), "va": "top"}
        point = epoch, errors.test[epoch]
        axes.annotate(names, point, **place)
    axes.set(ylabel="error (% of images)", ylim=(0, None))
    style.legend_above(figure)
    style.count_epochs(axes)
    return figure
