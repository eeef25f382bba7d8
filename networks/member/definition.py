"""Small networks for a committee that two cores can afford: defined and trained in PyTorch.

Each sees one view of the digits, as the columns of 2012 do, on images that ``column2012.c``
distorts anew in each epoch. What PyTorch rounds is bound to the machine, so the weights
are too; with the weights that are kept, :mod:`networks.member.reader` reads to the same bytes
everywhere.
"""

import math
from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.fusion import fuse_conv_bn_eval

from exact import random_numbers
from networks.column2012.tried import for_column
from networks.member.members import Member
from networks.member.tried import for_member


class Pools(nn.Module):
    """The maximum and the mean of each map, side by side."""

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], dim=1)


class Network(nn.Sequential):
    """From images of shape (N, 1, 29, 29), from -1, paper, to 1, ink, to ten logits.

    Where it is not ``normalised``, the normalisation of each map over a batch is part of
    the convolution before it.
    """

    def __init__(self, normalised: bool = True):
        layers = OrderedDict(
            maps1=_maps(normalised, 1, 16),  # 16 x 27 x 27
            maps2=_maps(normalised, 16, 32, stride=2),  # 32 x 13 x 13
            maps3=_maps(normalised, 32, 48, padding=1),  # 48 x 13 x 13
            maps4=_maps(normalised, 48, 64, stride=2),  # 64 x 6 x 6
            maps5=_maps(normalised, 64, 96),  # 96 x 4 x 4
            pools=Pools(),  # 192
            output=nn.Linear(192, 10),
        )
        super().__init__(layers)


class MemberEngine:
    """A member in training; it trains and reads as a ColumnEngine does.

    The rate rises to its peak and falls again, in one cycle (Smith and Topin,
    "Super-convergence", arXiv 1708.07120); the steps are those of AdamW (Loshchilov and
    Hutter, "Decoupled weight decay regularization", ICLR 2019).

    Parameters
    ----------
    column : Member
    seed : int

    Raises
    ------
    UserError
        If the engine that distorts its images cannot be built, or does not pass its trial.
    """

    def __init__(self, column: Member, seed: int):
        torch.manual_seed(seed)
        self.column = column
        self.seed = seed
        # In memory the channels of a place stand side by side, as its convolutions take them.
        self.network = Network().to(memory_format=torch.channels_last)
        self._distorter = for_column(column, seed)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=column.peak, weight_decay=column.decay
        )
        self._cycle = None  # of the rate; the first epoch tells how many steps it has

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of what reads, float16, by its names in a network not normalised.

        A page loads the weights, and in float16 they are half as many bytes. To read, each
        becomes the same number in float32.
        """
        self.network.eval()
        kept = Network(normalised=False)
        for name, layer in kept.named_children():
            trained = self.network.get_submodule(name)
            if isinstance(layer, nn.Sequential):
                layer.conv = fuse_conv_bn_eval(trained.conv, trained.norm)
        kept.output = self.network.output
        weights = {}
        for name, tensor in kept.state_dict().items():
            weights[name] = tensor.half().contiguous().numpy()
        return weights

    def train(self, images, labels, epoch: int) -> int:
        """Present every image once, in batches, with an update after each batch.

        Parameters
        ----------
        images : array, shape (N, 29, 29), uint8
            The member's view of the digits.
        labels : array, shape (N,), int32
        epoch : int
            From 0.

        Returns
        -------
        int
            How many images were misread as they were presented.
        """
        size = self.column.batch_size
        if self._cycle is None:
            batches = math.ceil(len(labels) / size)
            self._cycle = torch.optim.lr_scheduler.OneCycleLR(
                self._optimizer,
                self.column.peak,
                total_steps=self.column.epochs * batches,
            )
        order = random_numbers.shuffle(self.seed, epoch, len(labels))
        shown = self._present(images, order, epoch)
        targets = torch.from_numpy(labels[order]).long()
        mistakes = 0
        self.network.train()
        batches = zip(shown.split(size), targets.split(size), strict=True)
        for batch, classes in batches:
            # In bfloat16 the products take half the time, on a processor with units for it.
            # It has the range of float32, so that no derivative vanishes for its size.
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(batch)
            self._optimizer.zero_grad()
            cross_entropy(logits.float(), classes).backward()
            self._optimizer.step()
            self._cycle.step()
            mistakes += int((logits.argmax(dim=1) != classes).sum())
        return mistakes

    def probabilities(self, images) -> np.ndarray:
        """The probability of each class, by the weights as they are kept.

        Parameters
        ----------
        images : array, shape (N, 29, 29), uint8

        Returns
        -------
        array, shape (N, 10), float32
        """
        reader = for_member(self.weights)
        return reader.probabilities(images)

    def _present(self, images, order, epoch: int) -> Tensor:
        """The images of an epoch in their order, distorted unless it is the last epoch."""
        if epoch + 1 < self.column.epochs:
            return torch.from_numpy(self._distorter.distorted(images, epoch))
        given = torch.from_numpy(images[order])
        return given[:, None].float() / 127.5 - 1


def _maps(normalised: bool, before: int, after: int, **options) -> nn.Sequential:
    """A layer of maps: a convolution of 3×3, its normalisation, and ReLU."""
    layers = OrderedDict(
        conv=nn.Conv2d(before, after, 3, bias=not normalised, **options),
        norm=nn.BatchNorm2d(after),
        relu=nn.ReLU(),
    )
    if not normalised:
        del layers["norm"]
    return nn.Sequential(layers)
