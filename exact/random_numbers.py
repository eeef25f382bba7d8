"""Random numbers that are the same for every engine and on every machine.

The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014; constants of Vigna's ``splitmix64.c``), read as a function of a
key and a counter. So any number of any stream can be had without those before it, and in
any order. Only whole numbers and correctly rounded operations follow it.
"""

import math

import numpy as np

SHUFFLES = 1000  # the stream of epoch e is SHUFFLES + e; weights have the streams below


def splitmix64(key: int, counters) -> np.ndarray:
    """The outputs number ``counters``, from 0, of the generator that starts at ``key``.

    Parameters
    ----------
    key : int, from 0 to 2**64 - 1
    counters : array-like of int

    Returns
    -------
    array of uint64, of the counters' shape
    """
    u64 = np.uint64
    n = np.atleast_1d(np.asarray(counters, u64))
    z = u64(key) + (n + u64(1)) * u64(0x9E3779B97F4A7C15)  # arrays wrap silently
    z = (z ^ (z >> u64(30))) * u64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> u64(27))) * u64(0x94D049BB133111EB)
    return z ^ (z >> u64(31))


def key(seed: int, stream: int, system: int = 0) -> int:
    """The key of one of the streams of a seed.

    Parameters
    ----------
    seed, stream : int
    system : int, optional
        Tells the streams of one system from those of another: 0 is the report's network,
        and those of 1998 and 2012 have their year.
    """
    key_of_seed = int(splitmix64(system, seed)[0])
    return int(splitmix64(key_of_seed, stream)[0])


def uniform(key: int, counters) -> np.ndarray:
    """Uniform numbers from -1 to 1, the draws number ``counters`` of a key, float64.

    Each is made of 24 bits, so that it is a float32 as well, and nothing is rounded.
    """
    bits = splitmix64(key, counters) >> np.uint64(40)
    return bits.astype(np.float64) * 2.0**-23 - 1


def uniform_array(key: int, shape: tuple[int, ...]) -> np.ndarray:
    """The first draws of a key as an array of a shape: see :func:`uniform`."""
    return uniform(key, np.arange(math.prod(shape))).reshape(shape)


def shuffle(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order of an epoch, uint32 of shape (count,): the images sorted by a draw each."""
    draws = splitmix64(key(seed, SHUFFLES + epoch), range(count))
    return np.argsort(draws, kind="stable").astype(np.uint32)
