"""The one style of the report's figures."""

from contextlib import contextmanager

import matplotlib

# Okabe and Ito's palette, told apart with any colour vision.
INK, GREY, BLUE, ORANGE, GREEN, PINK = (
    "#222222",
    "#767676",
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
)
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
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "lenet5",  # the same drawing gives the same bytes
}


@contextmanager
def style():
    """The report's style, for a figure that a chapter draws itself."""
    with matplotlib.rc_context(STYLE):
        yield
