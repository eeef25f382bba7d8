"""The recorded studies, and the chapter that reads them."""

import csv
import json
import math
import statistics
from itertools import groupby

import numpy as np
import pandas as pd
import pytest

import made_up
from built import ROOT
from exact import UserError
from exact.engine import ExactEngine
from exhibits import choices
from exhibits.variability import prose
from exhibits.variability.tables import measure_rows, measures, selection_rows
from glued_numbers import glued
from glued_words import glued_in
from lenet5.config import report_config
from lenet5.data import Split
from lenet5.files import dates
from lenet5.run import load_or_train
from studies import rounding, seeds
from studies.record import MAKERS


def runs_of(name: str) -> dict[str, list[dict]]:
    """The rows of a table of the record, by fingerprint."""
    rows = csv.DictReader((ROOT / "record" / name).read_text().splitlines())
    return {
        key: list(run) for key, run in groupby(rows, lambda row: row["fingerprint"])
    }


RUNS, IN_TORCH = runs_of("seeds.csv"), runs_of("seeds-torch.csv")
FINAL = [float(rows[-1]["test_error"]) for rows in RUNS.values()]


@pytest.mark.parametrize(("runs", "count"), [(RUNS, 200), (IN_TORCH, 20)])
def test_a_record_is_one_recipe_over_many_seeds(runs, count):
    assert [int(rows[0]["seed"]) for rows in runs.values()] == list(range(count))
    for rows in runs.values():
        assert [int(row["epoch"]) for row in rows] == list(range(21))
        config = [float(rows[0][name]) for name in ("epochs", "batch_size", "lr")]
        assert config == [20, 128, 3e-4]


@pytest.mark.parametrize("seed", [199])
def test_a_recorded_seed_trained_again_gives_the_recorded_epochs(seed, mnist, tmp_path):
    recorded = list(RUNS.values())[seed]
    config = report_config(epochs=1, seed=seed)
    run = load_or_train(config, mnist, runs=tmp_path, record=None)
    for metrics, row in zip(run.history, recorded, strict=False):
        assert {name: row[name] for name in metrics._fields} == {
            name: str(value) for name, value in metrics._asdict().items()
        }


def test_a_study_is_read_by_seed_and_epoch():
    study = seeds.read(ROOT / "record" / "seeds.csv")
    assert len(study.runs) == len(RUNS)
    assert study.errors.shape == study.losses.shape == (len(RUNS), 20)
    assert study.final.tolist() == pytest.approx(FINAL)
    assert (study.best <= study.final).all()


def test_the_measures_are_those_of_the_numbers():
    found = measures([1.0, 1.1, 1.5])
    # 4.303 standard deviations of the mean with two degrees of freedom: 0.657.
    assert found == {
        "runs": "3",
        "mean": "1.200",
        "t interval of the mean": "0.543\u00a0to\u00a01.857",
        "standard deviation": "0.265",
        "median": "1.100",
        "lowest and highest": "1.00\u00a0to\u00a01.50",
    }
    rows = {name: cells for name, *cells in measure_rows([1.0, 1.1, 1.5], [2.0, 2.5])}
    assert rows["mean"] == ["1.200", "2.250"]
    assert rows["runs"] == ["3", "2"]


def test_each_way_to_choose_an_epoch_has_its_line():
    lines = selection_rows({"last": [1.0, 1.1, 1.5]}, made_up.ERRORS, made_up.CHOSEN)
    assert lines == [
        ("last", "nothing", "1.200", "1.50"),
        ("lowest", "the images held back", "", "1.70"),
        ("lowest", "the test images", "", "1.50"),
    ]


def test_the_chapter_tells_of_the_recorded_runs():
    numbers = glued("variability")
    mean, spread = statistics.fmean(FINAL), statistics.stdev(FINAL)
    assert numbers["seeds"] == str(len(RUNS))
    assert numbers["mean"] == f"{mean:.3f}\u00a0%"
    assert numbers["spread"] == f"{spread:.2f}"
    assert numbers["torch_seeds"] == str(len(IN_TORCH))
    assert numbers["original"] == "1.20\u00a0%"
    assert numbers["as_bad"] == str(sum(error >= 1.2 for error in FINAL))
    # Of 200 runs an interval at 95 % leaves out five at each end, less one of them.
    ordered = sorted(FINAL)
    interval = f"{ordered[4]:.2f}\u00a0to\u00a0{ordered[-5]:.2f}"
    stored = (ROOT / "book" / "variability.ipynb").read_text(encoding="utf-8")
    assert interval in stored or json.dumps(interval)[1:-1] in stored
    # Both kinds of luck together are less than their sum, and more than either.
    both, twice = float(numbers["both"]), float(numbers["twice"])
    assert spread < both < twice
    assert twice == pytest.approx(
        math.hypot(spread, float(numbers["binomial"])), abs=0.01
    )
    assert "fig-parting" in glued_in("variability")


# -- sentences -------------------------------------------------------------------------


def test_p_values_are_printed_with_a_bound_where_they_are_small():
    printed = [prose.p_value(p) for p in (0.62, 0.0499, 0.01, 0.004, 0.0001)]
    assert printed == ["0.62", "0.05", "0.01", "less than 0.01", "less than 0.001"]


def test_the_hardest_digit_is_that_of_each_network():
    errors = np.zeros((4, 10))
    errors[[0, 1, 2, 3], [8, 9, 9, 3]] = 2.0
    assert prose.hardest(errors, ours=0) == (
        "The hardest is the 8 in our run; over 4 seeds it is the 9 in 2, the 3 in 1 and the "
        "8 in 1."
    )


def test_mistakes_that_are_made_equally_often_are_all_named():
    counts = np.zeros((2, 10, 10), int)
    counts[:, np.arange(10), np.arange(10)] = 900
    counts[0, 5, 3] = counts[0, 9, 4] = 7
    counts[1, 4, 9] = 15
    assert prose.most_confused(counts, ours=0) == (
        "Our run reads 5 as 3 and 9 as 4 most often, 7 times each; over the seeds it is 4 as "
        "9, 7.5 times on average. In 1 of 2 seeds no mistake is made more often than 4 as 9."
    )
    assert "reads 4 as 9 most often, 15 times;" in prose.most_confused(counts, ours=1)


def test_choices_of_an_epoch_that_agree_are_said_to_tell_nothing():
    assert "all three take epoch 3." in prose.agreement(
        {"last": 3, "lowest on test": 3}
    )
    apart = prose.agreement(made_up.CHOSEN)
    assert apart.endswith("its three ways take epoch 2 and epoch 3.")
    # In the second row the last epoch alone is the best, in the fourth another is as good.
    errors = [[3, 1, 2], [3, 2, 1], [1, 3, 2], [2, 1, 1]]
    assert prose.epochs_chosen(pd.DataFrame(errors, columns=[1, 2, 3])) == (
        "Of 4 seeds trained so, 2 have their lowest error on the images held back at the last "
        "epoch; the earliest such epoch of any is epoch 1."
    )


# -- the ledger of choices -------------------------------------------------------------


def test_the_choices_stand_in_the_order_of_time_and_before_their_runs():
    listed = choices.read_choices()
    changed = {}
    for line, day in dates(ROOT / "record").items():
        changed[line.split()[1]] = day
    for choice in listed:
        for table in choice.tables:
            # A table that was made before the choice cannot hold its runs.
            assert f"{choice.day}" <= changed[table], (choice.choice, table)


def test_every_study_of_the_record_has_its_choices_in_the_ledger():
    listed = set()
    for choice in choices.read_choices():
        listed.update(choice.tables)
    studied = {maker.study.table for maker in MAKERS if maker.study}
    # The lists of mistakes follow from the recipe alone.
    assert studied - listed == {"mistakes.csv"}


def test_a_choice_after_nothing_was_read_says_so():
    rows = choices.rows(choices.read_choices())
    day, what, images, seen = rows[0]
    assert (day, images, seen) == ("22\u00a0Nov", "none", "nothing")
    assert what.startswith("Recipe, epoch and seed of our run: ")
    assert choices.years(choices.read_choices()) == "2026"


DAMAGES = {
    "is missing or damaged": lambda text: text.replace("choices:", "choice:", 1),
    "damaged (an entry": lambda text: text.replace("    seen: ", "    saw: ", 1),
    "not in the order of its days": lambda text: text.replace("-28\n", "-21\n", 1),
}


@pytest.mark.parametrize("why", DAMAGES)
def test_a_damaged_ledger_of_choices_is_named(tmp_path, why):
    text = choices.LEDGER.read_text(encoding="utf-8")
    broken = DAMAGES[why](text)
    assert broken != text
    path = tmp_path / "choices.yml"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(UserError, match=r"choices\.yml .*" + why.partition("(")[0]):
        choices.read_choices(path)


# -- how roundings part ----------------------------------------------------------------


def test_the_distance_is_a_share_of_the_length_of_the_weights():
    ours = np.array([[3.0, 0.0, 4.0]]), np.array([1.5])
    theirs = np.array([[3.0, 1.0, 4.0]]), np.array([1.25])
    table = rounding.table({"a": ours, "b": theirs, "c": ours})
    assert table == [
        (0, "a", "b", "0.2", "1.5", "1.25"),
        (0, "a", "c", "0", "1.5", "1.5"),
        (0, "b", "c", "0.196116", "1.25", "1.5"),
    ]


def test_a_run_is_followed_epoch_by_epoch(small):
    splits = [Split(images[:64], labels[:64]) for images, labels in small]
    weights, errors = rounding.follow(
        report_config(epochs=1), splits, ExactEngine(made_up.NETWORK, made_up.WEIGHTS)
    )
    assert weights.shape == (2, 44_426)
    assert errors.shape == (2,)
    first = made_up.WEIGHTS["conv1.weight"].ravel()
    assert weights[0, :150].tolist() == first.tolist()
    assert (weights[0] != weights[1]).any()


def test_the_record_of_roundings_starts_at_one_point_and_parts():
    rows = csv.DictReader((ROOT / "record" / "rounding.csv").read_text().splitlines())
    pairs = {
        pair: [float(row["weight_distance"]) for row in group]
        for pair, group in groupby(rows, lambda row: (row["first"], row["second"]))
    }
    assert len(pairs) == 3
    for distances in pairs.values():
        assert len(distances) == 21
        assert distances[0] == 0
        assert distances[-1] > distances[1] > 1e-4
