# ruff: noqa: F401 (fixtures are imported)
"""The pad reads with the network of a file, whichever of the family it is, or says why not."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect
from safetensors.numpy import save_file

from book_with_training import ROOT, address, training_book
from exact.engine import ExactEngine
from exact.network import Network
from lenet5.config import REPORT
from lenet5.files import save_arrays
from lenet5.parameters import describe_network, initial_weights

SAMPLES = json.loads((ROOT / "book" / "pad" / "samples.json").read_text())


@pytest.fixture
def page(browser, training_book):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(address(training_book, "draw"))
    expect(page.locator(".pad-status")).to_have_text("The paper is empty.")
    yield page
    context.close()


def write(folder, network: Network):
    """A file of a network with its first weights, and the weights."""
    weights = initial_weights(3, network)
    path = folder / "mine.safetensors"
    save_arrays(path, weights, describe_network(network))
    return path, weights


def open_file(page, path):
    """Choose a file; what the pad says of it."""
    page.locator(".pad-file input").set_input_files(path)
    return page.locator(".pad-network-said")


def test_the_fold_holds_the_files_and_the_help_with_keys(page):
    """The help is told of the paper even while the fold is closed."""
    fold = page.locator(".pad-more")
    for place in (".pad-upload input", ".pad-file input", ".pad-keys"):
        expect(fold.locator(place)).to_be_hidden()
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    asked = {"nodeId": root, "selector": ".pad-paper"}
    paper = session.send("DOM.querySelector", asked)["nodeId"]
    asked = {"nodeId": paper, "fetchRelatives": False}
    [node] = session.send("Accessibility.getPartialAXTree", asked)["nodes"]
    assert "the arrow keys move a pen" in node["description"]["value"]
    fold.locator("summary").press("Enter")
    for place in (".pad-upload input", ".pad-file input", ".pad-keys"):
        expect(fold.locator(place)).to_be_visible()


def test_the_fold_opens_for_a_picture_that_is_refused(page):
    alert = page.locator(".pad-upload [role=alert]")
    expect(alert).to_be_hidden()
    page.evaluate("""() => {
        const files = new DataTransfer();
        files.items.add(new File(["no picture"], "notes.png", { type: "image/png" }));
        document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: files }));
    }""")
    expect(alert).to_be_visible()
    expect(alert).to_contain_text("notes.png: ")


def expect_reading(page, network, weights, mnist) -> None:
    """The pad's reading of a test image is that of the exact engine."""
    page.get_by_role("button", name="Test image").nth(5).click()
    row = SAMPLES[5]["index"]
    engine = ExactEngine(network, weights)
    [wanted] = engine.probabilities(mnist[1].images[row : row + 1])
    words = f"{100 * wanted.max():.1f} %"
    expect(page.locator(".pad-most span").first).to_have_text(str(wanted.argmax()))
    expect(page.locator(".pad-most span").last).to_have_text(words)


@pytest.mark.parametrize(
    ("notation", "activation"),
    [("5C3-AP2-4C4-11N", "tanh"), ("13N", "relu"), (REPORT, "none")],
)
def test_it_reads_with_the_network_that_the_file_names(
    page, mnist, tmp_path, notation, activation
):
    network = Network(notation, activation)
    path, weights = write(tmp_path, network)
    said = open_file(page, path)
    expect(page.locator(".pad-own-name")).to_contain_text("mine.safetensors")
    if notation != REPORT:
        expect(page.locator(".pad-own-name")).to_contain_text(notation)
    expect_reading(page, network, weights, mnist)
    expect(said).to_have_text("")


def test_a_file_from_elsewhere_is_taken_for_the_reports_network(page, mnist, tmp_path):
    network = Network(REPORT)
    weights = initial_weights(3, network)
    save_file(weights, tmp_path / "elsewhere.safetensors")
    open_file(page, tmp_path / "elsewhere.safetensors")
    expect(page.locator(".pad-own-name")).to_have_text("elsewhere.safetensors")
    expect_reading(page, network, weights, mnist)


def test_our_network_reads_again(page, mnist, training_book, tmp_path):
    from lenet5.run import Run

    ours = Run.load(training_book / "record")
    path, _ = write(tmp_path, Network("13N"))
    open_file(page, path)
    expect(page.locator(".pad-own-name")).to_contain_text("13N")
    page.get_by_label("our network").check()
    expect_reading(page, ours.network, ours.weights, mnist)


@pytest.mark.parametrize(
    ("image_shape", "classes", "words"),
    [
        ((1, 12, 12), 10, "5C3-9N takes images of 1×12×12 in 10 classes"),
        ((1, 28, 28), 7, "5C3-9N takes images of 1×28×28 in 7 classes"),
    ],
)
def test_a_network_of_other_images_or_answers_is_refused(
    page, tmp_path, image_shape, classes, words
):
    path, _ = write(tmp_path, Network("5C3-9N", "relu", image_shape, classes))
    said = open_file(page, path)
    expect(said).to_contain_text(f"mine.safetensors: {words}; the pad gives 1×28×28")
    expect(page.locator(".pad-own")).to_be_hidden()


DAMAGES = {
    "a bit of a weight": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "a letter of the notation": lambda data: data.replace(b"5C3-9N", b"5C3-8N"),
    "its end": lambda data: data[:-100],
    "its header": lambda data: b"\0" * 8 + data[8:],
    "another file": lambda data: b"no network",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused(page, tmp_path, damage):
    path, _ = write(tmp_path, Network("5C3-9N"))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    said = open_file(page, path)
    reason = (
        "damaged" if damage == "a bit of a weight" else "no network of this project"
    )
    expect(said).to_contain_text(reason)
    expect(page.locator(".pad-own")).to_be_hidden()
