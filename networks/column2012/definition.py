"""The column of the multi-column network of 2012, in PyTorch.

D. Cireşan, U. Meier, J. Schmidhuber, "Multi-column deep neural networks for image
classification", CVPR 2012, arXiv 1202.2745, section 3.1. The runs are made by ``column2012.c``.
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from networks.lenet1998.definition import scaled_tanh


class ScaledTanh(nn.Module):
    """That of 1998, as a layer."""

    def forward(self, a: Tensor) -> Tensor:
        return scaled_tanh(a)


class Network(nn.Sequential):
    """From images of shape (N, 1, 29, 29), from -1, paper, to 1, ink, to ten logits."""

    def __init__(self):
        layers = OrderedDict(
            conv1=nn.Conv2d(1, 20, 4),  # 20 x 26 x 26, 340 parameters
            tanh1=ScaledTanh(),
            pool1=nn.MaxPool2d(2),  # 20 x 13 x 13
            conv2=nn.Conv2d(20, 40, 5),  # 40 x 9 x 9, 20,040 parameters
            tanh2=ScaledTanh(),
            pool2=nn.MaxPool2d(3),  # 40 x 3 x 3
            flatten=nn.Flatten(),  # 360
            dense=nn.Linear(360, 150),  # 54,150 parameters
            tanh3=ScaledTanh(),
            output=nn.Linear(150, 10),  # 1,510 parameters
        )
        super().__init__(layers)


def train(network: Network, images: Tensor, labels: Tensor, rate: float) -> None:
    """Update the weights after each image, in order.

    Parameters
    ----------
    network : Network
    images : tensor, shape (N, 1, 29, 29), from -1, paper, to 1, ink
    labels : tensor of int64, shape (N,)
    rate : float
    """
    optimizer = torch.optim.SGD(network.parameters(), lr=rate)
    for image, label in zip(images, labels, strict=True):
        optimizer.zero_grad()
        cross_entropy(network(image[None]), label[None]).backward()
        optimizer.step()
