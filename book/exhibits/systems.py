"""Other published results beside this report's."""

from typing import NamedTuple

from exhibits.evidence import Evidence
from exhibits.intervals import difference, wilson


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

    def row(self, significance: float) -> tuple[str, ...]:
        """Its line in a table."""
        (low, high), against = self.interval, ""
        if self.chance is not None:
            noise = "within noise" if self.chance >= significance else "differs"
            chance = "< 0.001" if self.chance < 0.001 else f"= {self.chance:.3f}"
            against = f"{noise}, p {chance}"
        name = f"{self.name} {{cite:p}}`{self.cite}`" if self.cite else self.name
        accuracy = f"{100 - self.error:.2f}", f"{100 - high:.2f} to {100 - low:.2f}"
        return name, self.year, *accuracy, self.selected, against


def systems(e: Evidence) -> list[System]:
    """This report, the original as plotted, and those of the ledger."""
    ours, images = e.predictions.mistakes, e.images
    last, year = "no, last epoch", e.ledger.facts["report"][:4]
    rows = [("the original, as plotted", year, "mejia2020", last, e.plotted_mistakes)]
    for entry in e.ledger.literature.values():
        count = round(images * entry["error"] / 100)
        names = entry["system"], entry["date"][:4], entry["cite"], entry["selected"]
        rows.append((*names, count))
    others = [System(*row, images, difference(ours, row[-1], images)) for row in rows]
    return [System("this report", "2026", "", last, ours, images, None), *others]
