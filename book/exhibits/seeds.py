"""The table of many seeds of one recipe, and what it says of its errors."""

import statistics
from typing import NamedTuple

import pandas as pd

from exhibits.intervals import mean_interval
from lenet5.run import RECORD

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
    # An empty cell is a missing number among the seconds alone: the exact engine has no library.
    missing = {"seconds": [""]}
    table = pd.read_csv(RECORD / name, keep_default_na=False, na_values=missing)
    runs = table.drop_duplicates("fingerprint").to_dict("records")
    trained = table[table.epoch > 0]
    losses, errors = (
        trained.pivot(index="seed", columns="epoch", values=f"test_{measure}")
        for measure in ("loss", "error")
    )
    return Study(runs, losses, errors.round(2))


def measures(errors) -> list[str]:
    """The ``MEASURES`` of these errors, as a table shows them."""
    values = [statistics.fmean(errors), *mean_interval(errors)]
    values += [statistics.median(errors), statistics.stdev(errors)]
    return [f"{value:.3f}" for value in (*values, min(errors), max(errors))]
