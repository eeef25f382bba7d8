"""How a column's images are distorted: affine maps, and the smoothing of elastic noise.

The kernel draws the noise itself and applies all of it; what is computed here are the few
numbers that take functions which C's library rounds in its own way on each machine.
"""

import math
from decimal import Decimal

import numpy as np

from exact import random_numbers
from networks.column2012.columns import Column
from networks.views import SIDE

NUMBERS = 5  # drawn for each image: a turn, two scales and two shifts


def affine_maps(column: Column, key: int, numbers) -> np.ndarray:
    """Maps from places of distorted images to places of the images.

    An image is turned, scaled along each axis and shifted, each within the column's
    range; the paper does not state its own.

    Parameters
    ----------
    column : Column
    key : int
        That of the epoch's noise.
    numbers : array of int, shape (N,)
        Those of the images; each draws by its number, whatever the order.

    Returns
    -------
    array, shape (N, 6), float32
        a, b, c, d, e, f: the place (x, y), in pixels from the middle, shows the image's
        (a x + b y + c, d x + e y + f).
    """
    images = np.asarray(numbers, np.uint64)
    first = images[:, None] * np.uint64(NUMBERS)
    counters = first + np.arange(NUMBERS, dtype=np.uint64)
    # The noise has the key itself, so another key draws these numbers.
    drawn = random_numbers.uniform(key ^ 1, counters)  # from -1 to 1
    # The tangent of half the angle gives cosine and sine without a library of them, whose
    # last digit may differ from machine to machine.
    half = math.radians(column.rotation) / 2 * drawn[:, 0]
    cosine = (1 - half * half) / (1 + half * half)
    sine = 2 * half / (1 + half * half)
    width = 1 + column.scale * drawn[:, 1]
    height = 1 + column.scale * drawn[:, 2]
    maps = [
        cosine * width,
        -(sine * height),
        column.shift * drawn[:, 3],
        sine * width,
        cosine * height,
        column.shift * drawn[:, 4],
    ]
    return np.stack(maps, axis=1).astype(np.float32)


def blur(smoothness: float) -> np.ndarray:
    """A Gaussian's weights between the pixels of a line, which smooths the elastic noise.

    Parameters
    ----------
    smoothness : float
        The standard deviation, in pixels.

    Returns
    -------
    array, shape (29, 29), float32
        Row i has what each pixel of the line gives to pixel i.
    """
    line = []  # of every distance, from 28 pixels to the left to 28 to the right
    for distance in range(1 - SIDE, SIDE):
        # C's exp rounds as its library does; Decimal's is the same on every machine.
        exponent = -((distance / Decimal(smoothness)) ** 2) / 2
        line.append(float(exponent.exp()))
    weights = np.array(line) / math.fsum(line)
    rows = []
    for pixel in range(SIDE):
        start = SIDE - 1 - pixel
        rows.append(weights[start : start + SIDE])
    return np.stack(rows).astype(np.float32)
