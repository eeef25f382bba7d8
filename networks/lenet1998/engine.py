"""Trains the network of a rung by ``lenet1998.c``: the same bytes on every machine.

Whoever makes an engine should try it first: :func:`networks.lenet1998.tried.for_rung` does.
"""

import ctypes
import functools
from dataclasses import replace
from pathlib import Path

import numpy as np

from exact import compiler
from exact.arrays import aligned
from lenet5 import behaviour
from lenet5.config import report_config
from networks.lenet1998 import schedule
from networks.lenet1998.bitmaps import codes
from networks.lenet1998.layout import state_of
from networks.lenet1998.parameters import initial_weights, parameter_shapes, top_side
from networks.lenet1998.rungs import Rung

SOURCE = Path(__file__).with_name("lenet1998.c")
REPORT_CONFIG = report_config()  # of whose batches and rate Adam is, in the last rungs
# What of a rung the compiler is told; the rest are numbers that the kernel is given.
FLAGS = ("radial", "trained_pool", "tanh", "squash_maps", "table", "online")

SHARES = 11  # probabilities: of the ten classes, and of no digit

# Of the kernel: the type of each result, then those of the arguments.
_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
FUNCTIONS = {
    "ladder_state_bytes": (ctypes.c_size_t,),
    "ladder_reading_bytes": (ctypes.c_size_t,),
    "ladder_curvature": (None, _POINTER, _POINTER, _POINTER, _POINTER, _INT),
    "ladder_rates": (None, _POINTER, ctypes.c_float, ctypes.c_float),
    "ladder_train": (
        _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER,
        _INT, _INT, ctypes.c_double,
    ),
    "ladder_read": (None, _POINTER, _POINTER, _INT, _POINTER),
    "ladder_probabilities": (None, _POINTER, _POINTER, _INT, _POINTER),
    "ladder_curvature_plain": (None, _POINTER, _POINTER, _POINTER, _POINTER, _INT),
    "ladder_train_plain": (
        _INT, _POINTER, _POINTER, _POINTER, _POINTER, _POINTER,
        _INT, _INT, ctypes.c_double,
    ),
    "ladder_read_plain": (None, _POINTER, _POINTER, _INT, _POINTER),
}  # fmt: skip


class RungEngine:
    """The network of a rung in training.

    Parameters
    ----------
    rung : Rung
    seed : int
    weights : dict of arrays, optional
        By the names and in the shapes of
        :func:`networks.lenet1998.parameters.parameter_shapes`; by default those before the
        first update.
    library : Path, optional
        Another build of the kernel, with the rung's choices, than the one for this machine.

    Raises
    ------
    UserError
        If the kernel cannot be built.
    """

    def __init__(
        self, rung: Rung, seed: int, weights=None, library: Path | None = None
    ):
        self.rung = rung
        self.seed = seed
        choices = tuple(macros(rung).items())
        self._library = _load(choices, library)
        self._memory = aligned(self._library.ladder_state_bytes())
        layout = state_of(rung)
        self._state = self._memory[: layout.itemsize].view(layout)[0]
        _fill(self._state, rung, seed, weights)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, in PyTorch's shapes and order."""
        return self._copies("weights")

    @property
    def curvatures(self) -> dict[str, np.ndarray]:
        """A copy of the second derivatives of the last pass, by parameter."""
        return self._copies("curvature")

    @property
    def rates(self) -> dict[str, np.ndarray]:
        """A copy of the rates of the last pass, by parameter."""
        return self._copies("rates")

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all that a training leaves, as the kernel holds it.

        ``powers`` are Adam's, float64; all the rest is ``numbers``, the bits of each as a
        uint32.
        """
        size = self._state["powers"].nbytes
        return {
            "powers": self._memory[:size].view(np.float64).copy(),
            "numbers": self._memory[size:].view(np.uint32).copy(),
        }

    def set_moments(self, mean: float, square: float) -> None:
        """Set Adam's moments of every weight, which are zero before the first step."""
        for name in self._state["mean"].dtype.names:
            self._state["mean"][name][...] = mean
            self._state["square"][name][...] = square

    def set_rates(self, rate: float, mu: float) -> None:
        """Each weight's rate becomes rate / (mu + its curvature): equation 21."""
        self._library.ladder_rates(_address(self._memory), rate, mu)

    def estimate(self, split, rows, plainly: bool = False) -> None:
        """Set the curvatures to the mean over some patterns (paper, appendix C).

        Parameters
        ----------
        split : Split
        rows : array of int, shape (patterns,)
            Their numbers among the images.
        plainly : bool
            Here and below, by the loops without vectors of ``lenet1998_plain.h``, which are
            to be read and are slow: the same bytes.
        """
        rows = np.ascontiguousarray(rows, np.uint32)
        estimate = self._library.ladder_curvature
        if plainly:
            estimate = self._library.ladder_curvature_plain
        estimate(
            _address(self._memory),
            _address(split.images),
            _address(split.labels),
            _address(rows),
            len(rows),
        )

    def train(
        self,
        split,
        rows,
        maps=None,
        batch_size: int = REPORT_CONFIG.batch_size,
        plainly: bool = False,
    ) -> int:
        """Present patterns in order.

        Parameters
        ----------
        split : Split
        rows : array of int, shape (patterns,)
            The number of each pattern's image.
        maps : array, shape (patterns, 6), float32, optional
            How they are distorted: see :func:`networks.lenet1998.schedule.patterns`.
        batch_size : int
            Of a rung that is trained by Adam; others move after each pattern.

        Returns
        -------
        int
            How many were misread when they were presented.
        """
        rows = np.ascontiguousarray(rows, np.uint32)
        train = self._library.ladder_train
        if plainly:
            train = self._library.ladder_train_plain
        return train(
            _address(self._memory),
            _address(split.images),
            _address(split.labels),
            _address(rows),
            _address(maps),
            len(rows),
            batch_size,
            REPORT_CONFIG.lr,
        )

    def read(self, images, plainly: bool = False) -> np.ndarray:
        """The class of each image.

        Parameters
        ----------
        images : array, shape (N, 1, 28, 28), uint8

        Returns
        -------
        array, shape (N,), int32
        """
        images = np.ascontiguousarray(images)
        classes = np.empty(len(images), np.int32)
        read = self._library.ladder_read
        if plainly:
            read = self._library.ladder_read_plain
        read(_address(self._memory), _address(images), len(images), _address(classes))
        return classes

    def probabilities(self, images) -> np.ndarray:
        """What the loss takes for the probability of each class, and of no digit.

        With radial outputs they are the softmax of the penalties, of which *no digit* has
        ``j`` (paper, equation 9); without, of the logits, and *no digit* has none.

        Parameters
        ----------
        images : array, shape (N, 1, 28, 28), uint8

        Returns
        -------
        array, shape (N, 11), float32
            The ten classes, then *no digit*.
        """
        images = np.ascontiguousarray(images)
        shares = np.empty((len(images), SHARES), np.float32)
        self._library.ladder_probabilities(
            _address(self._memory), _address(images), len(images), _address(shares)
        )
        return shares

    def mistakes(self, split) -> int:
        """How many images of a split are misread."""
        wrong = self.read(split.images) != split.labels
        return int(wrong.sum())

    @property
    def input(self) -> np.ndarray:
        """The last pattern as the network was shown it, float32 of shape (side, side)."""
        side = self.rung.side
        columns = self._state["pattern"]["in"][:, :, : side // 2]
        return _interleave(columns)

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """The maps C1, S2, C3 and S4 of the last image read, float32 of (maps, side, side).

        Of a rung with trained pools: with others C1 and C3 are zero.
        """
        pattern = self._state["pattern"]
        half = self.rung.side // 2 - 2  # half a side of C1, and a side of S2
        maps = {
            "C1": _interleave(pattern["y1"][..., :half]),
            "S2": pattern["x2"][..., :half],
            "C3": _maps_first(pattern["y3"]),
            "S4": _maps_first(pattern["x4"]),
        }
        return {name: array.copy() for name, array in maps.items()}

    def _copies(self, field: str) -> dict[str, np.ndarray]:
        """What a field of the kernel's State has for each parameter of this rung."""
        parameters = _parameters(self._state[field], self.rung)
        copies = {}
        for name in parameter_shapes(self.rung):
            copies[name] = np.array(parameters[name], order="C")
        return copies


def build_name(rung: Rung) -> str:
    """The engine that trains a rung, one build of ``lenet1998.c``, in words."""
    words = ["ladder"]
    for flag in FLAGS:
        if getattr(rung, flag):
            words.append(flag)
    words.append(f"{rung.side}x{rung.side}")
    return " ".join(words)


def macros(rung: Rung) -> dict[str, int]:
    """What the compiler is told of a rung."""
    choices = {"SIDE": rung.side}
    for flag in FLAGS:
        choices[flag.upper()] = int(getattr(rung, flag))
    return choices


def webassembly(rung: Rung) -> Path:
    """The kernel of a rung for a page."""
    return compiler.webassembly(SOURCE, macros(rung))


def reading_memory(rung: Rung, seed: int, weights) -> bytes:
    """The start of the kernel's State, as far as reading needs it, for a page.

    Parameters
    ----------
    rung, seed, weights
        Of :class:`RungEngine`.

    Returns
    -------
    bytes
        The lower byte of each number first, as WebAssembly has it on every machine.
    """
    layout = state_of(rung)
    state = np.zeros((), layout)
    _fill(state, rung, seed, weights)
    _, end_of_weights = layout.fields["rates"]
    little_endian = state.astype(layout.newbyteorder("<"))
    return little_endian.tobytes()[:end_of_weights]


def trial(rung: Rung, library: Path | None = None) -> str:
    """The behaviour of the engine that trains a rung: of all that short trainings compute.

    Three trainings of two passes on noise go through every choice that a rung leaves to
    the kernel's numbers and to the schedule. Part of F6 is dead, some weights and
    Adam's moments are denormal numbers.
    """
    train_split = behaviour.noise(150, seed=2)
    test_split = behaviour.noise(21, seed=3)
    # What so short a training does not reach of the schedule.
    numbers = [*schedule.GLOBAL_RATES, schedule.CURVATURE_PATTERNS, schedule.COPIES]
    results = [np.array(numbers)]
    for seed, variant in enumerate(_variants(rung)):
        weights = initial_weights(variant, seed)
        weights["c5.weight"][:3] = 1e-39
        weights["f6.bias"][::3] = -100
        engine = RungEngine(variant, seed, weights, library)
        engine.set_moments(mean=1e-39, square=1e-40)
        misread = list(schedule.train(variant, seed, engine, train_split))
        results.append(np.array(misread))
        results.append(engine.read(test_split.images))
        results.extend(engine.weights.values())
        results.extend(engine.curvatures.values())
        results.extend(engine.rates.values())
        results.extend(engine.maps.values())
    return behaviour.digest(results)


def _variants(rung: Rung) -> list[Rung]:
    """Three rungs of the same engine, which take between them what a rung can choose."""
    first = replace(
        rung,
        passes=2,
        distortion=0,
        start="letter",
        codes="plain",
        fresh_order=True,
        fresh_curvature=True,
        mu=0.02,
        one_rate=0,
        scale=0.1,
        j=10,
    )
    second = replace(
        first, start="root", codes="random", distortion=0.5, j=1.0, scale=0.03
    )
    third = replace(
        first, codes="distinct", fresh_order=False, fresh_curvature=False, one_rate=8.0
    )
    return [first, second, third]


def _fill(state, rung: Rung, seed: int, weights=None) -> None:
    """Set what a State begins with, of which all else is zero."""
    state["powers"] = 1
    state["codes"][:, :84] = codes(rung, seed)
    state["j"] = rung.j
    state["scale"] = rung.scale
    dark, light = rung.levels
    state["dark"] = dark
    state["light"] = light
    if weights is None:
        weights = initial_weights(rung, seed)
    parameters = _parameters(state["weights"], rung)
    for name, array in weights.items():
        parameters[name][...] = array


def _parameters(arrays, rung: Rung) -> dict[str, np.ndarray]:
    """Views of the kernel's Weights without their padding, in PyTorch's order of axes.

    The kernel has the axis of what a layer makes last, so that a vector holds sixteen
    maps or units side by side; PyTorch has it first. C5 and what is above it are
    convolutions whose maps are single units: their windows are as large as what they
    see.
    """
    side = top_side(rung)
    c3 = arrays["c3"].reshape(6, 5, 5, 16)  # map before, y, x, map
    c5 = arrays["c5"].reshape(side, side, 16, 128)[..., :120]  # y, x, map, unit
    f6 = arrays["f6"][:, :84]  # unit before, unit
    output = arrays["out"][:, :10]  # unit before, class
    return {
        "c1.weight": arrays["c1"].reshape(6, 1, 5, 5),
        "c1.bias": arrays["b1"],
        "s2.weight": arrays["k2"],
        "s2.bias": arrays["b2"],
        "c3.weight": c3.transpose(3, 0, 1, 2),
        "c3.bias": arrays["b3"],
        "s4.weight": arrays["k4"],
        "s4.bias": arrays["b4"],
        "c5.weight": c5.transpose(3, 2, 0, 1),
        "c5.bias": arrays["b5"][:120],
        "f6.weight": f6.T[:, :, None, None],
        "f6.bias": arrays["b6"][:84],
        "output.weight": output.T[:, :, None, None],
        "output.bias": arrays["b7"][:10],
    }


def _interleave(halves: np.ndarray) -> np.ndarray:
    """Pictures whose columns the kernel keeps apart: the even ones, then the odd ones.

    Parameters
    ----------
    halves : array, shape (..., side, 2, side / 2)

    Returns
    -------
    array, shape (..., side, side)
    """
    pairs = np.swapaxes(halves, -1, -2)  # an even column beside the odd one after it
    side = halves.shape[-3]
    return pairs.reshape(*halves.shape[:-3], side, side)


def _maps_first(places: np.ndarray) -> np.ndarray:
    """Maps that the kernel keeps place by place, shape (side * side, 16), map by map."""
    side = int(len(places) ** 0.5)
    return places.T.reshape(16, side, side)


@functools.cache
def _load(choices: tuple[tuple[str, int], ...], library: Path | None) -> ctypes.CDLL:
    """The kernel with some macros; one build for each, unless one is given."""
    if library is None:
        library = compiler.library(SOURCE, dict(choices))
    return compiler.load(library, FUNCTIONS)


def _address(array: np.ndarray | None) -> int | None:
    """Where an array lies; the caller keeps it, contiguous as lenet5.data reads it."""
    return None if array is None else array.ctypes.data
