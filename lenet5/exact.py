"""The exact engine: ``kernel.c`` trains, the same bytes on every machine."""

import ctypes
import functools
import hashlib
import math
import os

import numpy as np

from lenet5 import Lenet5Error, compiler, draws
from lenet5.data import Split

# Of the trial below, on every machine that keeps the promise.
TRIAL = "b31ccc6a52cf6c08829ad63999879ff6ad93959dc7d7c3314d23e0e9d2b6307b"
MEASURED_AT_ONCE = 10_000  # images; Ctrl-C comes between


class _Kernel:
    def __init__(self, weights, image_shape=(1, 28, 28), threads=None):
        self.image_shape = tuple(image_shape)
        self.threads = threads or _cores()
        self.classes = len(weights["dense3.bias"])
        self._shapes = {name: array.shape for name, array in weights.items()}
        self._library = _load(self.image_shape, self.classes)
        # As the kernel's State: Adam's powers and steps, then weights and moments.
        self._bytes = _aligned(self._library.lenet_state_bytes())
        self._powers = self._bytes[:16].view(np.float64)
        self._steps = self._bytes[16:24].view(np.int64)
        size = self._library.lenet_weights()
        self._floats = (
            self._bytes[24 : 24 + 12 * size].view(np.float32).reshape(3, size)
        )
        self._powers[:] = 1
        self._set(0, weights)
        self._arena = _aligned(0)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, by name."""
        return self._get(0)

    def state(self) -> dict[str, np.ndarray]:
        """All that decides the rest of a run, besides the order of the images."""
        arrays = self._get(0) | self._get(1, "mean.") | self._get(2, "square.")
        return arrays | {
            "adam.powers": self._powers.copy(),
            "adam.steps": self._steps.copy(),
        }

    def restore(self, state) -> None:
        """Go on from what :meth:`state` gave."""
        for row, prefix in enumerate(("", "mean.", "square.")):
            self._set(row, state, prefix)
        self._powers[:], self._steps[:] = state["adam.powers"], state["adam.steps"]

    def steps(self, split, rows, batch_size: int, lr: float) -> np.ndarray:
        """Take a step for each batch of some images, in order.

        Parameters
        ----------
        split : Split
        rows : array of int
            The numbers of the images; the last batch may be short.

        Returns
        -------
        array of float64
            The mean loss of each batch, nats.

        Raises
        ------
        Lenet5Error
            If a label or a row is out of range.
        """
        images, labels = self._checked(split)
        rows = np.ascontiguousarray(rows, np.uint32)
        if rows.max(initial=0) >= len(images):
            raise Lenet5Error(f"row {rows.max()} is not one of {len(images)} images")
        losses = np.empty(math.ceil(len(rows) / batch_size))
        self._library.lenet_train(
            _at(self._bytes), self._arena_for(batch_size), _at(images), _floats(images),
            _at(labels), _at(rows), len(rows), batch_size, lr, _at(losses), self.threads,
        )  # fmt: skip
        return losses

    def measure(self, split) -> tuple[float, float]:
        """Mean loss (nats) and error (%) of a split; of equal logits the first wins."""
        images, labels = self._checked(split)
        losses, total, mistakes = np.empty(MEASURED_AT_ONCE), np.zeros(1), 0
        for i in range(0, len(labels), MEASURED_AT_ONCE):
            some = slice(i, i + MEASURED_AT_ONCE)
            mistakes += self._outputs(images[some], labels[some], None, losses, total)
        return float(total[0]) / len(labels), 100 * mistakes / len(labels)

    def logits(self, images) -> np.ndarray:
        """Logits, float32 of shape (N, classes), of images: bytes, or floats in [0, 1]."""
        images = self._images(images)
        logits = np.empty((len(images), self.classes), np.float32)
        self._outputs(images, None, logits, None, None)
        return logits

    def probabilities(self, images) -> np.ndarray:
        """The softmax of :meth:`logits`, float64, by the kernel's own exp."""
        logits = self.logits(images)
        probabilities = np.empty(logits.shape)
        self._library.lenet_probabilities(_at(logits), len(logits), _at(probabilities))
        return probabilities

    def activations(self, image) -> dict[str, np.ndarray]:
        """What the layers make of one image, float32, by the layer's name."""
        image = self._images(image)
        _, h, w = self.image_shape
        h1, w1 = (h - 4) // 2, (w - 4) // 2
        shapes = {
            "relu1": (6, h - 4, w - 4),
            "pool1": (6, h1, w1),
            "relu2": (16, h1 - 4, w1 - 4),
            "pool2": (16, (h1 - 4) // 2, (w1 - 4) // 2),
            "relu3": (120,),
            "relu4": (84,),
            "dense3": (self.classes,),
        }
        flat = np.empty(sum(map(math.prod, shapes.values())), np.float32)
        self._library.lenet_layers(
            _at(self._floats), _at(image), _floats(image), _at(flat)
        )
        return _named(flat, shapes)

    def _outputs(self, images, labels, logits, losses, total) -> int:
        return self._library.lenet_outputs(
            _at(self._floats), self._arena_for(1), _at(images), _floats(images),
            _at(labels), len(images), _at(logits), _at(losses), _at(total), self.threads,
        )  # fmt: skip

    def _images(self, images) -> np.ndarray:
        kind = np.uint8 if images.dtype == np.uint8 else np.float32
        return np.ascontiguousarray(images, kind).reshape(-1, *self.image_shape)

    def _checked(self, split) -> tuple[np.ndarray, np.ndarray]:
        labels = np.ascontiguousarray(split.labels, np.int32)
        if (
            labels.view(np.uint32).max(initial=0) >= self.classes
        ):  # negative: very large
            raise Lenet5Error(f"a label is not one of 0 to {self.classes - 1}")
        return self._images(split.images), labels

    def _arena_for(self, batch_size) -> int:
        size = self._library.lenet_arena_bytes(batch_size, self.threads)
        if self._arena.nbytes < size:
            self._arena = _aligned(size)
        return _at(self._arena)

    def _get(self, row, prefix="") -> dict[str, np.ndarray]:
        arrays = _named(self._floats[row].copy(), self._shapes)
        return {prefix + name: array for name, array in arrays.items()}

    def _set(self, row, arrays, prefix="") -> None:
        parts = [np.ravel(arrays[prefix + name]) for name in self._shapes]
        self._floats[row] = np.concatenate(parts)


class ExactEngine(_Kernel):
    """LeNet-5 in training, by the kernel.

    Parameters
    ----------
    weights : dict of arrays, float32
        By the names and in the order of :func:`lenet5.draws.parameter_shapes`.
    image_shape : tuple of int, (channels, height, width)
    threads : int, optional
        Decides speed and nothing else; all usable cores by default.

    Raises
    ------
    Lenet5Error
        If the kernel cannot be built, or does not compute the known bytes here.
    """

    def __init__(self, weights, image_shape=(1, 28, 28), threads=None):
        if trial() != TRIAL:
            raise Lenet5Error(
                "the exact engine rounds otherwise than it must: a library of this "
                "process has set flush-to-zero or another rounding mode, or the compiler "
                "or emulator is at fault; mend that, or use --engine torch"
            )
        super().__init__(weights, image_shape, threads)


def trial() -> str:
    """Train two steps on noise; the SHA-256 of all that comes of it.

    Fused products change it, and so does flush-to-zero: units of the first dense layer
    are dead, so that the moments of their weights decay among the denormal numbers.
    """
    noise = draws.splitmix64(0, np.arange(40 * 785)).reshape(40, 785) >> np.uint64(56)
    split = Split(
        noise[:, :784].astype(np.uint8), (noise[:, 784] % 10).astype(np.int32)
    )
    weights = draws.initial_weights(0)
    weights["dense1.bias"][::3] = -100
    kernel = _Kernel(weights, threads=1)
    kernel._floats[1:] = [[1e-39], [1e-40]]
    results = [kernel.steps(split, np.arange(40), 25, 1e-3), kernel._floats]
    results += [kernel.measure(split), kernel.probabilities(split.images[:7])]
    return hashlib.sha256(
        b"".join(np.asarray(x).tobytes() for x in results)
    ).hexdigest()


@functools.cache
def _load(image_shape, classes):
    library = ctypes.CDLL(str(compiler.library(image_shape, classes)))
    p, i, z, d = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_double
    for name, result, *arguments in (
        ("lenet_weights", i),
        ("lenet_state_bytes", z),
        ("lenet_arena_bytes", z, i, i),
        ("lenet_train", None, p, p, p, i, p, p, i, i, d, p, i),
        ("lenet_outputs", i, p, p, p, i, p, i, p, p, p, i),
        ("lenet_probabilities", None, p, i, p),
        ("lenet_layers", None, p, p, i, p),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _aligned(size: int) -> np.ndarray:
    block = np.zeros(size + 64, np.uint8)
    start = -block.ctypes.data % 64
    return block[start : start + size]


def _named(flat: np.ndarray, shapes) -> dict[str, np.ndarray]:
    ends = np.cumsum([math.prod(shape) for shape in shapes.values()])[:-1]
    parts = zip(shapes.items(), np.split(flat, ends), strict=True)
    return {name: part.reshape(shape) for (name, shape), part in parts}


def _at(array) -> int | None:
    return None if array is None else array.ctypes.data


def _floats(images: np.ndarray) -> bool:
    return images.dtype == np.float32
