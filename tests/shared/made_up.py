"""Made-up runs, readings and tables for the figures."""

import numpy as np
import pandas as pd
import pytest
import torch

from exact.network import Network
from exhibits.audit.published import System
from exhibits.predictions import Predictions
from lenet5 import DATA
from lenet5.config import REPORT
from lenet5.model import sequential, take_weights
from lenet5.parameters import initial_weights
from studies.ladder import Step

ORIGINAL = pd.read_csv(DATA / "original.csv")
HISTORY = pd.DataFrame(
    {
        "epoch": range(4),
        "train_loss": [2.3, 0.2, 0.1, 0.05],
        "test_loss": [2.3, 0.21, 0.11, 0.07],
        "train_error": [90.0, 6.0, 3.0, 1.0],
        "test_error": [90.0, 6.5, 3.5, 2.0],
    }
)
MATRIX = np.arange(100).reshape(10, 10)
ERRORS = pd.DataFrame(
    {"validation": [3.0, 1.4, 2.0], "test": [2.5, 1.7, 1.5]}, index=[1, 2, 3]
)
CHOSEN = {"last": 3, "lowest on validation": 2, "lowest on test": 3}
SYSTEMS = [
    System("ours", "2026", "", "no", 110, 10_000, None),
    System("theirs", "2012", "a2012", "no", 23, 10_000, 0.0001),
]
SEEDS = pd.DataFrame([[3.0, 1.13, 1.2], [2.9, 1.2, 1.1], [3.1, 1.0, 1.1]])
SEEDS.columns = [1, 2, 3]
FINAL = SEEDS[3]
PAIRS = [("exact", "a"), ("exact", "b"), ("a", "b")]
ROUNDING = pd.DataFrame(
    [
        (epoch, *pair, 0.01 * epoch, 90 / 9**epoch, 90 / 7**epoch)
        for pair in PAIRS
        for epoch in range(3)
    ],
    columns="epoch first second weight_distance first_error second_error".split(),
)
NETWORK = Network(REPORT)
WEIGHTS = initial_weights(7, NETWORK)
# Of the family: none, one, two, three and five convolutions, many maps, maps that are not
# pooled, or by an average; all activations.
FAMILY = [
    NETWORK,
    Network("800N"),
    Network("12C7-MP3-40N", "tanh"),
    Network("20C4-MP2-40C5-MP3-150N", "tanh"),
    Network("40C3-AP2-48C3-60C3-MP2-10N", "none"),
    Network("1C2-4C3-4C3-4C3-MP2-100C3-AP3-60N-30N", "relu"),
    Network("64C2-2C3-MP2", "tanh", (3, 20, 30), 4),
]
RERUNS = pd.DataFrame([[90.0, 3.2, 1.2, 1.1], [91.0, 2.8, 1.1, 1.0]], columns=range(4))
MARKS = {"2020 report": 1.2, "LeNet-5 (1998)": 0.95}
BY_DIGIT = np.tile([[1.0, 2.0], [1.0, 1.5], [1.0, 2.0]], 5)  # three networks

STEPS = [
    Step(name, FINAL * factor, SEEDS, 0.2, 60_000, 328_096, 1_200_000, 46.0, "here")
    for name, factor in (("first", 1.0), ("second", 0.9))
]


def activations(network: Network, weights, image) -> dict[str, np.ndarray]:
    """What each layer makes of an image of bytes, by the definition in PyTorch."""
    model = sequential(network)
    take_weights(model, weights)
    values = torch.tensor(image[None]).float() / 255
    found = {}
    with torch.inference_mode():
        for name, layer in model.named_children():
            values = layer(values)
            found[name] = values[0].numpy()
    return found


@pytest.fixture(scope="module")
def read(mnist) -> Predictions:
    """Four test images of which the last, a 0, is read as a 3."""
    guesses, sure = np.array([7, 2, 1, 3]), np.array([0.9, 0.99, 0.8, 0.97])
    images, labels = (half[:4] for half in mnist[1])
    return Predictions(images, labels, guesses, sure, guesses != labels)
