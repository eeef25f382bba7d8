"""Arrays as bytes: their order on every machine, their checksum, and where they begin."""

import hashlib
from collections.abc import Mapping

import numpy as np

ALIGNMENT = 64  # bytes: the widest vector of a processor


def little_endian(array: np.ndarray) -> np.ndarray:
    """The array, contiguous, with the least significant byte of each number first."""
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def checksum(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of the bytes of arrays, one after the other, as hexadecimal text.

    The bytes are little-endian ones on every machine: equal numbers, equal checksums. The
    names of the arrays do not count; their order does.
    """
    digest = hashlib.sha256()
    for array in arrays.values():
        digest.update(little_endian(array))
    return digest.hexdigest()


def aligned(size: int) -> np.ndarray:
    """So many zero bytes, uint8, that begin where the kernels' vectors may begin.

    NumPy promises an alignment of 16 bytes, and the widest vectors need 64. So 64 bytes
    too many are taken, and what lies before the first multiple is left out.
    """
    block = np.zeros(size + ALIGNMENT, np.uint8)
    start = -block.ctypes.data % ALIGNMENT
    return block[start : start + size]
