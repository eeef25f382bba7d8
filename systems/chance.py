"""What the systems draw: uniform numbers, the same on every machine."""

import numpy as np

from lenet5 import draws


def uniform(key: int, counters) -> np.ndarray:
    """From -1 to 1, of 24 bits each: the draws number ``counters`` of a key, float64."""
    bits = draws.splitmix64(key, counters) >> np.uint64(40)
    return bits.astype(np.float64) * 2.0**-23 - 1


def key(year: int, seed: int, stream: int) -> int:
    """Of one of the streams of a seed, for the system of a year."""
    return int(draws.splitmix64(int(draws.splitmix64(year, seed)[0]), stream)[0])
