"""What the claims of the 2020 report are tested against."""

from dataclasses import dataclass, field
from statistics import fmean

import numpy as np
import pandas as pd

from exact.network import Network
from exhibits.dataset_figure import read_places
from exhibits.ledger import Ledger, read_ledger
from exhibits.predictions import Predictions
from exhibits.report import Report
from exhibits.reruns import Reruns, read_reruns
from lenet5.data import Split, load
from lenet5.run import Run
from studies.intervals import LEVEL, difference, welch_interval


@dataclass(frozen=True)
class Evidence:
    """A run and what it reads, the plotted curves, the ledger, other runs, the images.

    ``original`` are the curves that the 2020 report plots, see
    :class:`exhibits.report.Report`. ``seeds`` are the test errors of many seeds of its
    recipe, a row a seed and a column an epoch, and ``rates`` those after one epoch at other
    learning rates, all in %. ``places`` are the digits of the data set's figure, see
    :func:`exhibits.dataset_figure.read_places`.
    """

    run: Run
    predictions: Predictions
    original: pd.DataFrame
    seeds: pd.DataFrame
    rates: dict[float, pd.Series]
    reruns: Reruns = field(default_factory=read_reruns)
    places: pd.DataFrame = field(default_factory=read_places)
    ledger: Ledger = field(default_factory=read_ledger)
    train: Split = field(default_factory=lambda: load()[0])

    @classmethod
    def of_run(cls, run: Run, report: Report, seeds, rates) -> "Evidence":
        """What a run gives, beside the plotted curves that a report has and other runs."""
        predictions = report.predictions
        if run.fingerprint != report.run.fingerprint:
            _, test = load()
            predictions = Predictions.of_run(run, test)
        return cls(run, predictions, report.original, seeds, rates)

    @property
    def images(self) -> int:
        """How many test images there are."""
        return len(self.predictions.labels)

    @property
    def error(self) -> float:
        """Our error, %."""
        return 100 * self.predictions.mistakes / self.images

    @property
    def plotted_errors(self) -> pd.Series:
        """The errors that the 2020 report plots, epoch by epoch, %."""
        return 100 - self.original.accuracy

    @property
    def plotted_mistakes(self) -> int:
        """Misread images behind the end of the plotted series."""
        return round(self.images * self.plotted_errors.iloc[-1] / 100)

    @property
    def p_value(self) -> float:
        """Of our mistakes against the plotted ones."""
        return difference(self.predictions.mistakes, self.plotted_mistakes, self.images)

    @property
    def ends_near_plotted(self) -> bool:
        """Whether our run and the plotted one differ by no more than chance."""
        return self.p_value >= 1 - LEVEL

    @property
    def final_of_seeds(self) -> pd.Series:
        """The error of each seed after the last epoch, %."""
        return self.seeds.iloc[:, -1]

    @property
    def rerun_difference(self) -> float:
        """The mean final error of the reruns less that of our seeds, points."""
        return fmean(self.reruns.final) - fmean(self.final_of_seeds)

    @property
    def rerun_interval(self) -> tuple[float, float]:
        """Welch's interval of that difference, points."""
        return welch_interval(self.reruns.final, self.final_of_seeds)

    def first_errors(self) -> dict[float, pd.Series]:
        """The errors after the first epoch, %, by the learning rate, the lowest first."""
        ours = {self.run.config.lr: self.seeds[1]}
        return dict(sorted((self.rates | ours).items()))

    @property
    def listed(self) -> Network:
        """The network of the listing that the 2020 report prints."""
        listing = self.ledger.facts["listing"]
        return Network(listing["network"], listing["activation"])

    def count_layers(self, *kinds: str) -> int:
        """How many layers of some kinds the printed listing has."""
        return sum(layer.kind in kinds for layer in self.listed.layers)

    def correlation(self, moved: int) -> float:
        """Of the plotted loss, moved back by so many epochs, with the error."""
        losses = self.original.loss[moved:]
        errors = self.plotted_errors[: len(losses)]
        return float(np.corrcoef(losses, errors)[0, 1])
