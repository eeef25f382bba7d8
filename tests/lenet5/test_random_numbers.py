"""Chance: SplitMix64 as its author wrote it, Glorot's limits, and shuffles that shuffle."""

import math

import numpy as np
import pytest
from scipy import stats

from exact.random_numbers import shuffle, splitmix64
from report_network import report_weights

# The first outputs of Vigna's splitmix64.c from the state 1234567.
VECTORS = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def splitmix64_plainly(state, count):
    """The author's C code, with Python's whole numbers cut to 64 bits."""
    mask, outputs = 2**64 - 1, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        outputs.append(z ^ (z >> 31))
    return outputs


def test_the_generator_gives_the_authors_vectors():
    assert splitmix64(1234567, range(5)).tolist() == VECTORS
    assert splitmix64_plainly(1234567, 5) == VECTORS


@pytest.mark.parametrize("key", [0, 1, 2**63, 2**64 - 1])
def test_and_what_a_plain_loop_gives_from_any_start(key):
    outputs = splitmix64(key, range(1000))
    assert outputs.dtype == np.uint64
    assert outputs.tolist() == splitmix64_plainly(key, 1000)
    assert splitmix64(key, [[7], [999]]).tolist() == outputs[[[7], [999]]].tolist()


@pytest.mark.parametrize("count", [1, 2, 600, 60_000])
def test_a_shuffle_holds_every_image_once(count):
    order = shuffle(0, 1, count)
    assert order.dtype == np.uint32
    assert np.array_equal(np.sort(order), np.arange(count))


def test_a_shuffle_follows_seed_and_epoch():
    orders = {
        shuffle(seed, epoch, 100).tobytes() for seed in range(9) for epoch in (1, 2)
    }
    assert len(orders) == 18
    assert shuffle(3, 2, 100).tobytes() in orders
    assert shuffle(2**32 - 1, 10_000, 100).tobytes() not in orders


def test_every_image_comes_to_every_place_as_often():
    """Chi-square of image by place, over 4,000 shuffles; one draw in 10,000 is refused."""
    seen = np.zeros((8, 8))
    for seed in range(200):
        for epoch in range(1, 21):
            seen[np.arange(8), shuffle(seed, epoch, 8)] += 1
    # 7 / 8, since a shuffle takes eight cells at once, one in each row and column.
    chi_square = 7 / 8 * ((seen - 500) ** 2 / 500).sum()
    assert stats.chi2.sf(chi_square, 49) > 1e-4
    assert stats.chi2.cdf(chi_square, 49) > 1e-4  # nor suspiciously even


def test_weights_are_glorot_uniform_and_biases_zero():
    for name, array in report_weights(3).items():
        assert array.dtype == np.float32
        if name.endswith("bias"):
            assert not array.any()
            continue
        receptive = math.prod(array.shape[2:])
        limit = math.sqrt(6 / ((array.shape[0] + array.shape[1]) * receptive))
        unit = array.ravel() / limit
        assert -1 - 1e-6 <= unit.min() < -0.9
        assert 0.9 < unit.max() <= 1
        assert stats.kstest(unit, stats.uniform(-1, 2).cdf).pvalue > 1e-4, name


def test_the_seed_decides_the_weights_and_no_two_layers_share_draws():
    one, same, other = (report_weights(seed) for seed in (0, 0, 1))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    starts = set()
    for weights in (one, other):
        for name in (name for name in weights if name.endswith("weight")):
            flat = weights[name].ravel().astype(float)
            starts.add(tuple((flat[:5] / flat[0]).round(5)))
    assert len(starts) == 10
