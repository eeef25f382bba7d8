"""The exact reading with a member of a committee, by ``member.c``: no torch is needed.

``networks/member/definition.py`` defines and trains members in PyTorch. What is kept of a
training are weights; what a member finds by them is the same bytes on every machine.
Whoever makes a reader should try it first: :func:`networks.member.tried.for_member` does.
"""

import ctypes
import functools
import math
from pathlib import Path

import numpy as np

from exact import UserError, compiler, random_numbers
from exact.arrays import aligned
from lenet5 import behaviour
from networks.views import SIDE

SOURCE = Path(__file__).with_name("member.c")
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
LAYERS = {  # what each makes of an image: the shape
    "maps1": (16, 27, 27),
    "maps2": (32, 13, 13),
    "maps3": (48, 13, 13),
    "maps4": (64, 6, 6),
    "maps5": (96, 4, 4),
    "pools": (192,),
    "logits": (10,),
    "probabilities": (10,),
}

# Of the kernel: the type of each result, then those of the arguments.
_POINTER = ctypes.c_void_p
_SIZE = ctypes.c_size_t
FUNCTIONS = {
    "member_weights": (_SIZE,),
    "member_network_bytes": (_SIZE,),
    "member_arena_bytes": (_SIZE,),
    "member_begin": (None, _POINTER, _POINTER),
    "member_read": (None, _POINTER, _POINTER, ctypes.c_int, _POINTER, _POINTER),
    "member_layers": (None, _POINTER, _POINTER, _POINTER, _POINTER),
    "member_layers_plain": (None, _POINTER, _POINTER, _POINTER),
}


class Reader:
    """A member that reads.

    Parameters
    ----------
    weights : dict of arrays, float16 or float32
        By the names and in the shapes of ``SHAPES``. Every float16 is a float32 too.
    library : Path, optional
        Another build of the kernel than the one for this machine.

    Raises
    ------
    UserError
        If the weights are another network's, or the kernel cannot be built.
    """

    def __init__(self, weights, library: Path | None = None):
        self._library = _load(library)
        self._weights = _flat(weights)
        # The kernel's own order of the weights, and its room to work in.
        self._network = aligned(self._library.member_network_bytes())
        self._arena = aligned(self._library.member_arena_bytes())
        self._library.member_begin(_address(self._weights), _address(self._network))

    def probabilities(self, images) -> np.ndarray:
        """The probability of each class, image by image.

        Not from two threads at once: each has a reader of its own.

        Parameters
        ----------
        images : array, shape (N, 29, 29), uint8
            In the member's view.

        Returns
        -------
        array, shape (N, 10), float32

        Raises
        ------
        UserError
            If the images are no views.
        """
        images = _checked(images)
        result = np.empty((len(images), 10), np.float32)
        self._library.member_read(
            _address(self._network),
            _address(images),
            len(images),
            _address(result),
            _address(self._arena),
        )
        return result

    def layers(self, image, plainly: bool = False) -> dict[str, np.ndarray]:
        """What each layer makes of one image.

        Parameters
        ----------
        image : array, shape (29, 29) or (1, 29, 29), uint8
        plainly : bool
            By the loops without vectors that are the kernel's test: the same bytes.

        Returns
        -------
        dict of arrays, float32
            By the names and in the shapes of ``LAYERS``.

        Raises
        ------
        UserError
            If the image is no view.
        """
        image = _checked(image)
        size = sum(math.prod(shape) for shape in LAYERS.values())
        flat = np.empty(size, np.float32)
        if plainly:
            self._library.member_layers_plain(
                _address(self._weights), _address(image), _address(flat)
            )
        else:
            self._library.member_layers(
                _address(self._network),
                _address(image),
                _address(flat),
                _address(self._arena),
            )
        layers = {}
        start = 0
        for name, shape in LAYERS.items():
            end = start + math.prod(shape)
            layers[name] = flat[start:end].reshape(shape)
            start = end
        return layers


def trial(library: Path | None = None) -> str:
    """The behaviour of the reader: what three made-up members find in noise, and all layers.

    One has weights as a training leaves them. Of another each is small, zero or large. In
    the third all that the layers make is denormal, so that flush-to-zero would change it;
    fused products would change them all.
    """
    drawn = random_numbers.splitmix64(1, np.arange(30 * SIDE * SIDE))
    levels = drawn >> np.uint64(56)  # the upper 8 of 64 bits
    images = levels.astype(np.uint8).reshape(30, SIDE, SIDE)
    images[1] = 0  # paper
    images[2] = 255  # nothing but ink
    results = []
    for kind in ("even", "wild", "faint"):
        reader = Reader(made_up(kind), library)
        results.append(reader.probabilities(images))
        for image in images[:4]:
            results.extend(reader.layers(image).values())
    return behaviour.digest(results)


def made_up(kind: str) -> dict[str, np.ndarray]:
    """Weights from noise, float32: ``even``, ``wild`` or ``faint`` as :func:`trial` says."""
    weights = {}
    for stream, (name, shape) in enumerate(SHAPES.items()):
        numbers = np.arange(math.prod(shape))
        drawn = random_numbers.uniform(1000 + stream, numbers) / 2  # from -0.5 to 0.5
        if kind == "wild":
            sizes = np.array([1, 0, 2.0**-100, 2.0**10])
            drawn *= sizes[numbers % 4]
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


def _flat(weights) -> np.ndarray:
    """All weights, one after the other, float32; UserError if they are another network's."""
    for name in sorted(SHAPES | weights):
        needed = "unknown"
        if name in SHAPES:
            needed = f"float16 {SHAPES[name]}"
        given = "missing"
        if name in weights:
            given = _kind(weights[name])
        if given != needed:
            raise UserError(
                f"this is no member of the committee: tensor {name} is {given}, in a "
                f"member {needed}; restore the file with git, or train it again"
            )
    arrays = [np.ravel(weights[name]) for name in SHAPES]
    return np.concatenate(arrays).astype(np.float32)


def _kind(array: np.ndarray) -> str:
    """The type and the shape of weights in words; float32 counts as float16."""
    if array.dtype == np.float32:
        return f"float16 {array.shape}"
    return f"{array.dtype} {array.shape}"


def _checked(images) -> np.ndarray:
    """Images as the kernel takes them; UserError if they are no views."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[-2:] != (SIDE, SIDE):
        raise UserError(
            "a member reads views, uint8 of (N, 29, 29), and not "
            f"{images.dtype} of shape {images.shape}"
        )
    return np.ascontiguousarray(images)


@functools.cache
def _load(library: Path | None) -> ctypes.CDLL:
    """The kernel; the build for this machine, unless one is given."""
    if library is None:
        library = compiler.library(SOURCE)
    return compiler.load(library, FUNCTIONS)


def _address(array: np.ndarray) -> int:
    return array.ctypes.data
