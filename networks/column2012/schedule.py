"""What a column is shown, epoch by epoch, and at which rate it learns."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from exact import random_numbers
from lenet5.data import Split
from networks.column2012.columns import YEAR, Column
from networks.column2012.distortions import affine_maps
from networks.column2012.parameters import SHAPES
from networks.views import view

# In the first and in the last epoch (paper, section 3). They are Decimals, whose powers are
# the same on every machine; the power of a float is rounded as its C library does.
RATE = Decimal("0.001")
LAST_RATE = Decimal("0.00003")
NOISE_STREAM = len(SHAPES)  # of the first epoch; the streams before are the weights'


class Plan(NamedTuple):
    """What decides an epoch of a column, beside its weights and the images."""

    rows: np.ndarray  # the order of the images, shape (images,), uint32
    maps: np.ndarray  # their distortions, shape (images, 6): see affine_maps
    key: int  # of the noise that distorts them too
    rate: float  # of all weights


def plan(column: Column, seed: int, epoch: int, images: int) -> Plan:
    """What decides an epoch, from 0, on so many images."""
    rows = random_numbers.shuffle(seed, epoch, images)
    key = random_numbers.key(seed, NOISE_STREAM + epoch, YEAR)
    maps = affine_maps(column, key, rows)
    return Plan(rows, maps, key, rate(column, epoch))


def rate(column: Column, epoch: int) -> float:
    """The rate of an epoch, from 0: it falls by one factor from epoch to epoch."""
    steps = max(column.epochs - 1, 1)  # of a single epoch it is the first rate
    share = Decimal(epoch) / steps
    return float(RATE * (LAST_RATE / RATE) ** share)


def train(engine, split: Split) -> Iterator[int]:
    """Train a column or a member on its view of the digits, epoch by epoch.

    Parameters
    ----------
    engine : ColumnEngine or MemberEngine
        Before its first update.
    split : Split

    Yields
    ------
    int
        How many images an epoch misread as it presented them.
    """
    images = view(split.images, engine.column.width)
    for epoch in range(engine.column.epochs):
        yield engine.train(images, split.labels, epoch)
