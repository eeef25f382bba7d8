"""Views of the digits: framed as columns and members see them, and drawn to a width."""

import numpy as np

SIDE = 29  # pixels of a view
GIVEN_SIDE = 28  # pixels of an image of MNIST


def view(images, width: int) -> np.ndarray:
    """Images framed, with every digit ``width`` pixels wide.

    The width of the box of a digit is normalised and its height stays (Cireşan, Meier,
    Schmidhuber 2012, section 3.1). It stands in the middle, resampled by a triangle as
    wide as a pixel or more.

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    width : int
        In pixels; 0: the digits as they are given, with a row and a column more.

    Returns
    -------
    array, shape (N, 29, 29), uint8
    """
    framed = np.zeros((len(images), SIDE, SIDE), np.uint8)
    if width == 0:
        framed[:, :GIVEN_SIDE, :GIVEN_SIDE] = images[:, 0]
        return framed
    left, widths = _boxes(images)
    start = (SIDE - width) // 2
    for given_width in np.unique(widths):  # all digits that share their weights at once
        rows = np.flatnonzero(widths == given_width)
        total = np.zeros((len(rows), GIVEN_SIDE, width))
        for place, weights in enumerate(triangles(given_width, width)):
            column = images[rows, 0, :, left[rows] + place]
            total += column[:, :, None] * weights
        rounded = np.floor(total + 0.5)
        framed[rows, :GIVEN_SIDE, start : start + width] = rounded
    return framed


def triangles(given_width: int, width: int) -> np.ndarray:
    """What each pixel of a row gives to each pixel of the same row drawn to a width.

    Around the middle of each new pixel the weights fall linearly to zero within one pixel,
    given or new, whichever is wider: so a digit that is narrowed loses no stroke.

    Returns
    -------
    array, shape (given_width, width), float64
        Each column sums to 1.
    """
    reach = max(given_width / width, 1.0)
    middles = (np.arange(width) + 0.5) * given_width / width - 0.5
    distances = abs(np.arange(given_width)[:, None] - middles)
    weights = np.maximum(1 - distances / reach, 0)
    # Row by row, since NumPy does not promise in which order its own sum adds.
    total = np.zeros(width)
    for row in weights:
        total += row
    return weights / total


def _boxes(images) -> tuple[np.ndarray, np.ndarray]:
    """The first column with ink of each image, and the width of its ink, in pixels.

    The box of an image without ink is all of it.
    """
    inked = images.any(axis=(1, 2))  # shape (N, 28): whether a column has ink
    left = inked.argmax(axis=1)
    right = GIVEN_SIDE - inked[:, ::-1].argmax(axis=1)
    return left, right - left
