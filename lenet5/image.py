"""One digit in an image file, prepared as MNIST prepared its own."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from lenet5 import Lenet5Error

SIDE, BOX = 28, 20
FAINT = 0.1  # of the strongest ink: below it lie paper grain and compression noise


def read_digit(path: Path) -> Tensor:
    """An image file as the network takes it.

    The paper is the median grey of the image's border, whether light or dark; ink is
    the distance from it. The ink's bounding box is scaled into 20×20 pixels with its
    proportions kept, and its centre of mass is put in the middle of 28×28 (LeCun et al.
    1998, section III.A).

    Parameters
    ----------
    path : Path
        Any format that Pillow reads; transparency counts as white paper.

    Returns
    -------
    Tensor, shape (1, 28, 28), float32 in [0, 1]; 0 is paper, 1 is ink

    Raises
    ------
    Lenet5Error
        If the file is missing, is not an image, or holds a single grey.
    """
    try:
        with Image.open(path) as image:
            picture = image.convert("RGBA")
    except FileNotFoundError as error:
        raise Lenet5Error(f"{path} does not exist") from error
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
    ) as error:
        raise Lenet5Error(
            f"{path} cannot be read as an image: give a PNG, JPEG, GIF or similar file"
        ) from error
    paper = Image.new("RGBA", picture.size, "white")
    grey = np.asarray(
        Image.alpha_composite(paper, picture).convert("L"), dtype=np.float32
    )
    try:
        return torch.from_numpy(centre(grey))[None]
    except ValueError as error:
        raise Lenet5Error(
            f"{path} {error}: give an image of one digit on plain paper"
        ) from error


def centre(grey: np.ndarray) -> np.ndarray:
    """MNIST's preparation of a grey picture, dark on light or light on dark.

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
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ink = np.abs(grey - np.median(border))
    if ink.max() < 1e-6:
        raise ValueError("holds a single grey")
    ink /= ink.max()
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis)) for axis in (1, 0))
    box = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = BOX / max(box.size)
    width, height = (max(1, round(side * scale)) for side in box.size)
    small = np.asarray(
        box.resize(
            (width, height),
            Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR,
        )
    )
    y, x = (
        np.average(np.arange(small.shape[axis]) + 0.5, weights=small.sum(1 - axis))
        for axis in (0, 1)
    )
    top = min(max(round(SIDE / 2 - y), 0), SIDE - height)
    left = min(max(round(SIDE / 2 - x), 0), SIDE - width)
    out = np.zeros((SIDE, SIDE), dtype=np.float32)
    out[top : top + height, left : left + width] = small / small.max()
    return out
