"""A committee's members, and the exact reading with them by ``member.c``: no torch is needed.

``systems/committee.py`` defines and trains them in PyTorch. What is kept of a training are
weights; what a member finds by them is the same bytes on every machine.
"""

import ctypes
import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lenet5 import Lenet5Error, behaviour, compiler, draws
from lenet5.exact import aligned
from systems.columns import SIDE, Column

PACKAGE = Path(__file__).parent
SOURCE = PACKAGE / "member.c"
ENGINE = "member, reading"  # its name among the behaviours
SHAPES = {  # in the order of the kernel, which is PyTorch's
    "maps1.conv.weight": (16, 1, 3, 3),
    "maps1.conv.bias": (16,),
    "maps2.conv.weight": (32, 16, 3, 3),
    "maps2.conv.bias": (32,),
    "maps3.conv.weight": (48, 32, 3, 3),
    "maps3.conv.bias": (48,),
    "maps4.conv.weight": (64, 48, 3, 3),
    "maps4.conv.bias": (64,),
    "maps5.conv.weight": (96, 64, 3, 3),
    "maps5.conv.bias": (96,),
    "output.weight": (10, 192),
    "output.bias": (10,),
}
LAYERS = {  # what each makes of an image
    "maps1": (16, 27, 27),
    "maps2": (32, 13, 13),
    "maps3": (48, 13, 13),
    "maps4": (64, 6, 6),
    "maps5": (96, 4, 4),
    "pools": (192,),
    "logits": (10,),
    "probabilities": (10,),
}


@dataclass(frozen=True)
class Member(Column):
    """A view, the ranges of its distortions, and a training in one cycle of the rate."""

    epochs: int = 20  # the last on images that are not distorted
    rotation: float = 12.0
    shift: float = 2.0
    elastic: float = 20.0
    smoothness: float = 5.0
    batch_size: int = 128
    peak: float = 3e-3  # of the rate
    decay: float = 1e-2  # of the weights, by the rate


class Reader:
    """A member that reads.

    Parameters
    ----------
    weights : dict of arrays, float16 or float32
        By the names and in the shapes of ``SHAPES``. Every float16 is a float32 too.

    Raises
    ------
    Lenet5Error
        If the weights are another network's, or the kernel cannot be built or does not
        compute the known bytes here.
    """

    def __init__(self, weights, tried=False):
        if not tried:
            _check_trial()
        self._library = _load()
        self._weights = _flat(weights)
        self._network = aligned(self._library.member_network_bytes())
        self._arena = aligned(self._library.member_arena_bytes())
        self._library.member_begin(_at(self._weights), _at(self._network))

    def probabilities(self, images) -> np.ndarray:
        """Of each class, float32 of shape (N, 10), in a view: uint8 of shape (N, 29, 29).

        Not from two threads at once: each has a reader of its own.
        """
        images = _checked(images)
        found = np.empty((len(images), 10), np.float32)
        self._library.member_read(
            _at(self._network), _at(images), len(images), _at(found), _at(self._arena)
        )
        return found

    def layers(self, image, plainly=False) -> dict[str, np.ndarray]:
        """What each of ``LAYERS`` makes of one image, float32.

        ``plainly``, by the loops without vectors that are the kernel's test: the same bytes.
        """
        image = _checked(image)
        flat = np.empty(sum(map(math.prod, LAYERS.values())), np.float32)
        if plainly:
            self._library.member_layers_plain(_at(self._weights), _at(image), _at(flat))
        else:
            places = _at(self._network), _at(image), _at(flat), _at(self._arena)
            self._library.member_layers(*places)
        found, start = {}, 0
        for name, shape in LAYERS.items():
            size = math.prod(shape)
            found[name] = flat[start : start + size].reshape(shape)
            start += size
        return found


def probabilities(weights, images) -> np.ndarray:
    """What a member finds, float32 of shape (N, 10), in a view: uint8 of (N, 29, 29)."""
    return Reader(weights).probabilities(images)


def trial() -> str:
    """The behaviour of the reader: what three made-up members find in noise, and all layers.

    One has weights as a training leaves them. Of another each is small, zero or large. In
    the third all that the layers make is denormal, so that flush-to-zero would change it;
    fused products would change them all.
    """
    noise = draws.splitmix64(1, np.arange(30 * SIDE * SIDE)) >> np.uint64(56)
    images = noise.astype(np.uint8).reshape(30, SIDE, SIDE)
    images[1:3] = np.array([0, 255])[:, None, None]  # paper, and nothing but ink
    results = []
    for kind in ("even", "wild", "faint"):
        reader = Reader(made_up(kind), tried=True)
        results.append(reader.probabilities(images))
        for image in images[:4]:
            results.extend(reader.layers(image).values())
    return behaviour.digest(results)


def made_up(kind: str) -> dict[str, np.ndarray]:
    """Weights from noise, float32: ``even``, ``wild`` or ``faint`` as :func:`trial` says."""
    weights = {}
    for stream, (name, shape) in enumerate(SHAPES.items()):
        numbers = np.arange(math.prod(shape))
        bits = draws.splitmix64(1000 + stream, numbers) >> np.uint64(40)
        drawn = (bits.astype(np.float64) * 2.0**-23 - 1) / 2  # from -0.5 to 0.5
        if kind == "wild":
            drawn *= np.array([1, 0, 2.0**-100, 2.0**10])[numbers % 4]
        elif kind == "faint" and (name.endswith("bias") or name == "maps1.conv.weight"):
            drawn *= 2.0**-132  # what is normal is above 2^-126
        else:
            # By about the square root of the inputs, so that layers keep their size.
            halvings = math.prod(shape[1:]).bit_length() // 2
            drawn *= 2.0**-halvings
        weights[name] = drawn.astype(np.float32).reshape(shape)
    return weights


def webassembly() -> Path:
    """The kernel for a page."""
    return compiler.webassembly(SOURCE)


@functools.cache
def _check_trial() -> None:
    behaviour.check(PACKAGE, ENGINE, trial())


def _flat(weights) -> np.ndarray:
    """All weights, one after the other; Lenet5Error if they are another network's."""
    wanted = {name: f"float16 {shape}" for name, shape in SHAPES.items()}
    found = {}
    for name, array in weights.items():
        kind = "float16" if array.dtype == np.float32 else array.dtype
        found[name] = f"{kind} {array.shape}"
    for name in sorted(wanted | found):
        has, needs = found.get(name, "missing"), wanted.get(name, "unknown")
        if has != needs:
            raise Lenet5Error(
                f"this is no member of the committee: tensor {name} is {has}, in a "
                f"member {needs}; restore the file with git, or train it again"
            )
    return np.concatenate(
        [np.ravel(weights[name]).astype(np.float32) for name in SHAPES]
    )


def _checked(images) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[-2:] != (SIDE, SIDE):
        found = f"{images.dtype} of shape {images.shape}"
        raise Lenet5Error(
            f"a member reads views, uint8 of (N, 29, 29), and not {found}"
        )
    return np.ascontiguousarray(images)


@functools.cache
def _load():
    p, i, z = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
    return compiler.load(
        SOURCE,
        "member",
        ("weights", z),
        ("network_bytes", z),
        ("arena_bytes", z),
        ("begin", None, p, p),
        ("read", None, p, p, i, p, p),
        ("layers", None, p, p, p, p),
        ("layers_plain", None, p, p, p),
    )


def _at(array) -> int:
    return array.ctypes.data
