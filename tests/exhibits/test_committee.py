"""What the chapter Committee counts, held to counts made anew."""

import itertools

import numpy as np
import pandas as pd
import pytest

import all_figures as figures
from exhibits.committee import prose, tables
from exhibits.committee.costs import Cost, costs_here, of_training
from lenet5 import RECORD
from studies import committee
from studies.committee import Networks
from studies.intervals import prediction_interval
from studies.variations import Outcome

CHOICES = "committee-choices.csv"
RECORDED = pd.read_csv(RECORD / CHOICES, keep_default_na=False)


@pytest.fixture(scope="module")
def networks() -> Networks:
    """Four made-up networks of two views, most of them right in most of 60 images."""
    random = np.random.default_rng(5)
    labels = random.integers(0, 10, 60)
    found = random.dirichlet(np.ones(10), (4, 60)).astype(np.float32)
    found[:, np.arange(60), labels] += 0.1
    columns = {"column": ["W20", "as given"] * 2, "epochs": 3, "seconds": 900.0}
    return Networks(pd.DataFrame(columns), found, labels, 1000)


def misread(found, labels) -> int:
    """Image by image, by a sum in float64."""
    count = 0
    for image, label in enumerate(labels):
        total = [sum(float(x[image, digit]) for x in found) for digit in range(10)]
        count += total.index(max(total)) != label
    return count


def test_networks_are_counted_alone_together_and_by_view(networks):
    found, labels = networks.probabilities, networks.labels
    alone = [100 * misread(one[None], labels) / 60 for one in found]
    assert networks.singles.tolist() == pytest.approx(alone)
    assert len(networks.wrong) == misread(found, labels) > 0
    assert networks.error == pytest.approx(100 * misread(found, labels) / 60)
    view = networks.of("W20")
    assert len(view.wrong) == misread(found[[0, 2]], labels)
    assert (networks.seconds, networks.epochs) == (3600, 12)


def test_a_committee_costs_its_trainings_and_a_single_network_their_mean(networks):
    assert of_training(1000, 12) == 3 * 1000 * 60_000 * 12
    one, together, *_ = costs_here([], networks, networks)
    assert together == Cost("4 columns", of_training(1000, 12), networks.error, 3600)
    assert one[:2] == ("one column", of_training(1000, 3))
    assert one.error == pytest.approx(sum(networks.singles) / 4)
    assert one.seconds == 900


def test_random_committees_are_those_of_their_networks(networks):
    errors = networks.errors_by_size()
    assert errors.shape == (1000, 4)
    for size in range(1, 5):
        every = {
            round(
                100 * misread(networks.probabilities[list(some)], networks.labels) / 60,
                6,
            )
            for some in itertools.combinations(range(4), size)
        }
        assert set(errors[:, size - 1].round(6)) == every


def test_votes_name_each_digit_the_most_first(networks):
    found = np.zeros((4, 1, 10))
    found[range(4), 0, [7, 2, 7, 1]] = 1
    assert networks._replace(probabilities=found).votes(0) == "7:2 1:1 2:1"


def test_a_sure_network_can_outweigh_two_that_waver(networks):
    found = np.zeros((4, 2, 10))
    found[:3, 0, 3], found[:3, 0, 5] = 0.55, 0.45
    found[3, 0, 5] = 1.0
    found[:2, 1, 8], found[2:, 1, 6] = 1.0, 1.0  # two each: the lower digit
    both = networks._replace(probabilities=found, labels=np.array([5, 8]))
    assert both.voted.tolist() == [3, 6]
    assert both.read.tolist() == [5, 6]
    assert both.votes(0) == "3:3 5:1"


def test_a_promise_counts_what_half_of_the_networks_misread(tmp_path, monkeypatch):
    monkeypatch.setattr(committee, "RECORD", tmp_path)
    rows = [("a", "1:2 5:0"), ("a", "5:3 7:1"), ("b", "9:1"), ("other", "9:2 1:1")]
    pd.DataFrame(rows, columns=["column", "misread"]).to_csv(tmp_path / CHOICES)
    assert committee.promised(("a", "b")) == pytest.approx(100 * 1 / 6000)


def test_choices_stand_with_what_their_seeds_misread(tmp_path, monkeypatch):
    names = [choice.name for choice in committee.CHOICES]
    counts = [(number, 10 * number) for number in range(len(names))]
    rows = [(name, x) for name, pair in zip(names, counts, strict=True) for x in pair]
    table = pd.DataFrame(rows, columns=["column", "misread"])
    monkeypatch.setattr(committee, "read_choices", lambda: table)
    lines = tables.choice_rows()
    assert [name for name, *_ in lines] == ["as chosen (digits as given)", *names[1:]]
    assert lines[2] == (names[2], "2 20", f"{100 * 11 / 6000:.2f}")


def test_costs_of_papers_stand_in_their_lines():
    literature = {
        "old": {"system": "A net", "error": 0.9, "selected": "no", "cite": "a1998"},
        "new": {"system": "Two nets", "error": 0.2, "selected": "yes", "cite": "b2012"},
        "else": {"system": "C net", "error": 0.5, "selected": "?", "cite": "c2013"},
    }
    published = [
        Cost("A", 1e12, 0.9, paper="old"),
        Cost("one of 2012", 2e13, 0.4, paper="new"),
        Cost("2 of 2012", 4e13, 0.2, paper="new"),
    ]
    rows = tables.cost_rows([Cost("ours", 3e12, 1.1, 60.0)], published, literature)
    assert rows == [
        ("ours, here", "1.10", "3.0·10{sup}`12`", "60", "no"),
        ("A net {cite:p}`a1998`", "0.90", "1.0·10{sup}`12`", "", "no"),
        ("C net {cite:p}`c2013`", "0.50", "", "", "?"),
        ("one of 2012 {cite:p}`b2012`", "0.40", "2.0·10{sup}`13`", "", "yes"),
        ("Two nets {cite:p}`b2012`", "0.20", "4.0·10{sup}`13`", "", "yes"),
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            24,
            "The two do not differ beyond chance, by Fisher's exact test (p = 0.170).",
        ),
        (5, "The two differ beyond chance, by Fisher's exact test (p < 0.001)."),
    ],
)
def test_a_forecast_is_judged_by_what_came(found, said):
    words = prose.of_forecast((22, 6_000), (found, 10_000))
    assert words.startswith(
        "The forecast was 22 of 6,000 images, 0.37 %, with Wilson's interval 0.24 to 0.55 %; "
        f"what came is {found} of 10,000, "
    )
    assert words.endswith(said)


def test_one_more_run_scatters_as_many_do_about_the_mean_of_a_few():
    many = np.random.default_rng(3).normal(1.1, 0.1, 200)
    low, high = prose.one_more_run(many, many)
    assert (low, high) == pytest.approx(prediction_interval(many))
    low, high = prose.one_more_run([0.7, 0.9], many)
    assert (low + high) / 2 == pytest.approx(0.8)
    # Student's t for 199 degrees of freedom is 1.972.
    half = 1.972 * many.std(ddof=1) * np.sqrt(1.5)
    assert (high - low) / 2 == pytest.approx(half, rel=1e-3)
    assert prose.one_more_run([0.0, 0.1], many)[0] == 0


@pytest.mark.parametrize(
    ("tuned", "network", "said"),
    [
        ([0.9, 0.91, 0.92], [1.1, 1.12, 1.11], "On the images held back the best rate"),
        (
            [1.1, 1.12, 1.11],
            [0.9, 0.91, 0.92],
            "On the images held back the best other",
        ),
        ([0.9, 1.1, 1.0], [1.1, 0.9, 1.0], "Whether the best rate or the best other"),
    ],
)
def test_rate_and_network_are_told_apart_by_the_images_held_back(tuned, network, said):
    outcomes = []
    for errors, of_test in ((tuned, network), (network, tuned)):
        held_back, test = pd.Series(errors), pd.Series(of_test)
        outcome = Outcome("a", "b", 1, 1, 0.1, held_back, test, 1.0, "here")
        outcomes.append(outcome)
    assert prose.rate_or_network(*outcomes).startswith(said)


def test_costs_stand_at_their_products_and_errors():
    ours, theirs = (
        [Cost("a", 1e12, 0.9, 60), Cost("b", 1e14, 0.3)],
        [Cost("c", 1e13, 1)],
    )
    figure = figures.errors_by_cost(ours, theirs)
    (axes,) = figure.axes
    assert [line.get_xydata().tolist() for line in axes.lines] == [
        [[12, 0.9], [14, 0.3]],
        [[13, 1]],
    ]
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("multiply_adds", "error"), [(1e9, 0.9), (1e18, 0.05), (1e13, 7.0)]
)
def test_a_point_outside_the_usual_span_widens_it(multiply_adds, error):
    figure = figures.errors_by_cost(
        [Cost("a", 1e13, 0.9)], [Cost("b", multiply_adds, error)]
    )
    (axes,) = figure.axes
    assert axes.get_xlim()[0] < np.log10(multiply_adds) < axes.get_xlim()[1]
    assert axes.get_ylim()[0] < error < axes.get_ylim()[1]


def test_the_band_holds_nine_committees_in_ten():
    errors = np.arange(101.0)[:, None] * [1, 0.5]
    (axes,) = figures.errors_by_size(errors).axes
    assert axes.lines[0].get_xydata().tolist() == [[1, 50], [2, 25]]
    corners = axes.collections[0].get_paths()[0].vertices
    at_one = corners[corners[:, 0] == 1, 1]
    assert (at_one.min(), at_one.max()) == (5, 95)


def test_images_in_doubt_are_framed(mnist):
    titles = ["7→1\n1:3", "2→7\n7:2", "1→4\n4:2"]
    figure = figures.misread(mnist[1].images[:3], titles, [False, True, False])
    assert [len(axes.patches) for axes in figure.axes] == [0, 1, 0, 0, 0]
    assert [axes.get_title() for axes in figure.axes[:3]] == titles
