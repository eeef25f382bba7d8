"""What the chapters show: figures, tables, glued numbers, claims and where all come from.

A chapter's kernel starts in ``book/``, so that ``from exhibits import …`` works there.
"""

import base64
import json
from typing import NamedTuple

import numpy as np
import pandas as pd

from exhibits.display import glue, show, show_code, show_source, show_table
from lenet5 import Config
from lenet5.data import DATA, Split, load
from lenet5.run import RECORD, Run, load_or_train

__all__ = ["RECORD", "Predictions", "history_of", "report"]
__all__ += ["glue", "show", "show_code", "show_source", "show_table"]


class Predictions(NamedTuple):
    """What a run reads in the test images.

    All are arrays over the images, of which ``images`` has the shape (N, 1, 28, 28);
    ``confidence`` is the probability given to the digit that is predicted.
    """

    images: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    wrong: np.ndarray

    @classmethod
    def of(cls, run: Run, test: Split) -> "Predictions":
        """What a run reads in these images."""
        probabilities = run.engine().probabilities(test.images)
        predicted = probabilities.argmax(1)
        wrong = predicted != test.labels
        return cls(*test, predicted, probabilities.max(1), wrong)

    @property
    def mistakes(self) -> int:
        """How many images are misread."""
        return int(self.wrong.sum())

    def surest_mistakes(self, count: int) -> np.ndarray:
        """The wrong predictions given the highest probability, by image, highest first."""
        rows = np.flatnonzero(self.wrong)
        return rows[np.argsort(-self.confidence[rows], kind="stable")][:count]

    def confusion(self) -> np.ndarray:
        """How often each label (row) is read as each digit (column), shape (10, 10)."""
        pairs = 10 * self.labels + self.predicted
        return np.bincount(pairs, minlength=100).reshape(10, 10)

    def class_errors(self) -> np.ndarray:
        """The share of each class that is misread, %, shape (10,)."""
        matrix = self.confusion()
        return 100 * (1 - matrix.diagonal() / matrix.sum(1))

    def samples(self, rows) -> bytes:
        """Some images as JSON: label, place in the test file, base64 of the pixels."""
        chosen = []
        for row in map(int, rows):
            pixels = base64.b64encode(self.images[row]).decode()
            sample = {"label": int(self.labels[row]), "index": row, "pixels": pixels}
            chosen.append(sample)
        return (json.dumps(chosen, indent=1) + "\n").encode()


def report(epochs: int, batch_size: int, lr: float, seed: int) -> tuple:
    """The run of these settings, read or trained, and what it is compared with.

    Returns
    -------
    run : Run
    predictions : Predictions
    history : DataFrame
        See :func:`history_of`.
    original : DataFrame
        The published curves: ``drawn_at_epoch``, ``loss``, ``accuracy`` (%).
    """
    splits = load()
    run = load_or_train(Config(epochs, batch_size, lr, seed), splits)
    original = pd.read_csv(DATA / "original.csv")
    return run, Predictions.of(run, splits[1]), history_of(run), original


def history_of(run: Run) -> pd.DataFrame:
    """A run's metrics, a row an epoch from 0."""
    return pd.DataFrame(run.history)
