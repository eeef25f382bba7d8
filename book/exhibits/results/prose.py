"""Sentences of the page *Results* that another run or network has otherwise."""

import numpy as np

from exact.network import Network
from exhibits import edition
from exhibits.layers import count, listed
from lenet5 import Config


def subject(config: Config) -> str:
    """What the front page calls the run, and if it is another edition, why."""
    if edition.is_report(config):
        return "our run"
    return f"this edition ({edition.differences(config)})"


def compare_shapes(config: Config) -> str:
    """How the curves of a run lie beside those of the 2020 report."""
    if edition.is_report(config):
        return (
            "The curves have one shape and end close together: a steep first epoch, then a "
            "slow descent that is noisy on the test images."
        )
    return (
        "The curves of 2020 are those of another network or recipe than this edition's: "
        "nothing says that they should agree."
    )


def compare_errors(of_train: float, of_test: float) -> str:
    """What an error on the training images says beside that on the test images, in %."""
    if of_train < 0.75 * of_test:
        return (
            "far below that on the test images: a network reads the images that it has learned "
            "from better than new ones"
        )
    if of_train < of_test:
        return "below that on the test images"
    return "not below that on the test images"


def most_frequent(matrix: np.ndarray) -> str:
    """The mistakes that are made most often, all of them if it is a tie, in words.

    Parameters
    ----------
    matrix : array, shape (10, 10), int
        Of :meth:`exhibits.predictions.Predictions.confusion`.
    """
    mistakes = matrix - np.diag(matrix.diagonal())
    most = mistakes.max()
    if most == 0:
        return "there is no mistake"
    pairs = [
        f"a {label} read as a {read}" for label, read in np.argwhere(mistakes == most)
    ]
    if len(pairs) == 1:
        return f"the most frequent mistake is {pairs[0]}, {times(most)}"
    return f"the most frequent mistakes are {listed(pairs)}, {times(most)} each"


def times(number: int) -> str:
    """How often, in words."""
    return {1: "once", 2: "twice"}.get(int(number), f"{number} times")


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


def trust(promised: tuple[float, float], mistakes: int) -> str:
    """Whether a network makes as many mistakes as its confidences promise.

    Parameters
    ----------
    promised : tuple of float
        Mean and standard deviation of their number, if the confidences were right.
    mistakes : int
        That it makes.
    """
    mean, deviation = promised
    if mistakes > mean + 2 * deviation:
        return "more than chance explains: it is overconfident"
    if mistakes < mean - 2 * deviation:
        return "fewer than chance explains: it trusts itself too little"
    return "no farther from it than chance explains"
