"""The run that the report is about, what it reads, and what it is compared with."""

from dataclasses import dataclass

import pandas as pd

from exhibits import edition
from exhibits.predictions import Predictions
from lenet5 import DATA, Config
from lenet5.data import load
from lenet5.run import Run, load_or_train


@dataclass(frozen=True)
class Report:
    """A run with the plotted curves beside it.

    ``history`` is that of :func:`history_of`. ``original`` are the plotted curves, a row
    an epoch, with the columns ``drawn_at_epoch``, ``loss`` (nats) and ``accuracy`` (%).
    """

    run: Run
    predictions: Predictions
    history: pd.DataFrame
    original: pd.DataFrame

    @property
    def name(self) -> str:
        """What figures call the run: "our run", or "this edition" if it is another."""
        return edition.name_of(self.run.config)


def make_report(config: Config) -> Report:
    """The run of a config, read or trained, and what it is compared with.

    Raises
    ------
    UserError
        If the run can be neither read nor trained, see :func:`lenet5.run.load_or_train`.
    """
    splits = load()
    _, test = splits
    run = load_or_train(config, splits)
    return Report(
        run=run,
        predictions=Predictions.of_run(run, test),
        history=history_of(run),
        original=read_original(),
    )


def history_of(run: Run) -> pd.DataFrame:
    """A run's metrics, a row an epoch from 0: the columns of ``lenet5.train.Metrics``."""
    return pd.DataFrame(run.history)


def read_original() -> pd.DataFrame:
    """The curves that the 2020 report plots, see :class:`Report`."""
    return pd.read_csv(DATA / "original.csv")
