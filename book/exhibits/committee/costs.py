"""What trainings take, in multiply-adds and seconds, beside the errors they lead to."""

from statistics import fmean
from typing import NamedTuple

from exhibits.ledger import read_ledger
from lenet5.data import TRAINING
from studies.committee import Networks
from studies.ladder import Step


class Cost(NamedTuple):
    """What a training takes, and the error it leads to.

    ``multiply_adds`` are those of the whole training; ``error`` is in % of the test images;
    ``seconds`` are of one core, None where they are not known; ``paper`` is the id, in the
    ledger's literature, of the paper that states the error, None of what was run here.
    """

    name: str
    multiply_adds: float
    error: float
    seconds: float | None = None
    paper: str | None = None


def of_training(multiply_adds: int, epochs: int) -> int:
    """Multiply-adds of a training, from those of reading one image.

    To train on an image costs three times its reading: the way forward, the gradients of
    the values, and those of the weights.
    """
    return 3 * multiply_adds * TRAINING * epochs


def costs_here(steps: list[Step], columns: Networks, members: Networks) -> list[Cost]:
    """The costs of what was run here: steps of the ladder, and two committees.

    The networks of a committee stand single, by their mean, and together.
    """
    costs = []
    for step in steps:
        _, passes = step.passes.shape
        total = of_training(step.multiply_adds, passes)
        costs.append(Cost(step.name, total, step.mean, step.seconds))
    costs += _costs_of_committee("column", columns)
    costs += _costs_of_committee("member", members)
    return costs


def _costs_of_committee(name: str, networks: Networks) -> list[Cost]:
    count = len(networks.table)
    total = of_training(networks.multiply_adds, networks.epochs)
    seconds = networks.seconds
    return [
        Cost(f"one {name}", total / count, fmean(networks.singles), seconds / count),
        Cost(f"{count} {name}s", total, networks.error, seconds),
    ]


def costs_of_papers(lenet5: float, columns: Networks) -> list[Cost]:
    """The costs of LeNet-5 and of the columns of 2012, with the errors of their papers.

    Parameters
    ----------
    lenet5 : float
        Multiply-adds of the training of LeNet-5.
    columns : Networks
        Whose reading costs what that of the published columns does.
    """
    ledger = read_ledger()
    column = of_training(columns.multiply_adds, ledger.facts["mcdnn_epochs"])
    count = ledger.facts["mcdnn_networks"]
    single = ledger.facts["mcdnn_single"]
    together = ledger.literature["mcdnn"]["error"]
    of_lenet5 = ledger.literature["lenet5"]["error"]
    return [
        Cost("LeNet-5 (1998)", lenet5, of_lenet5, paper="lenet5"),
        Cost("one of 2012", column, single, paper="mcdnn"),
        Cost(f"{count} of 2012", count * column, together, paper="mcdnn"),
    ]
