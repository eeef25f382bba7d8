"""Tables of the record that hold many runs."""

import statistics
from typing import NamedTuple

import pandas as pd

from exhibits.intervals import mean_interval
from lenet5 import Lenet5Error
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
    runs = table.drop_duplicates("fingerprint").to_dict("records")
    trained = table[table.epoch > 0]
    losses, errors = (
        trained.pivot(index="seed", columns="epoch", values=f"test_{measure}")
        for measure in ("loss", "error")
    )
    return Study(runs, losses, errors.round(2))


def read_runs(name: str, wanted, kind: str, facts, command: str) -> pd.DataFrame:
    """The rows of some systems in a table of ``python -m systems``.

    Parameters
    ----------
    wanted : sequence of Rung or Column
    kind : str
        The table's column of their names.
    facts : callable
        What decides a run besides them and the seed, by what judges it.
    command : str
        What makes the table.

    Raises
    ------
    Lenet5Error
        If a row is of other code, data or settings, or a system has none.
    """
    table = pd.read_csv(RECORD / name, keep_default_na=False)
    systems = {system.name: system for system in wanted}
    table = table[table[kind].isin(systems)]
    known = {judge: facts(judge) for judge in table.judged_on.unique()}
    for system in wanted:
        rows = table[table[kind] == system.name]
        runs = zip(rows.seed, rows.judged_on, strict=True)
        names = [study.name(system, seed, known[judge]) for seed, judge in runs]
        if not names or names != rows.run.tolist():
            raise Lenet5Error(
                f"record/{name} has no runs of {system.name!r} by this code and data: "
                f"make it again ({command})"
            )
    return table


def measures(errors) -> list[str]:
    """The ``MEASURES`` of these errors, as a table shows them."""
    values = [statistics.fmean(errors), *mean_interval(errors)]
    values += [statistics.median(errors), statistics.stdev(errors)]
    return [f"{value:.3f}" for value in (*values, min(errors), max(errors))]
