"""A network of the family, from one line of notation.

The notation is that of Cireşan, Meier and Schmidhuber ("Multi-column deep neural networks
for image classification", CVPR 2012). ``6C5-MP2-16C5-MP2-120N-84N`` is, from the image on:

- ``6C5``, a convolution to 6 maps by kernels of 5×5, without a margin;
- ``MP2``, the maximum of each 2×2 of a map (``AP2`` would be the average);
- ``120N``, a dense layer of 120 units.

The image comes from the data, and so does the last layer, a dense one with a unit a class:
neither is written down. After each convolution, with its pool, and after each dense layer
but the last stands the activation.
"""

import functools
import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from exact import UserError

ACTIVATIONS = ("relu", "tanh", "none")
KERNELS = range(2, 8)  # sides of a convolution's kernel
POOLS = range(2, 4)  # and of a pool

# What an engine takes: beyond it a slip of the hand is likelier than a wish.
MOST_STAGES = 16
MOST_PARAMETERS = 20_000_000
MOST_VALUES = 4_000_000  # of all layers, for one image

GRAMMAR = (
    "write nCk for n maps by kernels of side k (2 to 7), MPk or APk after it for a pool "
    "of side k (2 or 3), and nN for a dense layer of n units, joined by hyphens: "
    "such as 6C5-MP2-16C5-MP2-120N-84N"
)


class Stage(NamedTuple):
    """A layer with weights, the pool behind it and the activation behind both."""

    name: str  # such as conv1 or dense1
    is_convolution: bool
    channels: int  # that come in; into a dense layer all values, a channel each
    height: int  # of what comes in
    width: int
    outputs: int  # maps or units
    kernel: int  # its side; 1 of a dense layer
    pool: int  # its side; 1 if there is none
    is_average: bool
    activation: str

    @property
    def convolved(self) -> tuple[int, int, int]:
        """Maps, height and width before the pool."""
        shrink = self.kernel - 1
        return self.outputs, self.height - shrink, self.width - shrink

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what comes out. A pool leaves out what does not fill its square."""
        if not self.is_convolution:
            return (self.outputs,)
        maps, height, width = self.convolved
        return maps, height // self.pool, width // self.pool

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """Of its weights, as PyTorch has them; a bias for each output comes to them."""
        if self.is_convolution:
            return self.outputs, self.channels, self.kernel, self.kernel
        return self.outputs, self.channels

    @property
    def parameters(self) -> int:
        """How many numbers of it are trained."""
        return math.prod(self.weight_shape) + self.outputs

    @property
    def multiply_adds(self) -> int:
        """Products of a weight with what it sees, for one image.

        A weight of a dense layer is used once, and one of a kernel at each place of a map.
        """
        places = 1
        if self.is_convolution:
            _, height, width = self.convolved
            places = height * width
        return math.prod(self.weight_shape) * places


class Layer(NamedTuple):
    """What PyTorch has as a module of its own."""

    name: str
    kind: str  # convolution, max pool, average pool, flatten, dense, relu or tanh
    shape: tuple[int, ...]  # of what comes out, for one image
    stage: Stage


@dataclass(frozen=True)
class Network:
    """The description of a network, from which all else follows.

    Parameters
    ----------
    notation : str
        See the head of this module.
    activation : str
        ``relu``; ``tanh``, scaled as in LeCun et al. (1998): 1.7159 tanh(2x/3); or
        ``none``.
    image_shape : tuple of int, (channels, height, width)
    classes : int

    Raises
    ------
    UserError
        If the notation is wrong, a map would be empty, or the network is too large.
    """

    notation: str
    activation: str = "relu"
    image_shape: tuple[int, int, int] = (1, 28, 28)
    classes: int = 10

    def __post_init__(self):
        shape = self.image_shape
        numbers = isinstance(shape, list | tuple) and [type(size) for size in shape]
        if numbers != [int, int, int]:
            raise UserError(
                f"{shape} is no shape of images: give channels, height and width"
            )
        object.__setattr__(self, "image_shape", tuple(shape))
        if self.activation not in ACTIVATIONS:
            raise UserError(
                f"there is no activation {self.activation!r}: give one of "
                + ", ".join(ACTIVATIONS)
            )
        if min(self.image_shape) < 1 or self.classes < 2:
            raise UserError(
                f"no network takes images of shape {self.image_shape} in {self.classes} "
                "classes: give a pixel and two classes at least"
            )
        self._check_size()

    @functools.cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The layers with weights, from the image to the logits."""
        stages = []
        shape = self.image_shape
        for part in parse(self.notation):
            stages.append(self._stage(part, shape, stages))
            shape = stages[-1].shape
        last = Part("dense", self.classes)
        stages.append(self._stage(last, shape, stages)._replace(activation="none"))
        return tuple(stages)

    @functools.cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The modules of the network in PyTorch, from the image to the logits.

        A maximum is taken of what the activation gives, as textbooks have it; since it
        never falls, the activation of the maximum is the same, and that is what an engine
        computes. An average is taken before the activation, as in LeNet-5 of 1998.
        """
        layers = []
        for number, stage in enumerate(self.stages, 1):
            if not stage.is_convolution and not _has_dense(layers):
                values = (stage.channels,)
                layers.append(Layer("flatten", "flatten", values, stage))
            kind = "convolution" if stage.is_convolution else "dense"
            shape = stage.convolved if stage.is_convolution else stage.shape
            layers.append(Layer(stage.name, kind, shape, stage))
            activation = []
            if stage.activation != "none":
                name = f"{stage.activation}{number}"
                activation = [Layer(name, stage.activation, shape, stage)]
            pool = []
            if stage.pool > 1:
                kind = "average pool" if stage.is_average else "max pool"
                pool = [Layer(f"pool{number}", kind, stage.shape, stage)]
            if stage.is_average and activation:
                activation = [activation[0]._replace(shape=stage.shape)]
                layers += pool + activation
            else:
                layers += activation + pool
        return tuple(layers)

    @functools.cached_property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters, in PyTorch's order."""
        shapes = {}
        for stage in self.stages:
            shapes[f"{stage.name}.weight"] = stage.weight_shape
            shapes[f"{stage.name}.bias"] = (stage.outputs,)
        return shapes

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def multiply_adds(self) -> int:
        """Products of a weight with what it sees that reading one image takes."""
        return sum(stage.multiply_adds for stage in self.stages)

    def _stage(self, part: "Part", shape: tuple[int, ...], before: list) -> Stage:
        """The stage of a part of the notation, for what comes in."""
        if part.kind == "dense":
            number = 1 + sum(not stage.is_convolution for stage in before)
            return Stage(
                name=f"dense{number}",
                is_convolution=False,
                channels=math.prod(shape),
                height=1,
                width=1,
                outputs=part.outputs,
                kernel=1,
                pool=1,
                is_average=False,
                activation=self.activation,
            )
        channels, height, width = shape
        stage = Stage(
            name=f"conv{1 + len(before)}",
            is_convolution=True,
            channels=channels,
            height=height,
            width=width,
            outputs=part.outputs,
            kernel=part.kernel,
            pool=part.pool,
            is_average=part.is_average,
            activation=self.activation,
        )
        if min(stage.shape) < 1:
            raise UserError(
                f"{self.notation}: {stage.name} would leave empty maps, since only "
                f"{height}×{width} pixels come to it: take fewer or smaller kernels and "
                "pools"
            )
        return stage

    def _check_size(self) -> None:
        stages = self.stages
        if len(stages) > MOST_STAGES:
            raise UserError(
                f"{self.notation} has {len(stages)} layers with weights: give "
                f"{MOST_STAGES} at most, the last one counted"
            )
        if self.parameters > MOST_PARAMETERS:
            raise UserError(
                f"{self.notation} has {self.parameters:,} parameters: give "
                f"{MOST_PARAMETERS:,} at most"
            )
        values = sum(math.prod(layer.shape) for layer in self.layers)
        if values > MOST_VALUES:
            raise UserError(
                f"{self.notation} computes {values:,} values an image: give "
                f"{MOST_VALUES:,} at most"
            )


class Part(NamedTuple):
    """A layer as the notation has it, with the pool behind it."""

    kind: str  # convolution or dense
    outputs: int
    kernel: int = 1
    pool: int = 1
    is_average: bool = False


def parse(notation: str) -> list[Part]:
    """The parts of a notation, in order.

    Raises
    ------
    UserError
        If it is not allowed, with the part that is not.
    """
    if not isinstance(notation, str):
        raise UserError(f"{notation!r} is no network: {GRAMMAR}")
    parts = []
    for text in notation.split("-"):
        if match := re.fullmatch(r"([1-9][0-9]{0,6})C([0-9])", text):
            outputs, kernel = (int(number) for number in match.groups())
            if parts and parts[-1].kind == "dense":
                raise _refusal(notation, text, "stands after a dense layer")
            if kernel not in KERNELS:
                raise _refusal(notation, text, f"has a kernel of side {kernel}")
            parts.append(Part("convolution", outputs, kernel))
        elif match := re.fullmatch(r"(MP|AP)([0-9])", text):
            if not parts or parts[-1].kind == "dense" or parts[-1].pool > 1:
                raise _refusal(notation, text, "stands behind no convolution")
            if int(match[2]) not in POOLS:
                raise _refusal(notation, text, f"has a side of {match[2]}")
            is_average = match[1] == "AP"
            parts[-1] = parts[-1]._replace(pool=int(match[2]), is_average=is_average)
        elif match := re.fullmatch(r"([1-9][0-9]{0,6})N", text):
            parts.append(Part("dense", int(match[1])))
        elif re.fullmatch(r"[0-9]+[x×][0-9]+([x×][0-9]+)?", text):
            raise _refusal(notation, text, "is the image, which comes from the data")
        else:
            raise _refusal(notation, text, "is no layer")
    return parts


def _refusal(notation: str, part: str, why: str) -> UserError:
    return UserError(f"network {notation!r}: {part!r} {why}: {GRAMMAR}")


def _has_dense(layers: list[Layer]) -> bool:
    return any(layer.kind == "flatten" for layer in layers)
