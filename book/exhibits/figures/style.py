"""The one style of the report's figures, and their common parts."""

from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette, told apart with any colour vision.
INK, GREY, BLUE, ORANGE = "#222222", "#767676", "#0072B2", "#E69F00"
GREEN, PINK = "#009E73", "#CC79A7"
WIDTH = 7.0  # inches, the text width of the printed page
SMALL = 8.5  # points, the smallest type of the report
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "image.interpolation": "none",  # pixels as they are, however large they are shown
    "image.composite_image": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "lenet5",  # the same drawing gives the same bytes
    "pdf.compression": 0,  # compressed bytes are those of one zlib alone
}


@contextmanager
def drawing():
    """The report's style, for what is drawn and for what is saved."""
    with matplotlib.rc_context(STYLE):
        yield


def panels(height: float, rows: int = 1, width: float = WIDTH, **options):
    """A figure and its axes, one above the other; sizes in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, **options)


def count_epochs(*axes) -> None:
    """Whole epochs on the horizontal axis, named under the last one."""
    for each in axes:
        each.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[-1].set_xlabel("epoch")
