"""Figures of the committees: error by size, what they misread, error by cost."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from exhibits.figures import style
from exhibits.figures.images import labelled


@style.drawing()
def sizes(errors) -> Figure:
    """Error of committees of 1, 2, … networks; a band spans nine tenths of them.

    Parameters
    ----------
    errors : array, shape (committees, sizes)
        In %.
    """
    figure, axes = style.panels(3.2)
    number = np.arange(1, errors.shape[1] + 1)
    low, high = np.round(np.percentile(errors, (5, 95), axis=0), 4)
    band = {"color": style.BLUE, "alpha": 0.2, "linewidth": 0}
    axes.fill_between(number, low, high, label="nine committees in ten", **band)
    mean = {"color": style.BLUE, "marker": "o", "label": "mean"}
    axes.plot(number, np.round(errors.mean(axis=0), 4), **mean)
    axes.set(xlabel="networks", ylabel="test error (%)", xticks=number[::2])
    axes.legend()
    return figure


@style.drawing()
def misread(images, titles, framed) -> Figure:
    """Images under two lines each, a frame around some.

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    titles : sequence of str
    framed : sequence of bool
    """
    large = {"columns": 5, "height": 1.16, "gap": 0.62, "foot": 0.03, "head": 0.4}
    return labelled(images, titles, framed, pad=4, **large)


@style.drawing()
def costs(ours, published) -> Figure:
    """Test error over the products that a training takes.

    Parameters
    ----------
    ours, published : list of exhibits.costs.Cost
    """
    figure, axes = style.panels(4.2)
    blue = {"color": style.BLUE, "marker": "o", "label": "run here"}
    pink = {"color": style.PINK, "marker": "D", "label": "published"}
    beside = {"xytext": (7, 0), "va": "center"}
    below = {"xytext": (0, -7), "va": "top", "ha": "center"}
    for costs, look, place in ((ours, blue, beside), (published, pink, below)):
        # The last bits of a logarithm differ by machine.
        places = np.round(np.log10([cost.products for cost in costs]), 3)
        axes.plot(places, [round(x.error, 3) for x in costs], linestyle="", **look)
        for cost, x in zip(costs, places, strict=True):
            text = place | {"textcoords": "offset points", "color": look["color"]}
            axes.annotate(cost.name, (x, round(cost.error, 3)), **text)
    # The usual span, and wider where a point would fall outside.
    every = [*ours, *published]
    exponents = [math.log10(cost.products) for cost in every]
    left, right = min(11.5, min(exponents) - 0.5), max(16.6, max(exponents) + 0.6)
    lowest = min(0.17, 0.85 * min(cost.error for cost in every))
    highest = max(1.4, 1.2 * max(cost.error for cost in every))
    errors, powers = (0.2, 0.3, 0.5, 1), range(math.ceil(left), math.floor(right) + 1)
    axes.set(yscale="log", ylabel="test error (%)", ylim=(lowest, highest))
    axes.set_yticks(errors, [f"{error:g}" for error in errors])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="multiply-adds of the training", xlim=(left, right))
    axes.set_xticks(powers, [f"$10^{{{power}}}$" for power in powers])
    style.legend_above(figure)
    return figure
