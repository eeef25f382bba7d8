"""A line of notation: what it allows, and what follows from it, beside PyTorch and NumPy."""

import math

import numpy as np
import pytest
import torch

import reference
from drawn_networks import drawn_networks
from exact import UserError
from exact.network import ACTIVATIONS, GRAMMAR, Network, parse
from lenet5.config import REPORT
from lenet5.model import sequential, take_weights
from lenet5.parameters import initial_weights

DRAWN = drawn_networks(60)
KINDS = {
    "Conv2d": "convolution",
    "Linear": "dense",
    "MaxPool2d": "max pool",
    "AvgPool2d": "average pool",
    "ReLU": "relu",
    "ScaledTanh": "tanh",
    "Flatten": "flatten",
}


def test_the_drawn_networks_are_of_every_kind():
    kinds = {layer.kind for network in DRAWN for layer in network.layers}
    assert kinds == set(KINDS.values())
    stages = [stage for network in DRAWN for stage in network.stages]
    convolutions = [stage for stage in stages if stage.is_convolution]
    assert {stage.kernel for stage in convolutions} == {2, 3, 4, 5, 6, 7}
    pools = {(stage.is_average, stage.pool) for stage in convolutions}
    assert pools == {(False, 1), (False, 2), (False, 3), (True, 2), (True, 3)}
    assert {network.activation for network in DRAWN} == set(ACTIVATIONS)
    assert any(stage.outputs == 1 for stage in convolutions)
    assert any(stage.convolved[1] % stage.pool for stage in convolutions)


# ------------------------------------------------------------------------- the notation


@pytest.mark.parametrize(
    ("notation", "shapes"),
    [
        (REPORT, [(6, 12, 12), (16, 4, 4), (120,), (84,), (10,)]),
        ("20C4-MP2-40C5-MP3-150N", [(20, 12, 12), (40, 2, 2), (150,), (10,)]),
        ("1C2", [(1, 27, 27), (10,)]),
        ("2C7-AP3", [(2, 7, 7), (10,)]),  # 22 / 3: a row and a column are left out
        ("3C5-4C5-AP2", [(3, 24, 24), (4, 10, 10), (10,)]),
        ("800N", [(800,), (10,)]),
        ("1N", [(1,), (10,)]),
    ],
)
def test_a_line_of_layers_gives_these_shapes(notation, shapes):
    assert [stage.shape for stage in Network(notation).stages] == shapes


@pytest.mark.parametrize(
    ("notation", "part", "why"),
    [
        ("", "", "is no layer"),
        ("-", "", "is no layer"),
        ("6C5-", "", "is no layer"),
        ("6C5--9N", "", "is no layer"),
        ("6C5 -9N", "6C5 ", "is no layer"),
        ("6C5,9N", "6C5,9N", "is no layer"),
        ("6c5", "6c5", "is no layer"),
        ("C5", "C5", "is no layer"),
        ("6C", "6C", "is no layer"),
        ("0C5", "0C5", "is no layer"),
        ("06C5", "06C5", "is no layer"),
        ("-6C5", "", "is no layer"),
        ("6C5.0", "6C5.0", "is no layer"),
        ("6C15", "6C15", "is no layer"),
        ("٦C5", "٦C5", "is no layer"),  # a digit, but not for this notation
        ("6C5\n", "6C5\n", "is no layer"),
        ("12345678N", "12345678N", "is no layer"),
        ("0N", "0N", "is no layer"),
        ("N", "N", "is no layer"),
        ("6C5-MP", "MP", "is no layer"),
        ("6C5-P2", "P2", "is no layer"),
        ("6C1", "6C1", "has a kernel of side 1"),
        ("6C8", "6C8", "has a kernel of side 8"),
        ("6C5-MP1", "MP1", "has a side of 1"),
        ("6C5-AP4", "AP4", "has a side of 4"),
        ("MP2", "MP2", "stands behind no convolution"),
        ("6C5-MP2-MP2", "MP2", "stands behind no convolution"),
        ("9N-AP2", "AP2", "stands behind no convolution"),
        ("9N-6C5", "6C5", "stands after a dense layer"),
        ("28x28-6C5", "28x28", "is the image, which comes from the data"),
        ("1×28×28-6C5", "1×28×28", "is the image, which comes from the data"),
    ],
)
def test_what_the_notation_does_not_allow_is_named(notation, part, why):
    with pytest.raises(UserError) as caught:
        Network(notation)
    assert str(caught.value) == f"network {notation!r}: {part!r} {why}: {GRAMMAR}"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("notation", [None, 3, b"9N", ["9N"]])
def test_what_is_no_text_is_no_network(notation):
    with pytest.raises(UserError, match="is no network: write nCk"):
        parse(notation)


@pytest.mark.parametrize(
    ("notation", "side", "name", "pixels"),
    [
        ("6C5", 4, "conv1", "4×4"),
        ("6C5-MP3", 6, "conv1", "6×6"),  # 2×2 are left, and the pool needs three
        ("6C5-MP2-16C5-MP2-16C5", 28, "conv3", "4×4"),
        (REPORT, 15, "conv2", "5×5"),  # of which a map of 1×1 is left to a pool
    ],
)
def test_a_map_that_would_be_empty_is_named(notation, side, name, pixels):
    with pytest.raises(UserError) as caught:
        Network(notation, image_shape=(1, side, side))
    start = f"{notation}: {name} would leave empty maps, since only {pixels} pixels"
    assert str(caught.value).startswith(start)


def test_a_map_of_one_pixel_is_none_that_is_empty():
    assert Network("6C5", image_shape=(1, 5, 5)).stages[0].shape == (6, 1, 1)
    assert Network(REPORT, image_shape=(1, 16, 16)).stages[1].shape == (16, 1, 1)


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        ("-".join(16 * ["2N"]), "has 17 layers with weights: give 16 at most"),
        ("9999999N", "has 7,949,999,215 parameters: give 20,000,000 at most"),
        ("2700C2-MP3", "values an image: give 4,000,000 at most"),
    ],
)
def test_a_network_that_is_too_large_is_refused(notation, text):
    with pytest.raises(UserError) as caught:
        Network(notation)
    assert str(caught.value).startswith(notation)
    assert text in str(caught.value)


def test_what_is_just_small_enough_is_taken():
    assert len(Network("-".join(15 * ["2N"])).stages) == 16


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"activation": "sigmoid"}, "'sigmoid': give one of relu, tanh, none"),
        ({"classes": 1}, "give a pixel and two classes at least"),
        ({"image_shape": (0, 28, 28)}, "give a pixel and two classes at least"),
        ({"image_shape": (28, 28)}, "give channels, height and width"),
        ({"image_shape": (1, 28.0, 28)}, "give channels, height and width"),
        ({"image_shape": "1, 28, 28"}, "give channels, height and width"),
        ({"image_shape": 28}, "give channels, height and width"),
    ],
)
def test_images_classes_and_activation_are_checked(options, text):
    with pytest.raises(UserError) as caught:
        Network(REPORT, **options)
    assert text in str(caught.value)


def test_a_network_is_known_by_its_description():
    one = Network("9N", image_shape=(1, 8, 8))
    assert one == Network("9N", image_shape=[1, 8, 8])
    assert hash(one) == hash(Network("9N", image_shape=[1, 8, 8]))
    others = {Network("8N", image_shape=(1, 8, 8)), Network("9N", "tanh", (1, 8, 8))}
    assert one not in others | {Network("9N"), Network("9N", "relu", (1, 8, 8), 9)}


# ---------------------------------------------------------------- what follows from it


def test_the_numbers_of_the_report():
    network = Network(REPORT)
    shapes = network.parameter_shapes
    assert list(shapes)[:3] == ["conv1.weight", "conv1.bias", "conv2.weight"]
    assert shapes["dense1.weight"] == (120, 256)
    assert network.parameters == 44_426
    names = (
        "conv1 relu1 pool1 conv2 relu2 pool2 flatten dense1 relu3 dense2 relu4 dense3"
    )
    assert [layer.name for layer in network.layers] == names.split()


def test_an_average_comes_before_the_activation_and_a_maximum_after_it():
    def kinds(notation):
        return [layer.kind for layer in Network(notation, "tanh").layers][:3]

    assert kinds("6C5-AP2") == ["convolution", "average pool", "tanh"]
    assert kinds("6C5-MP2") == ["convolution", "tanh", "max pool"]
    assert "tanh" not in [layer.kind for layer in Network("6C5", "none").layers]


@pytest.mark.parametrize("network", DRAWN, ids=lambda network: network.notation)
def test_names_shapes_and_counts_are_those_that_pytorch_finds(network):
    model = sequential(network)
    state = {name: tuple(each.shape) for name, each in model.state_dict().items()}
    assert list(state.items()) == list(network.parameter_shapes.items())
    assert network.parameters == sum(map(math.prod, state.values()))
    output = torch.zeros(2, *network.image_shape)
    found = []
    for name, module in model.named_children():
        output = module(output)
        found.append((name, KINDS[type(module).__name__], tuple(output.shape[1:])))
    assert found == [layer[:3] for layer in network.layers]
    assert output.shape == (2, network.classes)


@pytest.mark.parametrize("network", DRAWN, ids=lambda network: network.notation)
def test_pytorch_computes_what_the_notation_says(network):
    """Each layer, beside a reader of the notation that knows neither PyTorch nor Stage."""
    generator = np.random.default_rng(0)
    weights = reference.in_float64(initial_weights(1, network))
    for name, array in weights.items():
        if "bias" in name:
            array += generator.normal(0, 0.1, array.shape)
    images = generator.random((3, *network.image_shape))
    model = sequential(network).double()
    take_weights(model, weights)
    output = torch.tensor(images)
    expected = reference.activations(network, weights, images)
    names = [layer.name for layer in network.layers if layer.kind != "flatten"]
    assert list(expected) == names
    with torch.inference_mode():
        for name, module in model.named_children():
            output = module(output)
            if name in expected:
                np.testing.assert_allclose(output, expected[name], rtol=0, atol=1e-12)
    logits = reference.forward(network, weights, images)
    np.testing.assert_allclose(output, logits, rtol=0, atol=1e-12)
