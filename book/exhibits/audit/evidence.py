"""What the claims of the original are tested against."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from exhibits.ledger import Ledger, read_ledger
from exhibits.predictions import Predictions
from exhibits.report import Report
from lenet5.data import Split, load
from lenet5.run import Run
from studies.intervals import difference


@dataclass(frozen=True)
class Evidence:
    """A run and what it reads, the published curves, the ledger, the training images.

    ``original`` are the curves that the original plots, see
    :class:`exhibits.report.Report`.
    """

    run: Run
    predictions: Predictions
    original: pd.DataFrame
    ledger: Ledger = field(default_factory=read_ledger)
    train: Split = field(default_factory=lambda: load()[0])

    @classmethod
    def of_run(cls, run: Run, report: Report) -> "Evidence":
        """What a run gives, beside the published curves that a report has."""
        predictions = report.predictions
        if run.fingerprint != report.run.fingerprint:
            _, test = load()
            predictions = Predictions.of_run(run, test)
        return cls(run, predictions, report.original)

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
        """The errors that the original plots, epoch by epoch, %."""
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
        return self.p_value >= self.ledger.claims["replication"].value

    @property
    def both_ends(self) -> str:
        """Where our run ends, and the plotted one, in words."""
        plotted = f"the plotted one at {self.plotted_errors.iloc[-1]:.2f} %"
        return f"our run ends at {self.error:.2f} % error, {plotted}"

    def count_layers(self, *kinds: str) -> int:
        """How many layers of some kinds the network of the run has."""
        return sum(layer.kind in kinds for layer in self.run.network.layers)

    def correlation(self, moved: int) -> float:
        """Of the published loss, moved back by so many epochs, with the error."""
        losses = self.original.loss[moved:]
        errors = self.plotted_errors[: len(losses)]
        return float(np.corrcoef(losses, errors)[0, 1])
