"""What stands on a sheet: no ink, a blot, several digits, one; in Python and in the page."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from drawing import DIGITS
from in_node import call
from lenet5.ink import components, judge

SIDE = 280
PEN = 22  # pixels, as on the pad


def sheet(*strokes, width=PEN, scale=1.0, shift=(0.0, 0.0)) -> np.ndarray:
    """White strokes on a black sheet; their points are of a sheet of 1 by 1."""
    drawing = ImageDraw.Draw(picture := Image.new("L", (SIDE, SIDE)))
    for stroke in strokes:
        points = SIDE * (scale * np.array(stroke) + shift)
        points = list(map(tuple, points))
        drawing.line(points, fill=255, width=width, joint="curve")
        for x, y in points:
            reach = width / 2
            drawing.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)
    return np.asarray(picture, dtype=np.float32)


def two(first, second):
    """Two digits beside each other, half as large."""
    left = sheet(*DIGITS[first], scale=0.55, shift=(-0.05, 0.2))
    right = sheet(*DIGITS[second], scale=0.55, shift=(0.5, 0.2))
    return np.maximum(left, right)


ZIGZAG = [(0.2 + 0.6 * (i % 2), 0.2 + i / 40) for i in range(25)]
SHEETS = {
    "none": [np.zeros((SIDE, SIDE), np.float32)],
    "blot": [
        sheet([(0.5, 0.5)]),
        sheet([(0.5, 0.5), (0.55, 0.57)]),
        sheet(ZIGZAG),
        np.full((SIDE, SIDE), 255, np.float32),
    ],
    "several": [two(1, 7), two(4, 2), two(0, 0), sheet([(0.2, 0.2)], [(0.8, 0.8)])],
    "large": [sheet([(0.5, -0.1), (0.5, 1.1)]), sheet([(0, 0.5), (1, 0.7)])],
    "edge": [
        sheet(*DIGITS[7], shift=(0.3, 0)),
        sheet(*DIGITS[3], shift=(0, -0.25)),
        sheet(*DIGITS[2], shift=(0.25, 0.25)),
    ],
    "small": [sheet([(0.5, 0.5), (0.5, 0.65)])],
    "one": [sheet(*strokes) for strokes in DIGITS.values()]
    + [sheet(*DIGITS[4], scale=0.6, width=10)],
}


@pytest.mark.parametrize("kind", SHEETS)
def test_a_sheet_is_judged(kind):
    for ink in SHEETS[kind]:
        assert judge(ink, PEN) == kind
        assert judge(ink / 1000, PEN) == kind


def test_the_page_judges_the_same():
    sheets = [ink for kind in SHEETS.values() for ink in kind]
    pens = (5, PEN, 30.3)
    calls = [(ink, SIDE, SIDE, pen) for ink in sheets for pen in pens]
    found = call(["pad/ink.js"], "lenet5.ink.judge", calls)
    wanted = [{"kind": judge(ink, pen)} for ink in sheets for pen in pens]
    assert found == wanted


def test_parts_hang_together_across_corners():
    ink = np.array([[0, 2, 0, 0, 1], [3, 0, 0, 0, 1], [0, 0, 0, 5, 0]], dtype=float)
    labels, parts = components(ink)
    assert labels.tolist() == [[0, 1, 0, 0, 2], [1, 0, 0, 0, 2], [0, 0, 0, 2, 0]]
    assert [tuple(part) for part in parts] == [(1, 0, 0, 2, 2, 5), (2, 0, 3, 3, 5, 7)]
    assert [(part.width, part.height) for part in parts] == [(2, 2), (2, 3)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_the_page_finds_the_same_parts(share):
    draw = np.random.default_rng(0)
    inks = []
    for shape in [(1, 1), (1, 40), (37, 1), (20, 31), (80, 60)]:
        ink = draw.random(shape)
        inks.append((ink * (draw.random(shape) < share)).astype(np.float32))
    calls = [(ink, ink.shape[1], ink.shape[0]) for ink in inks]
    found = call(["pad/ink.js"], "lenet5.ink.components", calls)
    for ink, page in zip(inks, found, strict=True):
        labels, parts = components(ink)
        assert np.array_equal(page["labels"].reshape(ink.shape), labels)
        assert page["parts"] == [part._asdict() for part in parts]
