"""MNIST as bytes in memory, and the training images that are held back to choose by."""

import functools
import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from exact import UserError
from exact.arrays import little_endian
from lenet5 import DATA

TRAINING = 60_000  # images of MNIST
TEST = 10_000
IMAGE_SHAPE = (1, 28, 28)  # channels, height and width
HELD_BACK = 5_000  # the last of the training images: open choices are made on them
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
    raises UserError.
    """
    raw = Path(root) / "MNIST" / "raw"
    splits = []
    for name in ("train", "t10k"):
        images = _read(raw / f"{name}-images-idx3-ubyte.gz")
        labels = _read(raw / f"{name}-labels-idx1-ubyte.gz")
        # The one channel of a grey image gets an axis of its own.
        splits.append(Split(images[:, None], labels.astype(np.int32)))
    return tuple(splits)


def hold_back(
    split: Split, images: int = HELD_BACK, start: int | None = None
) -> tuple[Split, Split]:
    """Part training images in two: to train, and so many to choose by, from ``start`` on.

    Both keep the order of the file; by default the last are held back.
    """
    if start is None:
        start = len(split.labels) - images
    kept = np.ones(len(split.labels), bool)
    kept[start : start + images] = False
    train = Split(split.images[kept], split.labels[kept])
    held_back = Split(split.images[~kept], split.labels[~kept])
    return train, held_back


def checksum(*splits: Split) -> str:
    """SHA-256 of images and labels, as hexadecimal text: which data a run has seen."""
    digest = hashlib.sha256()
    for split in splits:
        for array in split:
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(little_endian(array))
    return digest.hexdigest()


def _read(path: Path) -> np.ndarray:
    """The array of an IDX file: two zeros, type, dimensions, big-endian sizes, bytes."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        mend = "restore it with git, or run this in a clone of the project"
        raise UserError(f"{path} is missing: {mend}") from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    expected = MD5[path.name]
    if found != expected:
        why = f"its MD5 is {found} where {expected} is expected"
        raise UserError(f"{path} is damaged: {why}; restore it with git")
    content = gzip.decompress(content)
    sizes = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)
