"""What the ink of a picture is: its connected parts, and whether they may be one digit.

``book/pad/ink.js`` has the same rules for the page, to the same results.
"""

from math import ceil
from typing import NamedTuple

import numpy as np
from scipy import ndimage

FAINT = 0.1  # of the strongest ink: below it lie paper grain and compression noise
# Two parts are two digits when each is this tall, by the tallest, and has this much ink,
# by the heaviest, and their boxes are apart.
AS_TALL = 0.6
AS_HEAVY = 0.1
# In widths of the pen. Within two, no two strokes leave a gap between them. Of training
# digits redrawn by such a pen our network reads 30 of 74 where they are three
# widths high, 45 at three and a half, 66 at four, 72 at seven. And hardly any digit has a
# square of three that is all ink.
DOT = 2
SMALL = 4
SOLID = 3


class Component(NamedTuple):
    """A part of the ink that hangs together, also across corners.

    Attributes
    ----------
    label : int
        Of its pixels, from 1.
    top, left, bottom, right : int
        Its box in pixels; bottom and right are the first row and column behind it.
    ink : float
        The sum over its pixels.
    """

    label: int
    top: int
    left: int
    bottom: int
    right: int
    ink: float

    @property
    def height(self) -> int:
        """Of its box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Of its box."""
        return self.right - self.left


def components(ink: np.ndarray) -> tuple[np.ndarray, list[Component]]:
    """The connected parts of the pixels with ink, in the order of their first pixels.

    Parameters
    ----------
    ink : array, shape (height, width)
        From 0, which is paper.

    Returns
    -------
    labels : array, shape (height, width), int
        Of each pixel: 0 where there is paper.
    parts : list of Component
        The part with label n is ``parts[n - 1]``.
    """
    labels, count = ndimage.label(ink > 0, structure=np.ones((3, 3)))
    _, firsts = np.unique(labels[labels > 0], return_index=True)
    rank = np.zeros(count + 1, dtype=np.intp)
    rank[1 + np.argsort(firsts)] = np.arange(1, count + 1)
    labels = rank[labels]
    sums = np.bincount(labels.ravel(), weights=ink.ravel(), minlength=count + 1)
    parts = []
    for label, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
        box = (rows.start, columns.start, rows.stop, columns.stop)
        parts.append(Component(label, *box, float(sums[label])))
    return labels, parts


def box_of(ink: np.ndarray) -> tuple[int, int, int, int]:
    """Where ink begins and ends: top, left, bottom, right, the last two behind it.

    Parameters
    ----------
    ink : array, shape (height, width)
        Not 0 or True where there is ink, which there must be somewhere.
    """
    rows = np.flatnonzero(ink.any(axis=1))
    columns = np.flatnonzero(ink.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def judge(ink: np.ndarray, pen_width: float) -> str:
    """What the ink on a sheet is, before anything reads it.

    Parameters
    ----------
    ink : array, shape (height, width)
        From 0, which is paper, on any scale.
    pen_width : float
        Of the pen that drew it, in pixels.

    Returns
    -------
    str
        "none" if there is no ink; "blot" if it is a dot, or has a spot wider than any
        stroke; "several" if it is more than one digit; "large" if it touches opposite
        edges of the sheet, and "edge" if it touches another; "small" if its strokes
        leave too narrow gaps; else "one".
    """
    ink = np.asarray(ink, dtype=float)
    strongest = ink.max()
    if strongest <= 0:
        return "none"
    clear = np.where(ink > FAINT * strongest, ink, 0)
    top, start, bottom, end = box_of(clear)
    size = max(bottom - top, end - start)
    if size < DOT * pen_width or has_square(clear > 0, ceil(SOLID * pen_width)):
        return "blot"
    if are_several(components(clear)[1]):
        return "several"
    above = top == 0
    below = bottom == ink.shape[0]
    left = start == 0
    right = end == ink.shape[1]
    if (above and below) or (left and right):
        return "large"
    if above or below or left or right:
        return "edge"
    return "small" if size < SMALL * pen_width else "one"


def are_several(parts: list[Component]) -> bool:
    """Whether two parts of the ink are a digit each."""
    tallest = max(part.height for part in parts)
    heaviest = max(part.ink for part in parts)
    large = [
        part
        for part in parts
        if part.height >= AS_TALL * tallest and part.ink >= AS_HEAVY * heaviest
    ]
    for number, one in enumerate(large):
        if any(_apart(one, another) for another in large[:number]):
            return True
    return False


def _apart(one: Component, another: Component) -> bool:
    """Whether the boxes of two parts have no pixel in common."""
    beside = one.right <= another.left or another.right <= one.left
    return beside or one.bottom <= another.top or another.bottom <= one.top


def has_square(inked: np.ndarray, side: int) -> bool:
    """Whether a square of ``side`` pixels is all ink.

    Parameters
    ----------
    inked : array, shape (height, width), bool
    side : int
    """
    height, width = inked.shape
    if side < 1 or side > min(height, width):
        return False
    # The number of inked pixels above and to the left of each corner of a pixel.
    counts = np.zeros((height + 1, width + 1), dtype=np.int64)
    counts[1:, 1:] = inked.cumsum(axis=0).cumsum(axis=1)
    within = counts[side:, side:] - counts[:-side, side:]
    within -= counts[side:, :-side] - counts[:-side, :-side]
    return bool((within == side**2).any())
