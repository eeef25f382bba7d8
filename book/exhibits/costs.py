"""What trainings take, in multiply-adds and seconds, beside the errors they lead to."""

from statistics import fmean
from typing import NamedTuple

from exhibits import ledger
from systems import study


class Cost(NamedTuple):
    """What a training takes, in multiply-adds and seconds of a core, and its error, %."""

    name: str
    products: float
    error: float
    seconds: float = 0.0  # not known

    def row(self) -> tuple:
        """Its line in a table, for what was run here."""
        cost = power(self.products), f"{self.seconds:,.0f}"
        return f"{self.name}, here", f"{self.error:.2f}", *cost, "no"


def products(multiply_adds: int, epochs: int) -> int:
    """Multiply-adds of a training: an image costs three times its reading."""
    return 3 * multiply_adds * study.TRAINING * epochs


def here(steps, columns, members) -> list[Cost]:
    """Those of what was run: steps of the ladder, and two committees of networks.

    Parameters
    ----------
    steps : list of exhibits.ladder.Step
    columns, members : exhibits.committee.Networks
        Each stands alone, by the mean of its networks, and together.
    """
    costs = []
    for step in steps:
        total = products(step.multiply_adds, step.passes.shape[1])
        costs.append(Cost(step.name, total, step.mean, step.seconds))
    for name, networks in (("column", columns), ("member", members)):
        count, total = len(networks.table), networks.products
        alone = fmean(networks.singles), networks.seconds / count
        costs.append(Cost(f"one {name}", total / count, *alone))
        costs.append(Cost(f"{count} {name}s", total, networks.error, networks.seconds))
    return costs


def published(lenet5: float, columns) -> list[Cost]:
    """Those of LeNet-5, given its products, and of columns, with the errors of papers."""
    _, literature, facts = ledger.read()
    column = products(columns.multiply_adds, facts["mcdnn_epochs"])
    count = facts["mcdnn_networks"]
    return [
        Cost("LeNet-5", lenet5, literature["lenet5"]["error"]),
        Cost("one of 2012", column, facts["mcdnn_single"]),
        Cost(f"{count} of 2012", count * column, literature["mcdnn"]["error"]),
    ]


def power(count: float) -> str:
    """A large number as a power of ten, for Markdown."""
    digits, exponent = f"{count:.1e}".split("e")
    return f"{digits}·10{{sup}}`{int(exponent)}`"
