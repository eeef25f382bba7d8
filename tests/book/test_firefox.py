# ruff: noqa: F401 (fixtures are imported)
"""The pad and both trainings in Firefox: what Chromium shows, another engine shows too."""

import json

import numpy as np
import pytest
from PIL import Image

import made_pictures
from book_with_training import address, native, training_book
from drawing import DIGITS
from lenet5.config import report_config
from lenet5.run import load_or_train
from marionette import Firefox
from small_books import need
from upload_page import GIVE

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


@pytest.fixture
def photo(mnist, tmp_path):
    """A photograph of a digit, and the digit."""
    train = mnist[0]
    picture, label = made_pictures.made("plain", 1, train.images, train.labels)
    picture.save(tmp_path / "photo.png")
    return tmp_path / "photo.png", label


def open_pad(firefox, address: str) -> None:
    """Open the pad, and wait for it."""
    firefox.visit("about:blank")  # or another part of the same page would be shown
    firefox.visit(address)
    firefox.wait_for(TEXT, ".pad-report", "–")


def give(firefox, kind: str, *files, **texts) -> None:
    """Drop or paste files on the pad: see ``upload_page.give``."""
    listed = [[list(content), name, type_] for content, name, type_ in files]
    named = {f"text/{name}": text for name, text in texts.items()}
    given = json.dumps([".digit-pad", kind, listed, named])
    # By a script of the page: Firefox keeps from a page what tests add to its objects.
    add = "document.head.append(Object.assign(document.createElement('script'), "
    firefox.run(add + "{ text: arguments[0] }))", f"({GIVE})({given})")


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_picture_of_the_readers_is_read(firefox, book, photo, way):
    path, label = photo
    open_pad(firefox, (book / "book" / "draw.html").as_uri())
    if way == "choose":
        firefox.choose(".pad-upload input", path)
    else:
        give(firefox, way, (path.read_bytes(), path.name, "image/png"))
    firefox.wait_for(
        TEXT, ".pad-status", f"Our network and the committee read {label}."
    )
    alert = firefox.run("return document.querySelector('.pad-upload p').textContent")
    assert alert == ""


def test_what_is_no_picture_is_refused_in_words(firefox, book, tmp_path):
    open_pad(firefox, (book / "book" / "draw.html").as_uri())
    (tmp_path / "notes.png").write_bytes(b"no picture")
    firefox.choose(".pad-upload input", tmp_path / "notes.png")
    firefox.wait_for(TEXT, ".pad-upload p", "notes.png: no whole picture that this")
    give(firefox, "drop", plain="https://example.org/seven.png")
    firefox.wait_for(TEXT, ".pad-upload p", "What was dropped is no file.")
    give(firefox, "paste", plain="seven")
    firefox.wait_for(TEXT, ".pad-upload p", "What was pasted is no picture.")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_what_is_left_of_a_picture_is_not_read(firefox, book, photo, suffix, tmp_path):
    """Firefox shows a file that is cut short as far as it goes."""
    open_pad(firefox, (book / "book" / "draw.html").as_uri())
    path = tmp_path / f"cut.{suffix}"
    Image.open(photo[0]).convert("L").save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    firefox.choose(".pad-upload input", path)
    words = f"cut.{suffix}: cut short or damaged; give the whole file."
    firefox.wait_for(TEXT, ".pad-upload p", words)


def test_the_inside_is_loaded_when_it_is_opened(firefox, book):
    open_pad(firefox, (book / "book" / "draw.html").as_uri())
    firefox.click(".pad-images button")
    firefox.click(".inside summary")
    firefox.wait_for("document.querySelectorAll('.inside-layer').length === 9")


@pytest.mark.parametrize("chapter", ["results", "audit"])
def test_a_click_on_a_mistake_loads_its_image(firefox, book, mnist, chapter):
    firefox.visit((book / "book" / f"{chapter}.html").as_uri())
    link = ".linked-figure a"
    find = f'const link = document.querySelector("{link}");'
    row = int(firefox.run(f"{find} return link.href.split('=')[1]"))
    firefox.run(f"{find} link.scrollIntoView({{ block: 'center' }})")
    firefox.click(link)
    words = f"The label is {mnist[1].labels[row]}."
    firefox.wait_for(TEXT, ".pad-status", words)


@pytest.mark.parametrize("workers", [1, 2])
def test_our_run_is_trained_to_the_same_bytes(firefox, training_book, native, workers):
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
