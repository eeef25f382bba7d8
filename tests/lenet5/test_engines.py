"""The exact engine and PyTorch's, from one start over the same images, step by step."""

import numpy as np
import pytest

from exact.engine import ExactEngine
from exact.random_numbers import shuffle, splitmix64
from lenet5.data import Split
from lenet5.model import TorchEngine
from lenet5.parameters import initial_weights
from report_network import for_images

STEPS, BATCH = 10, 32


def noise(image_shape, classes, count=STEPS * BATCH) -> Split:
    """Images of blurred noise, a label each."""
    draws = splitmix64(1, range(count * (int(np.prod(image_shape)) + 1)))
    bytes_ = (draws >> np.uint64(56)).astype(np.uint8).reshape(count, -1)
    images = bytes_[:, 1:].reshape(count, *image_shape)
    return Split(images, (bytes_[:, 0] % classes).astype(np.int32))


@pytest.mark.parametrize(
    ("image_shape", "classes"),
    [((1, 28, 28), 10), ((3, 32, 32), 100), ((1, 16, 16), 2), ((2, 29, 31), 7)],
)
def test_the_engines_agree_over_ten_steps(mnist, image_shape, classes):
    network = for_images(image_shape, classes)
    split = mnist[0] if image_shape == (1, 28, 28) else noise(image_shape, classes)
    # A seed without gradients as small as their rounding, which Adam would magnify.
    weights = initial_weights(1, network)
    engines = [each(network, weights) for each in (ExactEngine, TorchEngine)]
    rows = shuffle(1, 1, len(split.labels))[: STEPS * BATCH]
    for start in range(0, len(rows), BATCH):
        some = rows[start : start + BATCH]
        losses = [engine.steps(split, some, BATCH, 3e-4) for engine in engines]
        np.testing.assert_allclose(*losses, rtol=1e-6)
    exact, torch = (engine.weights for engine in engines)
    for name, ours in exact.items():
        limit = 1e-5 * np.abs(torch[name]).max()
        np.testing.assert_allclose(ours, torch[name], rtol=0, atol=limit, err_msg=name)
