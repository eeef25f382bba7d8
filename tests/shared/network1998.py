"""A network of 1998 in double precision, for tests."""

import pytest
import torch

from networks.lenet1998.definition import LeNet
from networks.lenet1998.parameters import initial_weights


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def network(rung, seed=0):
    """The definition, in float64, as it starts."""
    made = LeNet(rung)
    start = initial_weights(rung, seed)
    with torch.no_grad():
        for name, parameter in made.layers.named_parameters():
            parameter.copy_(torch.from_numpy(start[name]))
    return made
