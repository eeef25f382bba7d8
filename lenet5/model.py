"""The network of the report: LeNet-5 with ReLU and max-pooling."""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lenet5.convolution import convolve, convolve_and_pool


class LeNet5(nn.Module):
    """Two convolutions, two max-pools and three dense layers.

    After LeCun et al., "Gradient-based learning applied to document recognition"
    (1998), section II.B, in the variant of the original report: ReLU for the scaled
    tanh, max-pooling for the trained subsampling, a full connection between the two
    convolutions, and a dense layer of logits for the radial basis functions.

    Parameters
    ----------
    image_shape : tuple of int, (channels, height, width)
        Height and width are 16 or more: each side leaves ``side // 4 - 3`` after the
        two convolutions and pools.
    classes : int
        Number of logits, 1 or more.
    seed : int
        Draws the initial weights: Glorot uniform (Glorot and Bengio 2010, equation 16);
        biases start at zero.

    Raises
    ------
    ValueError
        If the image is too small for the two convolutions, or a count is below 1.

    Examples
    --------
    >>> LeNet5()(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, image_shape=(1, 28, 28), classes=10, seed=0):
        super().__init__()
        channels, height, width = image_shape
        rows, columns = height // 4 - 3, width // 4 - 3
        if channels < 1 or classes < 1 or rows < 1 or columns < 1:
            raise ValueError(
                f"LeNet5 cannot take images of shape {tuple(image_shape)} in {classes} "
                "classes: it needs 1 or more of channels and classes, and sides of "
                "16 pixels or more"
            )
        self.image_shape = (channels, height, width)
        # fmt: off
        self.layers = nn.Sequential(
            OrderedDict(                                          # 1 x 28 x 28 for MNIST
                conv1=nn.Conv2d(channels, 6, kernel_size=5),      # 6 x 24 x 24
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(2),                            # 6 x 12 x 12
                conv2=nn.Conv2d(6, 16, kernel_size=5),            # 16 x 8 x 8
                relu2=nn.ReLU(),
                pool2=nn.MaxPool2d(2),                            # 16 x 4 x 4
                flatten=nn.Flatten(),                             # 256
                dense1=nn.Linear(16 * rows * columns, 120),       # 120
                relu3=nn.ReLU(),
                dense2=nn.Linear(120, 84),                        # 84
                relu4=nn.ReLU(),
                dense3=nn.Linear(84, classes),                    # 10 logits
            )
        )
        # fmt: on
        generator = torch.Generator().manual_seed(seed)
        for layer in self.layers:
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(layer.weight, generator=generator)
                nn.init.zeros_(layer.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Logits of a batch.

        The same function as ``self.layers``, in a cheaper form: max-pooling and ReLU
        are both monotone, so they commute, and pooling first leaves ReLU a quarter of
        the values; `lenet5.convolution` computes the convolutions.

        Parameters
        ----------
        images : Tensor, shape (N, channels, height, width), float32 in [0, 1]

        Returns
        -------
        Tensor, shape (N, classes), float32
        """
        layers = self.layers
        x = F.relu(convolve_and_pool(images, layers.conv1))
        x = F.relu(layers.pool2(convolve(x, layers.conv2)))
        x = layers.flatten(x)
        x = F.relu(layers.dense1(x))
        x = F.relu(layers.dense2(x))
        return layers.dense3(x)


class LayerRow(NamedTuple):
    """One line of the layer table; ``shape`` is the output's, for one image."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


def layer_table(model: LeNet5) -> list[LayerRow]:
    """The declared layers with their output shapes and costs, read off the model.

    Parameters
    ----------
    model : LeNet5

    Returns
    -------
    list of LayerRow
        In order; ``parameters`` and ``multiply_adds`` are per layer and, for the
        latter, per image.

    Examples
    --------
    >>> sum(row.parameters for row in layer_table(LeNet5()))
    44426
    """
    rows = []
    x = torch.zeros(1, *model.image_shape, device=next(model.parameters()).device)
    with torch.inference_mode():
        for name, layer in model.layers.named_children():
            x = layer(x)
            parameters = sum(p.numel() for p in layer.parameters())
            weight = getattr(layer, "weight", None)
            # Every weight is used once for each output position: 1 in a dense layer,
            # rows x columns in a convolution.
            positions = x[0, 0].numel() if x.dim() == 4 else 1
            multiply_adds = weight.numel() * positions if weight is not None else 0
            rows.append(
                LayerRow(
                    name,
                    type(layer).__name__,
                    tuple(x.shape[1:]),
                    parameters,
                    multiply_adds,
                )
            )
    return rows
