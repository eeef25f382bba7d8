"""Tables of the record that hold many runs."""

import statistics
from typing import NamedTuple

import pandas as pd

from exhibits.intervals import mean_interval
from lenet5 import Lenet5Error, data
from lenet5.run import RECORD
from systems import study

MEASURES = ("mean", "t interval, from", "t interval, to", "median")
MEASURES += ("standard deviation", "least", "most")


class Study(NamedTuple):
    """Many runs of one recipe, and the test losses (nats) and errors (%) of each epoch.

    ``runs`` are settings and fingerprints; a row a seed, a column an epoch from 1.
    """

    runs: list[dict]
    losses: pd.DataFrame
    errors: pd.DataFrame

    @property
    def final(self) -> pd.Series:
        """The error of each seed after the last epoch, %."""
        return self.errors.iloc[:, -1]

    @property
    def best(self) -> pd.Series:
        """The lowest error of each seed, %."""
        return self.errors.min(axis=1)


def read_study(name: str) -> Study:
    """Read a table of the record: one row for each epoch of each run."""
    table = pd.read_csv(RECORD / name)
    table["library"] = table["library"].fillna("")  # of the exact engine there is none
    runs = table.drop_duplicates("fingerprint").to_dict("records")
    trained = table[table.epoch > 0]
    losses, errors = (
        trained.pivot(index="seed", columns="epoch", values=f"test_{measure}")
        for measure in ("loss", "error")
    )
    return Study(runs, losses, errors.round(2))


def read_runs(name: str, wanted, kind: str, of, command: str) -> pd.DataFrame:
    """The rows of some systems in a table of ``python -m systems``.

    Rows are found by what was asked of them: the system, the seed and the images that
    judge. That they are of the settings and the data at hand, and of an engine that
    behaves as today's, is checked by what each row says of its making, and never by
    the machine or the libraries that are here.

    Parameters
    ----------
    wanted : sequence of Rung or Column
    kind : str
        The table's column of their names.
    of : module
        The study that wrote the table: ``systems.study`` or ``systems.committee_study``.
    command : str
        What makes the table.

    Raises
    ------
    Lenet5Error
        If a row is of other data or settings or of another engine, or a system has none.
    """
    table = pd.read_csv(RECORD / name, keep_default_na=False)
    mend = f"make it again ({command})"
    data_of = {}
    for judged_on in table.judged_on.unique():
        data_of[judged_on] = data.checksum(*study.splits(judged_on, of.HELD_BACK))
    for system in wanted:
        rows = table[table[kind] == system.name]
        if rows.empty:
            raise Lenet5Error(f"record/{name} has no runs of {system.name!r}: {mend}")
        for row in rows.itertuples():
            which = f"record/{name}: the run {row.run} of {system.name!r}"
            made_by = study.Provenance(
                data_of[row.judged_on], row.behaviour, row.library
            )
            if row.run != study.name(system, row.seed, made_by):
                raise Lenet5Error(f"{which} is of other settings or data: {mend}")
            if row.behaviour != of.behaviour_of(system):
                raise Lenet5Error(
                    f"{which} is of an engine that computes otherwise: {mend}"
                )
    return table[table[kind].isin([system.name for system in wanted])].copy()


def measures(errors) -> list[str]:
    """The ``MEASURES`` of these errors, as a table shows them."""
    values = [statistics.fmean(errors), *mean_interval(errors)]
    values += [statistics.median(errors), statistics.stdev(errors)]
    return [f"{value:.3f}" for value in (*values, min(errors), max(errors))]
