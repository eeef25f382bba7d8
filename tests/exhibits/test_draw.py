"""The made drawings of the page Draw a digit, and the rates that are counted on them."""

import re
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.path import Path as Outline

import all_figures as figures
from built import ROOT
from exact.arrays import checksum
from exhibits.draw import figures as of_page
from exhibits.draw import inputs, judged, prose, shapes, tables
from exhibits.draw.drawing import (
    PEN,
    SIDE,
    Hand,
    drawn,
    placed,
    rounded,
    written,
)
from exhibits.draw.inputs import CHOOSING, JUDGING, Drawing
from exhibits.draw.judged import Choice, Readings
from lenet5.ink import judge
from networks import verdict


@pytest.fixture(scope="module")
def some() -> dict[int, list[Drawing]]:
    """A few drawings of each kind, half by half."""
    return {which: few(which) for which in (CHOOSING, JUDGING)}


def few(which: int) -> list[Drawing]:
    """Drawings of a half, as many as tell the makers apart."""
    drawings = []
    for stream, maker in enumerate(inputs.MAKERS):
        count = (2,) if maker is not inputs.blank else ()
        drawings += maker(which, 10 * stream + which, *count)
    return drawings


def names(drawings, kind) -> set[str]:
    return {drawing.name for drawing in drawings if drawing.kind == kind}


# -- the drawings ----------------------------------------------------------------------


def test_the_pen_is_as_wide_as_that_of_the_page():
    script = (ROOT / "book" / "pad" / "paper.js").read_text(encoding="utf-8")
    [width] = re.findall(r"\bPEN = (\d+)", script)
    assert int(width) == PEN
    page = (ROOT / "book" / "pad" / "pad.html").read_text(encoding="utf-8")
    assert f'width="{SIDE}" height="{SIDE}"' in page


def test_a_stroke_is_ink_within_half_a_pen():
    """Held to the distance of each pixel from many points on the stroke."""
    stroke = np.array([(60.0, 70.0), (200.0, 90.0), (120.0, 220.0)])
    share = np.linspace(0, 1, 4001)[:, None]
    sides = [a + share * (b - a) for a, b in pairwise(stroke)]
    points = np.concatenate(sides)
    paper = drawn([stroke])
    assert paper.shape == (SIDE, SIDE)
    for y, x in np.random.default_rng(0).integers(0, SIDE, (400, 2)):
        distance = np.hypot(*(points - (x + 0.5, y + 0.5)).T).min()
        ink = np.clip(PEN / 2 + 0.5 - distance, 0, 1)
        assert abs(paper[y, x] - 255 * ink) <= 1, (x, y)


def test_a_dot_is_a_stroke_of_one_point_and_the_edge_cuts():
    dot = drawn([np.array([(100.0, 50.0)])])
    assert abs(dot.sum() / 255 - np.pi * PEN**2 / 4) < 3
    corner = drawn([np.array([(0.0, 0.0)])])
    assert abs(corner.sum() / dot.sum() - 0.25) < 0.01
    assert not drawn([np.array([(-100.0, 50.0)])]).any()
    assert not drawn([]).any()


def test_corners_are_cut_and_ends_stay():
    corner = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 4.0)])
    line = rounded(corner)
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [4, 4]
    assert np.hypot(*(line - (4, 0)).T).min() > 0.5
    kept = rounded(np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 0.0), (4.0, 4.0)]))
    assert np.hypot(*(kept - (4, 0)).T).min() < 0.2


def test_a_corner_strays_once():
    seven = shapes.strokes(shapes.DIGITS[0]["7"])
    assert seven[0][1] == seven[0][2]
    [line] = written(seven, Hand(0, 0), 150)
    corners = np.array([(0, 0), (1, 1), (2, 2)])
    assert len(line) > len(corners)
    # What stands twice still does: two equal points in a row are left in the line.
    assert (line[1:] == line[:-1]).all(axis=1).any()


def test_strokes_are_put_by_the_middle_of_their_box():
    moved = placed([np.array([(0.0, 0.0), (10.0, 4.0)])], 100, 50)
    assert moved[0].tolist() == [[95, 48], [105, 52]]


def test_hands_draw_their_numbers_anew_and_never_twice():
    first, again, other = Hand(3, 4), Hand(3, 4), Hand(3, 5)
    numbers = first.between(-1, 2, 500)
    assert np.array_equal(numbers, again.between(-1, 2, 500))
    assert not np.array_equal(numbers, other.between(-1, 2, 500))
    assert not np.isin(first.between(-1, 2, 500), numbers).any()
    assert -1 <= numbers.min() < -0.9
    assert 1.9 < numbers.max() <= 2
    assert {first.choose("abc") for _ in range(50)} == set("abc")


def test_a_printed_letter_is_filled_as_matplotlib_fills_it():
    outlines = placed(
        [2 * line for line in inputs.outlines("A", inputs.FONTS[0])], 140, 140
    )
    ours = inputs.filled_in(outlines) > 0
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    inside = np.zeros((SIDE, SIDE), dtype=bool)
    for line in outlines:  # the outer line and the hole
        points = np.stack([x.ravel(), y.ravel()], axis=1)
        inside ^= Outline(line).contains_points(points).reshape(SIDE, SIDE)
    assert len(outlines) == 2
    assert 1000 < ours.sum() < 20000
    assert (ours != inside).mean() < 0.001


def test_the_halves_have_no_drawing_in_common(some):
    first, second = some[CHOOSING], some[JUDGING]
    for kind in (inputs.LETTERS, inputs.SIGNS):
        assert not names(first, kind) & names(second, kind)
    assert names(first, inputs.LETTERS) | names(second, inputs.LETTERS) == set(
        shapes.LETTERS
    )
    for kind in (inputs.DIGITS, inputs.TWINS, inputs.PRINTED):
        assert names(first, kind) == names(second, kind)
    seen = {drawing.paper.tobytes() for drawing in first}
    common = [drawing.kind for drawing in second if drawing.paper.tobytes() in seen]
    assert common == [inputs.BLANK]


def test_every_kind_is_drawn_and_kept_apart(some):
    for drawings in some.values():
        kinds = {drawing.kind for drawing in drawings}
        assert kinds == {*inputs.NONE, inputs.DIGITS, inputs.TWINS}
    assert not set(shapes.TWINS) & set(shapes.LETTERS)
    assert set("IlOSZ") - {"l"} <= set(inputs.twins_by_name())


def test_digits_and_letters_stand_whole_on_the_paper(some):
    for drawing in [*some[CHOOSING], *some[JUDGING]]:
        if drawing.kind == inputs.DIGITS:
            assert judge(drawing.paper, PEN) == verdict.ONE, drawing.name
        if drawing.kind in (
            inputs.LETTERS,
            inputs.PRINTED,
        ):  # some are low, such as an e
            assert judge(drawing.paper, PEN) in (verdict.ONE, "small"), drawing.name
        if drawing.kind == inputs.DOTS:
            assert judge(drawing.paper, PEN) == "blot"
        assert drawing.paper.dtype == np.float32
        assert np.array_equal(drawing.paper, np.round(drawing.paper))


def test_the_drawings_are_these_bytes_on_every_machine(some):
    """Printed letters apart: their outlines are those of the matplotlib that is pinned."""
    papers = {}
    for drawing in some[JUDGING]:
        if drawing.kind != inputs.PRINTED:
            papers[str(len(papers))] = drawing.paper
    assert checksum(papers)[:16] == "2ac233dfd2f58777"


# -- the rates -------------------------------------------------------------------------


def shares(answers, sure=0.999) -> np.ndarray:
    """Probabilities, shape (N, 10): each of some answers is given a share."""
    values = np.full((len(answers), 10), (1 - sure) / 9, np.float32)
    values[np.arange(len(answers)), answers] = sure
    return values


@pytest.fixture
def five() -> tuple[list[Drawing], Readings]:
    """A digit and four drawings that are none, and what is found in them.

    All read the digit; a letter is disputed; of another the committee is not sure; a third
    is no digit to the network of 1998; and two digits are told by their ink.
    """
    kinds = (inputs.DIGITS, inputs.LETTERS, inputs.LETTERS, inputs.LETTERS, inputs.TWO)
    drawings = [Drawing(kind, "x", np.zeros((1, 1))) for kind in kinds]
    report = shares([7, 4, 4, 4, 4])
    members = np.stack([shares([7, 9, 4, 4, 4])] * 3)
    members[:, 2] = shares([4], 0.8)
    old = np.concatenate([shares([7, 4, 4, 4, 4], 0.6), np.zeros((5, 1))], axis=1)
    old[3] = [*[0.0] * 10, 1.0]
    ink = np.array(["one"] * 4 + ["several"])
    seen = np.zeros((5, 28, 28), np.float32)
    return drawings, Readings(ink, seen, report, members, old.astype(np.float32))


def test_who_says_no_is_counted_apart(five):
    drawings, readings = five
    assert readings.no_of_ink().tolist() == [False, False, False, False, True]
    assert readings.no_without_1998().tolist() == [
        False,
        True,
        True,
        False,
        True,
    ]
    assert readings.no_together().tolist() == [False, True, True, True, True]
    assert readings.no_without_1998(sure=0.7).tolist() == [
        False, True, False, False, True
    ]  # fmt: skip
    assert readings.no_alone(0.9).tolist() == [False] * 5
    assert readings.no_alone(0.9999).tolist() == [True] * 5
    third = 100 / 3
    no = readings.no_without_1998()
    assert judged.rate(no, drawings, inputs.LETTERS) == pytest.approx(2 * third)
    assert judged.rate(no, drawings, inputs.DIGITS) == 0
    assert judged.share(np.array([True, False, False, False])) == 25


def test_what_passes_is_listed_once_a_name(five):
    drawings, readings = five
    everything = readings._replace(
        ink=np.array(["one"] * 5), network1998=shares([4] * 5)
    )
    eleven = np.concatenate([everything.network1998, np.zeros((5, 1))], axis=1)
    everything = everything._replace(network1998=eleven)
    # The third letter has the name of the others, of which none passes.
    assert judged.passed(drawings, everything) == [3, 4]
    assert judged.passed(drawings, readings) == []


def test_the_highest_threshold_that_spares_the_digits_is_chosen():
    found = [
        Choice(0.5, 10, 0, 1),
        Choice(0.9, 50, 1, judged.ALLOWED),
        Choice(0.95, 60, judged.ALLOWED + 0.1, 1),
        Choice(0.99, 70, 1, judged.ALLOWED + 0.1),
    ]
    assert judged.chosen(found).threshold == 0.9
    assert judged.chosen(found[::-1]).threshold == 0.9
    with pytest.raises(ValueError, match="every threshold refuses more"):
        judged.chosen(found[2:])


def test_a_choice_counts_each_kind_alike(five):
    drawings, readings = five
    every = [Drawing(kind, "x", np.zeros((1, 1))) for kind in inputs.NONE]
    wide = [*drawings, *every]

    def rule(found, threshold):
        """No to the letters, and to no other kind."""
        if found is readings:
            return np.array([threshold > 0.9])
        return np.array([drawing.kind == inputs.LETTERS for drawing in wide])

    [first, *_, last] = judged.choices(rule, wide, None, readings)
    others = [kind for kind in inputs.NONE if kind != inputs.BLANK]
    assert first.refused == pytest.approx(100 / len(others))
    assert (first.threshold, first.drawn, first.training) == (judged.TRIED[0], 0, 0)
    assert (last.threshold, last.training) == (judged.TRIED[-1], 100)


def test_rules_are_compared_where_they_refuse_about_as_many(five):
    _, readings = five
    rates = {sure: 10 * place for place, sure in enumerate(judged.TRIED)}

    def rule(images, threshold):
        assert images is readings
        return np.arange(100) < rates[threshold]

    assert judged.as_strict(rule, readings, 31.0) == judged.TRIED[3]
    assert judged.as_strict(rule, readings, 99.0) == judged.TRIED[-1]


def test_the_surest_images_are_those_of_the_highest_probability():
    found = np.concatenate([shares([1], sure) for sure in (0.9, 0.3, 0.8, 0.99, 0.5)])
    assert judged.surest(found, 3).tolist() == [0, 2, 3]
    assert judged.surest(found, 0).tolist() == []


LETTERS_AND_DIGITS = [
    Drawing(kind, "x", np.zeros((1, 1)))
    for kind in [*inputs.NONE, *[inputs.DIGITS] * 20]
]


@pytest.mark.parametrize(
    ("wrong", "wrong_without", "said"),
    [
        (2, 12, "12 get a wrong no without it, and 2 with it: that is its gain ("),
        (12, 2, "2 get a wrong no without it, and 12 with it: that is its price ("),
        (2, 4, "4 get a wrong no without it, and 2 with it, which may be luck ("),
    ],
)
def test_what_1998_adds_is_said_with_its_luck(wrong, wrong_without, said):
    kinds = len(inputs.NONE)
    no, without = np.zeros((2, len(LETTERS_AND_DIGITS)), dtype=bool)
    no[:kinds] = True
    no[kinds : kinds + wrong] = True
    without[kinds : kinds + wrong_without] = True
    words = prose.what_1998_adds(LETTERS_AND_DIGITS, no, without)
    assert "Then 0.0 % of the letters are refused, against 100.0 % with it" in words
    assert "of what is no digit 0.0 % against 100.0 %." in words
    assert f"Of the 20 drawn digits {said}McNemar's test: p = 0." in words


def test_a_sheet_of_one_grey_shows_nothing():
    assert not judged.see(np.full((SIDE, SIDE), 255, np.float32)).any()
    assert judged.see(of_page.draw_letter()).max() == 1


THRESHOLDS = {judged.ALONE: 0.9, judged.WITHOUT_1998: 0.7, judged.ALL: verdict.SURE}


def test_the_table_has_a_line_a_kind_and_the_test_images_last(five):
    drawings, readings = five
    blank = [
        Drawing(kind, "x", np.zeros((1, 1))) for kind in (*inputs.NONE, inputs.TWINS)
    ]
    count = len(drawings) + len(blank)
    places = np.r_[np.arange(5), np.zeros(len(blank), int)]
    wide = Readings(
        readings.ink[places],
        readings.seen[places],
        readings.report[places],
        readings.members[:, places],
        readings.network1998[places],
    )
    assert len(wide.ink) == count
    taken = {name: Choice(sure, 0, 0, 0) for name, sure in THRESHOLDS.items()}
    lines = {
        line[0]: line[1:]
        for line in tables.rows([*drawings, *blank], wide, readings, taken)
    }
    assert [*lines] == [
        *inputs.NONE,
        inputs.TWINS,
        inputs.DIGITS,
        "digits of the test set",
    ]
    assert [*THRESHOLDS] == [*judged.RULES]
    assert lines[inputs.LETTERS] == ("4", "0.0", "0.0", "25.0", "75.0")
    assert lines[inputs.DIGITS] == ("1", "0.0", "0.0", "0.0", "0.0")
    assert lines["digits of the test set"] == ("5", "0.0", "20.0", "40.0", "80.0")


# -- the figures -----------------------------------------------------------------------


def test_the_pad_shows_both_readings_and_the_sentence():
    report, committee = shares([4], 0.6)[0], shares([9], 0.8)[0]
    sentence = "They disagree: our network reads 4, the committee 9. Probably no digit."
    letter = of_page.draw_letter()
    figure = figures.pad(letter, judged.see(letter), report, committee, sentence)
    paper, seen, bars = figure.axes
    assert np.array_equal(paper.images[0].get_array(), letter)
    assert seen.images[0].get_array().shape == (28, 28)
    ours, theirs = bars.containers
    np.testing.assert_allclose(
        [bar.get_height() for bar in ours], 100 * report, atol=0.01
    )
    np.testing.assert_allclose(
        [bar.get_height() for bar in theirs], 100 * committee, atol=0.01
    )
    assert " ".join(bars.get_title().split()) == sentence
    labels = [text.get_text() for text in bars.get_legend().get_texts()]
    assert labels == ["our network", "the committee"]


def test_alarms_and_misses_are_a_line_a_rule_with_its_choice():
    lines = {name: [Choice(0.5, 40, 0, 1), Choice(0.9, 60, 0, 2)] for name in "abc"}
    taken = {name: found[1] for name, found in lines.items()}
    [axes] = figures.alarms_and_misses(lines, taken).axes
    by_label = {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
    assert by_label["b"] == [[1, 40], [2, 60]]
    assert by_label["chosen"] == [[2, 60]] * 3


def test_what_passes_is_titled_by_name_and_reading():
    drawing = Drawing(inputs.PRINTED, "H", np.zeros((1, 1)))
    title = of_page.title_of(drawing, shares([4])[0])
    assert title == "printed H\nread as 4"
    figure = figures.not_refused(np.ones((5, 28, 28), np.float32), [title] * 5)
    assert [axes.get_title() for axes in figure.axes[:5]] == [title] * 5
    assert figure.axes[0].images[0].get_array().max() == 255
