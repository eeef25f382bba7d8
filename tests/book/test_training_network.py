# ruff: noqa: F401 (fixtures are imported)
"""The page's description of a network is Python's: the same shapes, names and refusals."""

import json
import random

import pytest

from book_with_training import ROOT, address, training_book
from exact import UserError, engine
from exact.network import MOST_STAGES, Network
from lenet5.config import EARLIER, RECIPE

GOOD = (
    "6C5-MP2-16C5-MP2-120N-84N",
    "20C4-MP2-40C5-MP3-150N",
    "12C5-AP2-32C3-AP3-9N",
    "800N",
    "1C2",
    "3C7-2C7-1C7-1C7",
    "-".join(["5N"] * (MOST_STAGES - 1)),
)
BAD = (
    "",
    "-",
    "6C5-",
    "6c5",
    "6C",
    "C5",
    "N",
    "0C5",
    "0N",
    "06C5",
    "6C1",
    "6C8",
    "6C55",
    "MP2",
    "MP2-6C5",
    "6C5-MP2-MP2",
    "6C5-MP1",
    "6C5-AP4",
    "6C5-LP2",
    "6C5-MP22",
    "120N-6C5",
    "120N-MP2",
    "6C5 - 120N",
    "10000000N",
    "9999999N",
    "9999999C7",
    "2000N-9000N-9000N",
    "2000000N",
    "28x28-6C5",
    "1x28x28-6C5",
    "28×28-6C5",
    "6C7-MP3-6C7-2C2",
    "6C5-MP3-6C5-MP3-6C5",
    "1000C2-1000C2",
    "-".join(["5N"] * MOST_STAGES),
)
IMAGES = ((1, 28, 28), (3, 13, 17))
DESCRIBE = """questions => questions.map(([notation, activation, imageShape, classes]) => {
    try {
        const network = new lenet5.Network(notation, activation, imageShape, classes);
        return {
            stages: network.stages.map((stage) => [stage.name, stage.shape, stage.activation]),
            parameters: network.parameters,
            shapes: Object.entries(network.parameterShapes),
            numbers: Array.from(lenet5.Kernel.shapes(network)),
            values: network.values,
        };
    } catch (error) {
        return { refused: error.message };
    }
})"""


def random_notations(count: int) -> list[str]:
    """Parts at random: some make a network, some do not."""
    draw = random.Random(0)
    notations = []
    for _ in range(count):
        parts = []
        for _ in range(draw.randint(0, 2)):
            parts.append(f"{draw.randint(1, 9)}C{draw.randint(2, 7)}")
            if draw.random() < 0.6:
                parts.append(f"{draw.choice(('MP', 'AP'))}{draw.randint(2, 3)}")
        for _ in range(draw.randint(0, 2)):
            parts.append(f"{draw.randint(1, 99)}N")
        if draw.random() < 0.2:
            draw.shuffle(parts)
        notations.append("-".join(parts))
    return notations


def questions() -> list[list]:
    """Notations, activations, shapes of images and classes to describe."""
    asked = []
    for notation in (*GOOD, *BAD, *random_notations(300)):
        for number, image_shape in enumerate(IMAGES):
            activation = ("relu", "tanh", "none")[len(asked) % 3]
            asked.append([notation, activation, list(image_shape), 10 - number])
    asked.append(["5N", "sigmoid", [1, 28, 28], 10])
    asked.append(["5N", "relu", [1, 0, 28], 10])
    asked.append(["5N", "relu", [1, 28, 28], 1])
    return asked


def described(notation, activation, image_shape, classes) -> dict:
    """What Python says of a network, in the form of DESCRIBE."""
    try:
        network = Network(notation, activation, tuple(image_shape), classes)
    except UserError as error:
        return {"refused": str(error)}
    numbers = []
    for row in engine.shapes(network):
        numbers += row
    values = 0
    for layer in network.layers:
        size = 1
        for side in layer.shape:
            size *= side
        values += size
    return {
        "stages": [
            [stage.name, list(stage.shape), stage.activation]
            for stage in network.stages
        ],
        "parameters": network.parameters,
        "shapes": [
            [name, list(shape)] for name, shape in network.parameter_shapes.items()
        ],
        "numbers": numbers,
        "values": values,
    }


@pytest.fixture(scope="module")
def page(browser, training_book):
    page = browser.new_page()
    page.goto(address(training_book))
    yield page
    page.close()


def test_a_network_is_what_python_says_it_is_or_is_refused_in_the_same_words(page):
    asked = questions()
    found = page.evaluate(DESCRIBE, asked)
    refused = 0
    for question, answer in zip(asked, found, strict=True):
        assert answer == described(*question), question
        refused += "refused" in answer
    assert 100 < refused < len(asked) - 100


def test_what_runs_had_before_the_notation_is_the_same(page):
    assert page.evaluate("lenet5.EARLIER") == EARLIER


def test_the_settings_are_those_of_the_package():
    stored = json.loads((ROOT / "book" / "training" / "settings.json").read_text())
    assert [entry["name"] for entry in stored] == [setting.name for setting in RECIPE]
    for entry, setting in zip(stored, RECIPE, strict=True):
        # By these the page finds the command that trains the same on a computer.
        assert entry["default"] == setting.default
        if entry["kind"] in ("whole", "number"):
            assert (entry["from"], entry["to"]) == setting.limits
            assert (entry["kind"] == "whole") == (setting.kind is int)
        else:
            assert entry.get("choices", []) == list(setting.limits)
            assert (entry["kind"] == "network") == (not setting.limits)
