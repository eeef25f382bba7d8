"""The digit in a picture, prepared as MNIST prepared its own."""

from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageOps

from exact import UserError

SIDE = 28  # pixels of an image of MNIST
BOX = 20  # and of the digit in it
FAINT = 0.1  # of the strongest ink: below it lie paper grain and compression noise
CONTRAST = 64  # grey levels from the darkest to the lightest: with less nothing is seen


def read_digit(path: Path) -> np.ndarray:
    """The digit in an image file, as the network takes it: see :func:`centre`.

    It takes any format that Pillow reads, with the turn that its Exif data asks for.
    Paper and ink may be dark or light, in uneven light, or transparent.

    Parameters
    ----------
    path : Path

    Returns
    -------
    array, shape (1, 28, 28), float32 in [0, 1]; 0 is paper, 1 is ink

    Raises
    ------
    UserError
        If the file is missing, is not an image, or holds a single grey.
    """
    ink = _ink(_on_paper(_open(path)))
    try:
        digit = centre(ink)
    except ValueError as error:
        mend = "give an image of one digit on plain paper"
        raise UserError(f"{path} {error}: {mend}") from error
    return digit[None]  # the axis of the one channel


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
    inked = ink > FAINT
    rows = np.flatnonzero(inked.any(axis=1))
    columns = np.flatnonzero(inked.any(axis=0))
    box = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
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


def _open(path: Path) -> Image.Image:
    """The picture of a file, turned upright: colours and opacity, 8 bits each."""
    try:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image)
            return _in_bytes(upright).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        cause = getattr(error, "strerror", None) or "no whole image"
        mend = "give a PNG, JPEG, GIF or similar file"
        raise UserError(f"{path} cannot be read ({cause}): {mend}") from error


def _in_bytes(picture: Image.Image) -> Image.Image:
    """The picture; of more than 8 bits a pixel, its range spread over them."""
    if picture.mode[0] not in "IF":  # Pillow would clip these
        return picture
    values = np.asarray(picture, float)
    levels = np.interp(values, (values.min(), values.max()), (0, 255))
    return Image.fromarray(levels.astype(np.uint8))


def _on_paper(picture: Image.Image) -> np.ndarray:
    """A picture's greys, where it is transparent on white paper or on black.

    It takes the paper on which there is something to see, and of both the one with the
    smaller share of ink. What is opaque looks the same on either.
    """
    on_white = _grey(picture, "white")
    on_black = _grey(picture, "black")
    return min(on_white, on_black, key=_illegible)


def _illegible(grey: np.ndarray) -> tuple[bool, float]:
    """What makes a picture hard to read: too little contrast, and then much ink."""
    flat = np.ptp(grey) < CONTRAST
    ink = np.abs(grey - np.median(grey)).mean()
    return flat, ink


def _grey(picture: Image.Image, paper: str) -> np.ndarray:
    """The picture on paper, at most some 300 pixels wide: more tells no digit."""
    sheet = Image.new("RGBA", picture.size, paper)
    sheet.alpha_composite(picture)
    factor = max(1, round(max(picture.size) / 200))
    return np.asarray(sheet.convert("L").reduce(factor), np.float32)


def _border(grey: np.ndarray) -> float:
    """The median grey of the pixels along the four sides."""
    sides = [grey[0], grey[-1], grey[:, 0], grey[:, -1]]
    return np.median(np.concatenate(sides))


def _ink(grey: np.ndarray) -> np.ndarray:
    """The share of the light, from 0 to 1, that ink takes from the paper beneath it.

    Strokes are narrower than a third of the picture, shadows are not: a closing, which
    fills what is narrow and dark, leaves the paper as it is lit.
    """
    # Light multiplies, so greys compare by their ratios; 32 keeps noise in black small.
    darkest = grey.min() + 32
    lightest = grey.max() + 32
    border = _border(grey) + 32
    if border**2 < darkest * lightest:  # the paper is the dark one
        grey = 255 - grey
    paper = _closed(grey)
    ink = (paper - grey) / (paper + 32)
    return np.where(ink > ink.max() / 3, ink, 0)  # below are grain and compression


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
