"""Trains a column by ``column.c``, on one view of the digits: the same bytes everywhere."""

import ctypes
import functools
import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from lenet5 import behaviour, compiler, draws
from lenet5.data import Split
from lenet5.exact import aligned
from systems import chance

PACKAGE = Path(__file__).parent
SOURCE = PACKAGE / "column.c"
ENGINE = "column"  # its name among the behaviours
YEAR, SIDE = 2012, 29
VIEWS = 0, 10, 12, 14, 16, 18, 20  # pixels that each digit is wide; 0: as it is given
# In the first and in the last epoch. Decimals take powers the same way on every machine.
RATE, LAST_RATE = Decimal("0.001"), Decimal("0.00003")
SHAPES = {
    "conv1.weight": (20, 1, 4, 4),
    "conv1.bias": (20,),
    "conv2.weight": (40, 20, 5, 5),
    "conv2.bias": (40,),
    "dense.weight": (150, 360),
    "dense.bias": (150,),
    "output.weight": (10, 150),
    "output.bias": (10,),
}
LAYOUT = [("c1", (20, 16)), ("b1", 32), ("c2", (40, 25, 32)), ("b2", 48)]
LAYOUT += [("dense", (360, 160)), ("b3", 160), ("out", (150, 16)), ("b4", 16)]
LAYOUT += [("blur", (SIDE, 32)), ("size", ())]


@dataclass(frozen=True)
class Column:
    """A view and a training; the paper trains for some 800 epochs.

    Its rates fall by the same factor from epoch to epoch, here over ``epochs``. The ranges
    of its distortions are not stated. Each is drawn uniformly, image by image.
    """

    name: str = ""
    width: int = 0  # of VIEWS
    epochs: int = 100
    rotation: float = 15.0  # degrees either way
    scale: float = 0.15  # of the width and of the height, each
    shift: float = 1.0  # pixels along x and along y
    elastic: float = 36.0  # pixels of noise, before it is smoothed
    smoothness: float = 6.0  # pixels, the standard deviation of the smoothing Gaussian


class ColumnEngine:
    """A column in training.

    Parameters
    ----------
    column : Column
    seed : int
    weights : dict of arrays, optional
        By name, in PyTorch's shapes; by default drawn, uniform within 0.05.
    tried : bool, optional
        Whether to do without the trial of the engine, which is itself made so.

    Raises
    ------
    Lenet5Error
        If the kernel cannot be built, or does not compute the known bytes here.
    """

    def __init__(self, column: Column, seed: int, weights=None, tried: bool = False):
        if not tried:
            behaviour.check(PACKAGE, ENGINE, trial())
        self.column, self.seed, self._library = column, seed, _load()
        self._block = aligned(self._library.column_state_bytes())
        self._arena = aligned(0)
        layout = np.dtype([(name, "f4", shape) for name, shape in LAYOUT])
        self._state = self._block[: layout.itemsize].view(layout)[0]
        self._state["blur"][:, :SIDE] = blur(column.smoothness)
        self._state["size"] = column.elastic
        given = weights or initial_weights(seed)
        for name, view in self._views().items():
            view[...] = given[name].reshape(view.shape)
        self._library.column_begin(self._at)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, in PyTorch's shapes and order."""
        views = self._views().items()
        return {name: np.array(x, order="C").reshape(SHAPES[name]) for name, x in views}

    def train(self, images, labels, epoch: int) -> int:
        """An epoch, from 0; how many images were misread as they were presented."""
        rows, maps, key, rate = self._epoch(epoch, len(labels))
        return self._library.column_train(
            self._at, images.ctypes.data, labels.ctypes.data, rows.ctypes.data,
            maps.ctypes.data, key, len(rows), rate,
        )  # fmt: skip

    def distorted(self, images, epoch: int) -> np.ndarray:
        """What an epoch presents, in its order: float32 of shape (N, 1, 29, 29)."""
        rows, maps, key, _ = self._epoch(epoch, len(images))
        shown = np.empty((len(rows), 1, SIDE, SIDE), np.float32)
        places = images.ctypes.data, rows.ctypes.data, maps.ctypes.data
        self._library.column_distort(
            self._at, *places, key, len(rows), shown.ctypes.data
        )
        return shown

    def probabilities(self, images) -> np.ndarray:
        """Of each class, float32 of shape (N, 10)."""
        found = np.empty((len(images), 10), np.float32)
        if not self._arena.nbytes:
            self._arena = aligned(self._library.column_arena_bytes())
        self._library.column_read(
            self._at, images.ctypes.data, len(images), found.ctypes.data,
            self._arena.ctypes.data,
        )  # fmt: skip
        return found

    def _epoch(self, epoch: int, images: int):
        """The order, the maps, the key of the noise and the rate of an epoch."""
        rows = draws.shuffle(self.seed, epoch, images)
        key = chance.key(YEAR, self.seed, len(SHAPES) + epoch)
        share = Decimal(epoch) / max(self.column.epochs - 1, 1)
        rate = float(RATE * (LAST_RATE / RATE) ** share)
        return rows, affine_maps(self.column, key, rows), key, rate

    @property
    def _at(self) -> int:
        return self._block.ctypes.data

    def _views(self) -> dict[str, np.ndarray]:
        """The kernel's padded arrays in PyTorch's order of axes."""
        state = self._state
        maps = state["c2"].reshape(40, 5, 5, 32)[..., :20]
        dense = state["dense"].reshape(9, 40, 160)[..., :150]
        return {
            "conv1.weight": state["c1"].reshape(20, 1, 4, 4),
            "conv1.bias": state["b1"][:20],
            "conv2.weight": maps.transpose(0, 3, 1, 2),
            "conv2.bias": state["b2"][:40],
            "dense.weight": dense.transpose(2, 1, 0),
            "dense.bias": state["b3"][:150],
            "output.weight": state["out"][:, :10].T,
            "output.bias": state["b4"][:10],
        }


def initial_weights(seed: int) -> dict[str, np.ndarray]:
    """Parameters before the first update, float32, uniform within 0.05 (section 3)."""
    weights = {}
    for stream, (name, shape) in enumerate(SHAPES.items()):
        drawn = chance.uniform(
            chance.key(YEAR, seed, stream), np.arange(math.prod(shape))
        )
        weights[name] = (0.05 * drawn).astype(np.float32).reshape(shape)
    return weights


def blur(smoothness: float) -> np.ndarray:
    """A Gaussian's weights between the pixels of a line, float32 of shape (29, 29)."""
    places = range(1 - SIDE, SIDE)
    line = [
        float((-((place / Decimal(smoothness)) ** 2) / 2).exp()) for place in places
    ]
    weights = np.array(line) / math.fsum(line)
    return np.stack([weights[SIDE - 1 - i :][:SIDE] for i in range(SIDE)]).astype("f4")


def affine_maps(column: Column, key: int, numbers) -> np.ndarray:
    """Maps from places of distorted images to the images, float32 of shape (N, 6)."""
    counters = np.asarray(numbers, np.uint64)[:, None] * np.uint64(5)
    drawn = chance.uniform(key ^ 1, counters + np.arange(5, dtype=np.uint64))
    turn, wide, high, dx, dy = drawn.T
    # The tangent of half the angle gives both functions without a library of them.
    half = math.radians(column.rotation) / 2 * turn
    cosine, sine = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    wide, high = 1 + column.scale * wide, 1 + column.scale * high
    rows = [cosine * wide, -(sine * high), column.shift * dx]
    rows += [sine * wide, cosine * high, column.shift * dy]
    return np.stack(rows, axis=1).astype(np.float32)


def view(images, width: int) -> np.ndarray:
    """Images framed, with every digit ``width`` pixels wide; 0: as it is given.

    The width of the box of a digit is normalised and its height stays (section 3.1). It
    stands in the middle, resampled by a triangle as wide as a pixel or more.

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8

    Returns
    -------
    array, shape (N, 29, 29), uint8
    """
    framed = np.zeros((len(images), SIDE, SIDE), np.uint8)
    if not width:
        framed[:, :28, :28] = images[:, 0]
        return framed
    inked = images.any(axis=(1, 2))
    left, right = inked.argmax(axis=1), 28 - inked[:, ::-1].argmax(axis=1)
    start = (SIDE - width) // 2
    for wide in np.unique(right - left):
        rows = np.flatnonzero(right - left == wide)
        total = np.zeros((len(rows), 28, width))
        for place, weights in enumerate(triangles(wide, width)):
            column = images[rows, 0, :, left[rows] + place]
            total += column[:, :, None] * weights
        framed[rows, :28, start : start + width] = np.floor(total + 0.5)
    return framed


def triangles(wide: int, width: int) -> np.ndarray:
    """What each of ``wide`` pixels gives to each of ``width``: float64, columns sum to 1."""
    reach = max(wide / width, 1.0)
    middles = (np.arange(width) + 0.5) * wide / width - 0.5
    weights = np.maximum(1 - abs(np.arange(wide)[:, None] - middles) / reach, 0)
    total = np.zeros(width)
    for row in weights:
        total += row
    return weights / total


def train(engine: ColumnEngine, split: Split):
    """Train, epoch by epoch; yields how many images each misread as it presented them."""
    images = view(split.images, engine.column.width)
    for epoch in range(engine.column.epochs):
        yield engine.train(images, split.labels, epoch)


def trial() -> str:
    """The behaviour of the engine: of all that two short trainings on noise compute.

    They see the digits in two views, distorted with and without noise. Some weights are
    denormal numbers, and some units are so far out that their slope is none.
    """
    train_split, test_split = behaviour.noise(40, seed=4), behaviour.noise(21, seed=5)
    results = []
    for seed, column in enumerate((Column(epochs=2), Column("", 20, 2, elastic=0.0))):
        weights = initial_weights(seed)
        weights["dense.weight"][:3] = 1e-39
        weights["dense.bias"][::3] = -100
        engine = ColumnEngine(column, seed, weights, tried=True)
        results.append(np.array(list(train(engine, train_split))))
        seen = view(test_split.images, column.width)
        results += [engine.probabilities(seen), engine.distorted(seen, 1)]
        results += engine.weights.values()
    return behaviour.digest(results)


@functools.cache
def _load():
    p, i, u = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64
    return compiler.load(
        SOURCE,
        "column",
        ("state_bytes", ctypes.c_size_t),
        ("arena_bytes", ctypes.c_size_t),
        ("begin", None, p),
        ("distort", None, p, p, p, p, u, i, p),
        ("train", i, p, p, p, p, p, u, i, ctypes.c_float),
        ("read", None, p, p, i, p, p),
        ("read_plain", None, p, p, i, p),
    )
