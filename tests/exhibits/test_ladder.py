"""What the page From 1998 says follows from the runs, whatever they are."""

import numpy as np
import pandas as pd
import pytest

import all_figures as figures
from exhibits.ladder import prose, tables
from exhibits.rung_names import SHOWN, named
from networks.lenet1998.rungs import CHOICES
from networks.lenet1998.rungs import RUNGS as RUNGS_OF_1998
from studies.ladder import Step

LETTER = "start within 2.4 / fan-in"


def step(name: str, mean: float, seeds=12, spread=0.05) -> Step:
    """A rung whose errors have a mean; its own luck, and no other's."""
    random = np.random.default_rng(sum(name.encode()))
    luck = random.normal(size=seeds)
    errors = pd.Series(mean + spread * (luck - luck.mean()))
    return Step(name, errors, errors.to_frame(), 0.2, 60_000, 1, 1, 60.0, "here")


RUNGS = [step("the letter", 1.1), step("1998", 0.95), step("full C3", 0.8)]


@pytest.mark.parametrize(
    ("interval", "mean", "said"),
    [
        ((0.91, 0.98), 0.94, "lies within that margin, and so does all"),
        ((1.07, 1.11), 1.09, "lies outside that margin, and so does all"),
        ((0.70, 0.80), 0.75, "lies outside that margin, and so does all"),
        ((1.02, 1.08), 1.04, "lies within that margin, but its interval"),
        ((1.02, 1.10), 1.06, "lies outside that margin, but its interval"),
    ],
)
def test_an_error_agrees_within_the_margin_that_was_stated(interval, mean, said):
    assert prose.agreement(0.95, 0.1, interval, mean).startswith(said)


FIGURE = "the 0.95 % that the paper states, give or take 0.1"


@pytest.mark.parametrize(
    ("letter", "best", "said"),
    [
        (0.90, 1.04, f"Both agree with {FIGURE}."),
        (1.09, 0.94, f"The latter agrees with {FIGURE}; the former does not."),
        (0.94, 1.09, f"The former agrees with {FIGURE}; the latter does not."),
        (1.09, 0.80, f"Neither agrees with {FIGURE}."),
    ],
)
def test_the_figure_of_1998_is_reached_within_its_margin(letter, best, said):
    words = prose.reached(0.95, 0.1, letter, best)
    assert f"it misreads {letter:.2f} % of the test images on average" in words
    assert f"wider first weights, {best:.2f} %. " in words
    assert words.endswith(said)


def test_the_steps_are_tested_together():
    report = step("2020", 0.81, seeds=40)
    words = prose.tested_steps(RUNGS, report)
    assert words == (
        "Of the three steps all but “2020” differ from the one before beyond chance."
    )
    assert "each differs" in prose.tested_steps(RUNGS, step("2020", 1.5, seeds=40))
    alike = [step("a", 1), step("b", 1), step("c", 1)]
    assert "none differs" in prose.tested_steps(alike, step("d", 1))


def test_a_step_that_stands_alone_need_not_stand_among_many():
    """At a p-value of about 0.03 one of two is beyond chance, and one of eight is not."""
    before = step("before", 1.0, spread=0.1)
    after = step("after", 1.1, spread=0.1)
    many = [*[step(f"rung {n}", 1.0, spread=0.1) for n in range(6)], before, after]
    report = step("report", 1.1, spread=0.1)
    assert "“after”" not in prose.tested_steps([before, after], report)
    assert "none differs" in prose.tested_steps(many, report)


@pytest.mark.parametrize(
    ("tuned", "said"),
    [
        (0.70, "better by 0.45 points, and is then better than LeNet-5 of 1998"),
        (0.95, "better by 0.20 points, and cannot then be told from LeNet-5"),
        (1.05, "better by 0.10 points, and is then still worse than LeNet-5"),
        (1.15, "which so few seeds do not tell from luck"),
        (1.35, "is worse on the test images"),
    ],
)
def test_the_moral_is_that_of_the_errors(tuned, said):
    report = step("2020", 1.15)
    untuned = step("2020, fewer", 1.15)
    words = prose.moral(RUNGS, report, untuned, step("tuned", tuned))
    assert said in words
    stays_behind = "It stays behind the best rung, “full C3”, at 0.80 %," in words
    assert stays_behind == (tuned in (0.95, 1.05))
    assert ("although it has learned from 5,000 images fewer" in words) == (tuned < 0.9)
    assert ("has learned from 5,000 images more" in words) == (tuned in (0.95, 1.05))


def test_a_rate_that_changes_the_error_by_luck_is_said_to():
    untuned = step("untuned", 1.15)
    assert prose.by_tuning(untuned, step("tuned", 0.9)).startswith("−0.25")
    assert prose.by_tuning(untuned, step("tuned", 0.9)).endswith("points")
    unclear = prose.by_tuning(untuned, step("tuned", 1.149))
    assert unclear.endswith("points, which so few seeds do not tell from chance")


def test_choices_are_compared_with_the_one_made_for_their_network():
    names = ["as chosen", LETTER, "softmax, loss × 0.2"]
    names += ["j = 30", "softmax, loss × 0.5", "to the letter, j = 1"]
    tried = [step(name, 1 + 0.1 * n) for n, name in enumerate(names)]
    made = [tables.choice_made(tried, each).name for each in tried]
    assert made == [
        "as chosen", "as chosen", "softmax, loss × 0.2",
        "as chosen", "softmax, loss × 0.2", LETTER,
    ]  # fmt: skip
    rows = tables.choice_rows(tried)
    assert [row[2] for row in rows[:1] + rows[2:3]] == ["", ""]
    assert rows[3][2].startswith("+0.30")
    assert rows[5][2].startswith("+0.40")
    words = prose.choices_that_matter(tried)
    assert words.startswith("After Holm's correction for 4 comparisons")
    assert "none is shown to be better, and “to the letter, j = 1”" in words
    assert words.endswith("are worse than the choice that was made")


def test_choices_that_nobody_can_tell_apart_are_said_to_be_so():
    names = ["as chosen", "j = 30", "j = 1"]
    tried = [step(name, 1.0) for name in names[:2]] + [step("j = 1", 1.01)]
    words = prose.choices_that_matter(tried)
    assert words.endswith("none is shown to be better, and none is shown to be worse")


def test_the_letter_is_judged_by_its_own_trials():
    kept = step(LETTER, 1.0)
    worse = [step("to the letter, j = 1", 1.1), step("to the letter, loss × 0.03", 1.2)]
    words = prose.letters_own_choice([kept, *worse])
    assert words.endswith("nothing that was tried has a lower error.")
    better = [worse[0], step("to the letter, loss × 0.03", 0.8)]
    words = prose.letters_own_choice([kept, *better])
    assert "a scale of 0.03 has the lowest error, a change of −0.20 (" in words
    assert words.endswith("points, which is beyond chance.")
    unclear = [worse[0], step("to the letter, loss × 0.03", 0.999)]
    words = prose.letters_own_choice([kept, *unclear])
    assert words.endswith("; 12 seeds do not tell that from chance.")


def test_the_printed_start_is_compared_on_the_images_held_back():
    chosen = step("as chosen", 0.8, seeds=3, spread=0.01)
    clear = prose.of_start([chosen, step(LETTER, 1.0, seeds=3, spread=0.01)])
    assert clear.startswith("+0.20 (")
    assert clear.endswith("points, which is beyond chance")
    unclear = prose.of_start([chosen, step(LETTER, 0.801, seeds=3, spread=0.1)])
    assert unclear.endswith("which three seeds do not tell from chance")


def test_readers_see_other_names_of_rungs_that_are_there():
    tried = [*RUNGS_OF_1998, *CHOICES]
    assert set(SHOWN) < {rung.name for rung in tried}
    steps = named([step("1998, as it may be read", 0.9), step("ReLU", 0.8)])
    assert [each.name for each in steps] == ["1998, wider first weights", "ReLU"]


def test_what_stands_beside_the_ladder_stands_below_a_line():
    beside = [step("fewer", 1.2), step("tuned", 0.9)]
    (axes,) = figures.errors_by_rung(RUNGS, beside, 0.95).axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["the letter", "1998", "full C3", "fewer", "tuned"]
    (line,) = [
        line.get_ydata()[0]
        for line in axes.lines
        if len(line.get_ydata()) == 2 and list(line.get_xdata()) == [0, 1]
    ]
    assert 2 < line < 3  # rows are counted from 0


def test_the_dots_of_a_row_stand_level_with_its_name():
    (axes,) = figures.errors_by_rung(RUNGS, [], 0.95).axes
    _, *means = [line for line in axes.lines if line.get_marker() == "D"]
    heights = [float(mean.get_ydata()[0]) for mean in means]  # the legend's is left out
    assert heights == axes.get_yticks().tolist()


def test_the_table_begins_anew_beside_the_ladder():
    report = step("2020", 1.15, seeds=40)
    beside = [step("fewer", 1.2), step("tuned", 0.9)]
    rows = tables.rung_rows(RUNGS, report, beside)
    assert [row[0] for row in rows[3:]] == ["2020", "fewer", "tuned"]
    assert [row[1] for row in rows] == [12, 12, 12, 40, 12, 12]
    assert rows[1][3].startswith("−0.15")
    assert rows[3][3].startswith("+0.35")
    assert rows[4][3] == ""
    assert rows[5][3].startswith("−0.30")


def test_the_digit_stands_in_the_frame_that_the_network_sees(mnist):
    image = mnist[1].images[0]
    maps = {"C1": np.zeros((6, 28, 28))}
    drawn, _ = figures.first_maps(image, maps, 32).axes
    sheet = np.asarray(drawn.images[0].get_array())
    assert sheet.shape == (32, 32)
    np.testing.assert_array_equal(sheet[2:30, 2:30], image[0])
    assert sheet.sum() == image.sum()
    assert drawn.get_title(loc="left") == "input: 1×32×32"
    assert all(spine.get_visible() for spine in drawn.spines.values())
