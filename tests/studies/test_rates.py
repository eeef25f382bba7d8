"""The first epoch at other learning rates: the table, and who reads it."""

import argparse

import pandas as pd
import pytest

from exact import UserError
from lenet5 import RECORD
from studies import rates, seeds


def test_every_rate_has_every_seed_and_the_rate_of_the_recipe_lies_between():
    found = rates.read()
    assert tuple(found) == rates.RATES
    slow, fast = found.values()
    assert list(slow.index) == list(fast.index) == list(rates.SEEDS)
    recipe = seeds.read().errors[1]
    assert slow.min() > recipe.max() > recipe.min() > fast.max()


def test_the_errors_are_those_of_the_table_after_the_epoch():
    table = pd.read_csv(RECORD / rates.TABLE)
    row = table[(table.lr == 0.001) & (table.seed == 3) & (table.epoch == 1)]
    assert rates.read()[0.001][3] == pytest.approx(row.test_error.item(), abs=0.005)


def test_what_the_table_lacks_is_asked_for_by_rate_and_seed(monkeypatch):
    asked = []
    monkeypatch.setattr(seeds, "make", lambda configs, options: asked.extend(configs))
    rates.make(argparse.Namespace())
    assert {(config.lr, config.seed) for config in asked} == {
        (rate, seed) for rate in rates.RATES for seed in rates.SEEDS
    }
    assert {config.epochs for config in asked} == {1}


def test_a_damaged_table_is_named(tmp_path):
    path = tmp_path / "rates.csv"
    path.write_text("seed,epoch\n0,1\n")
    with pytest.raises(UserError, match=r"rates\.csv"):
        rates.read(path)
