"""The pad's rule, chosen on one half of the drawings and judged on the other."""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from exhibits.draw.drawing import PEN
from exhibits.draw.inputs import BLANK, DIGITS, NONE, Drawing
from lenet5 import RECORD
from lenet5.ink import judge
from lenet5.picture import SIDE, centre
from networks import committee, verdict
from networks.verdict import Opinion, Verdict
from studies import ladder

TRIED = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)  # thresholds
ALLOWED = 2.5  # of a hundred digits, how many may get a no where a threshold is chosen


class Readings(NamedTuple):
    """What is found in some images; all are arrays over them.

    Attributes
    ----------
    ink : array of str
        What the ink is: see :func:`lenet5.ink.judge`.
    seen : array, shape (N, 28, 28), float32
        What the networks see.
    report : array, shape (N, 10), float32
    members : array, shape (members, N, 10), float32
        What the committee's find.
    network1998 : array, shape (N, 11), float32, or None
        What LeNet-5 of 1998 finds, *no digit* last; None if it is not asked.
    """

    ink: np.ndarray
    seen: np.ndarray
    report: np.ndarray
    members: np.ndarray
    network1998: np.ndarray | None

    def verdicts(self, sure: float = verdict.SURE) -> list[Verdict]:
        """What the rule says of each."""
        found = []
        for place, kind in enumerate(self.ink):
            old = None if self.network1998 is None else self.network1998[place]
            theirs = opinion_on(self, place)
            found.append(verdict.of(kind, self.report[place], theirs, old, sure))
        return found

    def no_together(self, sure: float = verdict.SURE) -> np.ndarray:
        """Whether the rule says no to each."""
        return np.array([found.is_no for found in self.verdicts(sure)])

    def no_without_1998(self, sure: float = verdict.SURE) -> np.ndarray:
        """Whether it would, if LeNet-5 of 1998 were not asked."""
        return self._replace(network1998=None).no_together(sure)

    def read_together(self) -> np.ndarray:
        """The digit that the committee reads in each."""
        return self.members.mean(axis=0).argmax(axis=1)

    def no_of_ink(self) -> np.ndarray:
        """Whether the ink alone is refused."""
        return self.ink != verdict.ONE

    def no_alone(self, sure: float) -> np.ndarray:
        """Whether our network alone is not sure; it sees no ink, but an image."""
        return self.report.max(axis=1) < sure


ALONE = "our network alone"
WITHOUT_1998 = "ink, our network, committee"
ALL = "and LeNet-5 of 1998"
# Rules to compare, by what a figure calls them: whether they say no, at a threshold.
RULES = {
    ALONE: Readings.no_alone,
    WITHOUT_1998: Readings.no_without_1998,
    ALL: Readings.no_together,
}


class Readers(NamedTuple):
    """Who reads: our network, the committee, and LeNet-5 of 1998."""

    report: Callable  # of images, shape (N, 1, 28, 28), float32: probabilities
    members: Sequence
    network1998: object

    @classmethod
    def of_record(cls, engine) -> "Readers":
        """Those of the record beside an engine of our network."""
        network, _ = ladder.read_network()
        members = committee.load(RECORD / "committee")
        return cls(engine.probabilities, members, network)

    def read(self, ink: Sequence[str], seen: np.ndarray) -> Readings:
        """What they find in images, shape (N, 28, 28), float32 in [0, 1]."""
        images = seen[:, None]
        levels = np.round(255 * images).astype(np.uint8)
        return Readings(
            np.array(ink),
            seen,
            self.report(images),
            committee.probabilities(self.members, levels),
            self.network1998.probabilities(levels),
        )

    def read_drawings(self, drawings: Sequence[Drawing]) -> Readings:
        """What they find in drawings, after the ink is judged and centred as on the pad."""
        ink = [judge(drawing.paper, PEN) for drawing in drawings]
        return self.read(ink, np.stack([see(drawing.paper) for drawing in drawings]))

    def read_images(self, images: np.ndarray) -> Readings:
        """What they find in images of MNIST, uint8, which are taken as they stand."""
        seen = images[:, 0] / np.float32(255)
        return self.read([verdict.ONE] * len(seen), seen)


def see(paper: np.ndarray) -> np.ndarray:
    """What the networks see of a sheet; nothing where it has a single grey."""
    try:
        return centre(paper)
    except ValueError:
        return np.zeros((SIDE, SIDE), np.float32)


def opinion_on(readings: Readings, place: int) -> Opinion:
    """What the committee says of one image."""
    return verdict.opinion(readings.members[:, place])


class Choice(NamedTuple):
    """A threshold, and how often there is a no, %.

    Attributes
    ----------
    threshold : float
    refused : float
        Of what is no digit: the mean of its kinds, blank sheets left out.
    drawn, training : float
        Of the digits drawn by made-up hands, and of training images: wrong alarms.
    """

    threshold: float
    refused: float
    drawn: float
    training: float

    @property
    def is_allowed(self) -> bool:
        """Whether few enough digits get a no, of either kind."""
        return max(self.drawn, self.training) <= ALLOWED


def choices(
    rule: Callable[[Readings, float], np.ndarray],
    drawings: Sequence[Drawing],
    drawn: Readings,
    training: Readings,
) -> list[Choice]:
    """What a rule does with each threshold, on what it is chosen by.

    Parameters
    ----------
    rule : function of readings and a threshold
        Whether it says no to each.
    drawings : sequence of Drawing
        The half to choose on, and ``drawn`` what is read in it.
    training : Readings
        Of training images.
    """
    found = []
    for threshold in TRIED:
        no = rule(drawn, threshold)
        refused = mean_rate(no, drawings)
        of_training = share(rule(training, threshold))
        choice = Choice(threshold, refused, rate(no, drawings, DIGITS), of_training)
        found.append(choice)
    return found


def chosen(found: Sequence[Choice]) -> Choice:
    """The highest threshold with which few enough digits get a no.

    Raises
    ------
    ValueError
        If there is none.
    """
    allowed = [choice for choice in found if choice.is_allowed]
    if not allowed:
        raise ValueError(f"every threshold refuses more than {ALLOWED} % of the digits")
    return max(allowed)


def as_strict(
    rule: Callable[[Readings, float], np.ndarray], images: Readings, refused: float
) -> float:
    """The threshold with which a rule says no to some images about as often as another does.

    Two rules are compared fairly where both refuse as many digits.

    Parameters
    ----------
    rule : function of readings and a threshold
    images : Readings
        Of digits.
    refused : float
        How many of them get a no by the other rule, %.
    """
    return min(TRIED, key=lambda sure: abs(share(rule(images, sure)) - refused))


def surest(probabilities: np.ndarray, count: int) -> np.ndarray:
    """The places of so many images of which a network is the most sure; of equals the last.

    Parameters
    ----------
    probabilities : array, shape (N, 10)
    count : int
        At most N.
    """
    order = np.argsort(probabilities.max(axis=1), kind="stable")
    return np.sort(order[len(order) - count :])


def rate(no: np.ndarray, drawings: Sequence[Drawing], kind: str) -> float:
    """The share of the drawings of a kind to which there is a no, %."""
    return share(no[of_kind(drawings, kind)])


def mean_rate(no: np.ndarray, drawings: Sequence[Drawing]) -> float:
    """The share of what is no digit to which there is a no, %: the mean of its kinds.

    Blank sheets are left out: there is one, and no rule by ink can fail on it.
    """
    return fmean(rate(no, drawings, kind) for kind in NONE if kind != BLANK)


def share(no: np.ndarray) -> float:
    """How many get a no, %; a whole number of per cent has no error."""
    return 100 * int(no.sum()) / len(no)


def of_kind(drawings: Sequence[Drawing], kind: str) -> np.ndarray:
    """Whether each drawing is of a kind."""
    return np.array([drawing.kind == kind for drawing in drawings])


def of_name(drawings: Sequence[Drawing], kind: str, name: str) -> np.ndarray:
    """Whether each drawing is of a kind and has a name."""
    return np.array([drawing[:2] == (kind, name) for drawing in drawings])


def passed(drawings: Sequence[Drawing], readings: Readings) -> list[int]:
    """The first of each name that passes and is no digit, by its place, kind by kind."""
    no = readings.no_together()
    places: dict[tuple[str, str], int] = {}
    for place, drawing in enumerate(drawings):
        if drawing.kind in NONE and not no[place]:
            places.setdefault((drawing.kind, drawing.name), place)
    return list(places.values())
