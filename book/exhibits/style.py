"""The one style of the report's figures, and what they have in common.

A figure is at most ``WIDTH`` wide: the column of the printed page, and a telephone, on
which its lettering is still ten pixels high. So all lettering has the one size of
``STYLE``, and panels stand one above the other (:func:`panels`).

Colours are those below. In print and in the light theme they are as they are called
here; for the dark theme :func:`themed` makes a variable of each. An image of ink on paper
is drawn with ``gid=INVERTED``, and in the dark theme it is light on dark. No colour alone
tells two series apart: they also differ by marker, by line or by a label beside them.
"""

import re
from collections.abc import Sequence
from contextlib import contextmanager

import matplotlib
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

# Okabe and Ito's palette, told apart with any colour vision.
PAPER = "#FFFFFF"
INK = "#222222"
GREY = "#767676"
FAINT = "#999999"
GRID = "#DDDDDD"
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
PINK = "#CC79A7"
RED = "#B34700"
# Weights and other values about zero: blue below it, the paper at it, orange above.
ABOUT_ZERO = LinearSegmentedColormap.from_list("zero", (BLUE, "white", ORANGE))
# How the lines of a chart tell whose they are. Blue is ours, orange the 2020 report, grey
# are the seeds, and green its program run again.
OURS = {"color": BLUE, "marker": "o"}
REPORT_2020 = {"color": ORANGE, "marker": "s"}
RERUN = {"color": GREEN, "linestyle": (0, (5, 1, 1, 1)), "linewidth": 0.9}
# What each becomes in the dark theme.
DARK = {
    PAPER: "#121212",
    INK: "#CED6DD",
    GREY: "#9AA0A6",
    FAINT: "#777C81",
    GRID: "#33383D",
    BLUE: "#56B4E9",
    ORANGE: "#E69F00",
    GREEN: "#2FBF93",
    PINK: "#CC79A7",
    RED: "#FF9D5C",
}
INVERTED = "inverted"
WIDTH = 4.95  # inches
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10,
    "legend.fontsize": 10,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "image.interpolation": "none",  # pixels as they are, however large they are shown
    "image.composite_image": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 4,
    "legend.frameon": False,
    "svg.hashsalt": "lenet5",  # the same drawing gives the same bytes
    "pdf.compression": 0,  # compressed bytes are those of one zlib alone
}


@contextmanager
def drawing():
    """The report's style, for what is drawn and for what is saved."""
    with matplotlib.rc_context(STYLE):
        yield


def panels(height: float, rows: int = 1, **options):
    """A figure and its axes, one above the other.

    Parameters
    ----------
    height : float
        In inches.
    options
        Of :meth:`matplotlib.figure.Figure.subplots`.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, **options)


def count_epochs(*panels) -> None:
    """Whole epochs on the horizontal axis of all panels, named under the last one."""
    for axes in panels:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[-1].set_xlabel("epoch")


def log_scale(axes, ticks: Sequence[float]) -> None:
    """A logarithmic vertical axis with ticks at these values, written as they are."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def legend_above(figure: Figure, columns: int = 2, **options) -> None:
    """One legend over all panels."""
    figure.legend(loc="outside upper center", ncols=columns, **options)


def themed(svg: str) -> str:
    """The SVG in the theme of the page that shows it.

    A browser tells a picture in a page by ``prefers-color-scheme`` which theme the page
    has (Firefox from 105, Chromium from 111); Safari tells it that of the system. The
    figure paints its own paper, so that it is legible whatever it is told.
    """
    light = "".join(f"--{colour[1:]}:{colour};" for colour in DARK)
    dark = "".join(f"--{colour[1:]}:{other};" for colour, other in DARK.items())
    invert = f".{INVERTED}{{filter:invert(.93) hue-rotate(180deg)}}"
    rules = f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}{invert}}}"
    svg = svg.replace(f'id="{INVERTED}"', f'class="{INVERTED}"')
    svg = re.sub("|".join(DARK), _as_variable, svg, flags=re.IGNORECASE)
    return svg.replace("<defs>", f"<defs>\n  <style>{rules}</style>", 1)


def _as_variable(colour: re.Match) -> str:
    """The variable of a colour, such as ``var(--0072B2)``."""
    return f"var(--{colour[0][1:].upper()})"
