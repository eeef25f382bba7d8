"""What a rung is shown, pass by pass, and at which rates it learns."""

from collections.abc import Iterator

import numpy as np

from exact import random_numbers
from lenet5.data import Split
from networks.lenet1998.rungs import YEAR, Rung

# Of the paper's twenty passes (section III B).
GLOBAL_RATES = 2 * [5e-4] + 3 * [2e-4] + 3 * [1e-4] + 4 * [5e-5] + 8 * [1e-5]
CURVATURE_PATTERNS = 500
COPIES = 10  # of an image in the distorted training set: itself and nine distortions
SWEEPS_STREAM = 500  # of the first sweep through the distorted training set
DISTORTIONS_STREAM = 60


def patterns(
    rung: Rung, seed: int, number: int, images: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """What a pass presents, and in which order.

    With distortions the passes sweep through a training set of ten times as many images
    (paper, section III B), a tenth of it each.

    Parameters
    ----------
    rung : Rung
    seed : int
    number : int
        Of the pass, from 1.
    images : int
        Of the training set, not distorted.

    Returns
    -------
    rows : array, shape (images,), uint32
    maps : array, shape (images, 6), float32, or None
        Affine maps from the input's place to the image's; NaN where there is none.
    """
    if not rung.distortion:
        if not rung.fresh_order:
            return np.arange(images, dtype=np.uint32), None
        return random_numbers.shuffle(seed, number, images), None
    sweep, part = divmod(number - 1, COPIES)
    order = random_numbers.shuffle(seed, SWEEPS_STREAM + sweep, COPIES * images)
    chosen = order[part * images : (part + 1) * images]
    maps = distortions(seed, chosen, rung.distortion)
    maps[chosen < images] = np.nan  # the first copy of each image is the image itself
    return chosen % np.uint32(images), maps


def distortions(seed: int, numbers, size: float = 1) -> np.ndarray:
    """Affine maps of distorted images, each drawn by its number.

    Translations, scaling, squeezing and horizontal shearing (paper, section III B), whose
    ranges the paper does not state: 2 pixels, 10 %, 10 % and 0.2 pixels a row, times
    ``size``.

    Parameters
    ----------
    seed : int
    numbers : array of int, shape (N,)
        Those of the patterns in the distorted training set.
    size : float

    Returns
    -------
    array, shape (N, 6), float32
        a, b, c, d, e, f: the input's place (x, y), in pixels from the middle, shows the
        image's (a x + b y + c, d x + e y + f).
    """
    copies = np.asarray(numbers, np.uint64)
    # Five numbers for each: dx, dy, scale, squeeze, shear.
    counters = copies[:, None] * np.uint64(5) + np.arange(5, dtype=np.uint64)
    key = random_numbers.key(seed, DISTORTIONS_STREAM, YEAR)
    drawn = size * random_numbers.uniform(key, counters)
    dx = drawn[:, 0]
    dy = drawn[:, 1]
    scale = 1 + 0.1 * drawn[:, 2]
    squeeze = 1 + 0.1 * drawn[:, 3]
    shear = drawn[:, 4]
    maps = [
        scale * squeeze,
        0.2 * shear,
        2 * dx,
        np.zeros(len(copies)),
        scale / squeeze,
        2 * dy,
    ]
    return np.stack(maps, axis=1).astype(np.float32)


def train(rung: Rung, seed: int, engine, split: Split) -> Iterator[int]:
    """Train, pass by pass.

    Parameters
    ----------
    rung : Rung
    seed : int
    engine : RungEngine
        The network of that rung and seed, before its first update.
    split : Split

    Yields
    ------
    int
        How many patterns a pass misread as they were presented.
    """
    images = len(split.labels)
    for number in range(1, rung.passes + 1):
        rows, maps = patterns(rung, seed, number, images)
        # The paper's twenty rates stretch over a longer training.
        rate = GLOBAL_RATES[(number - 1) * len(GLOBAL_RATES) // rung.passes]
        if rung.one_rate:
            engine.set_rates(rate * rung.one_rate, 1)
        elif rung.online:
            estimated_on = np.arange(images, dtype=np.uint32)
            if rung.fresh_curvature:
                estimated_on = rows
            engine.estimate(split, estimated_on[:CURVATURE_PATTERNS])
            engine.set_rates(rate, rung.mu)
        yield engine.train(split, rows, maps)
