"""Trains a rung by ``ladder.c``: the same bytes on every machine."""

import ctypes
import functools
from dataclasses import replace
from pathlib import Path

import numpy as np

from lenet5 import Config, behaviour, compiler
from lenet5.exact import aligned
from systems import recipe

PACKAGE = Path(__file__).parent
SOURCE = PACKAGE / "ladder.c"
# What of a rung the compiler is told; the rest are numbers that the kernel is given.
FLAGS = ("radial", "trained_pool", "tanh", "squash_maps", "table", "online")
FIELDS = "c1 b1 k2 b2 c3 b3 k4 b4 c5 b5 f6 b6 out b7".split()  # of the kernel's Weights


class Ladder:
    """The network of a rung in training.

    Parameters
    ----------
    rung : Rung
    seed : int
    weights : dict of arrays, optional
        By the names of :func:`systems.recipe.parameter_shapes`; by default drawn.
    tried : bool, optional
        Whether to do without the trial of the engine, which is itself made so.

    Raises
    ------
    Lenet5Error
        If the kernel cannot be built, or does not compute the known bytes here.
    """

    def __init__(self, rung, seed: int, weights=None, tried: bool = False):
        if not tried:
            behaviour.check(PACKAGE, build_name(rung), trial(rung))
        self.rung, self.seed = rung, seed
        self._library = _load(*(int(getattr(rung, x)) for x in FLAGS), rung.side)
        self._block = aligned(self._library.ladder_state_bytes())
        layout = _layout(rung.side)
        self._state = self._block[: layout.itemsize].view(layout)[0]
        self._state["powers"] = 1
        self._state["codes"][:, :84] = recipe.codes(rung, seed)
        self._state["j"], self._state["scale"] = rung.j, rung.scale
        self._state["dark"], self._state["light"] = (
            (-0.1, 1.175) if rung.side == 32 else (0, 1)
        )
        given = weights or recipe.initial_weights(rung, seed)
        for name, array in given.items():
            self._views(self._state["weights"])[name][...] = array

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

    def set_rates(self, rate: float, mu: float) -> None:
        """Each weight's rate becomes rate / (mu + its curvature): equation 21."""
        self._library.ladder_rates(self._at, rate, mu)

    def estimate(self, split, rows) -> None:
        """Set the curvatures to the mean over the patterns numbered ``rows``."""
        rows = np.ascontiguousarray(rows, np.uint32)
        self._library.ladder_curvature(
            self._at, *_data(split), rows.ctypes.data, len(rows)
        )

    def train(self, split, rows, maps=None) -> int:
        """Present patterns in order; how many were misread when they were presented."""
        rows = np.ascontiguousarray(rows, np.uint32)
        affine = None if maps is None else maps.ctypes.data
        return self._library.ladder_train(
            self._at, *_data(split), rows.ctypes.data, affine, len(rows),
            Config.batch_size, Config.lr,
        )  # fmt: skip

    def read(self, images) -> np.ndarray:
        """The class of each image, int32."""
        images = np.ascontiguousarray(images)
        classes = np.empty(len(images), np.int32)
        self._library.ladder_read(
            self._at, images.ctypes.data, len(images), classes.ctypes.data
        )
        return classes

    def mistakes(self, split) -> int:
        """How many images of a split are misread."""
        return int((self.read(split.images) != split.labels).sum())

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """The maps C1, S2, C3 and S4 of the last image read, float32 of (maps, side, side).

        Of a rung with trained pools: with others C1 and C3 are zero.
        """
        pattern, shown = self._state["pattern"], {}
        y1 = pattern["y1"][..., : self.rung.side // 2 - 2]
        shown["C1"] = y1.transpose(0, 1, 3, 2).reshape(6, *2 * [self.rung.side - 4])
        shown["S2"] = pattern["x2"][..., : self.rung.side // 2 - 2]
        for name, field in (("C3", "y3"), ("S4", "x4")):
            values = pattern[field].reshape(-1, 16).T
            side = int(values.shape[1] ** 0.5)
            shown[name] = values.reshape(16, side, side)
        return {name: array.copy() for name, array in shown.items()}

    @property
    def _at(self) -> int:
        return self._block.ctypes.data

    def _copies(self, field: str) -> dict[str, np.ndarray]:
        views = self._views(self._state[field])
        names = recipe.parameter_shapes(self.rung)
        return {name: np.array(views[name], order="C") for name in names}

    def _views(self, weights) -> dict[str, np.ndarray]:
        """PyTorch's shapes as views of the kernel's padded arrays."""
        side = self.rung.side // 4 - 3
        return {
            "c1.weight": weights["c1"].reshape(6, 1, 5, 5),
            "c1.bias": weights["b1"],
            "s2.weight": weights["k2"],
            "s2.bias": weights["b2"],
            "c3.weight": weights["c3"].reshape(6, 5, 5, 16).transpose(3, 0, 1, 2),
            "c3.bias": weights["b3"],
            "s4.weight": weights["k4"],
            "s4.bias": weights["b4"],
            "c5.weight": weights["c5"]
            .reshape(side, side, 16, 128)
            .transpose(3, 2, 0, 1)[:120],
            "c5.bias": weights["b5"][:120],
            "f6.weight": weights["f6"].T[:84, :, None, None],
            "f6.bias": weights["b6"][:84],
            "output.weight": weights["out"].T[:10, :, None, None],
            "output.bias": weights["b7"][:10],
        }


def build_name(rung) -> str:
    """The engine that trains a rung, one build of ``ladder.c``, in words."""
    chosen = [flag for flag in FLAGS if getattr(rung, flag)]
    return " ".join(["ladder", *chosen, f"{rung.side}x{rung.side}"])


def trial(rung) -> str:
    """The behaviour of the engine that trains a rung: of all that short trainings compute.

    Three trainings of two passes on noise go through every choice that a rung leaves to
    the kernel's numbers and to :mod:`systems.recipe`. Part of F6 is dead, some weights and
    Adam's moments are denormal numbers.
    """
    plain = replace(
        rung, passes=2, distortion=0, start="letter", codes="plain", fresh_order=True,
        fresh_curvature=True, mu=0.02, one_rate=0, scale=0.1, j=10,
    )  # fmt: skip
    variants = [
        plain,
        replace(plain, start="root", codes="random", distortion=0.5, j=1.0, scale=0.03),
        replace(
            plain,
            codes="distinct",
            fresh_order=False,
            fresh_curvature=False,
            one_rate=8.0,
        ),
    ]
    train_split, test_split = behaviour.noise(150, seed=2), behaviour.noise(21, seed=3)
    # What so short a training does not reach of the schedule.
    schedule = [*recipe.GLOBAL_RATES, recipe.CURVATURE_PATTERNS, recipe.COPIES]
    results = [np.array(schedule)]
    for seed, variant in enumerate(variants):
        weights = recipe.initial_weights(variant, seed)
        weights["c5.weight"][:3] = 1e-39
        weights["f6.bias"][::3] = -100
        engine = Ladder(variant, seed, weights, tried=True)
        for name in FIELDS:
            engine._state["mean"][name][...] = 1e-39
            engine._state["square"][name][...] = 1e-40
        presented = recipe.train(variant, seed, engine, train_split)
        results.append(np.array(list(presented)))
        results.append(engine.read(test_split.images))
        for arrays in (engine.weights, engine.curvatures, engine.rates, engine.maps):
            results += arrays.values()
    return behaviour.digest(results)


def _layout(side: int) -> np.dtype:
    """The kernel's State, up to what Python reads."""
    rows1, half1, rows3, half3 = side - 4, side // 2 - 2, side // 2 - 6, side // 4 - 3
    shapes = [(6, 25), 6, 6, 6, (6, 25, 16), 16, 16, 16, (16 * half3**2, 128), 128]
    shapes += [(120, 96), 96, (84, 16), 16]
    weights = np.dtype([(x, "f4", y) for x, y in zip(FIELDS, shapes, strict=True)])
    map1, map3, map4 = (6, half1, 16), (rows3**2, 16), (half3**2, 16)
    pattern = [
        ("in", (side, 2, 32)),
        ("y1", (6, rows1, 2, 16)),
        ("s1", (6, rows1, 2, 16)),
    ]
    pattern += [("p2", map1), ("s2", map1), ("x2", map1), ("y3", map3), ("s3", map3)]
    pattern += [("p4", map4), ("s4", map4), ("x4", map4)]
    pattern = np.dtype([(name, "f4", shape) for name, shape in pattern])
    fields = [("powers", "f8", 2), ("codes", "f4", (10, 96))]
    fields += [(name, "f4") for name in ("j", "scale", "dark", "light")]
    arrays = "weights rates curvature mean square gradient squares"
    fields += [(name, weights) for name in arrays.split()]
    return np.dtype([*fields, ("pattern", pattern)])


def _data(split) -> tuple[int, int]:
    """The split's arrays are kept by the caller, contiguous as lenet5.data reads them."""
    return split.images.ctypes.data, split.labels.ctypes.data


@functools.cache
def _load(*choices):
    macros = zip([*map(str.upper, FLAGS), "SIDE"], choices, strict=True)
    p, i, f = ctypes.c_void_p, ctypes.c_int, ctypes.c_float
    return compiler.load(
        SOURCE,
        "ladder",
        ("state_bytes", ctypes.c_size_t),
        ("curvature", None, p, p, p, p, i),
        ("rates", None, p, f, f),
        ("train", i, p, p, p, p, p, i, i, ctypes.c_double),
        ("read", None, p, p, i, p),
        **dict(macros),
    )
