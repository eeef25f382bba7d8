"""What is drawn on the pad to judge it by: digits, and what is none.

Two halves are made. On one the rule is chosen, and the other is held back to judge it: it
has other letters, other signs, digits in another hand, and other random numbers.
"""

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from exhibits.draw import shapes
from exhibits.draw.drawing import PEN, SIDE, Hand, drawn, placed, written
from exhibits.draw.shapes import Stroke, strokes

CHOOSING, JUDGING = 0, 1  # the halves
# The kinds of input, in the order of the table. Only digits are to be read.
DIGITS = "digits"
LETTERS = "letters"
PRINTED = "printed letters"
SIGNS = "signs and little drawings"
SCRIBBLES = "scribbles"
DASHES = "dashes"
DOTS = "dots"
FILLED = "filled sheets"
BLANK = "blank sheets"
TWO = "two digits"
TWINS = "letters that look like digits"
NONE = (LETTERS, PRINTED, SIGNS, SCRIBBLES, DASHES, DOTS, FILLED, BLANK, TWO)
# Sans-serif fonts, whose strokes are as wide as the pad's pen. These files come with
# matplotlib; by its name alone a system might bring another font.
FONTS = ("DejaVuSans.ttf", "DejaVuSansMono.ttf")


class Drawing(NamedTuple):
    """A drawing on the pad's paper.

    Attributes
    ----------
    kind : str
        One of those above.
    name : str
        What is drawn: "7", "A", "arrow", "scribble".
    paper : array, shape (280, 280), float32
        From 0, paper, to 255, ink.
    """

    kind: str
    name: str
    paper: np.ndarray


def half(which: int) -> list[Drawing]:
    """All drawings of a half, ``CHOOSING`` or ``JUDGING``."""
    drawings = []
    for stream, maker in enumerate(MAKERS):
        seed = 10 * stream + which
        drawings += maker(which, seed)
    return drawings


def digits(which: int, seed: int, each: int = 25) -> list[Drawing]:
    """Every digit, so many times, in the hand of the half."""
    return _written(DIGITS, shapes.DIGITS[which], seed, each)


def letters(which: int, seed: int, each: int = 10) -> list[Drawing]:
    """Every second letter, from the first or from the second on."""
    return _written(LETTERS, _every_second(shapes.LETTERS, which), seed, each)


def signs(which: int, seed: int, each: int = 10) -> list[Drawing]:
    """Every second sign."""
    return _written(SIGNS, _every_second(shapes.SIGNS, which), seed, each)


def twins(which: int, seed: int, each: int = 10) -> list[Drawing]:
    """Every letter whose shape is a digit's."""
    return _written(TWINS, shapes.TWINS, seed, each)


def twins_by_name() -> list[str]:
    """The letters whose shape is a digit's."""
    return list(shapes.TWINS)


def printed(which: int, seed: int, each: int = 3) -> list[Drawing]:
    """Every letter of ``LETTERS`` in the font of the half."""
    drawings = []
    for letter in shapes.LETTERS:
        for _ in range(each):
            hand = Hand(seed, len(drawings))
            lines = outlines(letter, FONTS[which])
            scale = hand.between(1.4, 2.0)  # of 100 pixels from one line to the next
            slant = hand.between(-0.1, 0.25)
            moved = []
            for line in lines:
                x, y = line.T
                moved.append(np.stack([scale * (x - slant * y), scale * y], axis=1))
            moved = placed(moved, *_near_middle(hand))
            drawings.append(Drawing(PRINTED, letter, filled_in(moved)))
    return drawings


def scribbles(which: int, seed: int, count: int = 100) -> list[Drawing]:
    """One line without a plan, from four to twelve turns."""
    drawings = []
    for number in range(count):
        hand = Hand(seed, number)
        turns = int(hand.between(4, 13))
        width, height = hand.between(0.8, 2.0), hand.between(0.8, 1.2)
        xs, ys = hand.between(0, 4, turns), hand.between(0, 6, turns)
        shape = [list(zip(width * xs, height * ys, strict=True))]
        drawings.append(_on_paper(SCRIBBLES, "scribble", shape, hand))
    return drawings


def dashes(which: int, seed: int, count: int = 50) -> list[Drawing]:
    """A level line, short or long, with a slope of a quarter at most."""
    drawings = []
    for number in range(count):
        hand = Hand(seed, number)
        long = hand.between(60, 180)
        steep = hand.between(-0.25, 0.25) * long
        x, y = _near_middle(hand)
        line = np.array([(x - long / 2, y - steep / 2), (x + long / 2, y + steep / 2)])
        drawings.append(Drawing(DASHES, "dash", drawn([line])))
    return drawings


def dots(which: int, seed: int, count: int = 50) -> list[Drawing]:
    """A tap of the pen, or one that slipped."""
    drawings = []
    for number in range(count):
        hand = Hand(seed, number)
        place = hand.between(40, SIDE - 40, 2)
        slip = hand.between(-10, 10, 2)
        drawings.append(Drawing(DOTS, "dot", drawn([np.array([place, place + slip])])))
    return drawings


def filled(which: int, seed: int, count: int = 50) -> list[Drawing]:
    """Most of the sheet, hatched so closely that it is covered, or nearly."""
    drawings = []
    for number in range(count):
        hand = Hand(seed, number)
        left, top = hand.between(0, 70, 2)
        right, bottom = SIDE - hand.between(0, 70, 2)
        rows = np.arange(top, bottom, hand.between(14, 26))
        line = []
        for row, y in enumerate(rows):
            ends = [(left, y), (right, y)]
            line += ends if row % 2 == 0 else ends[::-1]
        strayed = np.array(line)
        strayed += hand.between(-4, 4, strayed.size).reshape(strayed.shape)
        drawings.append(Drawing(FILLED, "filled sheet", drawn([strayed])))
    return drawings


def blank(which: int, seed: int) -> list[Drawing]:
    """One sheet without ink: there is no other."""
    return [Drawing(BLANK, "blank sheet", drawn([]))]


def two(which: int, seed: int, count: int = 100) -> list[Drawing]:
    """Two digits side by side in the hand of the half; some touch."""
    drawings = []
    by_name = shapes.DIGITS[which]
    for number in range(count):
        hand = Hand(seed, number)
        names = [hand.choose(list(by_name)), hand.choose(list(by_name))]
        height = hand.between(90, 150)
        first, second = (
            written(strokes(by_name[name]), hand, height) for name in names
        )
        gap = hand.between(-5, 30)  # from ink to ink, in pixels
        right = max(line[:, 0].max() for line in first)
        left = min(line[:, 0].min() for line in second)
        moved = [line + np.array([right - left + PEN + gap, 0]) for line in second]
        lines = placed(first + moved, *_near_middle(hand, 10))
        drawings.append(Drawing(TWO, "".join(names), drawn(lines)))
    return drawings


def _written(kind: str, chosen: dict[str, str], seed: int, each: int) -> list[Drawing]:
    """Some shapes by name, each written so many times."""
    drawings = []
    for name, shape in chosen.items():
        for _ in range(each):
            hand = Hand(seed, len(drawings))
            drawings.append(_on_paper(kind, name, strokes(shape), hand))
    return drawings


def _on_paper(kind: str, name: str, shape: list[Stroke], hand: Hand) -> Drawing:
    """A shape written somewhere on the paper, at some size."""
    lines = written(shape, hand, hand.between(100, 190))
    return Drawing(kind, name, drawn(placed(lines, *_near_middle(hand))))


def _near_middle(hand: Hand, reach: float = 20) -> tuple[float, float]:
    """A point near the middle of the paper."""
    x, y = hand.between(SIDE / 2 - reach, SIDE / 2 + reach, 2)
    return x, y


def _every_second(shapes_by_name: dict[str, str], first: int) -> dict[str, str]:
    names = list(shapes_by_name)[first::2]
    return {name: shapes_by_name[name] for name in names}


# -- letters of a font -----------------------------------------------------------------


def outlines(letter: str, font: str) -> list[np.ndarray]:
    """The closed outlines of a letter, 100 pixels from line to line, y downwards."""
    file = Path(matplotlib.get_data_path(), "fonts", "ttf", font)
    path = TextPath((0, 0), letter, size=100, prop=FontProperties(fname=file))
    return [outline * (1, -1) for outline in path.to_polygons()]


def filled_in(outlines: list) -> np.ndarray:
    """Closed outlines, filled where a line to the left crosses an odd number of them.

    Parameters
    ----------
    outlines : list of arrays, shape (points, 2)
        x and y on the pad's paper, the first point again at the end.

    Returns
    -------
    array, shape (280, 280), float32
        0 or 255.
    """
    middles = np.arange(SIDE) + 0.5
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    for outline in outlines:
        for (x0, y0), (x1, y1) in pairwise(outline):
            crossed = (y0 > middles) != (y1 > middles)
            if not crossed.any():
                continue
            where = x0 + (middles[crossed] - y0) * (x1 - x0) / (y1 - y0)
            inside[crossed] ^= middles[None, :] > where[:, None]
    return np.where(inside, 255, 0).astype(np.float32)


MAKERS = (
    digits, letters, printed, signs, scribbles, dashes, dots, filled, blank, two, twins
)  # fmt: skip
