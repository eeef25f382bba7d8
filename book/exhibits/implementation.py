"""The listing and the tables of the page *Network and training*: layers and recipe."""

import inspect
import math
import textwrap

import numpy as np

from exact.network import Layer, Network
from exhibits.definition import loss_name, momentum, optimiser_name
from exhibits.edition import has_report_network
from exhibits.layers import NAMES, LayerRow
from lenet5 import Config, model
from lenet5.config import REPORT
from lenet5.parameters import initial_weights
from lenet5.run import Run
from lenet5.train import learning_rate

COMMENTS = 58  # the column of the comments in a listing of layers
# The recipe of the 2020 report, by the name of each setting.
ORIGINAL = {
    "network": REPORT,
    "activation": "ReLU",
    "epochs": "20",
    "batch size": "128",
    "optimiser": "Adam",
    "learning rate": "0.0003",
    "schedule": "constant",
    "loss": "cross-entropy on logits",
    "initial weights": "Glorot uniform, zero biases",
    "seed": "none",
    "number format": "32-bit floating point",
}


# -- the network -----------------------------------------------------------------------


def listing(config: Config, network: Network) -> str:
    """The definition of a network in PyTorch, as the chapter shows it.

    The report's stands written out in ``lenet5/model.py``, and is read from there; of
    another network it is what would stand there.
    """
    if has_report_network(config):
        source = inspect.getsource(model.lenet5)
        start = source.index("# fmt: off\n") + len("# fmt: off\n")
        return textwrap.dedent(source[start : source.index("# fmt: on")]).rstrip()
    return written_out(network)


def written_out(network: Network) -> str:
    """A network of the family in PyTorch, as one would write it down."""
    lines = ["return nn.Sequential("]
    lines.append(_commented("    OrderedDict(", _shape(network.image_shape)))
    for layer in network.layers:
        code = f"        {layer.name}={_module(layer)},"
        comment = ""
        if layer is network.layers[-1]:
            comment = "logits"
        elif layer.kind not in ("relu", "tanh", "dense"):
            comment = _shape(layer.shape)
        lines.append(_commented(code, comment))
    lines += ["    )", ")"]
    return "\n".join(lines)


def _module(layer: Layer) -> str:
    """How the module of a layer is made, in PyTorch."""
    stage = layer.stage
    if layer.kind == "convolution":
        return (
            f"nn.Conv2d({stage.channels}, {stage.outputs}, kernel_size={stage.kernel})"
        )
    return {
        "dense": f"nn.Linear({stage.channels}, {stage.outputs})",
        "max pool": f"nn.MaxPool2d({stage.pool})",
        "average pool": f"nn.AvgPool2d({stage.pool})",
        "relu": "nn.ReLU()",
        "tanh": "ScaledTanh()",
        "flatten": "nn.Flatten()",
    }[layer.kind]


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _commented(code: str, comment: str) -> str:
    """A line of code with a comment at its end, in one column with the others'."""
    if not comment:
        return code
    return f"{code:{COMMENTS}}# {comment}"


def activation_in_words(activation: str) -> str:
    """What stands after each layer but the last, in words."""
    if activation == "tanh":
        return "a tanh, scaled as in 1998"
    return NAMES.get(activation, "none")


def layer_rows(layers: list[LayerRow]) -> list[tuple]:
    """The lines of a table: what each layer holds and costs, and all together."""
    lines = []
    for layer in layers:
        shape = "×".join(map(str, layer.shape))
        counts = f"{layer.parameters:,}", f"{layer.multiply_adds:,}"
        lines.append((layer.name, layer.kind, shape, *counts))
    parameters = sum(layer.parameters for layer in layers)
    multiply_adds = sum(layer.multiply_adds for layer in layers)
    lines.append(("all", "", "", f"{parameters:,}", f"{multiply_adds:,}"))
    return lines


# -- the recipe ------------------------------------------------------------------------


def recipe_rows(run: Run) -> list[tuple]:
    """The lines of a table: each setting, of the 2020 report and of a run."""
    trained_by = settings_of(run)
    return [(name, ORIGINAL[name], trained_by[name]) for name in ORIGINAL]


def settings_of(run: Run) -> dict[str, object]:
    """What a run was trained by, in words, read off the run and the code that made it."""
    config = run.config
    any_weights = next(iter(run.weights.values()))
    bits = 8 * any_weights.itemsize
    return {
        "network": config.network,
        "activation": activation_in_words(config.activation),
        "epochs": config.epochs,
        "batch size": config.batch_size,
        "optimiser": describe_optimiser(config),
        "learning rate": config.lr,
        "schedule": describe_schedule(config),
        "loss": loss_name(),
        "initial weights": describe_initial_weights(config.seed, run.network),
        "seed": config.seed,
        "number format": f"{bits}-bit floating point",
    }


def describe_optimiser(config: Config) -> str:
    """The optimiser of a config, in words."""
    name = optimiser_name(config.optimizer)
    return f"{name}, momentum {momentum()}" if name == "SGD" else name


def describe_schedule(config: Config) -> str:
    """How the learning rate goes over the epochs, in words."""
    if config.schedule == "constant" or not config.epochs:
        return config.schedule
    return f"{config.schedule}, to {learning_rate(config, config.epochs):.3g}"


def describe_initial_weights(seed: int, network: Network) -> str:
    """How the weights and the biases of a seed are drawn, in words."""
    zero_biases = True
    glorot = True
    for name, array in initial_weights(seed, network).items():
        if name.endswith("bias"):
            zero_biases = zero_biases and not array.any()
        else:
            glorot = glorot and _fills_glorot_range(array)
    weights = "Glorot" if glorot else "other"
    biases = "zero" if zero_biases else "other"
    return f"{weights} uniform, {biases} biases"


def _fills_glorot_range(weights: np.ndarray) -> bool:
    """Whether weights reach to the limit of Glorot and Bengio (2010) and no further.

    Parameters
    ----------
    weights : array, shape (outputs, inputs, …)
        Of a layer; what follows are the sides of a kernel.
    """
    # Equation 16: the square root of 6 by the sum of what goes in and what comes out.
    fans = (weights.shape[0] + weights.shape[1]) * math.prod(weights.shape[2:])
    share = np.abs(weights).max() / math.sqrt(6 / fans)
    # Of few weights the largest may be far from the limit: with the probability of one in
    # a million that all are below this share of it.
    least = min(0.95, 1e-6 ** (1 / weights.size))
    return bool(least < share <= 1)
