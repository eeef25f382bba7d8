"""The table of the page *Dataset*; its figures are drawings that other pages share."""

import numpy as np


def class_rows(train_counts: np.ndarray, test_counts: np.ndarray) -> list[tuple]:
    """The lines of a table: the images of each class, and of all.

    Parameters
    ----------
    train_counts, test_counts : array, shape (classes,)
    """
    lines = []
    pairs = zip(train_counts, test_counts, strict=True)
    for digit, (train, test) in enumerate(pairs):
        lines.append((digit, f"{train:,}", f"{test:,}"))
    lines.append(("all", f"{train_counts.sum():,}", f"{test_counts.sum():,}"))
    return lines
