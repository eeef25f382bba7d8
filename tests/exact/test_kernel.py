"""What the exact engine computes: against NumPy in float64, and at its edges."""

import ctypes
import math
import random
import shutil

import mpmath
import numpy as np
import pytest

import reference
from exact import compiler, random_numbers
from exact.engine import ExactEngine
from exact.network import Network
from lenet5.data import Split
from lenet5.parameters import initial_weights
from reference import in_float64
from report_network import NETWORK, for_images, report_engine, report_weights

NETWORKS = [
    NETWORK,
    for_images((3, 32, 32), 100),
    for_images((2, 29, 31), 7),
    for_images((1, 16, 16), 2),
]
RATE = 3e-4


def noise(network, count, seed=0):
    """Images and labels for a network, drawn."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, *network.image_shape), dtype=np.uint8)
    labels = generator.integers(0, network.classes, count)
    return Split(images, labels.astype(np.int32))


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
    engine = report_engine(1)
    losses = engine.steps(train, rows, 96, RATE)  # a short last batch and last block
    weights = in_float64(report_weights(1))
    batches = reference.batches_of(train, rows, 96)
    expected = reference.adam(NETWORK, weights, batches, RATE)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    assert_near(engine.weights, weights, 5e-6)


@pytest.mark.parametrize("batch", [1, 7, 96, 128])
def test_gradients_are_slopes_of_the_loss(small, batch):
    generator = np.random.default_rng(batch)
    start = report_weights(1)
    for name in start:  # blank paper would lie on the kink of ReLU where they are 0
        if "bias" in name:
            start[name] += generator.normal(0, 0.1, start[name].shape).astype("f4")
    split = Split(small[0].images[:batch], small[0].labels[:batch])
    ours, weights = gradients(ExactEngine(NETWORK, start), split), in_float64(start)

    def loss_and_gradients():
        images = split.images / 255
        return reference.loss_and_gradients(NETWORK, weights, images, split.labels)

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


@pytest.mark.parametrize("network", NETWORKS)
def test_every_shape_has_an_exact_engine(network):
    split = noise(network, 41)
    weights = initial_weights(0, network)
    engine = ExactEngine(network, weights, threads=3)
    logits = engine.logits(split.images)
    for image, row in zip(split.images, logits, strict=True):
        assert engine.activations(image)["dense3"].tobytes() == row.tobytes()
    loss, error = engine.measure(split)
    assert error == pytest.approx(100 * (logits.argmax(1) != split.labels).mean())
    expected, slopes = reference.loss_and_gradients(
        network, in_float64(weights), split.images / 255, split.labels
    )
    assert loss == pytest.approx(expected, rel=1e-6)
    assert_near(gradients(engine, split), slopes, 5e-6)


def outcome(network, start, split, plainly, threads=1, library=None):
    """The bytes of three steps, the last of them short, and of what is then measured."""
    how = {"threads": threads, "library": library, "plainly": plainly}
    engine = ExactEngine(network, start, **how)
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
    start = with_dead_units(report_weights(2))
    for name in ("conv1.weight", "conv1.bias"):
        drawn = generator.integers(-1, 2, start[name].shape)
        start[name] = (drawn / 8).astype(np.float32)
    images = 255 * generator.integers(0, 2, (90, 1, 28, 28), dtype=np.uint8)
    return start, Split(images, np.arange(90, dtype=np.int32) % 10)


@pytest.mark.parametrize("network", NETWORKS)
def test_training_is_that_of_the_plain_forms_to_the_byte(network):
    split = noise(network, 2 * 37 + 20)  # 16 + 16 + 5 images, 16 + 4
    start = with_dead_units(initial_weights(0, network))
    plain = outcome(network, start, split, plainly=True)
    for threads in (1, 2, 5):
        assert outcome(network, start, split, False, threads) == plain


def test_training_on_digits_is_that_of_the_plain_forms_to_the_byte(small):
    split = Split(small[0].images[:90], small[0].labels[:90])
    start = report_weights(2)
    plain = outcome(NETWORK, start, split, plainly=True)
    assert outcome(NETWORK, start, split, plainly=False, threads=3) == plain
    floats = Split(split.images / np.float32(255), split.labels)
    assert outcome(NETWORK, start, floats, plainly=True) == plain


def test_training_with_ties_is_that_of_the_plain_forms_to_the_byte():
    start, split = with_ties()
    plain = outcome(NETWORK, start, split, plainly=True)
    assert outcome(NETWORK, start, split, plainly=False) == plain


WITHOUT_CONVOLUTIONS = [
    Network("30N-12N"),
    Network("9N", "tanh", (1, 5, 7), 3),  # 35 pixels, which fill no two groups
    Network("9N-8N", "none", (1, 3, 3), 4),  # fewer pixels than a group has
]


def mostly_paper(network, count):
    """Images of noise with much paper: at some pixels in all images, and some wholly blank."""
    split = noise(network, count)
    generator = np.random.default_rng(1)
    split.images[:, generator.uniform(size=network.image_shape) < 0.3] = 0
    split.images[generator.uniform(size=split.images.shape) < 0.6] = 0
    split.images[20:60] = 0  # among them a whole block
    return split


@pytest.mark.parametrize("network", WITHOUT_CONVOLUTIONS)
@pytest.mark.parametrize("batch", [7, 100, 150])
def test_paper_that_is_left_out_of_a_first_dense_layer_changes_no_byte(network, batch):
    split = mostly_paper(network, 150)  # ten blocks: a thread takes four at most
    start = initial_weights(0, network)
    for name in start:
        # A sum of nothing shows its sign in the logits, if no weight turns it.
        if "bias" in name:
            start[name][:] = -0.0
        elif network.activation == "none":
            start[name] = abs(start[name])

    def trained(plainly, threads=1):
        engine = ExactEngine(network, start, threads=threads, plainly=plainly)
        before = engine.logits(split.images)
        losses = engine.steps(split, np.arange(150, dtype=np.uint32), batch, RATE)
        arrays = [before, losses, *engine.state().values(), engine.logits(split.images)]
        return [array.tobytes() for array in arrays], engine.measure(split)

    plain = trained(plainly=True)
    for threads in (1, 2, 5):
        assert trained(False, threads) == plain


IN_ONE_LOOP = """    for (int i = 0; i < area(d); i++) {
        for (int o = 0; o < d.O; o++) {
            const float gradient"""
BACKWARDS = IN_ONE_LOOP.replace(
    "int i = 0; i < area(d); i++", "int i = area(d); i-- > 0;"
)
RUN = "is_first ? columns(d) : area(d)"
FAULTS = {  # an order of a sum, or a choice, that is not the engine's
    "a batch in one sum": ("plain.h", "start += BLOCK) {", "start += n) {"),
    "pools in another order": ("convolution.h", IN_ONE_LOOP, BACKWARDS),
    "a bias by rows of pools": ("convolution.h", RUN, "columns(d)"),
    "a bias in one sum": ("convolution.h", RUN, "area(d)"),
    "the last of equal ones": ("convolution.h", "value > most", "value >= most"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_operation_otherwise_in_a_plain_form_is_noticed(fault, tmp_path):
    start, split = with_ties()
    expected = outcome(NETWORK, start, split, plainly=False)
    source, built = tmp_path / "kernel.c", tmp_path / "kernel.so"
    shutil.copy(compiler.KERNEL, source)
    shutil.copytree(compiler.KERNEL.parent / "stages", tmp_path / "stages")
    name, old, new = FAULTS[fault]
    changed = tmp_path / "stages" / name
    text = changed.read_text(encoding="utf-8")
    assert text.count(old) == 1
    changed.write_text(text.replace(old, new), encoding="utf-8")
    flags = [*compiler.FLAGS, "-O1", "-shared", "-fPIC", *compiler.LINK]
    compiler.compile_source(source, built, flags)
    assert outcome(NETWORK, start, split, plainly=True, library=built) != expected


def test_layers_are_those_of_the_network(small):
    engine = report_engine()
    layers = engine.activations(small[0].images[0])
    shapes = {name: array.shape for name, array in layers.items()}
    assert shapes == {
        "conv1": (6, 24, 24), "relu1": (6, 24, 24), "pool1": (6, 12, 12),
        "conv2": (16, 8, 8), "relu2": (16, 8, 8), "pool2": (16, 4, 4),
        "dense1": (120,), "relu3": (120,), "dense2": (84,), "relu4": (84,),
        "dense3": (10,),
    }  # fmt: skip
    image = small[0].images[:1] / 255
    expected = reference.activations(NETWORK, in_float64(report_weights(0)), image)
    for name, ours in layers.items():
        np.testing.assert_allclose(ours, expected[name][0], atol=1e-6, err_msg=name)


def test_of_equal_values_in_a_pool_the_first_has_the_gradient(monkeypatch):
    # Sums of few binary digits are exact in both precisions: ties are ties in both.
    generator = np.random.default_rng(0)
    weights = report_weights(0)
    for name in ("conv1.weight", "conv2.weight"):
        drawn = generator.integers(-1, 2, weights[name].shape)
        weights[name] = (drawn / 8).astype(np.float32)
    images = 255 * generator.integers(0, 2, (20, 1, 28, 28), dtype=np.uint8)
    split = Split(images, np.arange(20, dtype=np.int32) % 10)
    ours = gradients(ExactEngine(NETWORK, weights), split)

    def theirs():
        start = in_float64(weights)
        return reference.loss_and_gradients(NETWORK, start, images / 255, split.labels)

    assert_near(ours, theirs()[1], 5e-6)

    def last_wins(seen):
        return seen.shape[-1] - 1 - seen[..., ::-1].argmax(-1)

    monkeypatch.setattr(reference, "winner", last_wins)
    with pytest.raises(AssertionError):
        assert_near(ours, theirs()[1], 1e-2)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "dense1", "dense2"])
def test_dead_units_have_no_gradient(small, layer):
    weights = report_weights(0)
    weights[f"{layer}.bias"] -= 100
    engine = ExactEngine(NETWORK, weights)
    slopes = gradients(engine, Split(small[0].images[:50], small[0].labels[:50]))
    # The layers above see zeros and add zero biases: they are dead too, but for the last.
    assert [name for name in weights if slopes[name].any()] == ["dense3.bias"]
    changed = [
        n for n in weights if engine.weights[n].tobytes() != weights[n].tobytes()
    ]
    assert changed == ["dense3.bias"]


def test_extreme_logits_do_not_overflow(small):
    weights = report_weights(0)
    weights["dense3.bias"][:] = [3e38] + [-3e38] * 9
    engine = ExactEngine(NETWORK, weights)
    labels = np.full(20, 1, np.int32)
    split = Split(small[0].images[:20], labels)
    assert engine.measure(split) == (pytest.approx(6e38), 100)
    assert engine.steps(split, np.arange(20), 20, RATE) == [pytest.approx(6e38)]
    assert all(np.isfinite(array).all() for array in engine.weights.values())
    split = Split(split.images, labels * 0)
    assert ExactEngine(NETWORK, weights).measure(split) == (0, 0)


def test_a_loss_that_is_no_number_is_seen(small):
    weights = report_weights(0)
    weights["dense3.bias"][3] = math.nan
    assert np.isnan(
        ExactEngine(NETWORK, weights).steps(small[0], np.arange(40), 20, RATE)
    ).all()


def test_of_equal_logits_the_first_is_the_guess(small):
    weights = report_weights(0)
    weights["dense3.weight"][:] = 0
    loss, error = ExactEngine(NETWORK, weights).measure(small[1])
    assert loss == pytest.approx(math.log(10), rel=1e-15)
    assert error == 100 * (small[1].labels != 0).mean()


def test_floats_are_read_as_bytes_are(small):
    engine = report_engine()
    images = small[1].images
    floats = images / np.float32(255)
    assert floats.dtype == np.float32
    assert engine.logits(floats).tobytes() == engine.logits(images).tobytes()
    assert engine.measure(Split(floats, small[1].labels)) == engine.measure(small[1])
    one, other = engine.activations(floats[0]), engine.activations(images[0])
    assert all(one[name].tobytes() == other[name].tobytes() for name in other)


def test_probabilities_are_the_softmax_of_the_logits(small):
    engine = report_engine()
    exponentials = np.exp(engine.logits(small[1].images).astype(np.float64))
    expected = exponentials / exponentials.sum(1, keepdims=True)
    ours = engine.probabilities(small[1].images)
    np.testing.assert_allclose(ours, expected, rtol=1e-14)


def ulps(value, true):
    """How far ``value`` lies from the true one, in units of the last place."""
    return float(abs(mpmath.mpf(value) - true) / math.ulp(float(true)))


def test_exp_and_log_are_as_near_as_the_source_says():
    real = ctypes.c_double
    functions = {"network_exp": (real, real), "network_log": (real, real)}
    library = compiler.load(compiler.library(compiler.KERNEL), functions)
    exp, log = library.network_exp, library.network_log
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
