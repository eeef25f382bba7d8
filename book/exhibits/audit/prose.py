"""Words of the page *Audit* that follow from the network."""

from exact.network import Network
from exhibits.layers import count


def learned(network: Network) -> str:
    """What the figure of kernels shows, in words, without the full stop."""
    convolutions = [stage for stage in network.stages if stage.is_convolution]
    if not convolutions:
        return (
            "the weights of units of the first layer, as images: this network has no "
            "convolution, and so no kernels"
        )
    if len(convolutions) == 1:
        return (
            "what the one convolution has learned: some kernels may look for an edge in "
            "one direction"
        )
    words = f"what the {count(len(convolutions), 'convolution')} have learned. "
    words += (
        "Some kernels of the first look for an edge in one direction; those of the "
    )
    if len(convolutions) > 2:
        return f"{words}others combine the maps before them and are harder to name"
    maps = convolutions[1].channels
    if maps == 1:
        return f"{words}second look at its one map and are harder to name"
    return f"{words}second combine {count(maps, 'map')} and are harder to name"


def kernels(network: Network) -> str:
    """What was learned, as the figure's caption begins."""
    convolutions = sum(stage.is_convolution for stage in network.stages)
    if not convolutions:
        return "The learned weights of units of the first layer"
    if convolutions == 1:
        return "The learned kernels of the convolution"
    return "The learned kernels of the convolutions"
