"""The parameters of any network: their first values, and their files."""

import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from drawn_networks import drawn_networks
from exact import UserError
from exact.arrays import checksum
from exact.network import Network
from exact.random_numbers import key, uniform_array
from lenet5 import RECORD
from lenet5.config import REPORT
from lenet5.files import SEALED, load_arrays, save_arrays
from lenet5.parameters import describe_network, initial_weights, load_weights
from lenet5.run import Run
from report_network import NETWORK, report_weights

DRAWN = drawn_networks(30, seed=1)
LINE = "12C5-MP2-32C5-MP2-240N-168N"


def same(one, other):
    """Two dictionaries of arrays hold the same names, in order, and bytes."""
    return list(one) == list(other) and all(
        one[name].dtype == other[name].dtype
        and one[name].shape == other[name].shape
        and one[name].tobytes() == other[name].tobytes()
        for name in one
    )


# ------------------------------------------------------------------- their first values


def test_the_report_starts_from_the_weights_of_the_record():
    assert checksum(report_weights(0)) == Run.load(RECORD).history[0].weights


@pytest.mark.parametrize("network", DRAWN, ids=lambda network: network.notation)
def test_each_layer_has_glorot_limits_and_a_stream_of_its_own(network):
    weights = initial_weights(5, network)
    assert list(weights) == list(network.parameter_shapes)
    for stream, stage in enumerate(network.stages):
        window = stage.kernel**2
        limit = math.sqrt(6 / (window * stage.channels + window * stage.outputs))
        unit = uniform_array(key(5, stream), stage.weight_shape)
        expected = (unit * limit).astype(np.float32)
        assert weights[f"{stage.name}.weight"].tobytes() == expected.tobytes()
        assert not weights[f"{stage.name}.bias"].any()
        assert weights[f"{stage.name}.bias"].dtype == np.float32


# ------------------------------------------------------------------------- their files


@pytest.mark.parametrize("network", DRAWN, ids=lambda network: network.notation)
def test_weights_of_any_network_come_back_with_it(network, tmp_path):
    weights = initial_weights(0, network)
    save_arrays(tmp_path / "weights", weights, describe_network(network))
    found, of = load_weights(tmp_path / "weights")
    assert of == network
    assert same(found, weights)


def test_twelve_dense_layers_come_back_too(tmp_path):
    """In the file dense10 stands before dense2; the last layer is the last all the same."""
    network = Network("-".join(12 * ["5N"]), classes=7)
    weights = initial_weights(0, network)
    save_arrays(tmp_path / "weights", weights, describe_network(network))
    found, of = load_weights(tmp_path / "weights")
    assert of == network
    assert same(found, weights)


def test_a_file_of_the_report_is_as_before_to_the_byte(tmp_path):
    run = Run.load(RECORD)
    assert describe_network(run.network) == {"image_shape": [1, 28, 28]}
    save_arrays(tmp_path / "weights", run.weights, describe_network(run.network))
    recorded = (RECORD / "model.safetensors").read_bytes()
    assert (tmp_path / "weights").read_bytes() == recorded


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (Network(LINE), {"network": LINE}),
        (Network(REPORT, "tanh"), {"activation": "tanh"}),
        (Network(LINE, "none"), {"network": LINE, "activation": "none"}),
    ],
)
def test_a_file_says_what_is_not_as_in_the_report(network, said):
    assert describe_network(network) == {"image_shape": [1, 28, 28]} | said


@pytest.mark.parametrize(
    ("named", "tensor"),
    [
        ({"network": LINE}, "conv1.bias is float32 (6,), in {} float32 (12,)"),
        (
            {"network": "6C5-MP2-16C5-MP2-120N"},
            "dense3.bias is float32 (10,), in {} unknown",
        ),
        (
            {"network": "6C5-MP2-16C5-MP2-120N-84N-9N"},
            "dense3.bias is float32 (10,), in {} float32 (9,)",
        ),
        (
            {"network": "6C5-MP2-16C5-MP2-120N-84N-84N"},
            "dense3.bias is float32 (10,), in {} float32 (84,)",
        ),
        (
            {"network": "6C5-MP2-16C5-AP3-120N-84N"},
            "dense1.weight is float32 (120, 256), in {} float32 (120, 64)",
        ),
        (
            {"image_shape": [1, 32, 32]},
            "dense1.weight is float32 (120, 256), in {} float32 (120, 400)",
        ),
        (
            {"image_shape": [3, 28, 28]},
            "conv1.weight is float32 (6, 1, 5, 5), in {} float32 (6, 3, 5, 5)",
        ),
    ],
)
def test_a_file_that_names_another_network_than_its_tensors_is_refused(
    tmp_path, named, tensor
):
    said = describe_network(NETWORK) | named
    save_arrays(tmp_path / "weights", report_weights(), said)
    with pytest.raises(UserError) as caught:
        load_weights(tmp_path / "weights")
    tensor = tensor.format(said.get("network", REPORT))
    assert str(caught.value) == f"{tmp_path / 'weights'}: tensor {tensor}"


NONSENSE = [
    {"network": 3},
    {"network": None},
    {"network": ["6C5"]},
    {"network": "a\nb"},
    {"network": "9N-6C5"},
    {"network": "9999999N"},
    {"activation": "sine"},
    {"activation": ["relu"]},
    {"image_shape": 28},
    {"image_shape": "abc"},
    {"image_shape": None},
    {"image_shape": [1, 28]},
    {"image_shape": [1, 28.0, 28]},
    {"image_shape": [1, True, 28]},
    {"image_shape": [1, -28, 28]},
    {"image_shape": [1, 10**12, 28]},
    {"image_shape": [1, 9, 9]},
]


@pytest.mark.parametrize("metadata", NONSENSE, ids=str)
def test_a_file_that_names_no_network_is_refused_in_one_line(tmp_path, metadata):
    save_arrays(tmp_path / "weights", report_weights(), metadata)
    with pytest.raises(UserError, match="weights names no network: ") as caught:
        load_weights(tmp_path / "weights")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metadata", [[], 3, None, "6C5"], ids=str)
def test_metadata_of_another_kind_are_refused_in_one_line(tmp_path, metadata):
    save_arrays(tmp_path / "weights", report_weights(), metadata)
    with pytest.raises(UserError, match=r"weights is damaged: .* no JSON object"):
        load_weights(tmp_path / "weights")


def test_metadata_that_are_not_json_are_refused_in_one_line(tmp_path, monkeypatch):
    with monkeypatch.context() as change:
        change.setattr(json, "dumps", lambda metadata: "{6C5")
        save_arrays(tmp_path / "weights", report_weights(), {})
    with pytest.raises(UserError, match=r"weights is damaged: .* no JSON object"):
        load_arrays(tmp_path / "weights")


def test_without_metadata_it_is_the_network_of_the_report(tmp_path):
    """Such as a file that PyTorch wrote: tensors of another network are refused by name."""
    other = Network(LINE)
    save_file(initial_weights(0, other), tmp_path / "weights")
    assert SEALED not in load_file(tmp_path / "weights")
    with pytest.raises(UserError, match=rf"tensor conv1\.bias is .*, in {REPORT} "):
        load_weights(tmp_path / "weights")
