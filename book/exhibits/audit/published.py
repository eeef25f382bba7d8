"""Published results beside ours: how many images each system misreads."""

from typing import NamedTuple

import pandas as pd

from exhibits.audit.evidence import Evidence
from exhibits.differences import as_p_value
from exhibits.edition import name_of
from studies.intervals import difference, holm, wilson


class System(NamedTuple):
    """A system and its count of mistakes.

    ``selected`` says whether it was selected on the test images; ``p_value`` is that of our
    count of mistakes against its, adjusted for all systems by Holm's method, None of ours.
    """

    name: str
    year: str
    cite: str
    selected: str
    mistakes: int
    images: int
    p_value: float | None

    @property
    def error(self) -> float:
        """In per cent of the images."""
        return 100 * self.mistakes / self.images

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, in per cent of the images."""
        return wilson(self.mistakes, self.images)

    def row(self, seeds: pd.Series) -> tuple[str, ...]:
        """Its line in a table.

        Parameters
        ----------
        seeds : Series
            Errors of many seeds of the report's recipe, %, to count those as good.
        """
        low, high = self.interval
        # Equal errors may differ in their last bits.
        as_good = seeds <= self.error + 1e-9
        name = self.name
        if self.cite:
            name += f" {{cite:p}}`{self.cite}`"
        return (
            name,
            self.year,
            f"{self.error:.2f}",
            f"{low:.2f} to {high:.2f}",
            self.selected,
            f"{as_good.sum()}",
            "" if self.p_value is None else as_p_value(self.p_value),
        )


def systems(evidence: Evidence) -> list[System]:
    """Our run, the 2020 report as plotted, and those of the ledger."""
    images = evidence.images
    ours = System(
        name=name_of(evidence.run.config),
        year="2026",
        cite="",
        selected="no, last epoch",
        mistakes=evidence.predictions.mistakes,
        images=images,
        p_value=None,
    )
    original = System(
        name="2020 report, as plotted",
        year=evidence.ledger.facts["report"][:4],
        cite="mejia2020",
        selected="no, last epoch",
        mistakes=evidence.plotted_mistakes,
        images=images,
        p_value=evidence.p_value,
    )
    compared = [ours, original]
    for entry in evidence.ledger.literature.values():
        mistakes = round(images * entry["error"] / 100)
        system = System(
            name=entry["system"],
            year=entry["date"][:4],
            cite=entry["cite"],
            selected=entry["selected"],
            mistakes=mistakes,
            images=images,
            p_value=difference(ours.mistakes, mistakes, images),
        )
        compared.append(system)
    adjusted = holm([system.p_value for system in compared[1:]])
    tested = zip(compared[1:], adjusted, strict=True)
    return [ours, *(system._replace(p_value=p) for system, p in tested)]
