"""LeNet-5 of 1998 in PyTorch, and what the rungs after it change: the definition.

It is written to be read; ``lenet1998.c`` trains the same networks fast and exactly, and the
tests hold one to the other. Sections and equations are the paper's, see ``rungs.py``.

A layer is given its weights beside its input. So the second derivatives can be had of the
same layers, with the squares of the weights in their place.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from networks.lenet1998.parameters import connections, top_side
from networks.lenet1998.rungs import LETTER

# Trained numbers by layer, as the paper counts them.
PARAMETERS = {"c1": 156, "s2": 12, "c3": 1_516, "s4": 32, "c5": 48_120, "f6": 10_164}


class Convolution(nn.Module):
    """C1, C3, C5 and, with a window of one place, F6; a bias for each map it makes.

    Parameters
    ----------
    seen : tensor, shape (maps, maps before), bool
        Which maps see which.
    side : int
        Of the window.
    """

    def __init__(self, seen, side):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(*seen.shape, side, side))
        self.bias = nn.Parameter(torch.zeros(len(seen)))
        self.register_buffer("seen", seen[:, :, None, None].float())

    def forward(self, x, weight, bias):
        return F.conv2d(x, weight * self.seen, bias)

    def count(self):
        """Trained numbers: a connection that is missing has none."""
        weights = int(self.seen.sum()) * self.weight[0, 0].numel()
        return weights + len(self.bias)


class Scale(nn.Module):
    """The second half of S2 and S4: one trained coefficient and one bias for each map.

    Parameters
    ----------
    maps : int
    """

    def __init__(self, maps):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(maps))
        self.bias = nn.Parameter(torch.zeros(maps))

    def forward(self, x, weight, bias):
        return x * weight[:, None, None] + bias[:, None, None]

    def count(self):
        """Trained numbers."""
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
        self.rung = rung
        self.layers = nn.ModuleDict()
        self.squashes = {}  # by layer; None where its sums go on as they are
        squash = scaled_tanh if rung.tanh else torch.relu
        squash_maps = squash if rung.squash_maps else None
        table = torch.from_numpy(connections(rung))
        side = top_side(rung)
        # From 1 × 32 × 32, the input, to:
        self.add("c1", Convolution(see_all(6, 1), 5), squash_maps)  # 6 × 28 × 28
        self.add_pool("s2", 6, squash)  # 6 × 14 × 14
        self.add("c3", Convolution(table, 5), squash_maps)  # 16 × 10 × 10
        self.add_pool("s4", 16, squash)  # 16 × 5 × 5
        self.add("c5", Convolution(see_all(120, 16), side), squash)  # 120 × 1 × 1
        self.add("f6", Convolution(see_all(84, 120), 1), squash)  # 84 × 1 × 1
        if not rung.radial:
            self.add("output", Convolution(see_all(10, 84), 1))  # 10 × 1 × 1
        if rung == LETTER:
            assert self.counts() == PARAMETERS
            assert sum(PARAMETERS.values()) == 60_000

    def add(self, name, layer, squash=None):
        """Put a layer on top of the others."""
        self.layers[name] = layer
        self.squashes[name] = squash

    def add_pool(self, name, maps, squash):
        """Put a pool on top: a sum with trained coefficients, or the maximum."""
        if self.rung.trained_pool:
            self.add(f"{name}sum", Sum())
            self.add(name, Scale(maps), squash)
        else:
            self.add(name, nn.MaxPool2d(2))

    def counts(self):
        """Trained numbers by layer."""
        counts = {}
        for name, layer in self.layers.items():
            if hasattr(layer, "count"):
                counts[name] = layer.count()
        return counts

    def forward(self, x):
        for _, _, squashed in self.steps(x):
            top = squashed
        return top.flatten(1)

    def steps(self, x):
        """Yield each layer's name, its sums, and these squashed."""
        for name, layer in self.layers.items():
            sums = layer(x, *layer.parameters())
            squash = self.squashes[name]
            x = squash(sums) if squash else sums
            yield name, sums, x


def see_all(maps, before):
    """The table of a layer whose maps all see all maps before it."""
    return torch.ones(maps, before, dtype=bool)


def to_input(images, rung=LETTER):
    """Images as the network's input (section II B).

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    rung : Rung

    Returns
    -------
    tensor, shape (N, 1, side, side)
        Of 32×32 with a margin, from -0.1, paper, to 1.175, ink; of 28×28 from 0 to 1.
    """
    x = torch.as_tensor(np.array(images), dtype=torch.get_default_dtype()) / 255
    if rung.side == 28:
        return x
    return F.pad(x, (2, 2, 2, 2)) * 1.275 - 0.1


def penalties(f6, codes):
    """Equation 7: the squared distances of F6 to the centres.

    Parameters
    ----------
    f6 : tensor, shape (N, 84)
    codes : tensor, shape (10, 84), +1 or -1

    Returns
    -------
    tensor, shape (N, 10)
    """
    return ((f6[:, None] - codes) ** 2).sum(dim=2)


def map_loss(y, labels, j):
    """Equation 9 for each pattern: y_D + log(e^-j + sum_i e^-y_i).

    Parameters
    ----------
    y : tensor, shape (N, 10)
        The penalties of equation 7.
    labels : tensor of int64, shape (N,)
        D, the class of each pattern.
    j : float
        The penalty of what is no digit.

    Returns
    -------
    tensor, shape (N,)
    """
    rubbish = torch.full_like(y[:, :1], -j)
    right = y.gather(1, labels[:, None])[:, 0]
    return right + torch.cat([rubbish, -y], dim=1).logsumexp(dim=1)


def loss(network, x, labels, codes, rung=LETTER):
    """The loss of each pattern, times the factor that the paper leaves open.

    Parameters
    ----------
    network : LeNet
    x : tensor, shape (N, 1, side, side)
        See :func:`to_input`.
    labels : tensor of int64, shape (N,)
    codes : tensor, shape (10, 84)
        Of the radial basis units, where the rung has them.
    rung : Rung

    Returns
    -------
    tensor, shape (N,)
    """
    top = network(x)
    if rung.radial:
        return rung.scale * map_loss(penalties(top, codes), labels, rung.j)
    return rung.scale * F.cross_entropy(top, labels, reduction="none")


def second_derivatives(network, x, rung=LETTER):
    """Appendix C: the diagonal Gauss-Newton terms h_kk, mean over the patterns, by name.

    A layer that sums products passes second derivatives down as it passes first ones,
    through the squares of its weights, its inputs and the slopes of its squash.
    """
    steps = []
    inputs = x
    for name, sums, squashed in network.steps(x):
        steps.append((name, inputs, sums))
        inputs = squashed
    top = inputs
    if rung.radial:  # of y_D alone: the MAP loss's other term curves the other way
        h = torch.full_like(top, 2 * rung.scale)
    else:
        p = top.softmax(dim=1)
        h = rung.scale * p * (1 - p)
    second = {}
    for name, inputs, sums in reversed(steps):
        layer = network.layers[name]
        squash = network.squashes[name]
        if squash:
            h = h * slope(squash, sums) ** 2
        squares = [parameter**2 for parameter in layer.parameters()]
        # A layer without weights is a sum, or a maximum, whose winners stay the winners.
        at = inputs**2 if squares else inputs
        _, pass_down = torch.func.vjp(layer, at, *squares)
        h, *of_parameters = pass_down(h)
        names = [key for key, _ in layer.named_parameters()]
        for key, value in zip(names, of_parameters, strict=True):
            second[f"{name}.{key}"] = value / len(x)
    return second


def slope(squash, sums):
    """The derivative of a squash at each sum."""
    _, pass_down = torch.func.vjp(squash, sums)
    (slopes,) = pass_down(torch.ones_like(sums))
    return slopes


def train(network, images, labels, codes, rates, rung=LETTER):
    """One pass: an update after each pattern, each weight by its own rate (equation 19).

    Parameters
    ----------
    network : LeNet
    images : array, shape (N, 1, 28, 28), uint8
    labels : tensor of int64, shape (N,)
    codes : tensor, shape (10, 84)
    rates : dict of tensors
        By the names and in the shapes of the network's parameters.
    rung : Rung
    """
    inputs = to_input(images, rung)
    parameters = dict(network.layers.named_parameters())
    for number in range(len(labels)):
        pattern = slice(number, number + 1)  # a batch of one
        losses = loss(network, inputs[pattern], labels[pattern], codes, rung)
        slopes = torch.autograd.grad(losses.sum(), list(parameters.values()))
        with torch.no_grad():
            for name, of_weight in zip(parameters, slopes, strict=True):
                parameters[name] -= rates[name] * of_weight
