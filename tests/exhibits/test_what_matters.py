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
        "“no convolution” and “maps halved”. Of the other one so many seeds show no "
        "difference."
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
        ([("rate 1e-3, falling", 0.9), ("rate 1e-4", 1.5)], "is under-trained"),
        ([("rate 3e-3", 0.9), ("rate 1e-4", 1.2)], "is under-trained"),
        (
            [("rate 1e-3", 1.19), ("rate 1e-4", 1.5)],
            "do better on average, and by less",
        ),
        (
            [("rate 1e-3", 1.21), ("rate 1e-4", 1.5)],
            "no higher one is shown to be better",
        ),
        (
            [("rate 1e-3", 1.5), ("falling rate", 1.5)],
            "no higher one is shown to be better",
        ),
        ([("rate 1e-3", 1.2), ("rate 1e-4", 1.2)], "do not tell"),
        # What is not a rate has no say in it.
        ([("rate 1e-3", 1.2), ("SGD at 0.01", 0.7), ("tanh", 0.7)], "do not tell"),
        # A lower rate that is better is no sign of too low a rate.
        ([("rate 1e-3", 1.2), ("rate 1e-4", 0.7)], "do not tell"),
    ],
)
def test_the_recipe_is_called_under_trained_only_if_a_higher_rate_is_better(
    means, said
):
    made = outcomes(*means)
    assert said in prose.under_trained(compare(made), made[0])


@pytest.mark.parametrize(
    ("tuned", "network", "said"),
    [
        (0.9, 1.2, "^The best rate does more than the best other network: −0.30"),
        (1.2, 0.9, r"^The best other network does more than the best rate: \+0.30"),
        (1.2, 1.2, "so many seeds do not tell"),
    ],
)
def test_the_rate_and_the_network_are_set_against_each_other(tuned, network, said):
    pair = outcome("rate 1e-3", tuned), outcome("maps doubled", network)
    words = prose.contest(*pair)
    assert re.search(said, words)
    assert words.endswith("takes 2.0 times the multiply-adds.")


def test_the_images_trained_on_are_a_reason_only_if_more_of_them_are_read():
    recipe, tuned = outcomes(("rate 1e-3", 0.9))
    words = prose.on_training(recipe, tuned._replace(of_train=0.125))
    assert "point to the reason" in words
    assert words.endswith("misreads 0.50 % of them, and with the rate tuned 0.12 %.")
    assert "give no reason" in prose.on_training(recipe, tuned)


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
