"""What the exact engine computes: against NumPy in float64, and at its edges."""

import ctypes
import math
import random

import mpmath
import numpy as np
import pytest

import reference
from exact import compiler, random_numbers
from exact.engine import ExactEngine
from lenet5.data import Split
from lenet5.parameters import initial_weights

MNIST = ((1, 28, 28), 10)
SHAPES = [MNIST, ((3, 32, 32), 100), ((2, 29, 31), 7), ((1, 16, 16), 1)]
RATE = 3e-4


def noise(image_shape, classes, count, seed=0):
    """Images and labels of any shape, drawn."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, *image_shape), dtype=np.uint8)
    return Split(images, generator.integers(0, classes, count).astype(np.int32))


def double(weights):
    return {name: array.astype(np.float64) for name, array in weights.items()}


def gradients(engine, split):
    """The gradient of one batch: Adam's first mean is a tenth of it."""
    engine.steps(split, np.arange(len(split.labels)), len(split.labels), RATE)
    mean, slopes = engine.state()["floats"][1].astype(float), {}
    for name, array in engine.weights.items():
        slopes[name], mean = (
            10 * mean[: array.size].reshape(array.shape),
            mean[array.size :],
        )
    return slopes


def assert_near(ours, theirs, tolerance):
    """Apart by no more than ``tolerance`` of each array's largest value."""
    for name, expected in theirs.items():
        apart = abs(ours[name] - expected).max()
        assert apart <= tolerance * abs(expected).max(), (name, apart)


def test_ten_steps_follow_the_reference(mnist):
    # Of a seed that meets no near tie: where a gradient is as small as its rounding,
    # Adam's first steps part any two float32 engines by more.
    train, rows = mnist[0], random_numbers.shuffle(1, 1, 60_000)[: 9 * 96 + 41]
    engine = ExactEngine(initial_weights(1))
    losses = engine.steps(train, rows, 96, RATE)  # a short last batch and last block
    weights = double(initial_weights(1))
    batches = [rows[i : i + 96] for i in range(0, len(rows), 96)]
    batches = [(train.images[batch] / 255, train.labels[batch]) for batch in batches]
    np.testing.assert_allclose(
        losses, reference.adam(weights, batches, RATE), rtol=1e-6
    )
    assert_near(engine.weights, weights, 5e-6)


@pytest.mark.parametrize("batch", [1, 7, 96, 128])
def test_gradients_are_slopes_of_the_loss(small, batch):
    generator = np.random.default_rng(batch)
    start = initial_weights(1)
    for name in start:  # blank paper would lie on the kink of ReLU where they are 0
        if "bias" in name:
            start[name] += generator.normal(0, 0.1, start[name].shape).astype("f4")
    split = Split(small[0].images[:batch], small[0].labels[:batch])
    ours, weights = gradients(ExactEngine(start), split), double(start)

    def loss_and_gradients():
        return reference.loss_and_gradients(weights, split.images / 255, split.labels)

    assert_near(ours, loss_and_gradients()[1], 5e-6)
    for name, array in weights.items():
        i = generator.integers(array.size)
        kept, ends = array.flat[i], []
        for change in (1e-6, -1e-6):
            array.flat[i] = kept + change
            ends.append(loss_and_gradients()[0])
        array.flat[i] = kept
        slope = (ends[0] - ends[1]) / 2e-6
        assert ours[name].flat[i] == pytest.approx(
            slope, abs=1e-5 * abs(ours[name]).max()
        )


@pytest.mark.parametrize(("image_shape", "classes"), SHAPES)
def test_every_shape_has_an_exact_engine(image_shape, classes):
    split = noise(image_shape, classes, 41)
    weights = initial_weights(0, image_shape, classes)
    engine = ExactEngine(weights, image_shape, threads=3)
    logits = engine.logits(split.images)
    for image, row in zip(split.images, logits, strict=True):
        assert engine.activations(image)["dense3"].tobytes() == row.tobytes()
    loss, error = engine.measure(split)
    assert error == pytest.approx(100 * (logits.argmax(1) != split.labels).mean())
    expected, slopes = reference.loss_and_gradients(
        double(weights), split.images / 255, split.labels
    )
    assert loss == pytest.approx(expected, rel=1e-6)
    assert_near(gradients(engine, split), slopes, 5e-6)


def outcome(start, image_shape, split, plainly, threads=1, library=None):
    """The bytes of three steps, the last of them short, and of what is then measured."""
    engine = ExactEngine(start, image_shape, threads, library, plainly)
    rows = random_numbers.shuffle(1, 1, len(split.labels))
    losses = engine.steps(split, rows, 37, RATE)
    assert len(losses) == 3
    arrays = [losses, *engine.state().values(), engine.logits(split.images)]
    return [array.tobytes() for array in arrays], engine.measure(split)


def with_dead_units(start):
    """Biases that are not 0, and in every layer a unit that ReLU never lets through."""
    generator = np.random.default_rng(5)
    for name in start:
        if "bias" in name:
            start[name] += generator.normal(0, 0.1, start[name].shape).astype("f4")
    for name in ("conv1.bias", "conv2.bias", "dense1.bias", "dense2.bias"):
        start[name][1] = -100
    return start


def with_ties():
    """Weights and images whose first sums have few binary digits: many pools have ties."""
    generator = np.random.default_rng(0)
    start = with_dead_units(initial_weights(2))
    for name in ("conv1.weight", "conv1.bias"):
        drawn = generator.integers(-1, 2, start[name].shape)
        start[name] = (drawn / 8).astype(np.float32)
    images = 255 * generator.integers(0, 2, (90, 1, 28, 28), dtype=np.uint8)
    return start, Split(images, np.arange(90, dtype=np.int32) % 10)


@pytest.mark.parametrize(("image_shape", "classes"), SHAPES)
def test_training_is_that_of_the_plain_forms_to_the_byte(image_shape, classes):
    split = noise(image_shape, classes, 2 * 37 + 20)  # 16 + 16 + 5 images, 16 + 4
    start = with_dead_units(initial_weights(0, image_shape, classes))
    plain = outcome(start, image_shape, split, plainly=True)
    for threads in (1, 2, 5):
        assert outcome(start, image_shape, split, False, threads) == plain


def test_training_on_digits_is_that_of_the_plain_forms_to_the_byte(small):
    split = Split(small[0].images[:90], small[0].labels[:90])
    start = initial_weights(2)
    plain = outcome(start, MNIST[0], split, plainly=True)
    assert outcome(start, MNIST[0], split, plainly=False, threads=3) == plain
    floats = Split(split.images / np.float32(255), split.labels)
    assert outcome(start, MNIST[0], floats, plainly=True) == plain


def test_training_with_ties_is_that_of_the_plain_forms_to_the_byte():
    start, split = with_ties()
    plain = outcome(start, MNIST[0], split, plainly=True)
    assert outcome(start, MNIST[0], split, plainly=False) == plain


FAULTS = {  # an order of a sum, or a choice, that is not the engine's
    "a batch in one sum": ("start += BLOCK) {", "start += n) {"),
    "pools in another order": (
        "int at = place_in_map(columns, i, j);",
        "int at = place_in_map(columns, rows / 2 * (columns / 2) - 1 - i, j);",
    ),
    "a bias by rows of pools": ("MAPS2, AREA2, d->relu2", "MAPS2, W2, d->relu2"),
    "a bias in one sum": ("MAPS1, W1, d->relu1", "MAPS1, AREA1, d->relu1"),
    "the last of equal ones": ("in[at] > in[best] ?", "in[at] >= in[best] ?"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_operation_otherwise_in_a_plain_form_is_noticed(fault, tmp_path):
    start, split = with_ties()
    expected = outcome(start, MNIST[0], split, plainly=False)
    source, built = tmp_path / "kernel.c", tmp_path / "kernel.so"
    text = compiler.KERNEL.read_text(encoding="utf-8")
    old, new = FAULTS[fault]
    assert text.count(old) == 1
    source.write_text(text.replace(old, new), encoding="utf-8")
    flags = [*compiler.FLAGS, "-O1", "-shared", "-fPIC", *compiler.LINK]
    compiler.compile_source(source, built, flags)
    assert outcome(start, MNIST[0], split, plainly=True, library=built) != expected


def test_layers_are_those_of_the_network(small):
    engine = ExactEngine(initial_weights(0))
    layers = engine.activations(small[0].images[0])
    shapes = {name: array.shape for name, array in layers.items()}
    assert shapes == {
        "relu1": (6, 24, 24), "pool1": (6, 12, 12), "relu2": (16, 8, 8),
        "pool2": (16, 4, 4), "relu3": (120,), "relu4": (84,), "dense3": (10,),
    }  # fmt: skip
    weights = double(initial_weights(0))
    image = small[0].images[:1] / 255
    relu1 = reference.convolve(image, weights["conv1.weight"], 0).clip(0)
    np.testing.assert_allclose(layers["relu1"], relu1[0], atol=1e-6)
    np.testing.assert_allclose(layers["pool1"], reference.pool(relu1)[0][0], atol=1e-6)


def test_of_equal_values_in_a_pool_the_first_has_the_gradient(monkeypatch):
    # Sums of few binary digits are exact in both precisions: ties are ties in both.
    generator = np.random.default_rng(0)
    weights = initial_weights(0)
    for name in ("conv1.weight", "conv2.weight"):
        drawn = generator.integers(-1, 2, weights[name].shape)
        weights[name] = (drawn / 8).astype(np.float32)
    images = 255 * generator.integers(0, 2, (20, 1, 28, 28), dtype=np.uint8)
    split = Split(images, np.arange(20, dtype=np.int32) % 10)
    ours = gradients(ExactEngine(weights), split)

    def theirs():
        return reference.loss_and_gradients(double(weights), images / 255, split.labels)

    assert_near(ours, theirs()[1], 5e-6)
    first_wins = reference.pool

    def last_wins(x):
        maximum, mask = first_wins(x[..., ::-1, ::-1])
        return maximum[..., ::-1, ::-1], mask[..., ::-1, ::-1, ::-1]

    monkeypatch.setattr(reference, "pool", last_wins)
    with pytest.raises(AssertionError):
        assert_near(ours, theirs()[1], 1e-2)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "dense1", "dense2"])
def test_dead_units_have_no_gradient(small, layer):
    weights = initial_weights(0)
    weights[f"{layer}.bias"] -= 100
    engine = ExactEngine(weights)
    slopes = gradients(engine, Split(small[0].images[:50], small[0].labels[:50]))
    # The layers above see zeros and add zero biases: they are dead too, but for the last.
    assert [name for name in weights if slopes[name].any()] == ["dense3.bias"]
    changed = [
        n for n in weights if engine.weights[n].tobytes() != weights[n].tobytes()
    ]
    assert changed == ["dense3.bias"]


def test_extreme_logits_do_not_overflow(small):
    weights = initial_weights(0)
    weights["dense3.bias"][:] = [3e38] + [-3e38] * 9
    engine = ExactEngine(weights)
    labels = np.full(20, 1, np.int32)
    split = Split(small[0].images[:20], labels)
    assert engine.measure(split) == (pytest.approx(6e38), 100)
    assert engine.steps(split, np.arange(20), 20, RATE) == [pytest.approx(6e38)]
    assert all(np.isfinite(array).all() for array in engine.weights.values())
    split = Split(split.images, labels * 0)
    assert ExactEngine(weights).measure(split) == (0, 0)


def test_a_loss_that_is_no_number_is_seen(small):
    weights = initial_weights(0)
    weights["dense3.bias"][3] = math.nan
    assert np.isnan(ExactEngine(weights).steps(small[0], np.arange(40), 20, RATE)).all()


def test_of_equal_logits_the_first_is_the_guess(small):
    weights = initial_weights(0)
    weights["dense3.weight"][:] = 0
    loss, error = ExactEngine(weights).measure(small[1])
    assert loss == pytest.approx(math.log(10), rel=1e-15)
    assert error == 100 * (small[1].labels != 0).mean()


def test_floats_are_read_as_bytes_are(small):
    engine = ExactEngine(initial_weights(0))
    images = small[1].images
    floats = images / np.float32(255)
    assert floats.dtype == np.float32
    assert engine.logits(floats).tobytes() == engine.logits(images).tobytes()
    assert engine.measure(Split(floats, small[1].labels)) == engine.measure(small[1])
    one, other = engine.activations(floats[0]), engine.activations(images[0])
    assert all(one[name].tobytes() == other[name].tobytes() for name in other)


def test_probabilities_are_the_softmax_of_the_logits(small):
    engine = ExactEngine(initial_weights(0))
    exponentials = np.exp(engine.logits(small[1].images).astype(np.float64))
    expected = exponentials / exponentials.sum(1, keepdims=True)
    ours = engine.probabilities(small[1].images)
    np.testing.assert_allclose(ours, expected, rtol=1e-14)


def ulps(value, true):
    """How far ``value`` lies from the true one, in units of the last place."""
    return float(abs(mpmath.mpf(value) - true) / math.ulp(float(true)))


def test_exp_and_log_are_as_near_as_the_source_says():
    real = ctypes.c_double
    functions = {"lenet_exp": (real, real), "lenet_log": (real, real)}
    library = compiler.load(compiler.library(compiler.KERNEL), functions)
    exp, log = library.lenet_exp, library.lenet_log
    draw = random.Random(0).random
    with mpmath.workprec(100):
        below = [-scale * draw() for scale in (1e-3, 1, 30, 699) for _ in range(2000)]
        below += [-(k + 0.5) * math.log(2) for k in range(1000)]
        assert max(ulps(exp(x), mpmath.exp(x)) for x in below) < 1.2
        above = [1 + s * draw() for s in (1e-9, 1e-3, 1, 9, 999) for _ in range(2000)]
        above += [math.sqrt(2) + k * 1e-6 for k in range(-500, 500)]
        assert max(ulps(log(x), mpmath.log(x)) for x in above) < 1
    assert (exp(0), exp(-1e9), exp(-math.inf), log(1)) == (1, 0, 0, 0)
    assert math.isnan(exp(math.nan))
    assert math.isnan(log(math.nan))
