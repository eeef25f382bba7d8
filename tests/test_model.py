"""The network: shapes, counts, initial weights, and the rewritten forward pass."""

import pytest
import torch
from torch.nn import functional as F

from lenet5.model import LeNet5, layer_table


def test_layer_table_of_the_report():
    rows = {row.name: row for row in layer_table(LeNet5())}
    assert {name: row.parameters for name, row in rows.items() if row.parameters} == {
        "conv1": 6 * (25 + 1),
        "conv2": 16 * (6 * 25 + 1),
        "dense1": 120 * (256 + 1),
        "dense2": 84 * (120 + 1),
        "dense3": 10 * (84 + 1),
    }
    assert sum(row.parameters for row in rows.values()) == 44_426
    assert [
        rows[name].shape for name in ("conv1", "pool1", "conv2", "pool2", "flatten")
    ] == [
        (6, 24, 24),
        (6, 12, 12),
        (16, 8, 8),
        (16, 4, 4),
        (256,),
    ]
    assert rows["conv1"].multiply_adds == 24 * 24 * 6 * 25
    assert sum(row.multiply_adds for row in rows.values()) == 281_640


@pytest.mark.parametrize(
    ("shape", "classes"),
    [((1, 28, 28), 10), ((3, 32, 32), 100), ((1, 16, 19), 2), ((2, 31, 45), 1)],
)
def test_any_shape_that_the_formula_admits(shape, classes):
    model = LeNet5(shape, classes)
    assert model(torch.zeros(3, *shape)).shape == (3, classes)
    flattened = (shape[1] // 4 - 3) * (shape[2] // 4 - 3) * 16
    assert model.layers.dense1.in_features == flattened


@pytest.mark.parametrize(
    ("shape", "classes"),
    [((1, 15, 28), 10), ((1, 28, 15), 10), ((0, 28, 28), 10), ((1, 28, 28), 0)],
)
def test_a_shape_that_it_does_not_admit_is_refused(shape, classes):
    with pytest.raises(ValueError, match="16 pixels or more"):
        LeNet5(shape, classes)


def test_initial_weights_are_glorot_uniform_with_zero_biases():
    model = LeNet5(seed=3)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            assert parameter.abs().max() == 0
            continue
        receptive = parameter[0, 0].numel() if parameter.dim() == 4 else 1
        fan_out, fan_in = parameter.shape[0] * receptive, parameter.shape[1] * receptive
        limit = (6 / (fan_in + fan_out)) ** 0.5
        assert parameter.abs().max() <= limit
        assert parameter.abs().max() > 0.9 * limit
        assert parameter.var().item() == pytest.approx(limit**2 / 3, rel=0.35)


def test_the_seed_decides_the_weights():
    one, same, other = (LeNet5(seed=seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["layers.conv1.weight"], other["layers.conv1.weight"])


def forms(model, images, labels):
    """Logits and gradients of the rewritten and of the declared form."""
    for form in (model, model.layers):
        outputs = form(images)
        loss = F.cross_entropy(outputs, labels)
        yield [outputs, *torch.autograd.grad(loss, list(model.parameters()))]


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-14)]
)
def test_forward_computes_the_logits_and_gradients_of_the_declared_layers(
    mnist, dtype, tolerance
):
    images, labels = (tensor[:64] for tensor in mnist[0])
    model = LeNet5(seed=1).to(dtype)
    for ours, declared in zip(*forms(model, images.to(dtype), labels), strict=True):
        torch.testing.assert_close(ours, declared, rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", [(1, 16, 19), (2, 31, 45), (3, 32, 32)])
def test_and_so_on_images_of_other_shapes(shape):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(5, *shape, dtype=torch.float64, generator=generator)
    labels = torch.arange(5)
    model = LeNet5(shape, seed=2).double()
    for ours, declared in zip(*forms(model, images, labels), strict=True):
        torch.testing.assert_close(ours, declared, rtol=0, atol=1e-14)
