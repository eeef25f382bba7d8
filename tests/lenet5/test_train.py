"""The loop: its order, its measurements, its determinism, its failures."""

import dataclasses
import math
from fractions import Fraction

import numpy as np
import pytest

from exact import UserError
from exact.engine import ExactEngine
from exact.random_numbers import shuffle
from lenet5 import Config
from lenet5.train import checksum, learning_rate, train
from report_network import NETWORK, report_engine, report_weights


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


def rates(config, small, history=()):
    """The learning rate of each epoch that is trained: one in all steps of it."""
    engine = Recorder()
    train(config, *small, engine, history)
    calls = np.array([call[3] for call in engine.calls])
    by_epoch = calls.reshape(config.epochs + 1 - max(1, len(history)), -1)
    assert (by_epoch == by_epoch[:, :1]).all()
    assert by_epoch.shape[1] > 1  # calls an epoch
    return by_epoch[:, 0].tolist()


def test_a_rate_falls_epoch_by_epoch_to_its_last_part(small):
    config = Config(epochs=4, batch_size=16, lr=1e-3, schedule="linear")
    expected = [1e-3, 1e-3 * 3 / 4, 1e-3 * 2 / 4, 1e-3 / 4]
    assert rates(config, small) == expected
    constant = dataclasses.replace(config, schedule="constant")
    assert rates(constant, small) == [1e-3] * 4
    one = dataclasses.replace(config, epochs=1)
    assert rates(one, small) == [1e-3]


def test_a_rate_goes_on_falling_where_a_history_ends(small):
    config = Config(epochs=4, batch_size=16, lr=1e-3, schedule="linear")
    begun = train(dataclasses.replace(config, epochs=2), *small, Recorder())
    assert rates(config, small, begun) == [1e-3 * 2 / 4, 1e-3 / 4]


def test_the_rates_of_a_schedule_are_numbers_that_every_machine_has():
    """A product and a quotient, each rounded once, from the true values of both."""
    for lr in (3e-4, 0.1, 0.7, 10.0):
        for epochs in (1, 3, 7, 20, 10_000):
            config = Config(epochs=epochs, lr=lr, schedule="linear")
            for epoch in (1, epochs // 2 + 1, epochs):
                product = float(Fraction(lr) * (epochs - epoch + 1))
                expected = float(Fraction(product) / epochs)
                assert learning_rate(config, epoch) == expected


def test_nothing_is_learned_from_the_test_split(small):
    first, second = (report_engine() for _ in range(2))
    ours = train(Config(epochs=2, lr=3e-3), *small, first)
    swapped = train(Config(epochs=2, lr=3e-3), small[0], small[0], second)
    for one, other in zip(ours, swapped, strict=True):
        assert one.weights == other.weights
        assert one[1:3] == other[1:3] == other[3:5]
        assert one[3:5] != other[3:5]


def test_train_and_test_metrics_are_those_of_the_right_split(small):
    engine = report_engine()
    last = train(Config(epochs=3, lr=3e-3), *small, engine)[-1]
    assert (last.train_loss, last.train_error) == engine.measure(small[0])
    assert (last.test_loss, last.test_error) == engine.measure(small[1])
    assert last.train_loss != last.test_loss
    assert last.weights == checksum(engine.weights)


def test_it_measures_before_the_first_epoch_and_after_each(small):
    seen = []
    engine = report_engine()
    history = train(
        Config(epochs=2), *small, engine, on_epoch=lambda *each: seen.append(each)
    )
    assert [row.epoch for row in history] == [0, 1, 2]
    assert history[0].weights == checksum(report_weights(0))
    assert history[0].test_loss == pytest.approx(math.log(10), abs=0.15)
    assert all(each[0] is engine for each in seen)
    assert len({row.weights for row in history}) == 3


def test_it_goes_on_where_a_history_ends(small):
    whole = report_engine()
    history = train(Config(epochs=3), *small, whole)
    part = report_engine()
    begun = train(Config(epochs=1), *small, part)
    again = report_engine(7)
    again.restore(part.state())
    assert train(Config(epochs=3), *small, again, begun) == history
    assert begun == history[:2]  # it is not changed


def test_a_finished_history_asks_nothing_of_the_engine(small):
    history = train(Config(epochs=1), *small, report_engine())
    assert train(Config(epochs=1), *small, None, history) == history


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(small):
    one, same, other = (
        train(Config(epochs=2, seed=seed), *small, report_engine(seed))
        for seed in (0, 0, 1)
    )
    assert one == same
    assert one[0].weights != other[0].weights
    shuffled = train(Config(epochs=1, seed=1), *small, report_engine())
    assert shuffled[0] == one[0]
    assert shuffled[1].weights != one[1].weights


def test_watching_changes_nothing(small):
    def busy(engine, history):
        engine.measure(small[1])
        engine.logits(small[1].images)
        engine.weights["conv1.weight"][:] = 0

    plain = train(Config(epochs=2), *small, report_engine())
    watched = report_engine()
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
    weights = {name: 1e8 * array for name, array in report_weights(0).items()}
    start = {name: np.float32(array) for name, array in weights.items()}
    engine = ExactEngine(NETWORK, start)
    with pytest.raises(UserError, match=r"the loss is (nan|inf) at epoch 0") as error:
        train(Config(epochs=1), *small, engine)
    assert "\n" not in str(error.value)
