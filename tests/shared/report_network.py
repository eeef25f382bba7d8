"""The network of the report, as tests take it: whatever the default of the config is."""

from exact.engine import ExactEngine
from exact.network import Network
from lenet5.config import REPORT
from lenet5.parameters import initial_weights

NETWORK = Network(REPORT)


def report_weights(seed: int = 0) -> dict:
    """Its parameters before the first step, by name."""
    return initial_weights(seed, NETWORK)


def report_engine(seed: int = 0, threads: int | None = None) -> ExactEngine:
    """The exact engine with its first weights."""
    return ExactEngine(NETWORK, report_weights(seed), threads=threads)


def for_images(image_shape: tuple[int, int, int], classes: int) -> Network:
    """The same layers for other images and classes."""
    return Network(REPORT, image_shape=image_shape, classes=classes)
