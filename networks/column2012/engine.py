"""Trains a column by ``column2012.c``, on one view of the digits: the same bytes everywhere.

Whoever makes an engine should try it first: :func:`networks.column2012.tried.for_column` does.
"""

import ctypes
import functools
from pathlib import Path

import numpy as np

from exact import compiler
from exact.arrays import aligned
from lenet5 import behaviour
from networks.column2012 import schedule
from networks.column2012.columns import Column
from networks.column2012.distortions import blur
from networks.column2012.parameters import SHAPES, initial_weights
from networks.views import SIDE, view

SOURCE = Path(__file__).with_name("column2012.c")
ENGINE = "column"  # its name among the behaviours

# The kernel's State, up to what Python reads and writes. Its vectors have sixteen lanes, so
# it pads the last axis of each array to a multiple of 16 with zeros: 20 maps lie in 32
# places, 150 units in 160. What a unit sums stands along the axes before the last, so that
# a vector holds sixteen units side by side.
STATE = np.dtype(
    [
        ("c1", "f4", (20, 16)),  # map, tap
        ("b1", "f4", 32),
        ("c2", "f4", (40, 25, 32)),  # map, tap, map before
        ("b2", "f4", 48),
        ("dense", "f4", (360, 160)),  # unit before, unit
        ("b3", "f4", 160),
        ("out", "f4", (150, 16)),  # unit before, class
        ("b4", "f4", 16),
        ("blur", "f4", (SIDE, 32)),
        ("size", "f4"),
    ]
)

# Of the kernel: the type of each result, then those of the arguments.
_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
_SIZE = ctypes.c_size_t
_KEY = ctypes.c_uint64
FUNCTIONS = {
    "column_state_bytes": (_SIZE,),
    "column_arena_bytes": (_SIZE,),
    "column_begin": (None, _POINTER),
    "column_distort": (
        None, _POINTER, _POINTER, _POINTER, _POINTER, _KEY, _INT, _POINTER,
    ),
    "column_train": (
        _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER,
        _KEY, _INT, ctypes.c_float,
    ),
    "column_train_plain": (
        _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER,
        _KEY, _INT, ctypes.c_float,
    ),
    "column_read": (None, _POINTER, _POINTER, _INT, _POINTER, _POINTER),
    "column_read_plain": (None, _POINTER, _POINTER, _INT, _POINTER),
}  # fmt: skip


class ColumnEngine:
    """A column in training.

    Parameters
    ----------
    column : Column
    seed : int
    weights : dict of arrays, optional
        By the names and in the shapes of :data:`networks.column2012.parameters.SHAPES`; by
        default those before the first update.
    library : Path, optional
        Another build of the kernel than the one for this machine.

    Raises
    ------
    UserError
        If the kernel cannot be built.
    """

    def __init__(
        self, column: Column, seed: int, weights=None, library: Path | None = None
    ):
        self.column = column
        self.seed = seed
        self._library = _load(library)
        self._memory = aligned(self._library.column_state_bytes())
        self._arena = aligned(
            0
        )  # the kernel's room to read in; made when it first reads
        self._state = self._memory[: STATE.itemsize].view(STATE)[0]
        self._state["blur"][:, :SIDE] = blur(column.smoothness)
        self._state["size"] = column.elastic
        if weights is None:
            weights = initial_weights(seed)
        for name, parameter in self._parameters().items():
            parameter[...] = weights[name].reshape(parameter.shape)
        self._library.column_begin(_address(self._memory))

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, in PyTorch's shapes and order."""
        weights = {}
        for name, parameter in self._parameters().items():
            copy = np.array(parameter, order="C")
            weights[name] = copy.reshape(SHAPES[name])
        return weights

    def state(self) -> np.ndarray:
        """A copy of all that a training leaves, as the kernel holds it: bits, uint32."""
        return self._memory.view(np.uint32).copy()

    def train(self, images, labels, epoch: int, plainly: bool = False) -> int:
        """Present every image once, distorted anew, with an update after each.

        Parameters
        ----------
        images : array, shape (N, 29, 29), uint8
            The column's view of the digits.
        labels : array, shape (N,), int32
        epoch : int
            From 0.
        plainly : bool
            Here and below, by the loops without vectors of ``column2012_plain.h``, which
            are to be read and are slow: the same bytes.

        Returns
        -------
        int
            How many images were misread as they were presented.
        """
        plan = schedule.plan(self.column, self.seed, epoch, len(labels))
        train = self._library.column_train
        if plainly:
            train = self._library.column_train_plain
        return train(
            _address(self._memory),
            _address(images),
            _address(labels),
            _address(plan.rows),
            _address(plan.maps),
            plan.key,
            len(plan.rows),
            plan.rate,
        )

    def distorted(self, images, epoch: int) -> np.ndarray:
        """What an epoch presents, in its order.

        Parameters
        ----------
        images : array, shape (N, 29, 29), uint8
        epoch : int
            From 0.

        Returns
        -------
        array, shape (N, 1, 29, 29), float32, from -1, paper, to 1, ink
        """
        plan = schedule.plan(self.column, self.seed, epoch, len(images))
        shown = np.empty((len(images), 1, SIDE, SIDE), np.float32)
        self._library.column_distort(
            _address(self._memory),
            _address(images),
            _address(plan.rows),
            _address(plan.maps),
            plan.key,
            len(plan.rows),
            _address(shown),
        )
        return shown

    def probabilities(self, images, plainly: bool = False) -> np.ndarray:
        """The probability of each class, image by image.

        Parameters
        ----------
        images : array, shape (N, 29, 29), uint8

        Returns
        -------
        array, shape (N, 10), float32
        """
        result = np.empty((len(images), 10), np.float32)
        if plainly:
            self._library.column_read_plain(
                _address(self._memory), _address(images), len(images), _address(result)
            )
            return result
        if not self._arena.nbytes:
            self._arena = aligned(self._library.column_arena_bytes())
        self._library.column_read(
            _address(self._memory),
            _address(images),
            len(images),
            _address(result),
            _address(self._arena),
        )
        return result

    def _parameters(self) -> dict[str, np.ndarray]:
        """Views of the kernel's arrays without their padding, in PyTorch's order of axes.

        PyTorch has the axis of what a layer makes first; the kernel has it last where its
        vectors go along it, and places before maps in the input of the dense layer.
        """
        state = self._state
        conv2 = state["c2"].reshape(40, 5, 5, 32)[..., :20]  # map, y, x, map before
        dense = state["dense"].reshape(9, 40, 160)[..., :150]  # place, map, unit
        return {
            "conv1.weight": state["c1"].reshape(20, 1, 4, 4),
            "conv1.bias": state["b1"][:20],
            "conv2.weight": conv2.transpose(0, 3, 1, 2),
            "conv2.bias": state["b2"][:40],
            "dense.weight": dense.transpose(2, 1, 0),
            "dense.bias": state["b3"][:150],
            "output.weight": state["out"][:, :10].T,
            "output.bias": state["b4"][:10],
        }


def trial(library: Path | None = None) -> str:
    """The behaviour of the engine: of all that two short trainings on noise compute.

    They see the digits in two views, distorted with and without noise. Some weights are
    denormal numbers, and some units are so far out that their slope is none.
    """
    train_split = behaviour.noise(40, seed=4)
    test_split = behaviour.noise(21, seed=5)
    columns = (Column(epochs=2), Column(width=20, epochs=2, elastic=0.0))
    results = []
    for seed, column in enumerate(columns):
        weights = initial_weights(seed)
        weights["dense.weight"][:3] = 1e-39
        weights["dense.bias"][::3] = -100
        engine = ColumnEngine(column, seed, weights, library)
        misread = list(schedule.train(engine, train_split))
        images = view(test_split.images, column.width)
        results.append(np.array(misread))
        results.append(engine.probabilities(images))
        results.append(engine.distorted(images, 1))
        results.extend(engine.weights.values())
    return behaviour.digest(results)


@functools.cache
def _load(library: Path | None) -> ctypes.CDLL:
    """The kernel; the build for this machine, unless one is given."""
    if library is None:
        library = compiler.library(SOURCE)
    return compiler.load(library, FUNCTIONS)


def _address(array: np.ndarray) -> int:
    return array.ctypes.data
