"""What our network and the committee say together of one drawing, and when it is no.

A network of ten answers gives one of them whatever is drawn. So three things are asked
first: whether the ink can be one digit (:mod:`lenet5.ink`), whether the committee reads
the same digit and is sure of it, and whether LeNet-5 of 1998, which has *no digit* as an
eleventh answer, gives that one.

``book/pad/verdict.js`` has the same rule for the page, with the same sentences. The chapter
*Draw a digit* chooses ``SURE``, and measures how often the rule errs.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SURE = 0.95  # the committee's mean probability, below which it is not sure
DIGITS = 10
ONE = "one"  # of the kinds of ink, the one that is read
# What is said of the other kinds of ink. See lenet5.ink.judge.
OF_INK = {
    "none": "The paper is empty.",
    "blot": "This is a dot or a blot, not the strokes of a digit.",
    "several": "This looks like two digits or more: draw one.",
    "small": "This is too small for the pen: draw it larger.",
    "large": "This is too large: leave some paper around it.",
    "edge": "This touches the edge of the paper: a part may be missing.",
}


class Opinion(NamedTuple):
    """What a committee finds in one image.

    Attributes
    ----------
    probabilities : sequence of 10 floats
        The mean of its members'.
    votes : sequence of 10 ints
        How many members read each digit.
    members : int
        0 if there is no committee.
    """

    probabilities: Sequence[float]
    votes: Sequence[int]
    members: int


class Verdict(NamedTuple):
    """What is said of a drawing.

    Attributes
    ----------
    kind : str
        "agree": it is read. A kind of ink but "one", "disagree", "no digit" or "unsure":
        the answer is no. "asked": the committee is not here yet; "alone": it will not
        come; "broken": a network gives no probabilities.
    sentence : str
        For the reader.
    """

    kind: str
    sentence: str

    @property
    def is_no(self) -> bool:
        """Whether the drawing is refused, or doubted."""
        return self.kind in OF_INK or self.kind in ("disagree", "no digit", "unsure")


def opinion(found: np.ndarray) -> Opinion:
    """What the members of a committee say together.

    Parameters
    ----------
    found : array, shape (members, 10)
        What each finds in the image: see :func:`networks.committee.probabilities`.
    """
    votes = np.bincount(found.argmax(axis=1), minlength=DIGITS)
    return Opinion(found.mean(axis=0), votes, len(found))


def of(
    kind: str,
    report: Sequence[float] | None,
    committee: Opinion | None,
    network1998: Sequence[float] | None = None,
    sure: float = SURE,
) -> Verdict:
    """The verdict on one drawing.

    Parameters
    ----------
    kind : str
        Of its ink: see :func:`lenet5.ink.judge`.
    report : 10 probabilities, or None
        Of our network; None if there is nothing to read.
    committee : Opinion or None
        None while it is still asked.
    network1998 : 11 probabilities, or None
        Of LeNet-5 of 1998, *no digit* last; None if it is not asked.
    sure : float
        Another threshold than the chosen one.

    Raises
    ------
    ValueError
        If the kind is none of the ink's.
    """
    if kind != ONE:
        if kind not in OF_INK:
            raise ValueError(f"{kind!r} is no kind of ink")
        return Verdict(kind, OF_INK[kind])
    if report is None:
        return Verdict("none", OF_INK["none"])
    if not _are_probabilities(report, DIGITS):
        return _broken("our network")
    ours = _answer(report)
    alone = f"Our network reads {ours}; "
    if committee is None:
        return Verdict("asked", f"{alone}the committee is being asked.")
    if committee.members == 0:
        return Verdict("alone", f"{alone}there is no committee here to doubt it.")
    if not _are_probabilities(committee.probabilities, DIGITS):
        return _broken("the committee")
    if network1998 is not None and not _are_probabilities(network1998, DIGITS + 1):
        return _broken("LeNet-5 of 1998")
    rejected = network1998 is not None and _answer(network1998) == DIGITS
    return _together(ours, committee, rejected, sure)


def _together(ours: int, committee: Opinion, rejected: bool, sure: float) -> Verdict:
    """The verdict when all have answered.

    Parameters
    ----------
    ours : int
        The digit that our network reads.
    committee : Opinion
    rejected : bool
        Whether LeNet-5 of 1998 says that it is no digit.
    sure : float
        The share below which the committee is not sure.
    """
    theirs = _answer(committee.probabilities)
    share = float(committee.probabilities[theirs])
    if theirs != ours:
        said = f"They disagree: our network reads {ours}, the committee {theirs}."
        if share >= sure and not rejected:
            return Verdict(
                "disagree", f"{said} If it is a digit, then rather {theirs}."
            )
        return Verdict("disagree", f"{said} Probably no digit.")
    agreed = f"Our network and the committee read {ours}"
    if rejected:
        sentence = f"{agreed}, but LeNet-5 of 1998 says that it is no digit."
        return Verdict("no digit", sentence)
    if share < sure:
        sentence = (
            f"The committee is not sure: it reads {ours} as our network does, "
            f"but at {in_words(share, sure)}. Perhaps no digit."
        )
        return Verdict("unsure", sentence)
    return Verdict("agree", f"{agreed}.")


def in_words(share: float, sure: float = SURE) -> str:
    """A probability in words, as the page has it in its table as well.

    One that rounds to none or all is neither, and what is below the threshold never reads as
    the threshold.

    Parameters
    ----------
    share : float
        In [0, 1].
    sure : float
        The threshold.
    """
    tenths = math.floor(1000 * share + 0.5)  # of a per cent
    if share < sure:
        tenths = min(tenths, math.ceil(1000 * sure) - 1)
    if tenths >= 1000:
        return "> 99.9 %"
    return "< 0.1 %" if tenths < 1 else f"{tenths / 10:.1f} %"


def _broken(whose: str) -> Verdict:
    sentence = f"What {whose} gives are no probabilities: load the page again."
    return Verdict("broken", sentence)


def _answer(probabilities: Sequence[float]) -> int:
    """The place of the largest; of equals the first."""
    return int(np.argmax(probabilities))


def _are_probabilities(values: Sequence[float], count: int) -> bool:
    """Whether they are so many shares of one, as float32 rounds them."""
    if len(values) != count:
        return False
    total = 0.0
    for value in values:
        if not 0 <= value <= 1.001:  # what is no number is not
            return False
        total += float(value)
    return abs(total - 1) < 0.001
