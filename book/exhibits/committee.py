"""The committees: what columns and small networks read, each alone and together."""

from statistics import fmean
from typing import NamedTuple

import numpy as np
import pandas as pd

from exhibits import costs, ledger
from exhibits.intervals import wilson
from exhibits.study import read_runs
from lenet5 import Lenet5Error, draws
from lenet5.checkpoint import load_arrays
from lenet5.run import RECORD
from systems import committee_study
from systems.committee_study import HELD_BACK
from systems.members import Member


class Networks(NamedTuple):
    """Networks that read the test images, a row each of ``table``.

    ``found`` are the probabilities of shape (networks, images, 10), ``multiply_adds``
    the products that it takes one of them to read an image.
    """

    table: pd.DataFrame
    found: np.ndarray
    labels: np.ndarray
    multiply_adds: int

    def of(self, view: str) -> "Networks":
        """Those of one view."""
        rows = (self.table.column == view).to_numpy()
        return self._replace(table=self.table[rows], found=self.found[rows])

    @property
    def singles(self) -> np.ndarray:
        """The test error of each, %."""
        return 100 * (self.found.argmax(axis=2) != self.labels).mean(axis=1)

    @property
    def read(self) -> np.ndarray:
        """The digits that they read together, by the mean of their probabilities."""
        return self.found.mean(axis=0).argmax(axis=1)

    @property
    def wrong(self) -> np.ndarray:
        """The images that they misread together, by their place."""
        return np.flatnonzero(self.read != self.labels)

    @property
    def error(self) -> float:
        """Of all together, %."""
        return 100 * len(self.wrong) / len(self.labels)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, %."""
        return wilson(len(self.wrong), len(self.labels))

    @property
    def seconds(self) -> float:
        """Of one core, to train them all."""
        return self.table.seconds.sum()

    @property
    def products(self) -> int:
        """Multiply-adds of their training."""
        return costs.products(self.multiply_adds, int(self.table.epochs.sum()))

    def votes(self, place: int) -> str:
        """How many voted for which digit in an image, the most first."""
        counts = np.bincount(self.found[:, place].argmax(axis=1), minlength=10)
        order = np.argsort(-counts, kind="stable")
        return " ".join(f"{n}:{counts[n]}" for n in order if counts[n])

    def lineups(self) -> np.ndarray:
        """Errors of the first 1, 2, … networks in 1000 orders, %: (orders, networks)."""
        # Of the other images every network is right, and so is every committee.
        disputed = (self.found.argmax(axis=2) != self.labels).any(axis=0)
        found, labels = self.found[:, disputed], self.labels[disputed]
        errors = []
        for order in range(1000):
            sums = found[draws.shuffle(0, order, len(found))].cumsum(axis=0)
            errors.append((sums.argmax(axis=2) != labels).sum(axis=1))
        return 100 * np.array(errors) / len(self.labels)


def read(name: str, wanted, test) -> Networks:
    """The networks of a table of the record, and what they find in the test images.

    Raises
    ------
    Lenet5Error
        If its runs are of other data or another engine, a view lacks, or weights are not of the
        run of their row.
    """
    table, networks = _runs(name, wanted), []
    for row in table.itertuples():
        folder = (RECORD / name).with_suffix("")
        path = committee_study.file(folder, row.column, row.seed)
        weights, kept = load_arrays(path)
        if kept.get("run") != row.run:
            raise Lenet5Error(f"{path} is not of the run of its row: restore both")
        networks.append((weights, kept))
    found = committee_study.found(networks, test.images)
    return Networks(table, found, test.labels, _multiply_adds(type(wanted[0])))


def choices(name: str, wanted) -> list[tuple]:
    """The lines of a table: each choice, and its errors on the images held back, %."""
    table = _runs(name, wanted)
    table["misread"] = table.misread.str.split().str.len()
    rows = []
    for column in wanted:
        counts = table[table.column == column.name].misread
        error = 100 * counts.mean() / HELD_BACK
        rows.append((column.name, " ".join(map(str, counts)), f"{error:.2f}"))
    return rows


def promised(name: str, names) -> float:
    """The share of the images held back that at least half of some runs misread, %."""
    table = pd.read_csv(RECORD / name)
    lists = table[table.column.isin(names)].misread.str.split()
    counts = lists.explode().str.partition(":")[0].value_counts()
    return 100 * int((counts >= len(lists) / 2).sum()) / HELD_BACK


def views(networks: Networks, wanted) -> list[tuple]:
    """The lines of a table, view by view: ours and the paper's, alone and together."""
    _, literature, facts = ledger.read()
    rows = [
        _row(column.name, networks.of(column.name), *facts["mcdnn_views"][column.name])
        for column in wanted
    ]
    theirs = facts["mcdnn_single"], literature["mcdnn"]["error"]
    return [*rows, _row("all", networks, *theirs)]


def _multiply_adds(kind: type) -> int:
    """Products that reading one image takes, counted in the definition, which is torch's."""
    from systems import column2012, committee

    small = kind is Member
    definition = committee.Network(normalised=False) if small else column2012.Column()
    return column2012.multiply_adds(definition)


def _runs(name: str, wanted) -> pd.DataFrame:
    made_by = committee_study.behaviour_of, HELD_BACK
    return read_runs(name, wanted, "column", *made_by, "make committee")


def _row(name: str, networks: Networks, single: float, together: float) -> tuple:
    errors = fmean(networks.singles), single, networks.error, together
    return name, *(f"{error:.2f}" for error in errors), len(networks.table)
