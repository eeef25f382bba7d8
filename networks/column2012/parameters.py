"""The parameters of a column: their names and shapes, and their first values."""

import numpy as np

from exact import random_numbers
from networks.column2012.columns import YEAR

# In PyTorch's order. A parameter's place is also the stream that its first values come from.
SHAPES = {
    "conv1.weight": (20, 1, 4, 4),
    "conv1.bias": (20,),
    "conv2.weight": (40, 20, 5, 5),
    "conv2.bias": (40,),
    "dense.weight": (150, 360),
    "dense.bias": (150,),
    "output.weight": (10, 150),
    "output.bias": (10,),
}


def initial_weights(seed: int) -> dict[str, np.ndarray]:
    """Parameters before the first update, drawn uniformly from -0.05 to 0.05.

    Source: Cireşan, Meier, Schmidhuber 2012, section 3.

    Parameters
    ----------
    seed : int

    Returns
    -------
    dict of arrays, float32
        By the names and in the shapes of ``SHAPES``.
    """
    weights = {}
    for stream, (name, shape) in enumerate(SHAPES.items()):
        key = random_numbers.key(seed, stream, YEAR)
        drawn = random_numbers.uniform_array(key, shape)
        weights[name] = (0.05 * drawn).astype(np.float32)
    return weights
