"""The page of the pad in a browser, for tests."""

import base64
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from lenet5 import RECORD
from lenet5.run import Run


def listen(page) -> tuple[list[str], list[str]]:
    """The requests that a page will make, and the errors that it will report."""
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: errors.append(request.url))
    page.on("pageerror", lambda error: errors.append(error.message))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    return requests, errors


@pytest.fixture(scope="module")
def common_errors(book, browser) -> set[str]:
    """What a chapter without a pad reports too: it is not the pad's."""
    page = browser.new_page()
    _, errors = listen(page)
    page.goto((book / "book" / "introduction.html").as_uri())
    page.close()
    return set(errors)


@pytest.fixture
def page(book, browser, common_errors, request):
    """The chapter from its file, with the network refused; no request or error may be the pad's."""
    options = getattr(request, "param", {})
    context = browser.new_context(offline=True, has_touch=True, **options)
    page = context.new_page()
    requests, errors = listen(page)
    page.goto((book / "book" / "draw.html").as_uri())
    expect(page.locator(".pad-status")).to_have_text("The paper is empty.")
    page.locator(".pad-paper").scroll_into_view_if_needed()
    yield page
    assert set(errors) <= common_errors
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    context.close()


@pytest.fixture(scope="module")
def engine():
    return Run.load(RECORD).engine()


def pixels(page, name) -> np.ndarray:
    """The greys of a canvas once all that was drawn is shown, shape (height, width), 0 to 255."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    text, width = page.locator(f".pad-{name}").evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            let text = "";
            for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i]);
            return [btoa(text), width];
        }"""
    )
    greys = np.frombuffer(base64.b64decode(text), dtype=np.uint8)
    return greys.reshape(-1, width).astype(np.float32)


def shown(page) -> np.ndarray:
    """The lengths of the bars, 0 to 1: of the ten digits, and of none."""
    return np.array(
        page.locator(".pad-track").evaluate_all(
            "tracks => tracks.map(track => track.firstElementChild.getBoundingClientRect()"
            ".width / track.getBoundingClientRect().width)"
        )
    )


def expect_reading(page, engine, image, digit=None):
    """What the pad shows is what the package reads in the image, (28, 28), in [0, 1]."""
    assert np.abs(pixels(page, "seen") - 255 * image).max() <= 1
    [wanted] = engine.probabilities(image.astype(np.float32)[None, None])
    if digit is not None:
        assert wanted.argmax() == digit
    read = page.locator(".pad-report td").first
    expect(read).to_have_text(str(wanted.argmax()))
    expect(page.locator(".pad-most")).to_have_text(re.compile(f"^{wanted.argmax()}"))
    assert np.abs(shown(page)[:10] - wanted).max() < 0.005
