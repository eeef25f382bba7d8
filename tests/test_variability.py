"""The recorded study, and the chapter that reads it."""

import csv
import json
import statistics
from itertools import groupby

import pytest
import torch
from conftest import ROOT
from test_book import glued

from lenet5.config import Config
from lenet5.run import load_or_train
from lenet5.statistics import prediction_interval
from lenet5.table import COLUMNS, SETTINGS, machine_of
from lenet5.train import Metrics

ROWS = list(csv.DictReader((ROOT / "record" / "seeds.csv").read_text().splitlines()))
RUNS = {
    name: list(rows) for name, rows in groupby(ROWS, lambda row: row["fingerprint"])
}
FINAL = [float(rows[-1]["test_error"]) for rows in RUNS.values()]


def config_of(row: dict) -> Config:
    kinds = Config.__dataclass_fields__
    return Config(**{name: kinds[name].type(row[name]) for name in SETTINGS})


def test_the_record_is_one_recipe_over_many_seeds():
    assert tuple(ROWS[0]) == COLUMNS
    seeds = [int(rows[0]["seed"]) for rows in RUNS.values()]
    assert seeds == sorted(set(seeds))
    for rows in RUNS.values():
        seed = int(rows[0]["seed"])
        assert config_of(rows[0]) == Config(seed=seed, threads=1, device="cpu")
        assert [int(row["epoch"]) for row in rows] == list(range(21))
        assert len({row["machine"] for row in rows}) == 1


def test_a_recorded_seed_trained_again_gives_the_recorded_history(mnist, tmp_path):
    """Takes one full training, about two minutes: the same bytes here, a band elsewhere."""
    recorded = RUNS[ROWS[0]["fingerprint"]]
    run = load_or_train(config_of(recorded[0]), mnist, runs=tmp_path)
    torch_of_record = json.loads((ROOT / "record" / "environment.json").read_text())
    here = (machine_of(run.environment), torch.__version__)
    if here == (recorded[0]["machine"], torch_of_record["torch"]):
        lines = [",".join(row[name] for name in Metrics._fields) for row in recorded]
        wanted = "\n".join([",".join(Metrics._fields), *lines, ""]).encode()
        assert (tmp_path / run.fingerprint / "history.csv").read_bytes() == wanted
        assert run.fingerprint == recorded[0]["fingerprint"]
    else:
        low, high = prediction_interval(FINAL, 0.999)
        assert low <= run.history[-1].test_error <= high


def test_the_chapter_tells_of_the_recorded_runs():
    numbers = glued("variability")
    mean, spread = statistics.mean(FINAL), statistics.stdev(FINAL)
    assert numbers["seeds"] == str(len(RUNS))
    # To half a digit: a mean that ends on a 5 may be rounded up or down.
    shown = float(numbers["mean"].removesuffix(" %"))
    assert shown == pytest.approx(mean, abs=0.0005 + 1e-9)
    assert float(numbers["spread"]) == pytest.approx(spread, abs=0.0005 + 1e-9)
    low, high = (float(numbers[name].split()[0]) for name in ("low", "high"))
    assert (low + high) / 2 == pytest.approx(mean, abs=0.001)
    half = (high - low) / 2 * len(FINAL) ** 0.5 / spread
    if len(FINAL) == 20:
        assert half == pytest.approx(2.093, abs=0.05)
    best = [min(float(row["test_error"]) for row in rows[1:]) for rows in RUNS.values()]
    gains = [last - least for last, least in zip(FINAL, best, strict=True)]
    gain = statistics.mean(gains)
    assert float(numbers["gain"]) == pytest.approx(gain, abs=0.0005 + 1e-9)
    assert numbers["original"] == "1.20 %"
    distance = float(numbers["original_distance"].replace("−", "-"))
    assert distance == pytest.approx((1.2 - mean) / spread, abs=0.051)
