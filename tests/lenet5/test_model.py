"""The network in PyTorch, and its step: against the float64 reference and itself."""

import math

import numpy as np
import pytest
import torch

import reference
from exact import UserError
from exact.random_numbers import shuffle
from exhibits.layers import layer_table
from lenet5.data import Split
from lenet5.model import LeNet5, TorchEngine, machine
from lenet5.parameters import initial_weights, parameter_shapes

SHAPES = [((1, 28, 28), 10), ((3, 32, 32), 100), ((1, 16, 19), 2), ((2, 31, 45), 1)]


def in_float64(weights):
    return {name: array.astype(float) for name, array in weights.items()}


def batches(split, rows, size):
    """What the reference learns from: pixels in [0, 1], labels, a pair a batch."""
    for part in np.split(rows, range(size, len(rows), size)):
        yield split.images[part] / 255, split.labels[part]


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(
        ours[name].dtype == theirs[name].dtype
        and ours[name].tobytes() == theirs[name].tobytes()
        for name in ours
    )


def test_the_layers_of_the_report():
    rows = {row.name: row for row in layer_table(LeNet5())}
    assert " ".join(row.kind for row in rows.values()) == (
        "Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Flatten "
        "Linear ReLU Linear ReLU Linear"
    )
    assert {name: row.parameters for name, row in rows.items() if row.parameters} == {
        "conv1": 6 * (25 + 1),
        "conv2": 16 * (6 * 25 + 1),
        "dense1": 120 * (256 + 1),
        "dense2": 84 * (120 + 1),
        "dense3": 10 * (84 + 1),
    }
    assert sum(row.parameters for row in rows.values()) == 44_426
    outputs = [rows[name].shape for name in ("conv1", "pool1", "conv2", "pool2")]
    assert outputs == [(6, 24, 24), (6, 12, 12), (16, 8, 8), (16, 4, 4)]
    assert rows["flatten"].shape == (256,)
    assert rows["conv1"].multiply_adds == 24 * 24 * 6 * 25
    assert sum(row.multiply_adds for row in rows.values()) == 281_640


@pytest.mark.parametrize(("shape", "classes"), SHAPES)
def test_its_parameters_are_those_that_are_drawn(shape, classes):
    model = LeNet5(shape, classes, seed=3)
    assert model(torch.zeros(3, *shape)).shape == (3, classes)
    state = model.layers.state_dict()
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert list(found.items()) == list(parameter_shapes(shape, classes).items())
    drawn = initial_weights(3, shape, classes)
    assert all(np.array_equal(state[name].numpy(), drawn[name]) for name in drawn)


def test_a_shape_that_it_cannot_take_is_refused_in_words():
    with pytest.raises(UserError, match="16 pixels or more"):
        LeNet5((1, 28, 15))


@pytest.mark.parametrize("size", [1, 7, 96, 128])
def test_loss_and_gradients_are_those_of_the_reference(mnist, size):
    images, labels = (array[:size] for array in mnist[0])
    model = LeNet5(seed=5)
    outputs = model(torch.tensor(images).float() / 255)
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(labels).long())
    loss.backward()
    expected, gradients = reference.loss_and_gradients(
        in_float64(initial_weights(5)), images / 255, labels
    )
    assert loss.item() == pytest.approx(expected, abs=1e-6)
    for name, parameter in model.layers.named_parameters():
        close = {"rtol": 0, "atol": 1e-6, "err_msg": name}
        np.testing.assert_allclose(parameter.grad.numpy(), gradients[name], **close)


def test_ten_steps_are_those_of_the_reference(mnist):
    # Of this seed. With some others rounding alone decides one weight's first step:
    # Adam divides a gradient by its own size, however small.
    start, rows = initial_weights(2), shuffle(0, 1, 1180)  # nine batches, a short one
    engine, ours = TorchEngine(start), in_float64(start)
    losses = engine.steps(mnist[0], rows, 128, 3e-4)
    expected = reference.adam(ours, batches(mnist[0], rows, 128), 3e-4)
    assert losses.dtype == np.float64
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-6)
    for name, array in engine.weights.items():
        layer = ours[f"{name.split('.')[0]}.weight"]
        tolerance = 5e-6 * np.abs(layer).max()
        np.testing.assert_allclose(array, ours[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize("lr", [0.0, 1e-4, 1e-3])
def test_the_first_step_of_adam_moves_a_weight_by_the_learning_rate(small, lr):
    engine = TorchEngine(initial_weights(0))
    before = engine.weights
    engine.steps(small[0], np.arange(64), 64, lr)
    moved = max(np.abs(engine.weights[name] - before[name]).max() for name in before)
    assert moved == pytest.approx(lr, rel=1e-3)


def test_weights_are_a_copy(small):
    engine = TorchEngine(initial_weights(0))
    before = engine.weights
    before["conv1.weight"][:] = 7
    assert engine.weights["conv1.weight"].max() < 1
    kept = engine.state()
    engine.steps(small[0], np.arange(8), 8, 1e-3)
    assert kept["step.conv1.weight"] == 0
    assert not same(engine.state(), kept)


@pytest.mark.parametrize(("shape", "classes"), SHAPES)
def test_an_engine_goes_on_from_a_state_bit_for_bit(shape, classes):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, *shape), np.uint8)
    split = Split(images, generator.integers(0, classes, 60, np.int32))
    unbroken = TorchEngine(initial_weights(0, shape, classes), shape)
    for start in (0, 30):
        unbroken.steps(split, np.arange(start, start + 30), 8, 1e-3)
    first = TorchEngine(initial_weights(0, shape, classes), shape)
    first.steps(split, np.arange(30), 8, 1e-3)
    second = TorchEngine(initial_weights(1, shape, classes), shape)
    second.restore(first.state())
    assert same(second.state(), first.state())
    second.steps(split, np.arange(30, 60), 8, 1e-3)
    assert same(second.state(), unbroken.state())
    assert second.measure(split) == unbroken.measure(split)


def test_measuring_is_counting_logits(small):
    engine = TorchEngine(initial_weights(2))
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
    engine = TorchEngine(initial_weights(0))
    whole = engine.logits(mnist[1].images[:1100])
    assert whole.shape == (1100, 10)
    last = engine.logits(mnist[1].images[1050:1100])
    np.testing.assert_allclose(whole[1050:], last, rtol=0, atol=1e-6)


def test_it_overfits_one_batch(mnist):
    one = Split(*(array[:32] for array in mnist[0]))
    engine = TorchEngine(initial_weights(0))
    engine.steps(one, np.tile(np.arange(32), 60), 32, 3e-3)
    loss, error = engine.measure(one)
    assert error == 0
    assert loss < 0.05


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_where_there_is_none_is_refused():
    with pytest.raises(UserError, match="no CUDA device"):
        machine("cuda")
