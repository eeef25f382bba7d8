"""MNIST as bytes in memory, and pictures of digits prepared as MNIST prepared its own."""

import functools
import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image, ImageOps

from lenet5 import DATA, Lenet5Error

SIDE, BOX = 28, 20  # pixels of an image of MNIST, and of the digit in it
FAINT = 0.1  # of the strongest ink: below it lie paper grain and compression noise
MD5 = {  # as the data set's distributors publish them
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


class Split(NamedTuple):
    """Images and what they show."""

    images: np.ndarray  # shape (N, channels, height, width), uint8; 0 is paper, 255 ink
    labels: np.ndarray  # shape (N,), int32, from 0


@functools.cache
def load(root: Path = DATA) -> tuple[Split, Split]:
    """The training and the test split of MNIST: 60,000 and 10,000 images, read once.

    ``root`` holds the official files in ``MNIST/raw``; one that is missing or damaged
    raises Lenet5Error.
    """
    raw = Path(root) / "MNIST" / "raw"
    arrays = [_read(raw / name, digest) for name, digest in MD5.items()]
    pairs = arrays[:2], arrays[2:]
    return tuple(Split(x[:, None], labels.astype(np.int32)) for x, labels in pairs)


def checksum(*splits: Split) -> str:
    """SHA-256 of images and labels, as hexadecimal text: which data a run has seen."""
    digest = hashlib.sha256()
    for array in (array for split in splits for array in split):
        digest.update(f"{array.dtype} {array.shape}".encode())
        # Little-endian, so that the same data has one checksum on every machine.
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")))
    return digest.hexdigest()


def _read(path: Path, md5: str) -> np.ndarray:
    """The array of an IDX file: two zeros, type, dimensions, big-endian sizes, bytes."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Lenet5Error(f"{path} is missing: restore it with git") from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        why = f"its MD5 is {found} where {md5} is expected"
        raise Lenet5Error(f"{path} is damaged: {why}; restore it with git")
    content = gzip.decompress(content)
    sizes = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def read_digit(path: Path) -> np.ndarray:
    """The digit in an image file, as the network takes it: see :func:`centre`.

    It takes any format that Pillow reads, with the turn that its Exif data asks for.
    Paper and ink may be dark or light, in uneven light, or transparent.

    Returns
    -------
    array, shape (1, 28, 28), float32 in [0, 1]; 0 is paper, 1 is ink

    Raises
    ------
    Lenet5Error
        If the file is missing, is not an image, or holds a single grey.
    """
    try:
        with Image.open(path) as image:
            picture = _in_bytes(ImageOps.exif_transpose(image)).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        cause = getattr(error, "strerror", None) or "no whole image"
        why = f"cannot be read ({cause}): give a PNG, JPEG, GIF or similar file"
        raise Lenet5Error(f"{path} {why}") from error
    # Transparent parts take the paper on which there is something to see, and little ink.
    sheets = (Image.new("RGBA", picture.size, x) for x in ("white", "black"))
    greys = [_grey(picture, sheet) for sheet in sheets]
    grey = min(greys, key=lambda x: (np.ptp(x) < 64, np.abs(x - np.median(x)).mean()))
    try:
        return centre(_ink(grey))[None]
    except ValueError as error:
        why = f"{error}: give an image of one digit on plain paper"
        raise Lenet5Error(f"{path} {why}") from error


def centre(grey: np.ndarray) -> np.ndarray:
    """MNIST's preparation of a grey picture, dark on light or light on dark.

    The paper is the median grey of the picture's border; ink is the distance from it. The
    ink's bounding box is scaled into 20×20 pixels with its proportions kept, and its
    centre of mass is put in the middle of 28×28 (LeCun et al. 1998, section III.A). If
    all pixels are alike, it raises ValueError.

    Parameters
    ----------
    grey : array, shape (height, width), any scale

    Returns
    -------
    array, shape (28, 28), float32 in [0, 1]; 0 is paper, 1 is ink
    """
    ink = np.abs(grey - _border(grey))
    if ink.max() < 1e-6:
        raise ValueError("holds a single grey")
    ink /= ink.max()
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis)) for axis in (1, 0))
    box = Image.fromarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = BOX / max(box.size)
    width, height = (max(1, round(side * scale)) for side in box.size)
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    small = np.asarray(box.resize((width, height), method))
    y, x = (
        np.average(np.arange(small.shape[axis]) + 0.5, weights=small.sum(1 - axis))
        for axis in (0, 1)
    )
    top = min(max(round(SIDE / 2 - y), 0), SIDE - height)
    left = min(max(round(SIDE / 2 - x), 0), SIDE - width)
    out = np.zeros((SIDE, SIDE), dtype=np.float32)
    out[top : top + height, left : left + width] = small / small.max()
    return out


def _in_bytes(picture):
    """The picture; of more than 8 bits a pixel, its range spread over them."""
    if picture.mode[0] not in "IF":  # Pillow would clip these
        return picture
    values = np.asarray(picture, float)
    levels = np.interp(values, (values.min(), values.max()), (0, 255))
    return Image.fromarray(levels.astype(np.uint8))


def _grey(picture, sheet) -> np.ndarray:
    """The picture on the sheet, at most some 300 pixels wide: more tells no digit."""
    sheet.alpha_composite(picture)
    factor = max(1, round(max(picture.size) / 200))
    return np.asarray(sheet.convert("L").reduce(factor), np.float32)


def _border(grey: np.ndarray) -> float:
    return np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))


def _ink(grey: np.ndarray) -> np.ndarray:
    """The share of the light, from 0 to 1, that ink takes from the paper beneath it.

    Strokes are narrower than a third of the picture, shadows are not: a closing, which
    fills what is narrow and dark, leaves the paper as it is lit.
    """
    # Light multiplies, so greys compare by their ratios; 32 keeps noise in black small.
    low, paper, high = grey.min() + 32, _border(grey) + 32, grey.max() + 32
    if paper**2 < low * high:
        grey = 255 - grey
    edge = 2 * max(1, min(grey.shape) // 6)
    paper = np.pad(grey, edge, constant_values=-np.inf)
    for extreme, axis in ((np.max, 0), (np.max, 1), (np.min, 0), (np.min, 1)):
        paper = extreme(sliding_window_view(paper, edge + 1, axis), -1)
    ink = (paper - grey) / (paper + 32)
    return np.where(ink > ink.max() / 3, ink, 0)  # below are grain and compression
