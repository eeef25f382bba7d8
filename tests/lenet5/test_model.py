"""The network in PyTorch, and its step: against the float64 reference and itself."""

import math

import numpy as np
import pytest
import torch

import reference
from exact import UserError
from exact.network import Network
from exact.random_numbers import shuffle
from lenet5.config import REPORT
from lenet5.costs import multiply_adds
from lenet5.data import Split
from lenet5.model import TorchEngine, lenet5, machine, sequential, take_weights
from lenet5.parameters import initial_weights
from reference import batches_of, in_float64
from report_network import NETWORK, for_images, report_weights

NETWORKS = [
    NETWORK,
    for_images((3, 32, 32), 100),
    for_images((2, 31, 45), 2),
    Network("5C4-AP3-7N", "tanh", (1, 16, 19), 3),
]


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype
        and ours[name].tobytes() == theirs[name].tobytes()
        for name in ours
    )


def test_the_network_that_is_written_out_is_that_of_the_line():
    """What the chapter prints is what is trained: names, kinds, options and order."""
    assert repr(lenet5()) == repr(sequential(Network(REPORT)))
    assert multiply_adds(lenet5(), (1, 28, 28)) == 281_640


@pytest.mark.parametrize("size", [1, 7, 96, 128])
def test_loss_and_gradients_are_those_of_the_reference(mnist, size):
    images, labels = (array[:size] for array in mnist[0])
    model = lenet5()
    take_weights(model, report_weights(5))
    outputs = model(torch.tensor(images).float() / 255)
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(labels).long())
    loss.backward()
    expected, gradients = reference.loss_and_gradients(
        NETWORK, in_float64(report_weights(5)), images / 255, labels
    )
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    for name, parameter in model.named_parameters():
        close = {"rtol": 0, "atol": 1e-6, "err_msg": name}
        np.testing.assert_allclose(parameter.grad.numpy(), gradients[name], **close)


def test_ten_steps_are_those_of_the_reference(mnist):
    # Of this seed. With some others rounding alone decides one weight's first step:
    # Adam divides a gradient by its own size, however small.
    start, rows = report_weights(2), shuffle(0, 1, 1180)  # nine batches, a short one
    engine, ours = TorchEngine(NETWORK, start), in_float64(start)
    losses = engine.steps(mnist[0], rows, 128, 3e-4)
    batches = batches_of(mnist[0], rows, 128)
    expected = reference.adam(NETWORK, ours, batches, 3e-4)
    assert losses.dtype == np.float64
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-6)
    for name, array in engine.weights.items():
        layer = ours[f"{name.split('.')[0]}.weight"]
        tolerance = 5e-6 * np.abs(layer).max()
        np.testing.assert_allclose(array, ours[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize("network", NETWORKS[1:])
def test_steps_with_momentum_are_those_of_the_reference(network):
    """On noise, where no weight decides by its rounding: the step is linear in slopes."""
    generator = np.random.default_rng(3)
    images = generator.integers(0, 256, (50, *network.image_shape), np.uint8)
    split = Split(images, generator.integers(0, network.classes, 50, np.int32))
    start, rows = initial_weights(2, network), shuffle(0, 1, 50)
    engine, ours = TorchEngine(network, start, "sgd"), in_float64(start)
    losses = [*engine.steps(split, rows[:32], 8, 0.02)]
    losses += [*engine.steps(split, rows[32:], 8, 0.01)]  # the rate falls, nothing else
    rates = [0.02] * 4 + [0.01] * 3
    batches = batches_of(split, rows, 8)
    expected = reference.sgd(network, ours, batches, rates)
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-6)
    for name, array in engine.weights.items():
        tolerance = 5e-6 * np.abs(start[name]).max() + 1e-7
        np.testing.assert_allclose(array, ours[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize("lr", [0.0, 1e-4, 1e-3])
def test_the_first_step_of_adam_moves_a_weight_by_the_learning_rate(small, lr):
    engine = TorchEngine(NETWORK, report_weights(0))
    before = engine.weights
    engine.steps(small[0], np.arange(64), 64, lr)
    moved = max(np.abs(engine.weights[name] - before[name]).max() for name in before)
    assert moved == pytest.approx(lr, rel=1e-3)


def test_weights_are_a_copy(small):
    engine = TorchEngine(NETWORK, report_weights(0))
    before = engine.weights
    before["conv1.weight"][:] = 7
    assert engine.weights["conv1.weight"].max() < 1
    kept = engine.state()
    engine.steps(small[0], np.arange(8), 8, 1e-3)
    assert kept["step.conv1.weight"] == 0
    assert not same(engine.state(), kept)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("network", NETWORKS)
def test_an_engine_goes_on_from_a_state_bit_for_bit(network, optimizer):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, *network.image_shape), np.uint8)
    split = Split(images, generator.integers(0, network.classes, 60, np.int32))

    def engine(seed):
        return TorchEngine(network, initial_weights(seed, network), optimizer)

    unbroken = engine(0)
    for start in (0, 30):
        unbroken.steps(split, np.arange(start, start + 30), 8, 1e-3)
    first = engine(0)
    first.steps(split, np.arange(30), 8, 1e-3)
    second = engine(1)
    second.restore(first.state())
    assert same(second.state(), first.state())
    second.steps(split, np.arange(30, 60), 8, 1e-3)
    assert same(second.state(), unbroken.state())
    assert second.measure(split) == unbroken.measure(split)


def test_measuring_is_counting_logits(small):
    engine = TorchEngine(NETWORK, report_weights(2))
    state = engine.state()
    loss, error = engine.measure(small[1])
    logits = engine.logits(small[1].images)
    assert logits.dtype == np.float32
    wrong, total = 0, 0.0
    for row, label in zip(logits.astype(float).tolist(), small[1].labels, strict=True):
        wrong += row.index(max(row)) != label
        total += math.log(sum(map(math.exp, row))) - row[label]
    assert error == 100 * wrong / 200
    assert loss == pytest.approx(total / 200, abs=1e-9)
    assert same(engine.state(), state)  # measuring teaches nothing


def test_logits_of_more_images_than_a_batch(mnist):
    engine = TorchEngine(NETWORK, report_weights(0))
    whole = engine.logits(mnist[1].images[:1100])
    assert whole.shape == (1100, 10)
    last = engine.logits(mnist[1].images[1050:1100])
    np.testing.assert_allclose(whole[1050:], last, rtol=0, atol=1e-6)


def test_it_overfits_one_batch(mnist):
    one = Split(*(array[:32] for array in mnist[0]))
    engine = TorchEngine(NETWORK, report_weights(0))
    engine.steps(one, np.tile(np.arange(32), 60), 32, 3e-3)
    loss, error = engine.measure(one)
    assert error == 0
    assert loss < 0.05


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none_is_refused():
    with pytest.raises(UserError, match="no CUDA device"):
        machine("cuda")
