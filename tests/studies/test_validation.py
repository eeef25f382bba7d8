"""The run with a validation split: its parts stay apart, and its record comes out again."""

import numpy as np
import pandas as pd
import pytest

from lenet5 import RECORD
from lenet5.config import report_config
from lenet5.data import hold_back
from lenet5.run import Run, load_or_train
from studies import validation


def test_nothing_is_lost_or_seen_twice(small):
    fit, validating = hold_back(small[0], 100)
    assert (len(fit.labels), len(validating.labels)) == (500, 100)
    for part, whole in zip(zip(fit, validating, strict=True), small[0], strict=True):
        np.testing.assert_array_equal(np.concatenate(part), whole)


def test_one_training_is_measured_on_two_splits(small, tmp_path):
    options = {"runs": tmp_path, "record": None}
    held_back, tested = validation.two_runs(
        report_config(epochs=2), *small, 100, **options
    )
    fit, validating = hold_back(small[0], 100)
    again = load_or_train(report_config(epochs=2), (fit, validating), **options)
    assert held_back.history == again.history
    columns = [[row.weights for row in run.history] for run in (held_back, tested)]
    assert columns[0] == columns[1]
    measured = [[row.test_error for row in run.history] for run in (held_back, tested)]
    assert measured[0] != measured[1]


def test_of_equal_epochs_the_first_is_chosen():
    errors = {"validation": [3.0, 1.0, 1.0], "test": [2.0, 3.0, 4.0]}
    table = pd.DataFrame(errors, index=[1, 2, 3])
    chosen = {"last": 3, "lowest on validation": 2, "lowest on test": 1}
    assert validation.choices(table) == chosen


@pytest.mark.parametrize("name", ["validation", "validation-test"])
def test_the_first_epoch_of_the_record_comes_out_again(name, mnist, tmp_path):
    stored = Run.load(RECORD / name)
    assert stored.config == report_config()
    fit, validating = hold_back(mnist[0])
    splits = fit, validating if name == "validation" else mnist[1]
    options = {"runs": tmp_path, "record": None}
    run = load_or_train(report_config(epochs=1), splits, **options)
    assert run.history == stored.history[:2]


def test_many_seeds_are_those_of_the_recipe_and_the_first_is_the_recorded_run():
    errors = validation.many_seeds()
    assert len(errors) >= 3
    assert errors.columns.tolist() == [*range(1, 21)]
    stored = Run.load(RECORD / "validation")
    expected = [metrics.test_error for metrics in stored.history[1:]]
    assert errors.loc[0].tolist() == pytest.approx(expected)
