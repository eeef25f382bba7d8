"""The exact engine: ``kernel.c`` trains, to the same bytes on every machine."""

import ctypes
import functools
import math
from pathlib import Path

import numpy as np

from lenet5 import Config, Lenet5Error, behaviour, compiler, cores, draws
from lenet5.train import train

PACKAGE = Path(__file__).parent
AT_ONCE = 10_000  # images measured in one call: Ctrl-C comes between two


class ExactEngine:
    """LeNet-5 in training.

    Parameters
    ----------
    weights : dict of arrays, float32
        By the names and in the order of :func:`lenet5.draws.parameter_shapes`.
    image_shape : tuple of int, (channels, height, width)
    threads : int, optional
        Decides speed and nothing else; by default all cores that may be used.

    Raises
    ------
    Lenet5Error
        If the kernel cannot be built, or does not compute the known bytes here.
    """

    def __init__(self, weights, image_shape=(1, 28, 28), threads=None, tried=False):
        if not tried:
            behaviour.check(PACKAGE, "exact", trial())
        self.image_shape, self.threads = tuple(image_shape), threads or cores()
        self.classes = len(weights["dense3.bias"])
        self._library = _load(self.image_shape, self.classes)
        self._shapes = {name: np.shape(array) for name, array in weights.items()}
        # The kernel's State, and its parts.
        self._memory = aligned(self._library.lenet_state_bytes())
        floats = self._memory[24 : 24 + 12 * self._library.lenet_weights()]
        self._state = {
            "powers": self._memory[:16].view(np.float64),  # of Adam's betas
            "steps": self._memory[16:24].view(np.int64),
            "floats": floats.view(np.float32).reshape(3, -1),  # weights, both moments
        }
        self._state["powers"][:] = 1
        self._floats = self._state["floats"]
        self._floats[0] = np.concatenate([np.ravel(x) for x in weights.values()])
        self._arena = aligned(0)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, by name."""
        return _named(self._floats[0].copy(), self._shapes)

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all that decides the rest of a run, besides the images' order."""
        return {name: array.copy() for name, array in self._state.items()}

    def restore(self, state) -> None:
        """Go on from what :meth:`state` gave."""
        for name, array in self._state.items():
            array[:] = state[name]

    def steps(self, split, rows, batch_size: int, lr: float) -> np.ndarray:
        """Train on the images numbered ``rows``, in order; the last batch may be short.

        It returns the mean loss of each batch, nats, float64. A label or a row that is
        out of range raises Lenet5Error.
        """
        images, labels = self._checked(split)
        rows = np.ascontiguousarray(rows, np.uint32)
        if rows.max(initial=0) >= len(images):
            raise Lenet5Error(f"row {rows.max()} is not one of {len(images)} images")
        losses = np.empty(math.ceil(len(rows) / batch_size))
        self._library.lenet_train(
            _at(self._memory), self._arena_for(batch_size), *_pixels(images),
            _at(labels), _at(rows), len(rows), batch_size, lr, _at(losses), self.threads,
        )  # fmt: skip
        return losses

    def measure(self, split) -> tuple[float, float]:
        """Mean loss (nats) and error (%); of equal logits the first wins."""
        images, labels = self._checked(split)
        losses, total, mistakes = np.empty(AT_ONCE), np.zeros(1), 0
        for i in range(0, len(labels), AT_ONCE):
            some = slice(i, i + AT_ONCE)
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
        result = np.empty(logits.shape)
        self._library.lenet_probabilities(_at(logits), len(logits), _at(result))
        return result

    def activations(self, image) -> dict[str, np.ndarray]:
        """What each layer makes of one image, float32, by the layer's name."""
        image = self._images(image)
        sides, shapes = np.array(self.image_shape[1:]), {}
        for number, maps in ((1, 6), (2, 16)):
            shapes[f"relu{number}"] = (maps, *(sides - 4))
            sides = (sides - 4) // 2
            shapes[f"pool{number}"] = (maps, *sides)
        shapes |= {"relu3": (120,), "relu4": (84,), "dense3": (self.classes,)}
        flat = np.empty(sum(map(math.prod, shapes.values())), np.float32)
        self._library.lenet_layers(_at(self._floats), *_pixels(image), _at(flat))
        return _named(flat, shapes)

    def _outputs(self, images, labels, logits, losses, total) -> int:
        return self._library.lenet_outputs(
            _at(self._floats), self._arena_for(1), *_pixels(images), _at(labels),
            len(images), _at(logits), _at(losses), _at(total), self.threads,
        )  # fmt: skip

    def _images(self, images) -> np.ndarray:
        kind = np.uint8 if images.dtype == np.uint8 else np.float32
        return np.ascontiguousarray(images, kind).reshape(-1, *self.image_shape)

    def _checked(self, split) -> tuple[np.ndarray, np.ndarray]:
        labels = np.ascontiguousarray(split.labels, np.int32)
        if labels.view(np.uint32).max(initial=0) >= self.classes:  # below 0: very large
            raise Lenet5Error(f"a label is not one of 0 to {self.classes - 1}")
        return self._images(split.images), labels

    def _arena_for(self, batch_size) -> int:
        size = self._library.lenet_arena_bytes(batch_size, self.threads)
        if self._arena.nbytes < size:
            self._arena = aligned(size)
        return _at(self._arena)


def trial() -> str:
    """The behaviour of the engine: of all that comes of two short epochs on noise.

    It is the report's own loop: initial weights, shuffles, batches of which the last is
    short, and both measurements. A third of the first dense layer is dead, so that its
    moments decay among the denormal numbers: flush-to-zero would change the result, and so
    would a fused product, another order of a sum, or another draw.
    """
    train_split, test_split = behaviour.noise(230, seed=0), behaviour.noise(57, seed=1)
    config = Config(epochs=2, batch_size=25, lr=1e-3, seed=3)
    weights = draws.initial_weights(config.seed)
    weights["dense1.bias"][::3] = -100
    engine = ExactEngine(weights, threads=1, tried=True)
    _, means, squares = engine._floats
    means[:], squares[:] = 1e-39, 1e-40
    losses = engine.steps(train_split, np.arange(40), 25, config.lr)
    history = train(config, train_split, test_split, engine)
    measured = np.array([row[1:-1] for row in history])  # without epoch and checksum
    results = [losses, measured, *engine.state().values()]
    results.append(engine.probabilities(test_split.images[:7]))
    results += engine.activations(test_split.images[:1]).values()
    return behaviour.digest(results)


@functools.cache
def _load(image_shape, classes):
    names = ("CHANNELS", "HEIGHT", "WIDTH", "CLASSES")
    shape = dict(zip(names, (*image_shape, classes), strict=True))
    p, i, z, d = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_double
    functions = (
        ("weights", i),
        ("state_bytes", z),
        ("arena_bytes", z, i, i),
        ("train", None, p, p, p, i, p, p, i, i, d, p, i),
        ("outputs", i, p, p, p, i, p, i, p, p, p, i),
        ("probabilities", None, p, i, p),
        ("layers", None, p, p, i, p),
    )
    try:
        return compiler.load(compiler.KERNEL, "lenet", *functions, **shape)
    except Lenet5Error as error:
        raise Lenet5Error(f"{error}: mend that, or use --engine torch") from error


def aligned(size: int) -> np.ndarray:
    """So many zero bytes, from a multiple of 64 on, as the kernels' vectors need."""
    block = np.zeros(size + 64, np.uint8)
    start = -block.ctypes.data % 64
    return block[start : start + size]


def _named(flat: np.ndarray, shapes) -> dict[str, np.ndarray]:
    ends = np.cumsum([math.prod(shape) for shape in shapes.values()])[:-1]
    parts = zip(shapes.items(), np.split(flat, ends), strict=True)
    return {name: part.reshape(shape) for (name, shape), part in parts}


def _at(array) -> int | None:
    return None if array is None else array.ctypes.data


def _pixels(images) -> tuple[int, bool]:
    return images.ctypes.data, images.dtype == np.float32
