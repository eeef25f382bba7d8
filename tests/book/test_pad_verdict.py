"""The page's verdicts are Python's: the same kind and the same sentence in every case."""

import itertools

import numpy as np
import pytest

from in_node import call
from networks.verdict import OF_INK, ONE, SURE, Opinion, in_words, of

SCRIPTS = ["pad/verdict.js"]
OF = """(kind, report, mean, members, network1998) => lenet5.verdict.of(
    kind, report, mean && { probabilities: mean, votes: [], members }, network1998)"""


def shares(answer: int, share: float, count: int = 10) -> np.ndarray:
    values = np.full(count, (1 - share) / (count - 1), np.float32)
    values[answer] = share
    return values


BROKEN = shares(3, np.nan)
BORDER = np.float32(SURE)
REPORTS = [None, shares(4, 0.3), shares(9, 0.999), BROKEN, shares(2, 0.4)[:9]]
MEANS = [None, BROKEN, np.zeros(10, np.float32)]
for digit in (4, 9):
    for share in (0.31, 0.6, np.nextafter(BORDER, np.float32(0)), BORDER, 0.999):
        MEANS.append(shares(digit, share))
    MEANS.append(shares(digit, np.nextafter(BORDER, np.float32(1))))
IN_1998 = [None, shares(10, 0.7, 11), shares(4, 0.7, 11), shares(0, np.nan, 11)]
CASES = list(itertools.product([ONE, *OF_INK], REPORTS, MEANS, (0, 15), IN_1998))


def in_python(kind, report, mean, members, network1998):
    theirs = None if mean is None else Opinion(mean, [], members)
    return of(kind, report, theirs, network1998)


def test_page_and_package_say_the_same_in_every_case():
    wanted = [in_python(*case)._asdict() for case in CASES]
    assert call(SCRIPTS, OF, CASES) == wanted
    kinds = {verdict["kind"] for verdict in wanted}
    assert kinds == {
        *OF_INK, "agree", "disagree", "no digit", "unsure", "asked", "alone", "broken"
    }  # fmt: skip


@pytest.mark.parametrize("share", [np.nextafter(SURE, 0), SURE, np.nextafter(SURE, 1)])
def test_the_border_is_the_same_to_the_last_bit(share):
    """Of double precision, which the page computes in as well."""
    values = np.full(10, (1 - share) / 9)
    values[9] = share
    case = (ONE, shares(9, 0.99), values, 15, None)
    assert call(SCRIPTS, OF, [case]) == [in_python(*case)._asdict()]
    assert in_python(*case).is_no == (share < SURE)


def test_page_and_package_write_a_share_alike():
    """Its table and its sentence have one number, and Python has the same."""
    grid = np.linspace(0, 1, 1601)  # many of them end on half a tenth of a per cent
    given = [float(share) for share in [*grid, *np.nextafter(grid[1:], 0), SURE]]
    cases = [(share,) for share in given]
    wanted = [in_words(share) for share in given]
    assert call(SCRIPTS, "(share) => lenet5.verdict.inWords(share)", cases) == wanted


def test_the_page_has_the_threshold_of_the_package():
    assert call(SCRIPTS, "() => lenet5.verdict.SURE", [()]) == [SURE]


def test_an_unknown_kind_of_ink_is_an_error():
    for kind in ("two", "toString", ""):
        with pytest.raises(AssertionError, match="is no kind of ink"):
            call(SCRIPTS, OF, [(kind, None, None, 0, None)])
