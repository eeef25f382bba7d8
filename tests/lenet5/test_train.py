"""The config and the loop: its order, its measurements, its determinism, its failures."""

import dataclasses
import math

import numpy as np
import pytest

from exact import UserError
from exact.engine import ExactEngine
from exact.random_numbers import shuffle
from lenet5 import Config
from lenet5.parameters import initial_weights
from lenet5.train import checksum, train


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("epochs", -1, "a whole number from 0"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("batch_size", 0, "from 1 to 60000"),
        ("lr", -1e-3, "a number from 0 to 10"),
        ("lr", math.nan, "a number from 0 to 10"),
        ("lr", math.inf, "a number from 0 to 10"),
        ("seed", "7", "a whole number"),
        ("seed", 2**32, "from 0 to 4294967295"),
        ("engine", "jax", "exact | torch"),
        ("device", "tpu", "cpu | cuda"),
        ("device", "cuda", "needs engine = 'torch'"),
    ],
)
def test_an_impossible_value_is_refused_with_the_allowed_range(name, value, text):
    with pytest.raises(ValueError, match=name) as error:
        Config(**{name: value})
    assert text in str(error.value)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="threads"):
        Config(threads=1)


def test_the_defaults_are_the_recipe_of_the_report():
    recipe = Config(epochs=20, batch_size=128, lr=3e-4, seed=0)
    assert Config() == recipe
    assert (recipe.engine, recipe.device) == ("exact", "cpu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.lr = 1.0


class Recorder:
    """An engine that computes nothing and notes what the loop asks of it."""

    def __init__(self, bad_image=None, bad_measurement=None):
        self.calls, self.measured = [], []
        self.bad_image, self.bad_measurement = bad_image, bad_measurement
        self.weights = {"w": np.zeros(1, np.float32)}

    def steps(self, split, rows, batch_size, lr):
        self.calls.append((split, rows, batch_size, lr))
        batches = np.split(rows, range(batch_size, len(rows), batch_size))
        self.weights["w"] += len(batches)
        return np.array(
            [math.nan if self.bad_image in rows else 1.0 for rows in batches]
        )

    def measure(self, split):
        self.measured.append(split)
        bad = len(self.measured) == self.bad_measurement
        return (math.inf if bad else 2.0), 50.0


def test_an_epoch_takes_every_image_in_the_order_that_was_drawn(small):
    for size, steps in (
        (128, 5),
        (7, 86),
        (600, 1),
        (1000, 1),
    ):  # the last may be short
        engine = Recorder()
        train(Config(epochs=2, batch_size=size, lr=1e-3, seed=9), *small, engine)
        rows = np.concatenate([call[1] for call in engine.calls])
        orders = [shuffle(9, epoch, 600) for epoch in (1, 2)]
        assert np.array_equal(rows, np.concatenate(orders))
        assert engine.weights["w"] == 2 * steps
        for split, _, batch_size, lr in engine.calls:
            assert (batch_size, lr) == (size, 1e-3)
            assert split is small[0]


def test_nothing_is_learned_from_the_test_split(small):
    first, second = (ExactEngine(initial_weights(0)) for _ in range(2))
    ours = train(Config(epochs=2, lr=3e-3), *small, first)
    swapped = train(Config(epochs=2, lr=3e-3), small[0], small[0], second)
    for one, other in zip(ours, swapped, strict=True):
        assert one.weights == other.weights
        assert one[1:3] == other[1:3] == other[3:5]
        assert one[3:5] != other[3:5]


def test_train_and_test_metrics_are_those_of_the_right_split(small):
    engine = ExactEngine(initial_weights(0))
    last = train(Config(epochs=3, lr=3e-3), *small, engine)[-1]
    assert (last.train_loss, last.train_error) == engine.measure(small[0])
    assert (last.test_loss, last.test_error) == engine.measure(small[1])
    assert last.train_loss != last.test_loss
    assert last.weights == checksum(engine.weights)


def test_it_measures_before_the_first_epoch_and_after_each(small):
    seen = []
    engine = ExactEngine(initial_weights(0))
    history = train(
        Config(epochs=2), *small, engine, on_epoch=lambda *each: seen.append(each)
    )
    assert [row.epoch for row in history] == [0, 1, 2]
    assert history[0].weights == checksum(initial_weights(0))
    assert history[0].test_loss == pytest.approx(math.log(10), abs=0.15)
    assert all(each[0] is engine for each in seen)
    assert len({row.weights for row in history}) == 3


def test_it_goes_on_where_a_history_ends(small):
    whole = ExactEngine(initial_weights(0))
    history = train(Config(epochs=3), *small, whole)
    part = ExactEngine(initial_weights(0))
    begun = train(Config(epochs=1), *small, part)
    again = ExactEngine(initial_weights(7))
    again.restore(part.state())
    assert train(Config(epochs=3), *small, again, begun) == history
    assert begun == history[:2]  # it is not changed


def test_a_finished_history_asks_nothing_of_the_engine(small):
    history = train(Config(epochs=1), *small, ExactEngine(initial_weights(0)))
    assert train(Config(epochs=1), *small, None, history) == history


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(small):
    one, same, other = (
        train(Config(epochs=2, seed=seed), *small, ExactEngine(initial_weights(seed)))
        for seed in (0, 0, 1)
    )
    assert one == same
    assert one[0].weights != other[0].weights
    shuffled = train(Config(epochs=1, seed=1), *small, ExactEngine(initial_weights(0)))
    assert shuffled[0] == one[0]
    assert shuffled[1].weights != one[1].weights


def test_watching_changes_nothing(small):
    def busy(engine, history):
        engine.measure(small[1])
        engine.logits(small[1].images)
        engine.weights["conv1.weight"][:] = 0

    plain = train(Config(epochs=2), *small, ExactEngine(initial_weights(0)))
    watched = ExactEngine(initial_weights(0))
    assert train(Config(epochs=2), *small, watched, on_epoch=busy) == plain


@pytest.mark.parametrize(("place", "step"), [(0, 1), (300, 3), (599, 5)])
def test_a_loss_that_is_not_finite_is_named_with_epoch_and_step(small, place, step):
    engine = Recorder(bad_image=shuffle(0, 1, 600)[place])
    with pytest.raises(UserError, match=f"epoch 1, step {step}: ") as error:
        train(Config(epochs=1, lr=0.5), *small, engine)
    assert "the loss is nan" in str(error.value)
    assert "below lr = 0.5" in str(error.value)


def test_steps_are_counted_over_the_whole_epoch(small):
    engine = Recorder(bad_image=shuffle(0, 1, 600)[499])
    with pytest.raises(UserError, match="epoch 1, step 100: "):
        train(Config(epochs=1, batch_size=5), *small, engine)


def test_a_measurement_that_is_not_finite_is_named_too(small):
    engine = Recorder(bad_measurement=4)  # the test split after the first epoch
    with pytest.raises(UserError, match="epoch 1, the measurement: "):
        train(Config(epochs=2), *small, engine)


def test_a_run_that_explodes_ends_with_one_line(small):
    weights = {name: 1e8 * array for name, array in initial_weights(0).items()}
    engine = ExactEngine({name: np.float32(w) for name, w in weights.items()})
    with pytest.raises(UserError, match=r"the loss is (nan|inf) at epoch 0") as error:
        train(Config(epochs=1), *small, engine)
    assert "\n" not in str(error.value)
