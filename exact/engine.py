"""The exact engine in Python: calls ``kernel.c``, which trains and reads.

What makes its bytes the same on every machine is written at the head of ``kernel.c``.
Whoever makes an engine should try it first: :func:`lenet5.engines.exact` does.
"""

import ctypes
import functools
import math
from pathlib import Path

import numpy as np

from exact import UserError, compiler, cores
from exact.arrays import aligned
from exact.network import Network

MEASURED_AT_ONCE = 10_000  # images in one call of the kernel: Ctrl-C comes between two


# The numbers by which the kernel knows activations and optimizers.
ACTIVATION_NUMBERS = {"none": 0, "relu": 1, "tanh": 2}
OPTIMIZER_NUMBERS = {"adam": 0, "sgd": 1}

# Of the kernel: the type of each result, then those of the arguments.
_POINTER = ctypes.c_void_p
_INT = ctypes.c_int
_SIZE = ctypes.c_size_t
_DOUBLE = ctypes.c_double
FUNCTIONS = {
    "network_plan_bytes": (_SIZE,),
    "network_plan": (_INT, _POINTER, _POINTER, _INT),
    "network_weights": (_INT, _POINTER),
    "network_state_bytes": (_SIZE, _POINTER),
    "network_arena_bytes": (_SIZE, _POINTER, _INT, _INT),
    "network_train": (
        None, _POINTER, _POINTER, _POINTER, _POINTER, _INT, _POINTER, _POINTER,
        _INT, _INT, _INT, _DOUBLE, _POINTER, _INT,
    ),
    "network_outputs": (
        _INT, _POINTER, _POINTER, _POINTER, _POINTER, _INT, _POINTER,
        _INT, _POINTER, _POINTER, _POINTER, _INT,
    ),
    "network_probabilities": (None, _POINTER, _POINTER, _INT, _POINTER),
    "network_layers": (_SIZE, _POINTER, _POINTER, _POINTER, _POINTER, _INT, _POINTER),
    "network_plain_bytes": (_SIZE, _POINTER),
    "network_train_plain": (
        None, _POINTER, _POINTER, _POINTER, _POINTER, _INT, _POINTER, _POINTER,
        _INT, _INT, _INT, _DOUBLE, _POINTER,
    ),
    "network_outputs_plain": (
        _INT, _POINTER, _POINTER, _POINTER, _POINTER, _INT, _POINTER,
        _INT, _POINTER, _POINTER, _POINTER,
    ),
}  # fmt: skip


class ExactEngine:
    """A network in training.

    Parameters
    ----------
    network : Network
    weights : dict of arrays, float32
        By the names and in the order of its parameters.
    optimizer : str
        ``adam``, or ``sgd`` with a momentum of 0.9.
    threads : int, optional
        Decides speed and nothing else; by default all cores that may be used.
    library : Path, optional
        Another build of the kernel than :func:`build` gives. By its plain forms it takes
        any network, else the one that it is built for.
    plainly : bool
        Train and measure by the kernel's plain forms, without vectors and threads: the
        same bytes, some thirty times slower. They are what the fast forms are tested by.

    Raises
    ------
    UserError
        If the kernel cannot be built, or ``library`` is a build for another network.
    """

    def __init__(
        self,
        network: Network,
        weights,
        optimizer: str = "adam",
        threads: int | None = None,
        library: Path | None = None,
        plainly: bool = False,
    ):
        self.network = network
        self.image_shape = network.image_shape
        self.threads = threads or cores()
        self.plainly = plainly
        self.classes = network.classes
        self._optimizer = OPTIMIZER_NUMBERS[optimizer]
        self._library = _load(network, library)
        self._plan = aligned(self._library.network_plan_bytes())
        numbers = np.array(shapes(network), np.int32)
        is_built_for_it = self._library.network_plan(
            _address(self._plan), _address(numbers), len(numbers)
        )
        if not (is_built_for_it or plainly):
            raise UserError(f"{library} is built for another network: give its own")
        # The kernel's State: the powers of Adam's two betas, the steps that were taken,
        # and three rows of numbers. Python reads and writes it in place.
        plan = _address(self._plan)
        self._memory = aligned(self._library.network_state_bytes(plan))
        count = self._library.network_weights(plan)
        rows = self._memory[24 : 24 + 3 * 4 * count].view(np.float32)
        self._floats = rows.reshape(3, count)  # weights, and the optimizer's moments
        self._powers = self._memory[:16].view(np.float64)
        self._steps = self._memory[16:24].view(np.int64)
        self._powers[:] = 1
        self._floats[0] = np.concatenate([np.ravel(x) for x in weights.values()])
        self._arena = aligned(0)  # the kernel's room to work in; it grows as needed

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of the parameters, by name."""
        return _split(self._floats[0].copy(), self.network.parameter_shapes)

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all that decides the rest of a run, besides the images' order."""
        return {
            "powers": self._powers.copy(),
            "steps": self._steps.copy(),
            "floats": self._floats.copy(),
        }

    def restore(self, state) -> None:
        """Go on from what :meth:`state` gave."""
        self._powers[:] = state["powers"]
        self._steps[:] = state["steps"]
        self._floats[:] = state["floats"]

    def set_moments(self, mean: float, square: float) -> None:
        """Set the moments of every weight, which are zero before the first step."""
        self._floats[1] = mean
        self._floats[2] = square

    def steps(self, split, rows, batch_size: int, lr: float) -> np.ndarray:
        """Train on the images numbered ``rows``, in order; the last batch may be short.

        Parameters
        ----------
        split : Split
        rows : array of int, shape (images,)

        Returns
        -------
        array, shape (batches,), float64
            The mean loss of each batch, nats.

        Raises
        ------
        UserError
            If a label or a row is out of range.
        """
        images, labels = self._checked(split)
        rows = np.ascontiguousarray(rows, np.uint32)
        if rows.max(initial=0) >= len(images):
            raise UserError(f"row {rows.max()} is not one of {len(images)} images")
        losses = np.empty(math.ceil(len(rows) / batch_size))
        given = (
            _address(self._plan),
            _address(self._memory),
            self._arena_for(batch_size),
            _address(images),
            _is_float(images),
            _address(labels),
            _address(rows),
            len(rows),
            batch_size,
            self._optimizer,
            lr,
            _address(losses),
        )
        if self.plainly:
            self._library.network_train_plain(*given)
        else:
            self._library.network_train(*given, self.threads)
        return losses

    def measure(self, split) -> tuple[float, float]:
        """Mean loss (nats) and error (%) of a split; of equal logits the first wins.

        Raises
        ------
        UserError
            If a label is out of range.
        """
        images, labels = self._checked(split)
        losses = np.empty(MEASURED_AT_ONCE)
        total = np.zeros(1)  # the kernel adds to it, image by image
        mistakes = 0
        for start in range(0, len(labels), MEASURED_AT_ONCE):
            part = slice(start, start + MEASURED_AT_ONCE)
            mistakes += self._outputs(images[part], labels[part], None, losses, total)
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
        self._library.network_probabilities(
            _address(self._plan), _address(logits), len(logits), _address(result)
        )
        return result

    def activations(self, image) -> dict[str, np.ndarray]:
        """What each layer makes of one image, float32, by the layer's name."""
        image = self._images(image)
        shapes = {}
        for layer in self.network.layers:
            if layer.kind != "flatten":  # it makes nothing new
                shapes[layer.name] = layer.shape
        size = sum(math.prod(shape) for shape in shapes.values())
        flat = np.empty(size, np.float32)
        plan = _address(self._plan)
        arena = aligned(self._library.network_plain_bytes(plan))
        self._library.network_layers(
            plan,
            _address(self._floats),
            _address(arena),
            _address(image),
            _is_float(image),
            _address(flat),
        )
        return _split(flat, shapes)

    def _outputs(self, images, labels, logits, losses, total) -> int:
        """Read images into the arrays that are given; how many are misread."""
        given = (
            _address(self._plan),
            _address(self._floats),
            self._arena_for(1),
            _address(images),
            _is_float(images),
            _address(labels),
            len(images),
            _address(logits),
            _address(losses),
            _address(total),
        )
        if self.plainly:
            return self._library.network_outputs_plain(*given)
        return self._library.network_outputs(*given, self.threads)

    def _images(self, images) -> np.ndarray:
        kind = np.uint8 if images.dtype == np.uint8 else np.float32
        return np.ascontiguousarray(images, kind).reshape(-1, *self.image_shape)

    def _checked(self, split) -> tuple[np.ndarray, np.ndarray]:
        labels = np.ascontiguousarray(split.labels, np.int32)
        as_unsigned = labels.view(np.uint32)  # a label below 0 becomes a very large one
        if as_unsigned.max(initial=0) >= self.classes:
            raise UserError(f"a label is not one of 0 to {self.classes - 1}")
        return self._images(split.images), labels

    def _arena_for(self, batch_size: int) -> int:
        plan = _address(self._plan)
        if self.plainly:
            size = self._library.network_plain_bytes(plan)
        else:
            size = self._library.network_arena_bytes(plan, batch_size, self.threads)
        if self._arena.nbytes < size:
            self._arena = aligned(size)
        return _address(self._arena)


def shapes(network: Network) -> list[list[int]]:
    """The numbers of the kernel's ``Shape`` of each stage: see ``stages/plan.h``."""
    rows = []
    for number, stage in enumerate(network.stages, 1):
        following = network.stages[number : number + 1]  # none after the last
        to_dense = not any(later.is_convolution for later in following)
        row = [
            int(stage.is_convolution),
            stage.channels,
            stage.height,
            stage.width,
            stage.outputs,
            stage.kernel,
            stage.pool,
            int(stage.is_average),
            ACTIVATION_NUMBERS[stage.activation],
            int(to_dense),
        ]
        rows.append(row)
    return rows


def macros(network: Network) -> dict[str, str]:
    """What makes a build of the kernel one for a network: see ``functions_of_stages.h``."""
    stages = []
    for number, row in enumerate(shapes(network)):
        stages.append(f"STAGE({number},{','.join(map(str, row))})")
    return {"NETWORK": " ".join(stages)}


def build(network: Network) -> Path:
    """The kernel for a network and this machine, as a shared library.

    Raises
    ------
    UserError
        If it cannot be built.
    """
    try:
        return compiler.library(compiler.KERNEL, macros(network))
    except UserError as error:
        raise UserError(f"{error}: mend that, or use --engine torch") from error


@functools.cache
def _load(network: Network, library: Path | None) -> ctypes.CDLL:
    """A build of the kernel, loaded; by default the one for a network."""
    return compiler.load(library or build(network), FUNCTIONS)


def _split(flat: np.ndarray, shapes) -> dict[str, np.ndarray]:
    """The arrays of some shapes that lie one after the other in a flat one."""
    arrays = {}
    start = 0
    for name, shape in shapes.items():
        end = start + math.prod(shape)
        arrays[name] = flat[start:end].reshape(shape)
        start = end
    return arrays


def _address(array) -> int | None:
    return None if array is None else array.ctypes.data


def _is_float(images) -> bool:
    return images.dtype == np.float32
