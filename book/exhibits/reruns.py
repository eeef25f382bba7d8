"""The program of the 2020 report, run again: its runs beside ours.

They were measured once and outside this repository; ``data/README.md`` says how.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from exact import UserError
from lenet5 import DATA

TABLE = DATA / "rerun.csv"
ORIGIN = "File `data/rerun.csv`, measured once and outside this repository"


class Reruns(NamedTuple):
    """Test errors (%) and losses (nats): a row a run by its seed, a column an epoch from 0."""

    errors: pd.DataFrame
    losses: pd.DataFrame

    @property
    def final(self) -> pd.Series:
        """The error of each run after its last epoch, %."""
        return self.errors.iloc[:, -1]

    def correlations(self, late: int = 0) -> np.ndarray:
        """Of loss and error over the epochs, a value a run.

        Parameters
        ----------
        late : int
            By how many epochs the loss is drawn too late: the first of a series of that
            many fewer losses stands beside the error after as many epochs.
        """
        last = self.errors.columns[-1]
        found = []
        for seed in self.errors.index:
            losses = self.losses.loc[seed, 1 - late : last - late]
            errors = self.errors.loc[seed, 1:last]
            found.append(np.corrcoef(losses, errors)[0, 1])
        return np.array(found)


def read_reruns(path: Path = TABLE) -> Reruns:
    """Read the table of the reruns.

    Raises
    ------
    UserError
        If it is missing or damaged.
    """
    try:
        table = pd.read_csv(path, keep_default_na=False, dtype={"seed": str})
        by_epoch = {"index": "seed", "columns": "epoch"}
        errors = table.pivot(**by_epoch, values="test_error")
        losses = table.pivot(**by_epoch, values="test_loss")
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path} is missing or damaged: restore it with git") from error
    if errors.isna().any(axis=None):
        raise UserError(f"{path} lacks epochs of a run: restore it with git")
    return Reruns(errors, losses)
