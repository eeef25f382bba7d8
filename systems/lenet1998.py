"""LeNet-5 of 1998 in PyTorch, and what the rungs after it change: the definition.

It is written to be read; ``ladder.c`` trains the same networks fast and exactly, and the
tests hold one to the other. Sections and equations are the paper's, see ``rungs.py``.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from systems import recipe
from systems.rungs import LETTER

PARAMETERS = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}


class Convolution(nn.Module):
    """C1, C3, C5 and, with a window of one place, F6; a bias for each map it makes."""

    def __init__(self, seen, side):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*seen.shape, side, side))
        self.bias = nn.Parameter(torch.zeros(len(seen)))
        self.register_buffer(
            "seen", seen[:, :, None, None].float()
        )  # which maps by which

    def forward(self, x, weight, bias):
        return F.conv2d(x, weight * self.seen, bias)

    def count(self):
        return int(self.seen.sum()) * self.weight[0, 0].numel() + len(self.bias)


class Scale(nn.Module):
    """The second half of S2 and S4: one trained coefficient and one bias for each map."""

    def __init__(self, maps):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x, weight, bias):
        return x * weight[:, None, None] + bias[:, None, None]

    def count(self):
        return len(self.weight) + len(self.bias)


class Sum(nn.Module):
    """The first half of S2 and S4: the sum of four neighbours."""

    def forward(self, x):
        return 4 * F.avg_pool2d(x, 2)


def scaled_tanh(a):
    """The squashing function, appendix A: f(1) = 1 and f(-1) = -1."""
    return 1.7159 * torch.tanh(2 / 3 * a)


class LeNet(nn.Module):
    """Layers with their squashes, from an input to F6, or to ten logits after it."""

    def __init__(self, rung=LETTER):
        super().__init__()
        side = rung.side // 4 - 3
        seen = torch.from_numpy(recipe.connections(rung))
        squash = scaled_tanh if rung.tanh else torch.relu
        maps = squash if rung.squash_maps else None
        self.layers = nn.ModuleDict()
        self.squashes = {}

        def everything(maps, before):
            return torch.ones(maps, before, dtype=bool)

        def add(name, layer, squash=None):
            self.layers[name], self.squashes[name] = layer, squash

        def add_pool(name, maps):
            if rung.trained_pool:
                add(f"{name}sum", Sum())
                add(name, Scale(maps), squash)
            else:
                add(name, nn.MaxPool2d(2))

        # From 1 × 32 × 32, the input, to:
        add("c1", Convolution(everything(6, 1), 5), maps)  # 6 × 28 × 28
        add_pool("s2", 6)  # 6 × 14 × 14
        add("c3", Convolution(seen, 5), maps)  # 16 × 10 × 10
        add_pool("s4", 16)  # 16 × 5 × 5
        add("c5", Convolution(everything(120, 16), side), squash)  # 120 × 1 × 1
        add("f6", Convolution(everything(84, 120), 1), squash)  # 84 × 1 × 1
        if not rung.radial:
            add("output", Convolution(everything(10, 84), 1))  # 10 × 1 × 1
        if rung == LETTER:
            layers = self.layers.items()
            counts = {x: y.count() for x, y in layers if hasattr(y, "count")}
            assert counts == PARAMETERS
            assert sum(counts.values()) == 60_000

    def forward(self, x):
        *_, (_, _, top) = self.steps(x)
        return top.flatten(1)

    def steps(self, x):
        """Each layer, its sums, and these squashed."""
        for name, layer in self.layers.items():
            a = layer(x, *layer.parameters())
            squash = self.squashes[name]
            x = squash(a) if squash else a
            yield name, a, x


def to_input(images, rung=LETTER):
    """Bytes of shape (N, 1, 28, 28) as the network's input: section II B."""
    x = torch.as_tensor(np.array(images), dtype=torch.get_default_dtype()) / 255
    if rung.side == 28:
        return x
    return F.pad(x, (2, 2, 2, 2)) * 1.275 - 0.1


def penalties(f6, codes):
    """Equation 7: the squared distances of F6 to the centres, shape (N, 10)."""
    return ((f6[:, None] - codes) ** 2).sum(dim=2)


def map_loss(y, labels, j):
    """Equation 9 for each pattern: y_D + log(e^-j + sum_i e^-y_i)."""
    rubbish = torch.full_like(y[:, :1], -j)
    right = y.gather(1, labels[:, None])[:, 0]
    return right + torch.cat([rubbish, -y], dim=1).logsumexp(dim=1)


def loss(network, x, labels, codes, rung=LETTER):
    """The loss of each pattern, times the factor that the paper leaves open."""
    top = network(x)
    if rung.radial:
        return rung.scale * map_loss(penalties(top, codes), labels, rung.j)
    return rung.scale * F.cross_entropy(top, labels, reduction="none")


def second_derivatives(network, x, rung=LETTER):
    """Appendix C: the diagonal Gauss-Newton terms h_kk, mean over the patterns, by name.

    A layer that sums products passes second derivatives down as it passes first ones,
    through the squares of its weights, its inputs and the slopes of its squash.
    """
    steps, inputs = [], x
    for name, a, x in network.steps(inputs):
        steps.append((name, inputs, a))
        inputs = x
    if rung.radial:  # of y_D alone: the MAP loss's other term curves the other way
        h = torch.full_like(x, 2 * rung.scale)
    else:
        p = x.softmax(dim=1)
        h = rung.scale * p * (1 - p)
    found = {}
    for name, inputs, a in reversed(steps):
        layer, squash = network.layers[name], network.squashes[name]
        if squash:
            h = h * torch.func.vjp(squash, a)[1](torch.ones_like(a))[0] ** 2
        squares = [parameter**2 for parameter in layer.parameters()]
        at = (
            inputs**2 if squares else inputs
        )  # the winners of a maximum stay the winners
        h, *of_parameters = torch.func.vjp(layer, at, *squares)[1](h)
        for (key, _), value in zip(
            layer.named_parameters(), of_parameters, strict=True
        ):
            found[f"{name}.{key}"] = value / len(x)
    return found


def train(network, images, labels, codes, rates, rung=LETTER):
    """One pass: an update after each pattern, each weight by its own rate (equation 19)."""
    for x, label in zip(to_input(images, rung)[:, None], labels[:, None], strict=True):
        parameters = dict(network.layers.named_parameters())
        value = loss(network, x, label, codes, rung).sum()
        slopes = torch.autograd.grad(value, list(parameters.values()))
        with torch.no_grad():
            for name, slope in zip(parameters, slopes, strict=True):
                parameters[name] -= rates[name] * slope
