"""MNIST as bytes in memory, from the four official files."""

import gzip
import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lenet5 import Lenet5Error

ROOT = Path(__file__).resolve().parent.parent / "data"
MD5 = {  # as the data set's distributors publish them
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}


class Split(NamedTuple):
    """One half of the data set.

    Attributes
    ----------
    images : array, shape (N, channels, height, width), uint8; 0 is paper, 255 is ink
    labels : array, shape (N,), int32, from 0
    """

    images: np.ndarray
    labels: np.ndarray


def load(root: Path = ROOT) -> tuple[Split, Split]:
    """The training and the test split of MNIST: 60,000 and 10,000 images.

    Parameters
    ----------
    root : Path
        Folder that holds the official files in ``MNIST/raw``.

    Raises
    ------
    Lenet5Error
        If a file is missing or damaged.
    """
    raw = Path(root) / "MNIST" / "raw"
    arrays = [_read(raw / name, digest) for name, digest in MD5.items()]
    return tuple(
        Split(images[:, None], labels.astype(np.int32))
        for images, labels in (arrays[:2], arrays[2:])
    )


def checksum(*splits: Split) -> str:
    """SHA-256 of images and labels, as hexadecimal text: which data a run has seen."""
    digest = hashlib.sha256()
    for array in (array for split in splits for array in split):
        digest.update(f"{array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def _read(path: Path, md5: str) -> np.ndarray:
    """The array of an IDX file: two zeros, type, dimensions, big-endian sizes, bytes."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise Lenet5Error(f"{path} is missing: restore it with git") from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise Lenet5Error(
            f"{path} is damaged: its MD5 is {found} where {md5} is expected; restore it "
            "with git"
        )
    content = gzip.decompress(content)
    sizes = np.frombuffer(content, ">u4", content[3], 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)
