"""Training images held back, to choose by: it needs none of the systems."""

import numpy as np

from lenet5.data import Split

HELD_BACK = 5_000  # the last of the training images: the open choices are made on them


def hold_back(split: Split, images: int = HELD_BACK, start: int | None = None):
    """Part training images in two: to train, and so many to choose by, from ``start`` on.

    Both keep the order of the file; by default the last are held back.
    """
    start = len(split.labels) - images if start is None else start
    kept = np.ones(len(split.labels), bool)
    kept[start : start + images] = False
    return Split(*(x[kept] for x in split)), Split(*(x[~kept] for x in split))
