"""What the claims of the original are tested against."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from exhibits import Predictions
from exhibits.intervals import difference
from exhibits.ledger import Ledger, read
from lenet5.data import Split, load
from lenet5.run import Run


@dataclass(frozen=True)
class Evidence:
    """A run and what it reads, the published curves, the training images, the ledger."""

    run: Run
    predictions: Predictions
    original: pd.DataFrame
    ledger: Ledger = field(default_factory=read)
    train: Split = field(default_factory=lambda: load()[0])

    @cached_property
    def layers(self) -> list[str]:
        """The names of what the network computes, in order: relu1, pool1, … dense3."""
        return list(self.run.engine().activations(self.predictions.images[0]))

    @property
    def images(self) -> int:
        """How many test images there are."""
        return len(self.predictions.labels)

    @property
    def error(self) -> float:
        """Our error, %."""
        return 100 * self.predictions.mistakes / self.images

    @property
    def errors(self) -> pd.Series:
        """The published errors, %."""
        return 100 - self.original.accuracy

    @property
    def plotted_mistakes(self) -> int:
        """Misread images behind the end of the published series."""
        return round(self.images * self.errors.iloc[-1] / 100)

    @property
    def chance(self) -> float:
        """The p-value of our mistakes against the plotted ones."""
        return difference(self.predictions.mistakes, self.plotted_mistakes, self.images)

    @property
    def near(self) -> bool:
        """Whether our run and the plotted one differ by no more than chance."""
        return self.chance >= self.ledger.claims["replication"].value

    @property
    def ends(self) -> str:
        """Where our run ends, and the plotted one."""
        plotted = f"the plotted one at {self.errors.iloc[-1]:.2f} %"
        return f"our run ends at {self.error:.2f} % error, {plotted}"

    def correlation(self, moved: int) -> float:
        """Of the published loss, moved back by so many epochs, with the error."""
        count = len(self.errors) - moved
        return float(np.corrcoef(self.original.loss[moved:], self.errors[:count])[0, 1])
