"""What a run reads in the test images, image by image."""

import base64
import json
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from lenet5.data import Split
from lenet5.run import Run


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
    def of_run(cls, run: Run, test: Split) -> "Predictions":
        """What a run reads in these images."""
        probabilities = run.engine().probabilities(test.images)
        predicted = probabilities.argmax(axis=1)
        return cls(
            images=test.images,
            labels=test.labels,
            predicted=predicted,
            confidence=probabilities.max(axis=1),
            wrong=predicted != test.labels,
        )

    @property
    def mistakes(self) -> int:
        """How many images are misread."""
        return int(self.wrong.sum())

    def surest_mistakes(self, count: int) -> np.ndarray:
        """The wrong predictions given the highest probability, by image, highest first."""
        rows = np.flatnonzero(self.wrong)
        order = np.argsort(-self.confidence[rows], kind="stable")
        return rows[order][:count]

    def confusion(self) -> np.ndarray:
        """How often each label (row) is read as each digit (column), shape (10, 10)."""
        pairs = 10 * self.labels + self.predicted
        return np.bincount(pairs, minlength=100).reshape(10, 10)

    def class_errors(self) -> np.ndarray:
        """The share of each class that is misread, %, shape (10,)."""
        matrix = self.confusion()
        return 100 * (1 - matrix.diagonal() / matrix.sum(axis=1))

    def calibration_error(self, bins: int = 15) -> float:
        """By how much the confidence misses the share of right answers, %, on average.

        The images are sorted by their confidence into bins of equal width. In each the mean
        confidence is compared with the share that is read correctly; the mean of these
        differences, weighted by the images of a bin, is the expected calibration error (Guo
        and others, "On calibration of modern neural networks", ICML 2017).
        """
        places = np.minimum((self.confidence * bins).astype(int), bins - 1)
        # The sum over a bin of its differences, and not their mean, is weighted already.
        surplus = self.confidence - ~self.wrong
        sums = np.bincount(places, weights=surplus, minlength=bins)
        return float(100 * np.abs(sums).sum() / len(self.confidence))

    def promised_mistakes(self, least: float = 0) -> tuple[float, float]:
        """How many images would be misread if the confidences were right.

        An image is then misread with the probability that its confidence leaves.

        Parameters
        ----------
        least : float
            Of the images with a confidence above it.

        Returns
        -------
        mean, deviation : float
            Of the number of mistakes, by chance.
        """
        confidence = self.confidence[self.confidence > least].astype(float)
        doubt = 1 - confidence
        return float(doubt.sum()), float(np.sqrt((confidence * doubt).sum()))

    def samples(self, rows: Iterable[int]) -> bytes:
        """Some images as JSON, by their places in the test file.

        Each has its ``label``, its ``index`` in the file, and its ``pixels`` in base64.
        """
        chosen = []
        for row in rows:
            sample = {
                "label": int(self.labels[row]),
                "index": int(row),
                "pixels": base64.b64encode(self.images[row]).decode(),
            }
            chosen.append(sample)
        text = json.dumps(chosen, indent=1) + "\n"
        return text.encode()
