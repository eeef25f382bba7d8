"""How ``lenet1998.c`` lays out its numbers, as a type of NumPy.

The kernel's vectors have sixteen lanes, so it pads the last axis of an array to a multiple
of 16 with zeros: 120 units lie in 128 places, 84 in 96, and the ten classes in 16.
"""

import numpy as np

from networks.lenet1998.parameters import top_side
from networks.lenet1998.rungs import Rung


def state_of(rung: Rung) -> np.dtype:
    """The kernel's State for a rung, up to what Python reads and writes."""
    weights = _weights(rung)
    return np.dtype(
        [
            ("powers", "f8", 2),  # of Adam's two betas, to the number of steps
            ("codes", "f4", (10, 96)),
            ("j", "f4"),
            ("scale", "f4"),
            ("dark", "f4"),
            ("light", "f4"),
            ("weights", weights),
            ("rates", weights),
            ("curvature", weights),
            ("mean", weights),
            ("square", weights),
            ("gradient", weights),
            ("squares", weights),
            ("pattern", _pattern(rung)),
        ]
    )


def _weights(rung: Rung) -> np.dtype:
    """The kernel's Weights: a number for each parameter."""
    features = 16 * top_side(rung) ** 2  # what each unit of C5 sees
    return np.dtype(
        [
            ("c1", "f4", (6, 25)),  # map, tap
            ("b1", "f4", 6),
            ("k2", "f4", 6),
            ("b2", "f4", 6),
            ("c3", "f4", (6, 25, 16)),  # map before, tap, map
            ("b3", "f4", 16),
            ("k4", "f4", 16),
            ("b4", "f4", 16),
            ("c5", "f4", (features, 128)),  # unit before, unit: so below
            ("b5", "f4", 128),
            ("f6", "f4", (120, 96)),
            ("b6", "f4", 96),
            ("out", "f4", (84, 16)),
            ("b7", "f4", 16),
        ]
    )


def _pattern(rung: Rung) -> np.dtype:
    """The kernel's Pattern: what the layers make of one pattern, up to S4.

    In the input and in C1 the even columns of a row lie in one vector, the odd ones in
    another. From C3 on the maps of a place lie side by side.
    """
    side = rung.side
    side1 = side - 4  # of a map of C1
    side2 = side1 // 2  # of S2
    side3 = side2 - 4  # of C3
    side4 = top_side(rung)  # of S4
    in_c1 = (6, side1, 2, 16)
    in_s2 = (6, side2, 16)
    in_c3 = (side3**2, 16)
    in_s4 = (side4**2, 16)
    return np.dtype(
        [
            ("in", "f4", (side, 2, 32)),
            ("y1", "f4", in_c1),
            ("s1", "f4", in_c1),
            ("p2", "f4", in_s2),
            ("s2", "f4", in_s2),
            ("x2", "f4", in_s2),
            ("y3", "f4", in_c3),
            ("s3", "f4", in_c3),
            ("p4", "f4", in_s4),
            ("s4", "f4", in_s4),
            ("x4", "f4", in_s4),
        ]
    )
