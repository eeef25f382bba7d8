"""The recorded studies, and the chapter that reads them."""

import csv
import statistics
from itertools import groupby

import numpy as np
import pytest

import made_up
from built import ROOT
from exact.engine import ExactEngine
from exhibits.variability.tables import measure_rows, measures
from glued_numbers import glued
from glued_words import glued_in
from lenet5.config import report_config
from lenet5.data import Split
from lenet5.run import load_or_train
from studies import rounding, seeds


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
    mean, low, high, *rest = measures([1.0, 1.1, 1.5]).values()
    assert mean == pytest.approx(1.2)
    assert rest == pytest.approx([1.1, 0.2646, 1.0, 1.5], abs=1e-4)
    # 4.303 standard deviations of the mean with two degrees of freedom.
    assert high - low == pytest.approx(2 * 4.303 * 0.2646 / 3**0.5, abs=2e-3)
    rows = {name: cells for name, *cells in measure_rows([1.0, 1.1, 1.5], [2.0, 2.5])}
    assert rows["mean"] == ["1.200", "2.250"]
    assert rows["standard deviation"] == ["0.265", "0.354"]
    assert (rows["least"], rows["most"]) == (["1.000", "2.000"], ["1.500", "2.500"])


def test_the_chapter_tells_of_the_recorded_runs():
    numbers = glued("variability")
    mean, spread = statistics.fmean(FINAL), statistics.stdev(FINAL)
    assert numbers["seeds"] == str(len(RUNS))
    assert numbers["mean"] == f"{mean:.3f}\u00a0%"
    assert numbers["spread"] == f"{spread:.3f}"
    assert numbers["torch_seeds"] == str(len(IN_TORCH))
    low, high = (float(numbers[name].split()[0]) for name in ("low", "high"))
    assert (low + high) / 2 == pytest.approx(mean, abs=0.001)
    # 1.972 standard deviations of the mean with 199 degrees of freedom.
    half = (high - low) / 2 * len(FINAL) ** 0.5 / spread
    assert half == pytest.approx(1.972, abs=0.15)
    assert numbers["original"] == "1.20\u00a0%"
    assert (
        numbers["original_distance"].replace("−", "-")
        == f"{(1.2 - mean) / spread:+.1f}"
    )
    assert "fig-parting" in glued_in("variability")


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
