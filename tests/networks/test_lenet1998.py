"""The definition of LeNet-5 of 1998, beside the paper's words and NumPy written anew."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from network1998 import float64, network  # noqa: F401, a fixture
from networks.lenet1998 import bitmaps, parameters
from networks.lenet1998.definition import (
    PARAMETERS,
    LeNet,
    map_loss,
    penalties,
    scaled_tanh,
    second_derivatives,
    to_input,
)
from networks.lenet1998.rungs import BEST, LETTER, MAXIMUM, RELU, RUNGS
from studies.ladder import count_multiply_adds

PAPERS_TABLE = """
X . . . X X X . . X X X X . X X
X X . . . X X X . . X X X X . X
X X X . . . X X X . . X . X X X
. X X X . . X X X X . . X . X X
. . X X X . . X X X X . X X . X
. . . X X X . . X X X X . X X X
"""


def test_the_letter_has_the_papers_parameters_and_connections():
    assert sum(PARAMETERS.values()) == parameters.count(LETTER) == 60_000
    LeNet(LETTER)  # asserts the counts of its layers
    shapes = parameters.parameter_shapes(LETTER)
    trained = dict.fromkeys(PARAMETERS, 0)
    for name, shape in shapes.items():
        trained[name.partition(".")[0]] += int(np.prod(shape))
    with_what_is_not_connected = {"c3": 16 * 6 * 25 + 16}
    assert trained == PARAMETERS | with_what_is_not_connected
    rows = PAPERS_TABLE.strip().splitlines()
    table = np.array([row.split() for row in rows]) == "X"
    assert np.array_equal(parameters.connections(LETTER), table.T)
    assert parameters.connections(RUNGS[-1]).all()


def test_the_last_rung_has_the_reports_parameters():
    assert parameters.count(RUNGS[-1]) == 44_426
    assert count_multiply_adds(RUNGS[-1]) == 281_640


def test_the_squash_and_the_input_are_as_printed():
    assert torch.allclose(
        scaled_tanh(torch.tensor([-1.0, 1.0])), torch.tensor([-1.0, 1.0]), atol=2e-5
    )
    image = np.zeros((1, 1, 28, 28), np.uint8)
    image[0, 0, 0, 0] = 255
    x = to_input(image)
    assert x.shape == (1, 1, 32, 32)
    assert x[0, 0, 2, 2] == pytest.approx(1.175)
    assert (x == -0.1).sum() == 32 * 32 - 1


def test_penalties_and_map_loss_are_those_of_numpy():
    rng = np.random.default_rng(0)
    f6, codes = rng.normal(size=(5, 84)), bitmaps.codes(LETTER, 0).astype(float)
    labels = np.array([3, 1, 4, 1, 5])
    y = penalties(torch.from_numpy(f6), torch.from_numpy(codes))
    values = map_loss(y / 10, torch.from_numpy(labels), 2.0)
    for n in range(5):
        distances = []
        for code in codes:
            distances.append(sum((f6[n, k] - code[k]) ** 2 for k in range(84)))
        assert y[n].numpy() == pytest.approx(distances)
        rest = np.exp(-2.0) + sum(np.exp(-d / 10) for d in distances)
        expected = distances[labels[n]] / 10 + np.log(rest)
        assert values[n].item() == pytest.approx(expected)


@pytest.mark.parametrize(("codes", "least"), [("plain", 5), ("distinct", 25)])
def test_codes_are_ten_bitmaps_that_differ(codes, least):
    drawn = bitmaps.codes(replace(BEST, codes=codes), 0)
    assert drawn.shape == (10, 84)
    assert set(np.unique(drawn)) == {-1, 1}
    apart = (drawn[:, None] != drawn).sum(axis=2)
    assert apart[np.triu_indices(10, 1)].min() == least


def test_the_start_is_uniform_by_the_fan_in_of_each_unit():
    letter = parameters.initial_weights(LETTER, 1)
    best = parameters.initial_weights(BEST, 1)
    fans = {"c1.weight": 25, "s2.bias": 4, "c5.weight": 400, "f6.bias": 120}
    for name, fan in fans.items():
        for weights, bound in ((letter, 2.4 / fan), (best, fan**-0.5)):
            share = np.abs(weights[name]) / bound
            assert share.max() <= 1
            assert share.max() > 1 - 5 / share.size
    maps = parameters.connections(LETTER)
    fan_ins = 25 * maps.sum(axis=1)
    share = np.abs(letter["c3.weight"]) * fan_ins[:, None, None, None] / 2.4
    assert share.max() <= 1
    assert (share.max(axis=(2, 3)) > 0.5).tolist() == maps.tolist()
    other = parameters.initial_weights(LETTER, 2)
    assert not np.array_equal(letter["c1.weight"], other["c1.weight"])


def jacobian(function, at):
    """d output / d input by central differences, (outputs, inputs), in portions."""
    flat, columns = at.flatten(), []
    for some in torch.arange(len(flat)).split(200):
        nudge = torch.zeros(len(some), len(flat))
        nudge[torch.arange(len(some)), some] = 1e-6
        ends = [function((flat + s * nudge).reshape(-1, *at.shape)) for s in (1, -1)]
        columns.append(((ends[0] - ends[1]) / 2e-6).flatten(1))
    return torch.cat(columns).T


def check_layer(apply, parameters, inputs, h, found):
    """Compare a layer's second derivatives with sums of h over squared derivatives.

    ``h`` is that by its outputs; a shared weight counts in each of its connections.
    Returns that by its inputs.
    """
    values = [parameter.detach() for parameter in parameters.values()]
    for i, key in enumerate(parameters):
        chosen = torch.arange(values[i].numel())
        if key.endswith("weight") and len(chosen) > 150:
            connected = (values[i] != 0).flatten().nonzero()[:, 0]
            chosen = connected[:: len(connected) // 40]

        def with_weights(some, i=i, chosen=chosen):
            outputs = []
            for row in some:
                changed = [value.clone() for value in values]
                changed[i].flatten()[chosen] = row
                outputs.append(apply(inputs, *changed)[0])
            return torch.stack(outputs)

        squares = jacobian(with_weights, values[i].flatten()[chosen]) ** 2
        expected = (squares * h[:, None]).sum(0).detach()
        got = found.pop(key).detach().flatten()[chosen]
        least = 1e-7 * float(expected.max())
        assert torch.allclose(got, expected, rtol=1e-4, atol=least), key
    squares = jacobian(lambda x: apply(x, *values), inputs[0]) ** 2
    return (squares * h[:, None]).sum(0)


@pytest.mark.parametrize("rung", [BEST, MAXIMUM, RELU], ids=lambda rung: rung.name)
def test_second_derivatives_are_those_of_finite_differences(rung):
    made, generator = network(rung), torch.manual_seed(0)
    x = torch.rand(1, 1, rung.side, rung.side, generator=generator)  # without ties
    found = second_derivatives(made, x, rung)
    inputs = {}
    for name, _, after in made.steps(x):
        inputs[name], x = x, after
    if rung.radial:
        h = torch.full((84,), 2 * rung.scale)
    else:
        p = x.flatten().softmax(0)
        h = rung.scale * p * (1 - p)
    for name, layer in reversed(made.layers.items()):
        squash = made.squashes[name] or torch.nn.Identity()
        parameters = {f"{name}.{key}": x for key, x in layer.named_parameters()}

        def apply(x, *weights, layer=layer, squash=squash):
            return squash(layer(x, *weights))

        h = check_layer(apply, parameters, inputs[name], h, found)
    assert not found
