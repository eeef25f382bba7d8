"""The ladder's engine, beside the definition, the report's engine and other builds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_lenet1998 import float64, network  # noqa: F401, a fixture

from lenet5 import Config, draws
from lenet5.data import Split
from lenet5.exact import ExactEngine
from systems import lenet1998, recipe
from systems.ladder import Ladder
from systems.rungs import BEST, LETTER, RAW, RUNGS

ONLINE = [rung for rung in RUNGS if rung.online]
VARIANTS = [*ONLINE, replace(LETTER, squash_maps=False, codes="random", j=1.0)]


@pytest.mark.parametrize("rung", VARIANTS, ids=lambda rung: rung.name)
def test_20_updates_are_those_of_the_definition(mnist, rung, float64):  # noqa: F811
    train, rows = mnist[0], draws.shuffle(3, 1, 60_000)[:20]
    engine, made = Ladder(rung, 3), network(rung, 3)
    images, labels = train.images[rows], torch.from_numpy(train.labels[rows]).long()
    expected = lenet1998.second_derivatives(
        made, lenet1998.to_input(images, rung), rung
    )
    engine.estimate(train, rows)
    for name, found in engine.curvatures.items():
        true = expected[name].detach().numpy()
        assert np.abs(found - true).max() < 3e-6 * true.max(), name
    engine.set_rates(5e-4, 0.02)
    for name, found in engine.rates.items():
        assert np.allclose(found, 5e-4 / (0.02 + engine.curvatures[name]), rtol=1e-6)
    rates = {
        name: torch.from_numpy(array).double() for name, array in engine.rates.items()
    }
    codes = torch.from_numpy(recipe.codes(rung, 3)).double()
    before = engine.weights
    lenet1998.train(made, images, labels, codes, rates, rung)
    engine.train(train, rows)
    for name, parameter in made.layers.named_parameters():
        moved = np.abs(engine.weights[name] - before[name]).max()
        apart = np.abs(engine.weights[name] - parameter.detach().numpy()).max()
        assert apart < 1e-6 < moved, name


def test_20_updates_of_adam_are_those_of_the_reports_engine(mnist):
    """Given the report's own start, the last rung is the report."""
    start = draws.initial_weights(0)
    names = zip(recipe.parameter_shapes(RAW).items(), start.values(), strict=True)
    weights = {}
    for (name, shape), array in names:
        if name == "c5.weight":  # PyTorch's order of features is by map
            assert array.shape == (120, 256)
        weights[name] = array.reshape(shape)
    engine, report = Ladder(RAW, 0, weights), ExactEngine(start, threads=1)
    rows = draws.shuffle(0, 1, 60_000)[: 20 * Config.batch_size]
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


@pytest.mark.parametrize("rung", [BEST, RAW], ids=lambda rung: rung.name)
def test_it_reads_as_the_definition_reads(mnist, rung, float64):  # noqa: F811
    images = mnist[1].images[:200]
    made, engine = network(rung, 5), Ladder(rung, 5)
    top = made(lenet1998.to_input(images, rung)).detach()
    if rung.radial:
        codes = torch.from_numpy(recipe.codes(rung, 5)).double()
        top = -lenet1998.penalties(top, codes)
    assert np.array_equal(engine.read(images), top.argmax(dim=1).numpy())
    split = Split(images, mnist[1].labels[:200])
    wrong = int((top.argmax(dim=1).numpy() != split.labels).sum())
    assert engine.mistakes(split) == wrong > 100


def test_its_maps_are_those_of_the_definition(mnist, float64):  # noqa: F811
    made, engine = network(BEST), Ladder(BEST, 0)
    engine.read(mnist[1].images[:1])
    true = {
        name: x for name, _, x in made.steps(lenet1998.to_input(mnist[1].images[:1]))
    }
    for name, found in engine.maps.items():
        expected = true[name.lower()].detach().numpy()[0]
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-5


def test_a_distorted_image_is_that_of_a_plain_loop(mnist):
    """Inverse map, bilinear, zeros around: each pixel by itself."""
    image = mnist[0].images[7, 0]
    map_ = recipe.distortions(1, [123], 2.0)
    assert np.abs(map_ - [[1, 0, 0, 0, 1, 0]]).max() > 0.05
    engine = Ladder(BEST, 0)
    split = Split(mnist[0].images[7:8], mnist[0].labels[7:8])
    engine.train(split, [0], map_)
    seen = engine._state["pattern"]["in"]
    seen = np.stack([seen[:, 0, :16], seen[:, 1, :16]], axis=2).reshape(32, 32)
    a, b, c, d, e, f = map_[0].astype(float)
    at = lambda y, x: float(image[y, x]) if 0 <= y < 28 and 0 <= x < 28 else 0.0  # noqa: E731
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
    engines = [Ladder(BEST, 0) for _ in range(2)]
    for engine, maps in zip(engines, (None, same), strict=True):
        engine.estimate(mnist[0], [3])
        engine.set_rates(5e-4, 0.02)
        engine.train(mnist[0], [3], maps)
    plain, mapped = [engine._state["pattern"]["in"] for engine in engines]
    assert np.abs(plain[..., :16] - mapped[..., :16]).max() < 1e-6


def test_distorted_training_shows_each_of_ten_copies_once_in_ten_passes():
    rung = replace(BEST, distortion=1.0)
    passes = [recipe.patterns(rung, 0, number, 50) for number in range(1, 11)]
    rows = np.concatenate([rows for rows, _ in passes])
    maps = np.concatenate([maps for _, maps in passes])
    assert np.array_equal(np.bincount(rows), np.full(50, 10))
    plain = np.isnan(maps[:, 0])
    assert np.array_equal(np.sort(rows[plain]), np.arange(50))
    assert len(np.unique(maps[~plain], axis=0)) == 450
    again = recipe.patterns(rung, 0, 11, 50)[0]
    assert not np.array_equal(again, passes[0][0])
