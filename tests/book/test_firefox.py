# ruff: noqa: F401 (fixtures are imported)
"""The pad and both trainings in Firefox: what Chromium shows, another engine shows too."""

import json

import numpy as np
import pytest

from book_with_training import address, native, training_book
from built import need
from drawing import DIGITS
from lenet5.config import report_config
from lenet5.run import load_or_train
from marionette import Firefox

TEXT = "document.querySelector(given[0])?.innerText.includes(given[1])"


@pytest.fixture(scope="module")
def firefox():
    """Firefox, of the system."""
    with Firefox(need("firefox-esr", "firefox", "firefox-esr")) as firefox:
        yield firefox


def train(firefox, button: str, workers: int) -> None:
    """Click on a button that begins a training, on so many cores."""
    firefox.run(
        """const cores = document.querySelector(".training-cores");
        if (cores.options.length < arguments[0]) cores.append(new Option(arguments[0]));
        cores.value = arguments[0];""",
        str(workers),
    )
    firefox.click(button)


def history(firefox, epochs: int) -> list[tuple]:
    """What the page keeps of a training once so many epochs are done."""
    kept = firefox.wait_for(
        "JSON.parse(localStorage['lenet5: training'] ?? 'null')?.run.history.length"
        " > given[0] && localStorage['lenet5: training']",
        epochs,
    )
    return [tuple(row.values()) for row in json.loads(kept)["run"]["history"]]


def test_a_digit_is_drawn_and_read(firefox, book):
    firefox.resize(1280, 900)
    firefox.visit((book / "book" / "draw.html").as_uri())
    firefox.wait_for(TEXT, ".pad-status", "The paper is empty.")
    for digit, strokes in DIGITS.items():
        firefox.run("document.querySelector('.pad-paper').scrollIntoView()")
        firefox.draw(".pad-paper", strokes)
        firefox.wait_for(
            "document.querySelector('.pad-most')?.innerText.trim().startsWith(given[0])",
            str(digit),
        )
        firefox.click(".pad-clear")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_published_run_is_trained_to_the_same_bytes(
    firefox, training_book, native, workers
):
    firefox.visit(address(training_book))
    firefox.run("localStorage.clear()")
    firefox.visit(address(training_book))
    train(firefox, ".training-train", workers)
    assert history(firefox, epochs=2) == [tuple(row) for row in native.history]
    firefox.wait_for(TEXT, ".training-verdict", "to the last bit")


def test_a_network_of_ones_own_is_trained_to_the_native_bytes(
    firefox, training_book, tmp_path
):
    settings = {"network": "3C4-AP3-7N", "activation": "tanh", "epochs": 1, "seed": 5}
    run = load_or_train(report_config(**settings), runs=tmp_path, record=None)
    firefox.visit(address(training_book))
    firefox.run("localStorage.clear()")
    firefox.visit(address(training_book))
    firefox.run(
        """document.querySelector(".training-what-if").open = true;
        for (const [name, value] of Object.entries(arguments[0])) {
            document.querySelector(`.training form [name=${name}]`).value = value;
        }""",
        settings,
    )
    train(firefox, ".training form button[type=submit]", workers=2)
    assert history(firefox, epochs=1) == [tuple(row) for row in run.history]
