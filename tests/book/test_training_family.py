# ruff: noqa: F401 (fixtures are imported)
"""The page trains any network of the family, by any number of workers, to the native bytes."""

import json
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from book_with_training import (
    ROOT,
    address,
    kept,
    training_book,
    wait_for_rows,
)
from lenet5.config import report_config
from lenet5.run import load_or_train
from training_page import choose, claim, page, use_cores

NETWORKS = {
    "convolution": {"network": "4C5-MP2-10N"},
    "average": {
        "network": "3C4-AP3-7N",
        "activation": "tanh",
        "optimizer": "sgd",
        "lr": 0.02,
        "batch_size": 100,  # the last block of each batch is short
        "seed": 5,
    },
    "two convolutions": {"network": "2C5-AP2-3C3-MP3", "activation": "none"},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of the native runs."""
    return tmp_path_factory.mktemp("family")


def native_run(runs, settings):
    """The same run by the native engine."""
    return load_or_train(report_config(**settings), runs=runs, record=None)


def open_choice(page, training_book) -> None:
    page.goto(address(training_book))
    page.get_by_text("What if?").click()


def expect_native(page, run) -> None:
    """All numbers that the page has come to are those of a run, to the last bit."""
    history = [tuple(row.values()) for row in kept(page)["history"]]
    assert history == [tuple(row) for row in run.history]


def stop_in_epoch(page, epoch: int) -> None:
    """Click on Stop from within the page: a client that is late would miss the epoch."""
    script = """epoch => {
        const state = document.querySelector(".training-state").innerText;
        if (!state.startsWith(`Epoch ${epoch} of`) || !state.includes("step")) return false;
        document.querySelector(".training-stop").click();
        return true;
    }"""
    page.wait_for_function(script, arg=epoch, timeout=120_000)


LISTEN = """
    window.states = [];
    addEventListener("DOMContentLoaded", () => {
        const note = () => states.push(document.querySelector(".training-state").innerText);
        const observer = new MutationObserver(note);
        observer.observe(document.body, { subtree: true, childList: true });
    });
"""


def said_cores(page) -> set[str]:
    """On how many cores the page has said that it trains, since it was opened with LISTEN."""
    found = set()
    for state in page.evaluate("states"):
        found.update(re.findall("on (one core|[0-9]+ cores)", state))
    return found


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", NETWORKS)
def test_other_networks_are_trained_to_the_native_bytes(
    page, training_book, runs, name, workers
):
    settings = NETWORKS[name] | {"epochs": 1}
    run = native_run(runs, settings)
    page.add_init_script(LISTEN)
    open_choice(page, training_book)
    use_cores(page, workers)
    choose(page, **settings)
    wait_for_rows(page, 2)
    expect_native(page, run)
    assert said_cores(page) == {"one core" if workers == 1 else f"{workers} cores"}


def test_a_dense_network_is_trained_to_the_native_bytes_by_one_worker(
    page, training_book, runs
):
    settings = {"network": "12N", "optimizer": "sgd", "lr": 0.05, "epochs": 1}
    run = native_run(runs, settings)
    page.add_init_script(LISTEN)
    open_choice(page, training_book)
    choose(page, **settings)
    wait_for_rows(page, 2)
    expect_native(page, run)
    assert said_cores(page) == {"one core"}
    expect(page.locator(".training-no-kernels")).to_be_visible()
    expect(page.locator(".training-first")).to_be_hidden()


def test_interrupted_and_gone_on_with_other_workers_it_ends_in_the_native_bytes(
    page, training_book, runs
):
    settings = NETWORKS["average"] | {"epochs": 2, "schedule": "linear"}
    run = native_run(runs, settings)
    open_choice(page, training_book)
    use_cores(page, 2)
    choose(page, **settings)
    stop_in_epoch(page, 1)
    use_cores(page, 3)
    page.get_by_role("button", name="Go on from epoch 0").click()
    wait_for_rows(page, 2)
    stop_in_epoch(page, 2)
    page.reload()
    use_cores(page, 1)
    page.get_by_role("button", name="Go on from epoch 1").click()
    wait_for_rows(page, 3)
    expect_native(page, run)


@pytest.fixture(scope="module")
def finished(browser, training_book, runs):
    """The page after a training of another network, and the native run."""
    settings = NETWORKS["convolution"] | {"epochs": 1}
    context = browser.new_context(offline=True)
    page = context.new_page()
    claim(page, cores=2)
    open_choice(page, training_book)
    choose(page, **settings)
    wait_for_rows(page, 2)
    yield page, native_run(runs, settings)
    context.close()


def test_the_command_that_the_page_names_gives_the_same_weights(finished, runs):
    page, run = finished
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("Your own run.")
    checksum, command = verdict.locator("code").all_inner_texts()
    assert checksum == run.history[-1].weights
    words = shlex.split(command)[1:]  # without python
    assert words == "-m lenet5 train --network 4C5-MP2-10N --epochs 1".split()
    out = runs / "out"
    command = [sys.executable, *words, "--runs", str(runs), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    last = (out / "history.csv").read_text(encoding="utf-8").splitlines()[-1]
    assert last.startswith("1,")
    assert last.endswith(f",{checksum}")


def test_the_saved_file_is_the_native_one(finished, tmp_path):
    page, run = finished
    with page.expect_download() as download:
        page.get_by_role("button", name="Save it").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    run.save(tmp_path / "run")
    native = tmp_path / "run" / "model.safetensors"
    assert path.read_bytes() == native.read_bytes()


def test_its_kernels_are_shown(finished):
    page, _ = finished
    expect(page.locator(".training-first p")).to_have_text(
        "The four kernels of the first layer"
    )
    size = page.locator(".training-conv1").evaluate("x => [x.width, x.height]")
    assert size == [4 * 6 - 1, 5]
    expect(page.locator(".training-second")).to_be_hidden()
    expect(page.locator(".training-no-kernels")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_no_violation_in_the_form(finished, width, theme):
    page, _ = finished
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector(f"html[data-theme={theme}]")
    # Colours that fade from one to another are neither.
    page.add_style_tag(content="* { transition: none !important; }")
    page.evaluate("scrollTo(0, 0)")
    page.set_viewport_size({"width": width, "height": 900})
    options = {"preload": False, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    for fault in found.response["violations"]:
        pytest.fail(f"{fault['id']}: {[node['target'] for node in fault['nodes']]}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pad_reads_with_it(finished, mnist):
    page, run = finished
    page.get_by_role("link", name="Draw digits").click()
    yours = page.get_by_label("yours: seed 0, epoch 1")
    expect(yours).to_be_checked()
    expect(page.locator(".pad-own-name")).to_contain_text("4C5-MP2-10N")
    samples = json.loads((ROOT / "book" / "pad" / "samples.json").read_text())
    row = samples[3]["index"]
    page.get_by_role("button", name="Test image").nth(3).click()
    [wanted] = run.engine().probabilities(mnist[1].images[row : row + 1])
    shown = page.locator(".pad-most span").last
    expect(shown).to_have_text(f"{100 * wanted.max():.1f} %")


# -- what is shown of other networks -----------------------------------------------------


TILES = """([outputs, channels, kernel]) => {
    const canvas = document.createElement("canvas");
    const weights = Float32Array.from({ length: outputs * channels * kernel ** 2 }, (_, i) => i);
    lenet5.looks.kernels(canvas, weights, { outputs, channels, kernel });
    const { width, height } = canvas;
    const image = canvas.getContext("2d").getImageData(0, 0, width, height);
    return [width, height, Array.from(image.data)];
}"""


def tiles(page, outputs: int, channels: int, kernel: int) -> np.ndarray:
    """The picture of kernels whose weights are 0, 1, 2, …: what each weight is of the largest."""
    width, height, data = page.evaluate(TILES, [outputs, channels, kernel])
    pixels = np.reshape(data, (height, width, 4))
    share = (255 - pixels[..., 2]) / 255  # orange has no blue
    return np.where(pixels[..., 3] > 0, share, -1)


def test_many_kernels_are_laid_in_rows(page, training_book):
    page.goto(address(training_book))
    picture = tiles(page, 30, 1, 3)
    assert picture.shape == (2 * 4 - 1, 24 * 4 - 1)
    first_of_second_row = 24 * 9 / (30 * 9 - 1)
    assert abs(picture[4, 0] - first_of_second_row) < 0.01
    assert (picture[4:, 6 * 4 :] == -1).all()  # there are no more than thirty


def test_kernels_of_several_channels_stand_in_columns(page, training_book):
    page.goto(address(training_book))
    picture = tiles(page, 5, 3, 2)
    assert picture.shape == (3 * 3 - 1, 5 * 3 - 1)
    weight = (4 * 3 + 1) * 4  # the first of output 4 and channel 1
    assert abs(picture[3, 4 * 3] - weight / (5 * 3 * 4 - 1)) < 0.01


# -- cores -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cores", "gigabytes", "offered", "first"),
    [(3, None, 3, "3"), (64, 8, 8, "8"), (8, 2, 8, "2"), (4, 0.5, 4, "1")],
)
def test_all_cores_are_offered_and_no_more_than_memory_has_room_for(
    browser, training_book, cores, gigabytes, offered, first
):
    page = browser.new_page()
    claim(page, cores, gigabytes)
    page.goto(address(training_book))
    select = page.get_by_label("Cores")
    expect(select).to_have_value(first)
    expect(select.locator("option")).to_have_count(offered)
    page.close()


USED = """([settings, chosen]) => {
    const network = new lenet5.Network(settings.network, "relu", [1, 28, 28], 10);
    return lenet5.cores.use(chosen, settings, network);
}"""


@pytest.mark.parametrize(
    ("network", "batch_size", "used"),
    [
        ("4C5-MP2-10N", 128, 8),
        ("4C5-MP2-10N", 33, 3),  # blocks
        ("4C5-MP2-10N", 16, 1),
        ("6C5-MP2-16C5-MP2-120N-84N", 60_000, 1),  # gradients of many blocks
        ("3C5-3000N", 128, 1),  # many gradients
        ("800N", 128, 1),  # which are cheap to compute
    ],
)
def test_no_worker_is_idle_and_none_needs_too_much_room(
    page, training_book, network, batch_size, used
):
    page.goto(address(training_book))
    settings = {"network": network, "batch_size": batch_size}
    assert page.evaluate(USED, [settings, 8]) == used
