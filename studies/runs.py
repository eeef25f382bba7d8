"""The runs of other networks: how they are named, made, written and read again.

A :class:`Study` is one table of the record. Its runs are all those of some networks with
some seeds, judged by some images; how a network is trained and recorded is its
:class:`Kind`.
"""

import argparse
import dataclasses
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from exact import UserError
from exact.compiler import cpuinfo
from lenet5 import RECORD, data
from lenet5.data import HELD_BACK, TRAINING, Split
from lenet5.provenance import Provenance, fingerprint
from studies import jobs, pool

ON_TEST = ("test",)
ON_LAST = ("held back",)  # of the training images the last
# The parts before the last, as large: together they hold every training image back once.
PARTS = tuple(f"part {number}" for number in range(1, TRAINING // HELD_BACK))


@dataclass(frozen=True)
class Kind:
    """How the networks of a study are trained and recorded.

    The functions are called by workers, which may have another disk, so they stand at the
    top of a module.
    """

    label: str  # the table's column of the networks' names
    columns: tuple[str, ...]  # of the table; one is called "run"
    held_back: int  # how many training images judge where the test images do not
    # Of a network and a checksum of data: what a run here comes from.
    provenance: Callable
    behaviour_of: Callable  # of a network: the behaviour of what trains it, today
    train: Callable  # of a network, a seed, what judges and a provenance: a result
    receive: Callable  # of a folder for weights, a name and a result: the rows
    command: str  # that makes its tables


@dataclass(frozen=True)
class Study:
    """All runs of one table of the record."""

    table: str  # its file's name in the record
    kind: Kind
    networks: tuple
    seeds: range
    judged_on: tuple[str, ...]

    def jobs(self) -> dict[str, tuple]:
        """The arguments of each run by its name, seed by seed."""
        arguments = {}
        for judged_on in self.judged_on:
            checksum = self._checksum(judged_on)
            for seed in self.seeds:
                for network in self.networks:
                    provenance = self.kind.provenance(network, checksum)
                    name = name_of(network, seed, provenance)
                    arguments[name] = (network, seed, judged_on, provenance)
        return arguments

    def make(self, options: argparse.Namespace) -> int:
        """Make what the table lacks; the exit code of the command.

        Parameters
        ----------
        options : argparse.Namespace
            Those of :func:`studies.pool.add_options`.

        Raises
        ------
        UserError
            If the table would lie in its own folder, or another one lies there, or the
            cluster does not answer.
        """
        folder = options.out.with_suffix("")  # of the networks' weights
        if folder == options.out:
            raise UserError(f"{folder} has no suffix: name the table {folder}.csv")
        workers = pool.workers(options.scheduler, options.workers)
        with workers as (executor, width):
            progress = jobs.run_jobs(
                self.jobs(),
                self.kind.train,
                executor,
                out=options.out,
                columns=self.kind.columns,
                key="run",
                receive=functools.partial(self.kind.receive, folder),
                on_run=functools.partial(jobs.show_progress, width),
            )
        return jobs.show_end(progress)

    def read(self, networks: Iterable | None = None) -> pd.DataFrame:
        """The rows of the table, or of some of its networks.

        Rows are found by what was asked of them: the network, the seed and the images that
        judge. That they are of the settings and the data at hand, and of an engine that
        behaves as today's, is checked by what each row says of its making, and never by
        the machine or the libraries that are here.

        Raises
        ------
        UserError
            If a row is of other data or settings or of another engine, or a network has
            none.
        """
        networks = list(networks or self.networks)
        table = pd.read_csv(RECORD / self.table, keep_default_na=False)
        checksums = {}
        for judged_on in table.judged_on.unique():
            checksums[judged_on] = self._checksum(judged_on)
        for network in networks:
            rows = table[table[self.kind.label] == network.name]
            self._check(network, rows, checksums)
        names = [network.name for network in networks]
        return table[table[self.kind.label].isin(names)].copy()

    def _checksum(self, judged_on: str) -> str:
        """That of the training images, and of those that judge."""
        train_split, judge = splits(judged_on, self.kind.held_back)
        return data.checksum(train_split, judge)

    def _check(self, network, rows: pd.DataFrame, checksums: dict[str, str]) -> None:
        """Raise UserError if the rows of a network are not those of today's runs."""
        mend = f"make it again ({self.kind.command})"
        if rows.empty:
            raise UserError(
                f"record/{self.table} has no runs of {network.name!r}: {mend}"
            )
        for row in rows.itertuples():
            which = f"record/{self.table}: the run {row.run} of {network.name!r}"
            provenance = Provenance(
                checksums[row.judged_on], row.behaviour, row.library
            )
            if row.run != name_of(network, row.seed, provenance):
                raise UserError(f"{which} is of other settings or data: {mend}")
            if row.behaviour != self.kind.behaviour_of(network):
                raise UserError(
                    f"{which} is of an engine that computes otherwise: {mend}"
                )


def name_of(network, seed: int, provenance: Provenance) -> str:
    """The fingerprint of a run; what a network is called is no part of its settings."""
    settings = dataclasses.asdict(network)
    settings["name"] = ""
    return fingerprint([settings, seed], provenance)


def check_provenance(expected: Provenance, here: Provenance) -> None:
    """Raise UserError if a worker is not what the study asks for."""
    if expected != here:
        raise UserError(
            "the worker has another engine, library or data: give it this version"
        )


def splits(judged_on: str, held_back: int = HELD_BACK) -> tuple[Split, Split]:
    """Training images, and those that judge.

    These are the ``test`` images, or so many of training: the last (``held back``), or
    one of ``PARTS``.
    """
    train, test = data.load()
    if judged_on == "test":
        return train, test
    start = None
    if judged_on in PARTS:
        start = PARTS.index(judged_on) * held_back
    return data.hold_back(train, held_back, start)


def made_by(expected: Provenance) -> list[str]:
    """The last cells of a row: what trained the run, with which library, and where."""
    return [expected.behaviour, expected.library, cpuinfo("model name")]


def as_cell(numbers: Iterable) -> str:
    """Several numbers, one of each pass or image, in one cell of a table."""
    return " ".join(str(number) for number in numbers)


def misread_cell(scores: np.ndarray, judge: Split) -> str:
    """The images that are misread, in one cell: the place of each, and what is read.

    ``scores`` has a row an image, and the digit with the highest is read.
    """
    read = scores.argmax(axis=1)
    misread = np.flatnonzero(read != judge.labels)
    return as_cell(f"{place}:{read[place]}" for place in misread)


def keep_nothing(_: Path, name: str, rows: list) -> list[list]:
    """The rows of a run; of its weights their checksum is kept."""
    return rows
