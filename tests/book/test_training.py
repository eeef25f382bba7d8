# ruff: noqa: F401 (fixtures are imported)
"""The page trains the network in Chromium, from a file and offline, to the native bytes."""

import base64
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from book_with_training import (
    address,
    kept,
    native,
    pause_in_epoch,
    training_book,
    wait_for_rows,
)
from built import ROOT
from exact.arrays import checksum
from lenet5 import RECORD
from lenet5.run import Run
from small_books import need
from training_page import claim, use_cores


@pytest.fixture(scope="module")
def context(browser):
    context = browser.new_context(offline=True)
    claim(context, cores=2)
    yield context
    context.close()


@pytest.fixture(scope="module")
def finished(training_book, context):
    """A training that was paused, left in the middle by a reload, and finished.

    Two workers train until the reload, and one goes on.
    """
    page, asked, errors = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address(training_book))
    page.wait_for_load_state()
    before = list(asked)
    page.get_by_role("button", name="Train", exact=True).click()
    pause_in_epoch(page, 1)
    page.wait_for_timeout(300)
    page.before = before
    page.while_paused = [page.locator(".training-state").inner_text()]
    page.wait_for_timeout(600)
    page.while_paused.append(page.locator(".training-state").inner_text())
    page.get_by_role("button", name="Go on").click()
    pause_in_epoch(page, 2)
    page.wait_for_timeout(800)
    page.in_the_middle = page.locator(".training-state").inner_text()
    page.reload()
    page.after_reload = page.get_by_role("status").first.inner_text()
    use_cores(page, 1)
    page.get_by_role("button", name="Go on from epoch 1").click()
    wait_for_rows(page, 3)
    page.asked, page.errors = asked, errors
    return page


def test_nothing_heavy_comes_before_the_click_and_nothing_from_a_network(finished):
    heavy = [url for url in finished.before if "ubyte" in url or "wasm" in url]
    assert heavy == []
    assert any("ubyte" in url for url in finished.asked)
    places = ("file:", "data:", "blob:")
    assert [url for url in finished.asked if not url.startswith(places)] == []
    assert finished.errors == []


def test_it_was_paused_and_left_in_the_middle(finished):
    assert len(set(finished.while_paused)) == 1
    assert "Epoch 1 of 2" in finished.while_paused[0]
    assert "on 2 cores" in finished.while_paused[0]
    assert "Epoch 2 of 2, step" in finished.in_the_middle
    assert finished.after_reload == "A training has reached epoch 1 of 2."


def test_losses_errors_and_weights_are_the_native_ones_bit_for_bit(finished, native):
    run = kept(finished)
    assert [tuple(row.values()) for row in run["history"]] == list(
        map(tuple, native.history)
    )
    parameters = native.network.parameters
    weights = np.frombuffer(base64.b64decode(run["state"]), np.float32, parameters, 24)
    assert weights.tobytes() == b"".join(
        array.tobytes() for array in native.weights.values()
    )
    assert run["history"][-1]["weights"] == checksum(native.weights)


def test_the_verdict_stands_in_words(finished, native):
    verdict = finished.locator(".training-verdict")
    expect(verdict).to_contain_text("Bit-identical.")
    expect(verdict).to_contain_text(native.history[-1].weights)
    finished.get_by_text("Every epoch and checksum").click()
    for row, metrics in enumerate(native.history):
        cells = finished.locator(".training tbody tr").nth(row).locator("td")
        words = cells.all_inner_texts()
        assert words[0] == str(metrics.epoch)
        assert words[4] == f"{metrics.test_error:.2f} %"
        assert metrics.weights.startswith(words[5].removesuffix("…"))
        assert words[6] == "✓"
    said = finished.locator(".training-said")
    expect(said).to_contain_text("Epoch 2 of 2: ")
    expect(said).to_contain_text("As in our run, bit for bit.")


def test_kernels_and_readings_are_those_of_the_trained_network(finished, native, mnist):
    samples = json.loads((ROOT / "book" / "pad" / "samples.json").read_text())
    images = mnist[1].images[[sample["index"] for sample in samples]]
    answers = native.engine().probabilities(images)
    words = finished.locator(".training-readings span").all_inner_texts()
    for sample, answer, text in zip(samples, answers, words, strict=True):
        wrong = "" if answer.argmax() == sample["label"] else f", is {sample['label']}"
        assert text == f"{answer.argmax()}{wrong}\n{100 * answer.max():.0f} %"
    kernels = native.weights["conv1.weight"][:, 0]
    pixels = finished.locator(".training-conv1").evaluate(
        "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 35, 5).data)"
    )
    red = np.reshape(pixels, (5, 35, 4))[:, np.arange(35) % 6 < 5, 0].reshape(5, 6, 5)
    share = kernels.swapaxes(0, 1) / np.abs(kernels).max()
    full = np.where(share < 0, 0, 230)
    assert np.abs(red - (255 + np.abs(share) * (full - 255.0))).max() <= 1


def test_the_saved_file_is_the_native_one_and_the_command_line_reads_it(
    finished, native, training_book, tmp_path
):
    with finished.expect_download() as download:
        finished.get_by_role("button", name="Save it").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "lenet5-seed-0-epoch-2.safetensors"
    recorded = training_book / "record" / "model.safetensors"
    assert path.read_bytes() == recorded.read_bytes()
    command = [sys.executable, "-m", "lenet5", "evaluate", path, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["test_error"] == native.history[-1].test_error


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation_in_a_finished_training(finished, width, theme):
    # Colours that fade from one theme to the other are neither's.
    finished.add_style_tag(content="* { transition: none !important; }")
    finished.emulate_media(color_scheme=theme)
    finished.wait_for_selector(f"html[data-theme={theme}]")
    finished.set_viewport_size({"width": width, "height": 900})
    finished.evaluate("scrollTo(0, 0)")
    found = Axe().run(
        finished, options={"preload": False, "resultTypes": ["violations"]}
    )
    assert [fault["id"] for fault in found.response["violations"]] == []
    assert finished.evaluate("document.documentElement.scrollWidth") <= width


def test_the_network_is_handed_to_the_pad(finished, native, mnist):
    finished.get_by_role("link", name="Draw digits").click()
    yours = finished.get_by_label("yours: seed 0, epoch 2")
    expect(yours).to_be_checked()
    row = json.loads((ROOT / "book" / "pad" / "samples.json").read_text())[3]["index"]
    finished.get_by_role("button", name="Test image").nth(3).click()
    wanted = native.engine().probabilities(mnist[1].images[row : row + 1])[0]
    expect(finished.locator(".pad-most span").last).to_have_text(
        f"{100 * wanted.max():.1f} %"
    )


@pytest.mark.long
def test_the_scripts_are_sound_by_their_types(tmp_path):
    """By TypeScript's checker, which reads the types in their comments."""
    npm = need("npm", "npm")
    tsc = tmp_path / "node_modules" / ".bin" / "tsc"
    command = [npm, "install", "--prefix", tmp_path, "--no-audit", "typescript@5.9.3"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip("TypeScript cannot be installed: no network?")
    folders = ("kernel/*.js", "pad/**/*.js", "training/**/*.js")
    options = {"checkJs": True, "noEmit": True, "strict": True, "target": "es2023"}
    options |= {"lib": ["es2023", "dom", "dom.iterable"], "types": []}
    files = [f"{ROOT}/book/{folder}" for folder in folders]
    project = tmp_path / "tsconfig.json"
    project.write_text(json.dumps({"compilerOptions": options, "include": files}))
    done = subprocess.run([tsc, "-p", project], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    (tmp_path / "wrong.js").write_text("lenet5.gunzip(1);\n")
    project.write_text(
        json.dumps({"compilerOptions": options, "include": [*files, "wrong.js"]})
    )
    done = subprocess.run([tsc, "-p", project], capture_output=True, text=True)
    assert "not assignable" in done.stdout


@pytest.mark.long
def test_twenty_epochs_end_bit_identical(book, browser):
    page = browser.new_page()
    page.goto((book / "book" / "train.html").as_uri())
    page.get_by_role("button", name="Train", exact=True).click()
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("Bit-identical.", timeout=600_000)
    expect(verdict).to_contain_text(Run.load(RECORD).history[-1].weights)
    page.close()
