"""The column of 2012: its definition, its engine and its distorted images."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from exact import random_numbers
from lenet5.data import Split
from networks.column2012 import definition as column2012
from networks.column2012 import schedule
from networks.column2012.columns import YEAR, Column
from networks.column2012.distortions import affine_maps
from networks.column2012.engine import ColumnEngine
from networks.column2012.parameters import SHAPES, initial_weights
from networks.views import view

STILL = Column(rotation=0, scale=0, shift=0, elastic=0)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def definition(engine) -> column2012.Network:
    """The definition with an engine's weights, in float64."""
    made = column2012.Network()
    arrays = engine.weights.items()
    made.load_state_dict({name: torch.from_numpy(x).double() for name, x in arrays})
    return made


def test_it_has_the_papers_parameters_and_start():
    start = initial_weights(1)
    parameters = column2012.Network().named_parameters()
    shapes = {name: tuple(parameter.shape) for name, parameter in parameters}
    assert {name: array.shape for name, array in start.items()} == shapes
    assert sum(array.size for array in start.values()) == 76_040
    for array in start.values():
        assert abs(array).max() <= np.float32(0.05)
        assert abs(array).max() > 0.05 * (1 - 5 / array.size)
    other = initial_weights(2)
    assert not np.array_equal(start["conv1.bias"], other["conv1.bias"])


def test_20_updates_are_those_of_the_definition(mnist):
    """On distorted images, at a rate at which the weights move."""
    images = view(mnist[0].images[:20], 0)
    labels = mnist[0].labels[:20]
    column = Column(epochs=1)
    engine = ColumnEngine(column, 3)
    made, before = definition(engine), engine.weights
    order = torch.from_numpy(random_numbers.shuffle(3, 0, 20).astype(int))
    shown = torch.from_numpy(engine.distorted(images, 0)).double()
    column2012.train(made, shown, torch.from_numpy(labels).long()[order], 0.001)
    engine.train(images, labels, 0)
    for name, parameter in made.named_parameters():
        moved = np.abs(engine.weights[name] - before[name]).max()
        apart = np.abs(engine.weights[name] - parameter.detach().numpy()).max()
        assert apart < 1e-3 * moved, name
        assert moved > 1e-5, name


def test_it_reads_as_the_definition_reads(mnist):
    images = view(mnist[1].images[:200], 16)
    engine = ColumnEngine(Column(width=16), 5)
    # Weights that are far from even, so that the classes differ.
    far = {name: 8 * array for name, array in engine.weights.items()}
    engine = ColumnEngine(Column(width=16), 5, far)
    shown = torch.from_numpy(images).double()[:, None] / 127.5 - 1
    expected = definition(engine)(shown).softmax(dim=1).detach().numpy()
    assert np.abs(engine.probabilities(images) - expected).max() < 2e-5
    assert len(np.unique(expected.argmax(axis=1))) > 2


@pytest.mark.parametrize("count", [1, 16, 37])
def test_reading_16_images_at_once_changes_no_byte(mnist, count):
    """The plain loops of the same C, image by image, find the same."""
    images = view(mnist[1].images[:count], 16)
    engine = ColumnEngine(Column(width=16), 5)
    far = {name: 8 * array for name, array in engine.weights.items()}
    engine = ColumnEngine(Column(width=16), 5, far)
    one_by_one = engine.probabilities(images, plainly=True)
    assert len(np.unique(one_by_one)) >= 10 * count // 2  # it was written
    assert engine.probabilities(images).tobytes() == one_by_one.tobytes()
    assert count == 1 or len(np.unique(one_by_one.argmax(axis=1))) > 1


@pytest.mark.parametrize("elastic", [36.0, 0.0])
def test_training_with_vectors_changes_no_byte(mnist, elastic):
    """The plain loops distort, read and train the same, and then each reads what the other would.

    In the end the plainly trained one trains on with vectors.
    """
    images, labels = view(mnist[0].images[:60], 12), mnist[0].labels[:60]
    column = Column(width=12, epochs=2, elastic=elastic)
    far = {name: 4 * array for name, array in initial_weights(6).items()}
    fast, plain = ColumnEngine(column, 6, far), ColumnEngine(column, 6, far)
    for epoch in range(2):
        misread = fast.train(images, labels, epoch)
        assert plain.train(images, labels, epoch, plainly=True) == misread > 0
    for name, array in fast.weights.items():
        assert array.tobytes() == plain.weights[name].tobytes(), name
        assert not np.array_equal(array, far[name]), name
    found = fast.probabilities(images)
    assert plain.probabilities(images, plainly=True).tobytes() == found.tobytes()
    assert plain.train(images, labels, 1) == fast.train(images, labels, 1)
    assert plain.probabilities(images).tobytes() == fast.probabilities(images).tobytes()


def test_mistakes_are_counted_as_the_images_are_presented(mnist):
    split = Split(mnist[0].images[:1000], mnist[0].labels[:1000])
    engine = ColumnEngine(replace(STILL, epochs=3), 0)
    first, _, last = schedule.train(engine, split)
    assert last < first < 1000
    found = engine.probabilities(view(split.images, 0)).argmax(axis=1)
    assert (found != split.labels).sum() <= last


def test_an_image_that_is_not_distorted_stays(mnist):
    images = view(mnist[0].images[:50], 0)
    shown = ColumnEngine(STILL, 0).distorted(images, 7)
    rows = random_numbers.shuffle(0, 7, 50)
    assert np.abs(shown[:, 0] - (images[rows] / 127.5 - 1)).max() < 1e-6


def test_distorted_images_are_those_of_a_plain_loop(mnist):
    """Noise smoothed by SciPy, inverse map, bilinear, zeros around: each pixel by itself."""
    images = view(mnist[0].images[:4], 0)
    column = Column()
    epoch = 5
    engine = ColumnEngine(column, 2)
    rows = random_numbers.shuffle(2, epoch, 4)
    key = random_numbers.key(2, len(SHAPES) + epoch, YEAR)
    maps = affine_maps(column, key, rows).astype(float)
    for place, number in enumerate(rows):
        a, b, c, d, e, f = maps[place]
        counters = (int(number) * 2 * 29 * 29) + np.arange(2 * 29 * 29)
        drawn = random_numbers.splitmix64(key, counters).reshape(2, 29, 29)
        bits = drawn >> np.uint64(40)
        noise = column.elastic * (bits.astype(float) * 2.0**-23 - 1)
        smoothed = []
        for x in noise:
            blurred = gaussian_filter(x, column.smoothness, mode="constant", radius=28)
            smoothed.append(blurred)
        image = images[number]

        def at(y, x, image=image):
            inside = 0 <= y < 29 and 0 <= x < 29
            return float(image[y, x]) if inside else 0.0

        shown = engine.distorted(images, epoch)[place, 0]
        for row in range(29):
            for line in range(29):
                u, v = line - 14, row - 14
                x = a * u + b * v + c + 14 + smoothed[0][row, line]
                y = d * u + e * v + f + 14 + smoothed[1][row, line]
                i, k = math.floor(y), math.floor(x)
                p, q = x - k, y - i
                above = at(i, k) * (1 - p) + at(i, k + 1) * p
                under = at(i + 1, k) * (1 - p) + at(i + 1, k + 1) * p
                value = (above * (1 - q) + under * q) / 127.5 - 1
                assert shown[row, line] == pytest.approx(value, abs=1e-4)


def test_every_epoch_distorts_every_image_anew(mnist):
    images = view(mnist[0].images[:10], 0)
    engine = ColumnEngine(Column(), 0)
    one, other = engine.distorted(images, 0), engine.distorted(images, 1)
    assert np.array_equal(one, ColumnEngine(Column(), 0).distorted(images, 0))
    orders = [random_numbers.shuffle(0, epoch, 10) for epoch in (0, 1)]
    apart = np.abs(one[np.argsort(orders[0])] - other[np.argsort(orders[1])])
    assert apart.max(axis=(1, 2, 3)).min() > 0.5


def test_affine_maps_turn_scale_and_shift_within_their_ranges():
    column = Column()
    maps = affine_maps(column, 1, np.arange(5000)).astype(float)
    linear = maps.reshape(-1, 2, 3)[:, :, :2]
    sizes = np.linalg.norm(linear, axis=1)  # of what x and y become
    turns = np.degrees(np.arctan2(linear[:, 1, 0], linear[:, 0, 0]))
    straight = linear / sizes[:, None]
    assert np.allclose(straight[:, :, 0], straight[:, ::-1, 1] * [1, -1], atol=1e-6)
    for drawn, middle, range_ in (
        (turns, 0, column.rotation),
        (sizes[:, 0], 1, column.scale),
        (sizes[:, 1], 1, column.scale),
        (maps[:, 2], 0, column.shift),
        (maps[:, 5], 0, column.shift),
    ):
        share = (drawn - middle) / range_
        assert abs(share).max() <= 1 + 1e-6
        assert share.min() < -0.99
        assert share.max() > 0.99
        assert abs(share.mean()) < 0.05


def test_rates_fall_by_one_factor_to_the_papers_last():
    column = Column(epochs=5)
    rates = np.array([schedule.plan(column, 0, epoch, 1).rate for epoch in range(5)])
    assert rates[[0, -1]] == pytest.approx([0.001, 0.00003])
    assert np.ptp(rates[1:] / rates[:-1]) < 1e-12
