"""What the claims of the original are tested against, and other published results."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from exhibits import Predictions
from exhibits.intervals import difference, wilson
from exhibits.ledger import Ledger, read
from lenet5.data import Split, load
from lenet5.run import Run


@dataclass(frozen=True)
class Evidence:
    """What the claims are tested against."""

    run: Run
    predictions: Predictions
    original: pd.DataFrame
    ledger: Ledger = field(default_factory=read)

    @cached_property
    def train(self) -> Split:
        """The training images."""
        return load()[0]

    @cached_property
    def layers(self) -> list[str]:
        """The names of what the network computes, in order: relu1, pool1, … dense3."""
        return list(self.run.engine().activations(self.predictions.images[0]))

    @cached_property
    def errors(self) -> pd.Series:
        """The published errors, %."""
        return 100 - self.original.accuracy

    @cached_property
    def error(self) -> float:
        """Our error, %."""
        return 100 * self.predictions.mistakes / self.images

    @property
    def images(self) -> int:
        """How many test images there are."""
        return len(self.predictions.labels)

    @cached_property
    def plotted_mistakes(self) -> int:
        """Misread images behind the end of the published series."""
        return round(self.images * self.errors.iloc[-1] / 100)

    @cached_property
    def chance(self) -> float:
        """The p-value of our mistakes against the plotted ones."""
        return difference(self.predictions.mistakes, self.plotted_mistakes, self.images)

    @property
    def near(self) -> bool:
        """Whether our run and the plotted one differ by no more than chance."""
        return self.chance >= self.ledger.claims["replication"].value

    def correlation(self, moved: int) -> float:
        """Of the published loss, moved back by so many epochs, with the error."""
        count = len(self.errors) - moved
        return float(np.corrcoef(self.original.loss[moved:], self.errors[:count])[0, 1])

    @property
    def ends(self) -> str:
        """Where our run ends, and the plotted one."""
        return (
            f"our run ends at {self.error:.2f} % error, the plotted one at "
            f"{self.errors.iloc[-1]:.2f} %"
        )


class System(NamedTuple):
    """A system, its count of mistakes, and the chance of ours if both had one error."""

    name: str
    year: str
    cite: str
    selected: str
    mistakes: int
    images: int
    chance: float | None

    @property
    def error(self) -> float:
        """In per cent of the images."""
        return 100 * self.mistakes / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, in per cent of the images."""
        return wilson(self.mistakes, self.images)

    def row(self, significance: float) -> str:
        """Its line in a table."""
        (low, high), against = self.interval, ""
        if self.chance is not None:
            noise = "within noise" if self.chance >= significance else "differs"
            chance = "< 0.001" if self.chance < 0.001 else f"= {self.chance:.3f}"
            against = f"{noise}, p {chance}"
        name = f"{self.name} {{cite:p}}`{self.cite}`" if self.cite else self.name
        accuracy = f"{100 - self.error:.2f} | {100 - high:.2f} to {100 - low:.2f}"
        return f"{name} | {self.year} | {accuracy} | {self.selected} | {against}"


def systems(e: Evidence) -> list[System]:
    """This report, the original as plotted, and those of the ledger."""
    ours, images = e.predictions.mistakes, e.images
    last, year = "no, last epoch", e.ledger.facts["report"][:4]
    plotted = ("the original, as plotted", year, "mejia2020", last, e.plotted_mistakes)
    rows = [plotted]
    for row in e.ledger.literature.values():
        count = round(images * row["error"] / 100)
        rows.append(
            (row["system"], row["date"][:4], row["cite"], row["selected"], count)
        )
    others = [System(*row, images, difference(ours, row[-1], images)) for row in rows]
    return [System("this report", "2026", "", last, ours, images, None), *others]
