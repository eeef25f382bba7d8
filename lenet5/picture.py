"""The digit in a picture, prepared as MNIST prepared its own.

``book/pad/picture.js`` has the same rules for the page, to the same bytes: so greys are
whole numbers, and sums of fractions are added pixel by pixel.
"""

from math import floor, sqrt
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from scipy import ndimage

from exact import UserError
from lenet5.ink import FAINT, Component, are_several, box_of, components
from lenet5.picture_file import open_picture

SIDE = 28  # pixels of an image of MNIST
BOX = 20  # and of the digit in it
CONTRAST = 64  # grey levels from the darkest to the lightest: with less nothing is seen
LOOK = 200  # pixels of a side, in a square picture, at which ink is looked for
CLEAR = 60  # pixels of a digit's longer side: a smaller one is looked at from near
BLANK = 0.15  # of the light: where no ink takes more, there is only the grain of paper
GREY = 32  # added to greys that are compared by their ratio: keeps noise in black small

# Parts of the ink that are none of the digit, in shares of the picture's sides.
FRAME = 0.9  # a frame is wider and taller than this, and has nothing in its middle half
LONG = 0.5  # a stray line is longer than this,
THIN = 0.04  # on average thinner than this,
FLAT = 0.1  # in a box thinner than this, and it reaches the picture's edge,
NEAR = 0.08  # or it lies this near to it.
REST = 0.15  # what remains is longer than this, or all of it may be the digit
PALE = 0.6  # of the darkest ink: the lines of ruled paper are paler
ALONG = 2  # pixels: so far from dark ink pale ink may be the side of a stroke
EDGE = 0.02
CRUMB = 0.1  # of the heaviest part's ink: a crumb has less,
FAR = 0.3  # and it is farther from the others than this share of their longer side


def read_digit(path: Path) -> np.ndarray:
    """The digit in an image file, as the network takes it: see :func:`digit_in`.

    It takes any format that Pillow reads, with the turn that its Exif data asks for.

    Parameters
    ----------
    path : Path

    Returns
    -------
    array, shape (1, 28, 28), float32 in [0, 1]; 0 is paper, 1 is ink

    Raises
    ------
    UserError
        If the file is missing, is not an image, is too large, or shows no single digit.
    """
    try:
        digit = digit_in(open_picture(path))
    except ValueError as error:
        mend = "give an image of one digit on plain paper"
        raise UserError(f"{path}: {error}: {mend}") from error
    return digit[None]  # the axis of the one channel


def digit_in(picture: Image.Image) -> np.ndarray:
    """The digit in a picture, found on its paper and prepared by :func:`centre`.

    Paper and ink may be dark or light, in uneven light, or transparent. Frames, stray
    lines and crumbs are left out. A digit that is small in its picture is found there,
    and then looked at from near.

    Parameters
    ----------
    picture : PIL.Image.Image
        In greys (L), in colours (RGB), or with opacity too (LA, RGBA), 8 bits each.

    Returns
    -------
    array, shape (28, 28), float32 in [0, 1]; 0 is paper, 1 is ink

    Raises
    ------
    ValueError
        If there is no ink, or if it looks like several digits.
    """
    grey = _on_paper(picture)
    ink, factor = _look(grey)
    top, left, bottom, right = box_of(ink)
    size = max(bottom - top, right - left)
    if factor > 1 and size < CLEAR:
        margin = (size + 1) // 2
        rows = slice(factor * max(top - margin, 0), factor * (bottom + margin))
        columns = slice(factor * max(left - margin, 0), factor * (right + margin))
        ink, _ = _look(grey[rows, columns])
    return centre(ink.astype(np.float32))


def centre(grey: np.ndarray) -> np.ndarray:
    """MNIST's preparation of a grey picture, dark on light or light on dark.

    The paper is the median grey of the picture's border; ink is the distance from it. The
    ink's bounding box is scaled into 20×20 pixels with its proportions kept, and its
    centre of mass is put in the middle of 28×28 (LeCun et al. 1998, section III.A).

    Parameters
    ----------
    grey : array, shape (height, width), any scale

    Returns
    -------
    array, shape (28, 28), float32 in [0, 1]; 0 is paper, 1 is ink

    Raises
    ------
    ValueError
        If all pixels are alike.
    """
    ink = np.abs(grey - _border(grey))
    if ink.max() < 1e-6:
        raise ValueError("holds a single grey")
    ink /= ink.max()
    small = _into_box(ink)
    height, width = small.shape
    top = _start(small.sum(axis=1))
    left = _start(small.sum(axis=0))
    digit = np.zeros((SIDE, SIDE), dtype=np.float32)
    digit[top : top + height, left : left + width] = small / small.max()
    return digit


def _into_box(ink: np.ndarray) -> np.ndarray:
    """The part of a picture that has ink, its longer side scaled to 20 pixels."""
    top, left, bottom, right = box_of(ink > FAINT)
    box = Image.fromarray(ink[top:bottom, left:right])
    scale = BOX / max(box.size)
    width = max(1, round(box.width * scale))
    height = max(1, round(box.height * scale))
    if scale < 1:
        method = Image.Resampling.BOX  # the mean of the pixels that become one
    else:
        method = Image.Resampling.BILINEAR
    return np.asarray(box.resize((width, height), method))


def _start(ink: np.ndarray) -> int:
    """Where a digit begins in 28 pixels when its centre of mass is in their middle.

    Parameters
    ----------
    ink : array, shape (pixels,)
        The sum of its ink in each row, or in each column.
    """
    pixels = len(ink)
    mass = np.average(np.arange(pixels) + 0.5, weights=ink)
    start = round(SIDE / 2 - mass)
    return min(max(start, 0), SIDE - pixels)  # all of it stays inside


def _border(grey: np.ndarray) -> float:
    """The median grey of the pixels along the four sides."""
    sides = [grey[0], grey[-1], grey[:, 0], grey[:, -1]]
    return np.median(np.concatenate(sides))


def _on_paper(picture: Image.Image) -> np.ndarray:
    """A picture's greys, where it is transparent on white paper or on black.

    It takes the paper on which there is something to see, and of both the one with the
    smaller share of ink.

    Returns
    -------
    array, shape (height, width), uint8
    """
    if not picture.has_transparency_data:
        return np.asarray(picture.convert("L"))
    grey = np.asarray(picture.convert("L"))
    opacity = np.asarray(picture.getchannel("A"))
    on_black = grey.astype(np.uint16) * opacity + 127
    on_white = (on_black + np.uint16(255) * (255 - opacity)) // 255
    sheets = [on_white.astype(np.uint8), (on_black // 255).astype(np.uint8)]
    return min(sheets, key=_illegible)


def _illegible(grey: np.ndarray) -> tuple[bool, float]:
    """What makes a picture hard to read: too little contrast, and then much ink."""
    small = _reduced(grey, _factor(grey))
    flat = np.ptp(small) < CONTRAST
    ink = np.abs(small - np.median(small)).sum()
    return flat, ink


def _factor(grey: np.ndarray) -> int:
    """How many pixels of a picture become one, in each direction: more tell no digit."""
    return max(1, floor(sqrt(grey.size) / LOOK + 0.5))


def _reduced(grey: np.ndarray, factor: int) -> np.ndarray:
    """The mean of each square of ``factor`` pixels; at the ends, of what there is.

    Returns
    -------
    array, shape (height, width), float, whole numbers
    """
    height, width = grey.shape
    rows = np.arange(0, height, factor)
    columns = np.arange(0, width, factor)
    sums = np.add.reduceat(grey, rows, axis=0, dtype=np.uint32)
    sums = np.add.reduceat(sums, columns, axis=1, dtype=np.int64)
    tall = np.minimum(factor, height - rows)
    wide = np.minimum(factor, width - columns)
    pixels = np.outer(tall, wide)
    return ((2 * sums + pixels) // (2 * pixels)).astype(float)


def _look(grey: np.ndarray) -> tuple[np.ndarray, int]:
    """The ink of the digit in a picture, reduced, and by what factor it was.

    Raises
    ------
    ValueError
        If there is no ink, or if it looks like several digits.
    """
    factor = _factor(grey)
    ink = _ink(_reduced(grey, factor))
    labels, parts = components(ink)
    ink = _only(_without_lines(parts, labels), labels, ink)
    ink = _without_pale_lines(ink)
    labels, parts = components(ink)
    parts = _without_crumbs(parts)
    if are_several(parts):
        raise ValueError("looks like several digits")
    return _only(parts, labels, ink), factor


def _only(parts: list[Component], labels: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """The ink of some of its parts."""
    return np.where(np.isin(labels, [part.label for part in parts]), ink, 0)


def _ink(grey: np.ndarray) -> np.ndarray:
    """The share of the light, from 0 to 1, that ink takes from the paper beneath it.

    Strokes are narrower than a third of the picture, shadows are not: a closing, which
    fills what is narrow and dark, leaves the paper as it is lit.

    Raises
    ------
    ValueError
        If there is none.
    """
    # Light multiplies, so greys compare by their ratios.
    darkest = grey.min() + GREY
    lightest = grey.max() + GREY
    margin = _margin(grey) + GREY
    if margin**2 < darkest * lightest:  # the paper is the dark one
        grey = 255 - grey
    paper = _closed(grey)
    ink = (paper - grey) / (paper + GREY)
    strongest = ink.max()
    if strongest < BLANK:
        raise ValueError("no ink found")
    return np.where(ink > strongest / 3, ink, 0)  # below are grain and compression


def _margin(grey: np.ndarray) -> float:
    """The median grey of the outer tenth of a picture: a thin frame does not count."""
    height, width = grey.shape
    down, right = (height + 9) // 10, (width + 9) // 10
    outer = np.ones(grey.shape, dtype=bool)
    outer[down : height - down, right : width - right] = False
    return np.median(grey[outer])


def _closed(grey: np.ndarray) -> np.ndarray:
    """The closing of a picture by a square of a third of its shorter side.

    The lightest of each neighbourhood, and then of these the darkest: what is dark and
    narrower than the square is gone, and all else is where it was.
    """
    reach = max(1, min(grey.shape) // 6)  # pixels to each side
    window = 2 * reach + 1
    # Around the picture there is nothing that is lighter. Each of the four passes takes
    # ``window - 1`` pixels from one axis, and there are two for each.
    padded = np.pad(grey, 2 * reach, constant_values=-np.inf)
    lightest = sliding_window_view(padded, window, axis=0).max(axis=-1)
    lightest = sliding_window_view(lightest, window, axis=1).max(axis=-1)
    darkest = sliding_window_view(lightest, window, axis=0).min(axis=-1)
    return sliding_window_view(darkest, window, axis=1).min(axis=-1)


def _without_lines(parts: list[Component], labels: np.ndarray) -> list[Component]:
    """The parts of the ink but frames and stray lines, if others of some size remain."""
    height, width = labels.shape
    rest = [
        part
        for part in parts
        if not _is_frame(part, labels) and not _is_line(part, labels)
    ]
    least = REST * min(height, width)
    if any(max(part.height, part.width) > least for part in rest):
        return rest
    return parts


def _is_frame(part: Component, labels: np.ndarray) -> bool:
    """Whether a part is as large as the picture, with nothing in its middle half."""
    height, width = labels.shape
    if part.height <= FRAME * height or part.width <= FRAME * width:
        return False
    rows = slice(height // 4, height - height // 4)
    columns = slice(width // 4, width - width // 4)
    return not (labels[rows, columns] == part.label).any()


def _is_line(part: Component, labels: np.ndarray) -> bool:
    """Whether a part is a long thin line that reaches an edge, or lies along one."""
    height, width = labels.shape
    pixels = int((labels == part.label).sum())
    return _is_level_line(
        (part.left, part.right, width), (part.top, part.bottom, height), pixels
    ) or _is_level_line(
        (part.top, part.bottom, height), (part.left, part.right, width), pixels
    )


def _is_level_line(along: tuple, across: tuple, pixels: int) -> bool:
    """Whether a part is a line, by its start, its end and the picture's side each way."""
    start, end, side = along
    first, last, breadth = across
    length = end - start
    if length <= LONG * side or pixels > THIN * breadth * length:
        return False
    if last - first > FLAT * breadth:
        return False
    reaches = start <= NEAR * side or end >= side - NEAR * side
    beside = last <= NEAR * breadth or first >= breadth - NEAR * breadth
    return reaches or beside


def _without_pale_lines(ink: np.ndarray) -> np.ndarray:
    """The ink but the lines of ruled paper, where these are certain.

    They are where pale ink reaches opposite edges of the picture, and dark ink does not.
    Then pale ink is left only along the dark.
    """
    dark = ink > PALE * ink.max()
    down, across = _crossed(ink)
    dark_down, dark_across = _crossed(dark)
    if (down and not dark_down) or (across and not dark_across):
        square = np.ones((2 * ALONG + 1, 2 * ALONG + 1))
        return np.where(ndimage.binary_dilation(dark, square), ink, 0)
    return ink


def _crossed(ink: np.ndarray) -> tuple[bool, bool]:
    """Whether there is ink at both the upper and the lower edge; at both sides."""
    top, left, bottom, right = box_of(ink)
    height, width = ink.shape
    down = top <= EDGE * height and bottom >= height - EDGE * height
    across = left <= EDGE * width and right >= width - EDGE * width
    return down, across


def _without_crumbs(parts: list[Component]) -> list[Component]:
    """The heavy parts of the ink, and the light ones near to them."""
    least = CRUMB * max(part.ink for part in parts)
    heavy = [part for part in parts if part.ink >= least]
    top = min(part.top for part in heavy)
    left = min(part.left for part in heavy)
    bottom = max(part.bottom for part in heavy)
    right = max(part.right for part in heavy)
    reach = FAR * max(bottom - top, right - left)
    kept = []
    for part in parts:
        down = max(top - part.bottom, part.top - bottom)
        aside = max(left - part.right, part.left - right)
        if part.ink >= least or max(down, aside) <= reach:
            kept.append(part)
    return kept
