"""The hundred digits that the 2020 report shows of the data set, by their places in MNIST.

They were looked up by their pictures: ``data/README.md`` says how, and how surely.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from exact import UserError
from lenet5 import DATA
from lenet5.data import Split

TABLE = DATA / "dataset-grid.csv"
CLOSE = 0.02  # of two correlations that leave room for doubt


def read_places(path: Path = TABLE) -> pd.DataFrame:
    """The places, a row a digit, in the order in which they are shown.

    Returns
    -------
    DataFrame
        ``split`` and ``index`` are the place in MNIST, ``label`` is the digit,
        ``correlation`` says how much the image is like the one shown, and ``runner_up``
        how much the next best is.

    Raises
    ------
    UserError
        If the table is missing or damaged.
    """
    try:
        places = pd.read_csv(path)
        return places[["split", "index", "label", "correlation", "runner_up"]]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is missing or damaged: restore it with git") from error


def close_calls(places: pd.DataFrame) -> int:
    """How many digits have a second image that is nearly as much like them."""
    return int((places.correlation - places.runner_up < CLOSE).sum())


def images_at(places: pd.DataFrame, train: Split, test: Split) -> np.ndarray:
    """The images at these places, shape (N, 1, 28, 28), uint8."""
    splits = {"train": train.images, "test": test.images}
    pairs = zip(places["split"], places["index"], strict=True)
    return np.stack([splits[split][index] for split, index in pairs])
