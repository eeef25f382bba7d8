"""What reading one image costs: the products of weights that it takes."""

import torch
from torch import Tensor, nn


def products(layer: nn.Module, output: Tensor) -> int:
    """Products of a layer's weights with its input, for one image.

    Every weight is used once for each place of the output, and where a table says which
    maps a map sees (``seen``), the weights of the others are not.

    Parameters
    ----------
    output : Tensor, shape (1, maps, height, width) or (1, values)
        What the layer makes of the image.
    """
    if not hasattr(layer, "weight"):
        return 0
    weights = layer.weight.numel()
    if hasattr(layer, "seen"):
        weights = int(layer.seen.sum()) * layer.weight[0, 0].numel()
    places = output[0, 0].numel() if output.dim() == 4 else 1
    return weights * places


def multiply_adds(network: nn.Module, image_shape: tuple[int, ...]) -> int:
    """Products of weights that a network takes to read one image.

    Parameters
    ----------
    image_shape : tuple of int, (channels, height, width)
    """
    counts = []

    def count(layer, _, output) -> None:
        counts.append(products(layer, output))

    hooks = []
    for layer in network.modules():
        if not list(layer.children()):  # a layer, and no sequence of layers
            hooks.append(layer.register_forward_hook(count))
    try:
        with torch.inference_mode():
            network(torch.zeros(1, *image_shape))
    finally:
        for hook in hooks:
            hook.remove()
    return sum(counts)
