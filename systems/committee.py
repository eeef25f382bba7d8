"""Small networks for a committee that two cores can afford: defined and trained in PyTorch.

Each sees one view of the digits, as the columns of 2012 do, on images that ``column.c``
distorts anew in each epoch. What PyTorch rounds is bound to the machine, so the weights
are too; with the weights that are kept, :mod:`systems.members` reads to the same bytes
everywhere.
"""

from collections import OrderedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lenet5 import draws
from systems import members
from systems.columns import ColumnEngine
from systems.members import Member


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
    """A member in training; it trains and reads as :class:`systems.columns.ColumnEngine`.

    Parameters
    ----------
    column : Member
    seed : int
    """

    def __init__(self, column: Member, seed: int):
        torch.manual_seed(seed)
        self.column, self.seed = column, seed
        self.network = Network().to(memory_format=torch.channels_last)
        self._distorter = ColumnEngine(column, seed)
        rates = {"lr": column.peak, "weight_decay": column.decay}
        self._optimizer = torch.optim.AdamW(self.network.parameters(), **rates)
        self._cycle = None

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """A copy of what reads, float16, by its names in a network not normalised."""
        self.network.eval()
        kept = Network(normalised=False)
        for name, layer in kept.named_children():
            trained = self.network.get_submodule(name)
            if isinstance(layer, nn.Sequential):
                layer.conv = fuse_conv_bn_eval(trained.conv, trained.norm)
        kept.output = self.network.output
        return {
            name: x.half().contiguous().numpy() for name, x in kept.state_dict().items()
        }

    def train(self, images, labels, epoch: int) -> int:
        """An epoch, from 0; how many images were misread as they were presented."""
        size, column = self.column.batch_size, self.column
        if self._cycle is None:
            steps = column.epochs * -(-len(labels) // size)
            self._cycle = torch.optim.lr_scheduler.OneCycleLR(
                self._optimizer, column.peak, total_steps=steps
            )
        order = draws.shuffle(self.seed, epoch, len(labels))
        if epoch + 1 < column.epochs:
            shown = torch.from_numpy(self._distorter.distorted(images, epoch))
        else:
            shown = _input(images[order])
        targets, mistakes = torch.from_numpy(labels[order]).long(), 0
        self.network.train()
        for some, wanted in zip(shown.split(size), targets.split(size), strict=True):
            # Half the time, on a processor with units for it.
            with torch.autocast("cpu", torch.bfloat16):
                logits = self.network(some)
            self._optimizer.zero_grad()
            cross_entropy(logits.float(), wanted).backward()
            self._optimizer.step()
            self._cycle.step()
            mistakes += int((logits.argmax(dim=1) != wanted).sum())
        return mistakes

    def probabilities(self, images) -> np.ndarray:
        """Of each class, float32 of shape (N, 10), by the weights as they are kept."""
        return members.probabilities(self.weights, images)


def _maps(normalised: bool, before: int, after: int, **options) -> nn.Sequential:
    layers = OrderedDict(
        conv=nn.Conv2d(before, after, 3, bias=not normalised, **options),
        norm=nn.BatchNorm2d(after),
        relu=nn.ReLU(),
    )
    if not normalised:
        del layers["norm"]
    return nn.Sequential(layers)


def _input(images) -> Tensor:
    return torch.from_numpy(images)[:, None].float() / 127.5 - 1
