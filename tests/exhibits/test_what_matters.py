"""What the page What matters says follows from the numbers, whatever they are."""

import re

import pytest

import all_figures as figures
from exhibits.what_matters import prose, tables
from glued_numbers import glued
from made_variations import outcome, outcomes
from studies import variations
from studies.comparisons import ALIKE, BETTER
from studies.variations import compare


def test_the_finding_names_each_variation_under_its_verdict():
    made = outcomes(
        ("rate 1e-3, falling", 0.9), ("tanh", 1.2), ("no convolution", 2.1),
        ("maps halved", 1.6),
    )  # fmt: skip
    assert prose.finding(compare(made)) == (
        "One is better beyond chance: “rate 1e-3, falling”. Two are worse beyond chance: "
        "“no convolution” and “maps halved”. For the other one, "
        f"{len(made[0].held_back)} seeds are too few to show a difference."
    )


def test_a_finding_of_nothing_says_so():
    made = outcomes(("rate 1e-3", 1.2), ("tanh", 1.2))
    assert prose.finding(compare(made)) == (
        "None is shown to be better beyond chance. None is shown to be worse beyond chance. "
        "No difference is shown, which does not mean that there is none."
    )
    made = outcomes(("rate 1e-3", 0.9), ("tanh", 1.9))
    assert "no difference" not in prose.finding(compare(made)).lower()


@pytest.mark.parametrize(
    ("means", "said"),
    [
        ([("rate 3e-3", 0.9), ("rate 1e-4", 1.2)], "A higher rate does better"),
        # A falling rate that is better shows nothing of a constant one.
        (
            [("rate 1e-3", 1.2), ("rate 1e-3, falling", 0.9), ("rate 1e-4", 1.5)],
            "A lower rate is worse. A higher rate that falls does better, and a constant",
        ),
        (
            [("rate 1e-3", 1.19), ("rate 1e-4", 1.5)],
            "A lower rate is worse. No higher rate is shown to be better.",
        ),
        ([("rate 1e-3", 1.2), ("rate 1e-4", 1.2)], "No higher rate is shown"),
        # What is not a rate has no say in it.
        (
            [("rate 1e-3", 1.2), ("SGD at 0.01", 0.7), ("tanh", 0.7)],
            "No higher rate is shown",
        ),
        # A lower rate that is better is no sign of too low a rate.
        ([("rate 1e-3", 1.2), ("rate 1e-4", 0.7)], "No higher rate is shown"),
    ],
)
def test_of_rates_no_more_is_said_than_each_kind_of_them_shows(means, said):
    made = outcomes(*means)
    assert prose.of_rates(compare(made)).startswith(said)


def test_variations_of_two_settings_are_named():
    assert prose.of_two_settings() == (
        "Two of the variations change two settings: “SGD at 0.01” changes the optimiser and "
        "the rate and “rate 1e-3, falling” changes the rate and its schedule."
    )


@pytest.mark.parametrize(
    ("tuned", "network", "said"),
    [
        (
            0.9,
            1.2,
            "^The best rate does more .*: with the rate the error is lower by 0.30",
        ),
        (1.2, 0.9, "^The best other network does more .* is higher by 0.30"),
        (1.2, 1.2, "seeds are too few to tell"),
    ],
)
def test_the_rate_and_the_network_are_set_against_each_other(tuned, network, said):
    pair = outcome("rate 1e-3", tuned), outcome("maps doubled", network)
    words = prose.contest(*pair)
    assert re.search(said, words)
    assert words.endswith("takes 2.0 times the multiply-adds.")


def test_a_lower_error_on_the_images_trained_on_is_no_merit_if_others_have_it_too():
    recipe, tuned, other = outcomes(("rate 1e-3", 0.9), ("tanh", 1.2))
    tuned = tuned._replace(of_train=0.125)
    alone = prose.on_training(compare([recipe, tuned, other]), recipe, tuned)
    assert alone.endswith(
        "misreads 0.50 % after its last epoch, and this variation 0.12 %."
    )
    other = other._replace(of_train=0.25)
    words = prose.on_training(compare([recipe, tuned, other]), recipe, tuned)
    assert words.startswith(alone + " That alone is no merit: one other")


def test_the_test_images_confirm_or_do_not():
    made = outcomes(("rate 1e-3", 0.9), ("no convolution", 2.1), ("tanh", 1.2))
    assert prose.on_test(compare(made)).startswith("What differs from the recipe")
    recipe, rate, *others = made
    unlike = rate._replace(test=recipe.test.iloc[::-1].set_axis(recipe.test.index))
    words = prose.on_test(compare([recipe, unlike, *others]))
    assert words == (
        "Of the two that differ on the images held back, they confirm one, and not "
        "“rate 1e-3”."
    )
    turned = rate._replace(test=recipe.test + (recipe.test - rate.test))
    assert "not “rate 1e-3”" in prose.on_test(compare([recipe, turned, *others]))
    alike = outcomes(("tanh", 1.2))
    assert "nothing to confirm" in prose.on_test(compare(alike))


def test_a_difference_on_the_test_images_alone_is_explained_and_no_other():
    row = compare(variations.read())[0]
    off_zero, about_zero = (
        row.test._replace(interval=interval) for interval in ((-0.3, -0.1), (-0.3, 0.1))
    )
    alike = row._replace(verdict=ALIKE)
    assert "stands alone" in prose.alone_on_test(alike._replace(test=off_zero))
    assert prose.alone_on_test(alike._replace(test=about_zero)) == ""
    assert prose.alone_on_test(row._replace(verdict=BETTER, test=off_zero)) == ""


def test_the_table_has_the_recipe_first_and_then_the_best():
    made = outcomes(("no convolution", 2.1), ("rate 1e-3", 0.9), of_test=0.25)
    recipe, best, worst = tables.variation_rows(made[0], compare(made))
    assert (recipe[0], best[0], worst[0]) == (
        "the recipe", "rate 1e-3", "no convolution",
    )  # fmt: skip
    assert recipe[1:6] == ("1.20", "", "", "1.45", "")
    assert best[1] == "0.90"
    assert best[2].startswith("−0.30\u00a0±\u00a00.0")
    assert best[3:5] == ("< 0.001", "1.15")


def test_the_figure_fills_the_dots_of_what_differs_and_sorts_by_error():
    made = outcomes(("no convolution", 2.1), ("maps doubled", 0.9), ("tanh", 1.2))
    compared = compare(made)
    errors, costs = figures.errors_by_variation(compared, made[0]).axes
    names = [text.get_text() for text in errors.get_yticklabels()]
    assert names == ["maps doubled", "tanh", "no convolution"]
    dots = [
        line
        for line in errors.lines
        if line.get_marker() == "o" and len(line.get_xdata())
    ]
    places = {line.get_ydata()[0]: line for line in dots}
    assert places[0].get_xdata()[0] == pytest.approx(-0.3, abs=1e-4)
    filled = [places[n].get_markerfacecolor() != "#FFFFFF" for n in range(3)]
    assert filled == [True, False, True]
    bars = [bar.get_width() for bar in costs.patches]
    assert bars == pytest.approx([1.0, 0.0, 0.0])  # twice the multiply-adds: one octave
    marks = [line.get_xdata()[0] for line in costs.lines if line.get_marker() == "|"]
    assert marks == [0, 0, 0]  # of seconds all take as many


def test_the_chapter_tells_of_the_record():
    numbers = glued("what-matters")
    found = variations.read()
    recipe = found[0]
    assert numbers["seeds"] == str(len(recipe.held_back))
    assert numbers["variations"] == str(len(found) - 1)
    assert numbers["recipe_error"] == f"{recipe.held_back.mean():.2f}\u00a0%"
    rates = [
        "rate 1e-4",
        "rate 1e-3",
        "rate 3e-3",
        "falling rate",
        "rate 1e-3, falling",
    ]
    allowed = [one for one in found if one.name in rates]
    best = min(allowed, key=lambda one: one.held_back.mean())
    assert numbers["tuned"] == best.name
    assert numbers["tuned_test"] == f"{best.test.mean():.2f}\u00a0%"
    assert numbers["finding"] == prose.finding(compare(found))
