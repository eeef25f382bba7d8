"""Networks of the family, drawn: small ones of every kind, the same in every run of the tests."""

import math
import random

from exact import UserError
from exact.network import ACTIVATIONS, KERNELS, POOLS, Network

CHANNELS = (1, 1, 2, 3)
SIDES = (8, 29)  # of an image
CLASSES = (2, 12)
MOST_PRODUCTS = 100_000  # of weights for an image: a test takes a moment


def drawn_networks(count: int, seed: int = 0) -> list[Network]:
    """So many networks, all different, with up to three convolutions and two dense layers."""
    dice = random.Random(seed)
    networks = []
    while len(networks) < count:
        shape = dice.choice(CHANNELS), dice.randint(*SIDES), dice.randint(*SIDES)
        classes = dice.randint(*CLASSES)
        activation = dice.choice(ACTIVATIONS)
        try:
            network = Network(drawn_notation(dice), activation, shape, classes)
        except UserError:  # a map would be empty
            continue
        if products(network) <= MOST_PRODUCTS and network not in networks:
            networks.append(network)
    return networks


def products(network: Network) -> int:
    """Products of weights that it takes to read an image."""
    total = 0
    for stage in network.stages:
        places = math.prod(stage.convolved[1:]) if stage.is_convolution else 1
        total += math.prod(stage.weight_shape) * places
    return total


def drawn_notation(dice: random.Random) -> str:
    """A line of the notation, of small maps and layers, one of each among them."""
    parts = []
    for _ in range(dice.choice((0, 1, 2, 2, 3, 3))):
        parts.append(f"{dice.choice((1, 2, 3, 4, 5, 7, 8, 9))}C{dice.choice(KERNELS)}")
        if dice.random() < 0.6:
            parts.append(f"{dice.choice(('MP', 'AP'))}{dice.choice(POOLS)}")
    for _ in range(dice.choice((0, 1, 1, 2))):
        parts.append(f"{dice.randint(1, 13)}N")
    return "-".join(parts) or "1N"
