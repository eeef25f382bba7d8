"""Which test images each seed misreads after the last epoch, by their place in the file.

The recorded seeds say how many images a network misreads, and not which. So some of them
are trained once more. A run is taken only if its weights have the checksum that
``record/seeds.csv`` has for its seed, so that it is the same run and no other.
"""

import functools
import time
from typing import NamedTuple

import numpy as np
import pandas as pd

from exact import UserError
from exact.arrays import checksum
from lenet5 import data
from lenet5.data import HELD_BACK, TEST
from lenet5.provenance import Provenance
from lenet5.train import train_epoch
from studies import runs, seeds
from studies.runs import Kind, Study
from studies.variations import Variation, begin, behaviour_of, provenance, vary

COLUMNS = (
    "run", "recipe", "seed", "judged_on", "misread", "seconds", "weights",
    "behaviour", "library", "machine",
)  # fmt: skip
COMMAND = "python -m studies mistakes"


def train(
    recipe: Variation, seed: int, judged_on: str, expected: Provenance
) -> list[list]:
    """Train a network on one core as its recorded run was; its row.

    Raises
    ------
    UserError
        If the weights are not those that the record has for the seed, or the loss is not
        finite; and see :func:`studies.variations.begin`.
    """
    started = time.thread_time()
    config, engine, train_split, judge = begin(recipe, seed, judged_on, expected)
    for epoch in range(1, config.epochs + 1):
        train_epoch(config, train_split, engine, epoch)
    misread = runs.misread_cell(engine.logits(judge.images), judge)
    seconds = time.thread_time() - started
    row = [
        runs.name_of(recipe, seed, expected),
        recipe.name,
        seed,
        judged_on,
        misread,
        round(seconds, 1),
        checksum(engine.weights),
    ]
    row += runs.made_by(expected)
    check_same_run(dict(zip(COLUMNS, row, strict=True)))
    return [row]


def check_same_run(row: dict) -> None:
    """Raise UserError if a row is not of the run that the record has for its seed.

    That run has the same weights after its last epoch, and misreads as many test images.
    """
    which = f"seed {row['seed']}"
    ends = recorded_ends()
    if row["seed"] not in ends.index:
        raise UserError(f"record/seeds.csv has no {which}: train it first (make seeds)")
    recorded = ends.loc[row["seed"]]
    if row["weights"] != recorded.weights:
        raise UserError(
            f"the weights of {which} are not those of record/seeds.csv: "
            f"it is another run, so make both again (make seeds, and {COMMAND})"
        )
    counted = len(row["misread"].split())
    expected = round(recorded.test_error / 100 * TEST)
    if counted != expected:
        raise UserError(
            f"{which} misreads {counted} test images here and {expected} in "
            f"record/seeds.csv: make both again (make seeds, and {COMMAND})"
        )


@functools.cache
def recorded_ends() -> pd.DataFrame:
    """The last epoch of every recorded seed, by its seed."""
    table = seeds.read().table
    return table[table.epoch == table.epochs].set_index("seed")


KIND = Kind(
    label="recipe",
    columns=COLUMNS,
    held_back=HELD_BACK,
    provenance=provenance,
    behaviour_of=behaviour_of,
    train=train,
    receive=runs.keep_nothing,
    command=COMMAND,
)
# Forty are meant; so many are made. More seeds add rows, and change none.
SEEDS = range(30)
STUDY = Study("mistakes.csv", KIND, (vary("the recipe"),), SEEDS, runs.ON_TEST)


class Mistakes(NamedTuple):
    """What each of some networks misreads, a row each, and what the images show."""

    seeds: list[int]
    wrong: np.ndarray  # bool, shape (networks, images)
    read: np.ndarray  # the digit that each network reads, shape (networks, images)
    labels: np.ndarray  # shape (images,)

    @property
    def counts(self) -> np.ndarray:
        """How many images each network misreads, shape (networks,)."""
        return self.wrong.sum(axis=1)

    @property
    def by_image(self) -> np.ndarray:
        """How many networks misread each image, shape (images,)."""
        return self.wrong.sum(axis=0)

    @property
    def by_class(self) -> np.ndarray:
        """The error of each network on the images of each digit, %: (networks, 10)."""
        errors = []
        for digit in range(10):
            of_digit = self.wrong[:, self.labels == digit]
            errors.append(100 * of_digit.mean(axis=1))
        return np.stack(errors, axis=1)

    def confusions(self) -> np.ndarray:
        """How often each network reads one digit as another.

        Returns
        -------
        array, shape (networks, 10, 10)
            By the label and the digit that is read; right readings are counted too.
        """
        counts = np.zeros((len(self.read), 10, 10), int)
        for network, digits in enumerate(self.read):
            np.add.at(counts[network], (self.labels, digits), 1)
        return counts


def read() -> Mistakes:
    """The study, seed by seed.

    Raises
    ------
    UserError
        If a run is of other data or another engine, or not the recorded one of its seed.
    """
    table = STUDY.read()
    _, test = data.load()
    rows = table.to_dict("records")
    for row in rows:
        check_same_run(row)
    digits = np.stack([_digits(row["misread"], test.labels) for row in rows])
    return Mistakes(
        [row["seed"] for row in rows], digits != test.labels, digits, test.labels
    )


def _digits(cell: str, labels: np.ndarray) -> np.ndarray:
    """The digits that a network reads, from the cell of those that it misreads."""
    digits = labels.astype(int)
    for entry in cell.split():
        place, digit = entry.split(":")
        digits[int(place)] = int(digit)
    return digits
