"""The engine of the rungs, beside the definition, the report's engine and other builds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from exact import random_numbers
from lenet5 import Config
from lenet5.data import Split
from network1998 import float64, network  # noqa: F401, a fixture
from networks.lenet1998 import bitmaps, parameters, schedule
from networks.lenet1998 import definition as lenet1998
from networks.lenet1998.engine import RungEngine
from networks.lenet1998.rungs import BEST, LETTER, RAW, RUNGS
from report_network import report_engine, report_weights

ONLINE = [rung for rung in RUNGS if rung.online]
VARIANTS = [*ONLINE, replace(LETTER, squash_maps=False, codes="random", j=1.0)]


@pytest.mark.parametrize("rung", VARIANTS, ids=lambda rung: rung.name)
def test_20_updates_are_those_of_the_definition(mnist, rung, float64):
    train = mnist[0]
    rows = random_numbers.shuffle(3, 1, 60_000)[:20]
    engine = RungEngine(rung, 3)
    made = network(rung, 3)
    images = train.images[rows]
    labels = torch.from_numpy(train.labels[rows]).long()
    inputs = lenet1998.to_input(images, rung)
    expected = lenet1998.second_derivatives(made, inputs, rung)
    engine.estimate(train, rows)
    for name, found in engine.curvatures.items():
        true = expected[name].detach().numpy()
        assert np.abs(found - true).max() < 3e-6 * true.max(), name
    engine.set_rates(5e-4, 0.02)
    for name, found in engine.rates.items():
        assert np.allclose(found, 5e-4 / (0.02 + engine.curvatures[name]), rtol=1e-6)
    rates = {}
    for name, array in engine.rates.items():
        rates[name] = torch.from_numpy(array).double()
    codes = torch.from_numpy(bitmaps.codes(rung, 3)).double()
    before = engine.weights
    lenet1998.train(made, images, labels, codes, rates, rung)
    engine.train(train, rows)
    for name, parameter in made.layers.named_parameters():
        moved = np.abs(engine.weights[name] - before[name]).max()
        apart = np.abs(engine.weights[name] - parameter.detach().numpy()).max()
        assert apart < 1e-6 < moved, name


def test_20_updates_of_adam_are_those_of_the_reports_engine(mnist):
    """Given the report's own start, the last rung is the report."""
    start = report_weights()
    names = zip(parameters.parameter_shapes(RAW).items(), start.values(), strict=True)
    weights = {}
    for (name, shape), array in names:
        if name == "c5.weight":  # PyTorch's order of features is by map
            assert array.shape == (120, 256)
        weights[name] = array.reshape(shape)
    engine = RungEngine(RAW, 0, weights)
    report = report_engine(threads=1)
    rows = random_numbers.shuffle(0, 1, 60_000)[: 20 * Config.batch_size]
    engine.train(mnist[0], rows)
    report.steps(mnist[0], rows, Config.batch_size, Config.lr)
    for (name, found), (_, true), (_, first) in zip(
        engine.weights.items(), report.weights.items(), start.items(), strict=True
    ):
        apart, moved = np.abs(found.ravel() - true.ravel()), np.abs(true - first).max()
        assert np.mean(apart) < 1e-5 * moved, name
        assert np.quantile(apart, 0.999) < 1e-3 * moved, name
    same = engine.read(mnist[1].images) == report.logits(mnist[1].images).argmax(axis=1)
    assert same.mean() > 0.999


@pytest.mark.parametrize("rung", [*RUNGS, VARIANTS[-1]], ids=lambda rung: rung.name)
def test_vectors_change_no_byte(mnist, rung):
    """The plain loops of the same C find the same, of images as they are and distorted.

    Enough of them that Adam takes a batch and a part of one, and that updates build on
    updates.
    """
    split = Split(mnist[0].images[:150], mnist[0].labels[:150])
    rows = random_numbers.shuffle(4, 1, 150)
    maps = schedule.distortions(4, rows, 1.0)
    maps[::2] = np.nan
    fast, plain = RungEngine(rung, 4), RungEngine(rung, 4)
    fast.estimate(split, rows[:10])
    plain.estimate(split, rows[:10], plainly=True)
    assert_same_bytes(fast.curvatures, plain.curvatures)
    before = fast.weights
    for engine in (fast, plain):
        engine.set_rates(5e-4, 0.02)
    misread = fast.train(split, rows, maps)
    assert plain.train(split, rows, maps, plainly=True) == misread > 0
    assert_same_bytes(fast.weights, plain.weights)
    for name, array in fast.weights.items():
        assert not np.array_equal(array, before[name]), name
    images = mnist[1].images[:100]
    assert np.array_equal(fast.read(images), plain.read(images, plainly=True))


def assert_same_bytes(found, expected):
    assert found.keys() == expected.keys()
    for name, array in found.items():
        assert array.tobytes() == expected[name].tobytes(), name


@pytest.mark.parametrize("rung", [BEST, RAW], ids=lambda rung: rung.name)
def test_it_reads_as_the_definition_reads(mnist, rung, float64):
    images = mnist[1].images[:200]
    made, engine = network(rung, 5), RungEngine(rung, 5)
    top = made(lenet1998.to_input(images, rung)).detach()
    if rung.radial:
        codes = torch.from_numpy(bitmaps.codes(rung, 5)).double()
        top = -lenet1998.penalties(top, codes)
    assert np.array_equal(engine.read(images), top.argmax(dim=1).numpy())
    split = Split(images, mnist[1].labels[:200])
    wrong = int((top.argmax(dim=1).numpy() != split.labels).sum())
    assert engine.mistakes(split) == wrong > 100


@pytest.mark.parametrize("rung", [BEST, RAW], ids=lambda rung: rung.name)
def test_its_probabilities_are_those_of_the_loss(mnist, rung, float64):
    """The loss of a label is minus the logarithm of its probability: equation 9."""
    images = mnist[1].images[:50]
    made, engine = network(rung, 5), RungEngine(rung, 5)
    top = made(lenet1998.to_input(images, rung)).detach()
    codes = torch.from_numpy(bitmaps.codes(rung, 5)).double()
    found = engine.probabilities(images)
    for digit in range(10):
        labels = torch.full((len(images),), digit)
        if rung.radial:
            penalties = lenet1998.penalties(top, codes)
            losses = lenet1998.map_loss(penalties, labels, rung.j)
        else:
            losses = torch.nn.functional.cross_entropy(top, labels, reduction="none")
        wanted = torch.exp(-losses).numpy()
        assert np.allclose(found[:, digit], wanted, rtol=1e-3, atol=1e-30), digit
    assert np.allclose(found.sum(axis=1), 1, atol=1e-6)
    assert (found[:, 10] > 0).all() == rung.radial


def test_its_maps_are_those_of_the_definition(mnist, float64):
    made, engine = network(BEST), RungEngine(BEST, 0)
    engine.read(mnist[1].images[:1])
    inputs = lenet1998.to_input(mnist[1].images[:1])
    true = {name: x for name, _, x in made.steps(inputs)}
    for name, found in engine.maps.items():
        expected = true[name.lower()].detach().numpy()[0]
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-5


def test_a_distorted_image_is_that_of_a_plain_loop(mnist):
    """Inverse map, bilinear, zeros around: each pixel by itself."""
    image = mnist[0].images[7, 0]
    map_ = schedule.distortions(1, [123], 2.0)
    assert np.abs(map_ - [[1, 0, 0, 0, 1, 0]]).max() > 0.05
    engine = RungEngine(BEST, 0)
    split = Split(mnist[0].images[7:8], mnist[0].labels[7:8])
    engine.train(split, [0], map_)
    seen = engine.input
    a, b, c, d, e, f = map_[0].astype(float)

    def at(y, x):
        inside = 0 <= y < 28 and 0 <= x < 28
        return float(image[y, x]) if inside else 0.0

    for row in range(32):
        for column in range(32):
            u, v = column - 15.5, row - 15.5
            x, y = a * u + b * v + c + 13.5, d * u + e * v + f + 13.5
            i, k = int(np.floor(y)), int(np.floor(x))
            p, q = x - k, y - i
            above = at(i, k) * (1 - p) + at(i, k + 1) * p
            under = at(i + 1, k) * (1 - p) + at(i + 1, k + 1) * p
            value = (above * (1 - q) + under * q) / 255 * 1.275 - 0.1
            assert seen[row, column] == pytest.approx(value, abs=1e-4)


def test_a_map_that_changes_nothing_changes_nothing(mnist):
    same = np.array([[1, 0, 0, 0, 1, 0]], np.float32)
    engines = [RungEngine(BEST, 0) for _ in range(2)]
    for engine, maps in zip(engines, (None, same), strict=True):
        engine.estimate(mnist[0], [3])
        engine.set_rates(5e-4, 0.02)
        engine.train(mnist[0], [3], maps)
    plain, mapped = [engine.input for engine in engines]
    assert plain.max() > 1  # of ink: the pattern was shown
    assert np.abs(plain - mapped).max() < 1e-6


def test_distorted_training_shows_each_of_ten_copies_once_in_ten_passes():
    rung = replace(BEST, distortion=1.0)
    passes = [schedule.patterns(rung, 0, number, 50) for number in range(1, 11)]
    rows = np.concatenate([rows for rows, _ in passes])
    maps = np.concatenate([maps for _, maps in passes])
    assert np.array_equal(np.bincount(rows), np.full(50, 10))
    plain = np.isnan(maps[:, 0])
    assert np.array_equal(np.sort(rows[plain]), np.arange(50))
    assert len(np.unique(maps[~plain], axis=0)) == 450
    again = schedule.patterns(rung, 0, 11, 50)[0]
    assert not np.array_equal(again, passes[0][0])
