"""The rule by which report and committee say no, case by case, up to its borders."""

import numpy as np
import pytest

from lenet5.ink import judge
from networks import verdict
from networks.verdict import OF_INK, SURE, Opinion, Verdict, of, opinion


def shares(answer: int, share: float, count: int = 10) -> np.ndarray:
    """Probabilities in which one answer has a share, and all others the rest alike."""
    values = np.full(count, (1 - share) / (count - 1), np.float32)
    values[answer] = share
    return values


def committee(answer: int, share: float) -> Opinion:
    """A committee of fifteen whose mean gives an answer a share."""
    votes = [0] * 10
    votes[answer] = 15
    return Opinion(shares(answer, share), votes, 15)


SEVEN = shares(7, 0.99)
NO_DIGIT = shares(10, 0.6, 11)
IN_1998 = shares(7, 0.6, 11)


@pytest.mark.parametrize(
    ("theirs", "old", "kind", "sentence"),
    [
        (committee(7, 0.99), None, "agree", "Our network and the committee read 7."),
        (committee(7, 0.99), IN_1998, "agree", "Our network and the committee read 7."),
        (
            committee(7, 0.62),
            IN_1998,
            "unsure",
            "The committee is not sure: it reads 7 as our network does, but at 62.0 %. "
            "Perhaps no digit.",
        ),
        (
            committee(7, 0.99),
            NO_DIGIT,
            "no digit",
            "Our network and the committee read 7, "
            "but LeNet-5 of 1998 says that it is no digit.",
        ),
        (
            committee(9, 0.6),
            None,
            "disagree",
            "They disagree: our network reads 7, the committee 9. Probably no digit.",
        ),
        (
            committee(9, 0.99),
            NO_DIGIT,
            "disagree",
            "They disagree: our network reads 7, the committee 9. Probably no digit.",
        ),
        (
            committee(9, 0.99),
            IN_1998,
            "disagree",
            "They disagree: our network reads 7, the committee 9. "
            "If it is a digit, then rather 9.",
        ),
        (
            None,
            None,
            "asked",
            "Our network reads 7; the committee is being asked.",
        ),
        (
            Opinion([], [], 0),
            None,
            "alone",
            "Our network reads 7; there is no committee here to doubt it.",
        ),
    ],
)
def test_a_sentence_for_each_case(theirs, old, kind, sentence):
    assert of("one", SEVEN, theirs, old) == Verdict(kind, sentence)


def test_another_answer_of_1998_is_no_objection():
    """It alone may say that there is no digit; which one it is, it knows less well."""
    said = of("one", SEVEN, committee(7, 0.99), shares(1, 0.9, 11))
    assert said.kind == "agree"


@pytest.mark.parametrize("kind", sorted(OF_INK))
def test_ink_that_is_no_digit_is_refused_whatever_is_read(kind):
    said = of(kind, SEVEN, committee(7, 1.0), IN_1998)
    assert said == of(kind, None, None)
    assert said.kind == kind
    assert said.is_no
    assert said.sentence.endswith(".")


def test_the_kinds_of_ink_are_all_known():
    sheets = [np.zeros((280, 280)), np.full((280, 280), 255.0)]
    line = np.zeros((280, 280))
    line[60:220, 130:152] = 255
    sheets += [line, np.roll(line, -60, axis=0), line[60:220]]
    small = np.zeros((280, 280))
    small[100:155, 100:122] = 255
    two = np.maximum(np.roll(line, -60, axis=1), np.roll(line, 60, axis=1))
    kinds = {judge(sheet, 22) for sheet in [*sheets, small, two]}
    assert kinds == {*OF_INK, verdict.ONE}


def test_nothing_to_read_is_empty_paper():
    assert of("one", None, committee(7, 0.99)).kind == "none"


def test_an_unknown_kind_of_ink_is_named():
    with pytest.raises(ValueError, match="'two' is no kind of ink"):
        of("two", SEVEN, None)


@pytest.mark.parametrize(
    ("share", "kind"),
    [
        (SURE, "agree"),
        (np.nextafter(SURE, 0), "unsure"),
        (np.nextafter(SURE, 1), "agree"),
    ],
)
def test_the_border_itself_is_sure(share, kind):
    values = [(1 - share) / 9] * 10
    values[7] = share
    said = of("one", SEVEN, Opinion(values, [0] * 10, 15))
    assert said.kind == kind
    if said.is_no:  # and what is not sure is not said to be at the border
        assert f"at {100 * SURE - 0.1:.1f} %" in said.sentence


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.8194, "81.9 %"),
        (0.8125, "81.3 %"),
        (SURE, "95.0 %"),
        (np.nextafter(SURE, 0), "94.9 %"),
        (0.9994, "99.9 %"),
        (0.9996, "> 99.9 %"),
        (1.0, "> 99.9 %"),
        (0.0006, "0.1 %"),
        (0.0004, "< 0.1 %"),
    ],
)
def test_a_share_in_words(share, words):
    assert verdict.in_words(share) == words


def test_another_threshold_is_obeyed():
    assert of("one", SEVEN, committee(7, 0.7), sure=0.6).kind == "agree"
    assert of("one", SEVEN, committee(7, 0.99), sure=0.995).kind == "unsure"


FAULTS = {
    "no number": lambda values: values.__setitem__(3, np.nan),
    "infinite": lambda values: values.__setitem__(3, np.inf),
    "negative": lambda values: values.__setitem__(3, -0.1),
    "too much": lambda values: values.__setitem__(3, 0.5),
    "nothing": lambda values: values.fill(0),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", ["our network", "committee", "1998"])
def test_what_is_no_probability_is_never_agreed_upon(place, fault):
    given = {
        "our network": SEVEN.copy(),
        "committee": shares(7, 0.99),
        "1998": IN_1998.copy(),
    }
    FAULTS[fault](given[place])
    theirs = Opinion(given["committee"], [0] * 10, 15)
    said = of("one", given["our network"], theirs, given["1998"])
    assert said.kind == "broken"
    assert not said.is_no
    assert place in said.sentence


def test_too_few_probabilities_are_noticed():
    assert of("one", np.array([0.5, 0.5]), committee(7, 0.99)).kind == "broken"
    assert of("one", SEVEN, committee(7, 0.99), shares(7, 0.9, 10)).kind == "broken"


def test_an_opinion_is_the_mean_and_the_votes_of_the_members():
    found = np.stack([shares(7, 0.9), shares(7, 0.5), shares(2, 0.8)])
    joint = opinion(found)
    assert joint.members == 3
    assert list(joint.votes) == [0, 0, 1, 0, 0, 0, 0, 2, 0, 0]
    np.testing.assert_allclose(joint.probabilities[7], (0.9 + 0.5 + 0.2 / 9) / 3, 1e-6)
    broken = opinion(np.stack([shares(7, 0.9), np.full(10, np.nan, np.float32)]))
    assert of("one", SEVEN, broken).kind == "broken"
