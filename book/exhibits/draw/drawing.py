"""Drawings as a hand makes them on the pad's paper, the same bytes on every machine.

Numbers are drawn by :mod:`exact.random_numbers`, and lines by sums, products and square
roots alone, which every machine rounds alike.
"""

import numpy as np

from exact import random_numbers
from exhibits.draw.shapes import Stroke

SIDE = 280  # pixels of the pad's paper, each way
PEN = 22  # pixels across
BOX = (4, 6)  # in which shapes are given
WOBBLE = (
    0.1,
    0.45,
)  # how far a point strays at most, in the units of the box: neat to hasty


class Hand:
    """Random numbers for one drawing.

    Parameters
    ----------
    seed, number : int
        Of a collection of drawings, and of the drawing in it.
    """

    def __init__(self, seed: int, number: int):
        self._key = random_numbers.key(seed, number)
        self._used = 0

    def between(self, low: float, high: float, count: int | None = None):
        """A number from a range, or an array of so many."""
        numbers = np.arange(self._used, self._used + (count or 1))
        self._used += len(numbers)
        drawn = random_numbers.uniform(self._key, numbers)
        values = low + (high - low) * (drawn + 1) / 2
        return values if count else float(values[0])

    def choose(self, things):
        """One of some things."""
        place = int(self.between(0, len(things)))
        return things[min(place, len(things) - 1)]


def written(shape: list[Stroke], hand: Hand, height: float) -> list:
    """A shape as a hand writes it: slanted, turned, wide or narrow, no point where it should be.

    Parameters
    ----------
    shape : list of strokes
        In a box of 4 by 6.
    hand : Hand
    height : float
        In pixels, about.

    Returns
    -------
    list of arrays, shape (points, 2)
        x and y in pixels, around the origin.
    """
    scale = height / BOX[1]
    across = scale * hand.between(0.75, 1.15)
    slant, turn = hand.between(-0.15, 0.35), hand.between(-0.1, 0.1)
    wobble = hand.between(*WOBBLE)
    strokes = []
    for stroke in shape:
        points = np.array(stroke, dtype=float) - (BOX[0] / 2, BOX[1] / 2)
        strays = hand.between(-wobble, wobble, points.size).reshape(points.shape)
        # A point that stands twice is a corner, and strays once.
        twice = np.flatnonzero((points[1:] == points[:-1]).all(axis=1))
        strays[twice + 1] = strays[twice]
        x, y = (points + strays).T
        placed = np.stack([across * (x - slant * y), scale * (y + turn * x)], axis=1)
        strokes.append(rounded(placed))
    return strokes


def rounded(points: np.ndarray, times: int = 2) -> np.ndarray:
    """A stroke with its corners cut (Chaikin 1974): at a quarter of each side, so many times.

    The ends stay. A corner that stands twice is cut less, since one of its sides is no length.
    """
    for _ in range(times):
        first, second = points[:-1], points[1:]
        cut = np.empty((2 * len(first), 2))
        cut[0::2] = 0.75 * first + 0.25 * second
        cut[1::2] = 0.25 * first + 0.75 * second
        points = np.concatenate([points[:1], cut, points[-1:]])
    return points


def placed(strokes: list, x: float, y: float) -> list:
    """Strokes moved so that the middle of their box is at a point of the paper."""
    points = np.concatenate(strokes)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    return [stroke - middle + (x, y) for stroke in strokes]


def drawn(strokes: list, pen: float = PEN) -> np.ndarray:
    """Strokes on the paper, by a round pen.

    Parameters
    ----------
    strokes : list of arrays, shape (points, 2)
        x and y in pixels. A stroke of one point is a dot.
    pen : float
        Pixels across.

    Returns
    -------
    array, shape (280, 280), float32
        Grey levels from 0, paper, to 255, ink, in whole numbers.
    """
    paper = np.zeros((SIDE, SIDE))
    for stroke in strokes:
        points = np.asarray(stroke, dtype=float)
        ends = points[1:] if len(points) > 1 else points
        for (x0, y0), (x1, y1) in zip(points, ends, strict=False):
            _draw_line(paper, (x0, y0), (x1, y1), pen)
    return np.round(255 * paper).astype(np.float32)


def _draw_line(paper: np.ndarray, start, end, pen: float) -> None:
    """A straight line with round ends: ink as far as half a pen, faint over the last pixel."""
    reach = pen / 2 + 1
    left, right = _within(start[0], end[0], reach)
    top, bottom = _within(start[1], end[1], reach)
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right) + 0.5 - start[0]
    y = (np.arange(top, bottom) + 0.5 - start[1])[:, None]
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = along_x * along_x + along_y * along_y
    share = (x * along_x + y * along_y) / length if length else 0 * (x + y)
    share = np.clip(share, 0, 1)  # of the way, where the line is nearest
    away_x, away_y = x - share * along_x, y - share * along_y
    distance = np.sqrt(away_x * away_x + away_y * away_y)
    ink = np.clip(pen / 2 + 0.5 - distance, 0, 1)
    part = paper[top:bottom, left:right]
    np.maximum(part, ink, out=part)


def _within(one: float, other: float, reach: float) -> tuple[int, int]:
    """The pixels of the paper from one place to another, and ``reach`` beyond both."""
    low, high = min(one, other) - reach, max(one, other) + reach
    return max(0, int(low)), min(SIDE, int(high) + 1)
