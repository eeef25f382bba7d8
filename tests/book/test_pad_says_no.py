# ruff: noqa: F401 (fixtures are imported)
"""The page says of a drawing what Python says of the same pixels, sentence for sentence."""

import base64

import numpy as np
import pytest
from playwright.sync_api import expect

from drawing import mouse
from exhibits.draw import inputs, shapes
from exhibits.draw.drawing import SIDE
from exhibits.draw.inputs import Drawing
from exhibits.draw.judged import Readers
from lenet5 import RECORD
from lenet5.run import Run
from pad_page import common_errors, page

DASH = "0,3 4,3"
FILLED = " ".join(
    f"{4 * (row % 2)},{row / 3:.2f} {4 * (1 - row % 2)},{row / 3:.2f}"
    for row in range(19)
)
TWO = "0,1 1.2,1 0.4,5 / 3.6,1 3.6,5"
DRAWN = {
    "7": shapes.DIGITS[0]["7"],
    "A": shapes.LETTERS["A"],
    "W": shapes.LETTERS["W"],
    "H": shapes.LETTERS["H"],
    "E": shapes.LETTERS["E"],
    "arrow": shapes.SIGNS["arrow"],
    "dash": DASH,
    "filled sheet": FILLED,
    "two digits": TWO,
    "dot": "2,3 2,3.05",
}
# What is sure, whatever the browser's own edges of a stroke are: the kind of verdict.
SURELY = {
    "7": {"agree"},
    "A": {"no digit", "unsure", "disagree"},
    "dash": {"no digit", "unsure", "disagree"},
    "filled sheet": {"blot"},
    "two digits": {"several"},
    "dot": {"blot"},
}


@pytest.fixture(scope="module")
def readers() -> Readers:
    return Readers.of_record(Run.load(RECORD).engine())


def on_paper(shape: str) -> list[list[tuple[float, float]]]:
    """Strokes on a paper of 1 by 1, in its middle."""
    return [
        [(0.3 + 0.1 * x, 0.18 + 0.1 * y) for x, y in stroke]
        for stroke in shapes.strokes(shape)
    ]


def greys(page) -> np.ndarray:
    """The paper as it is, shape (280, 280)."""
    text = page.locator(".pad-paper").evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            let text = "";
            for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
            return btoa(text);
        }"""
    )
    levels = np.frombuffer(base64.b64decode(text), np.uint8)
    return levels.reshape(SIDE, SIDE).astype(np.float32)


def test_page_and_package_say_the_same_of_what_is_drawn(page, readers):
    status, pad = page.get_by_role("status"), page.locator(".digit-pad")
    for name, shape in DRAWN.items():
        mouse(page, on_paper(shape))
        page.evaluate(
            "new Promise(done => requestAnimationFrame(() => setTimeout(done)))"
        )
        drawing = Drawing(inputs.DIGITS, name, greys(page))
        [wanted] = readers.read_drawings([drawing]).verdicts()
        assert wanted.kind in SURELY.get(name, {wanted.kind}), name
        expect(status).to_have_text(wanted.sentence, timeout=60_000)
        expect(pad).to_have_attribute("data-verdict", wanted.kind)
        page.get_by_role("button", name="Clear").click()
        expect(status).to_have_text("The paper is empty.")
