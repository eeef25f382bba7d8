# ruff: noqa: F401 (fixtures are imported)
"""Look inside the network that reads: the maps, and each value as the exact engine comes to it."""

import base64
import json
import re
from functools import cache

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from built import ROOT
from drawing import DIGITS, mouse
from exact.engine import ExactEngine
from exact.network import Network
from exhibits.layers import steps
from lenet5 import RECORD
from lenet5.files import save_arrays
from lenet5.parameters import describe_network, initial_weights
from lenet5.run import Run
from pad_page import common_errors, page

REPORT = Run.load(RECORD)
NETWORKS = [
    REPORT.network,
    Network("12C3-AP2-20C5-MP2-80N", "tanh"),
    Network("120N-84N"),
    Network("5C7-AP3-4C2-MP3", "relu"),
    Network("4C6-3C3-AP2-9N", "none"),
]
SAMPLES = json.loads((ROOT / "book" / "pad" / "samples.json").read_text())
ROW = SAMPLES[5]["index"]  # of the test image that most tests look at
PHONE = {"viewport": {"width": 390, "height": 844}}
TABLET = {"viewport": {"width": 768, "height": 1024}}


def packed(array) -> str:
    return base64.b64encode(np.asarray(array, dtype="<f4").tobytes()).decode()


@cache
def weights_of(network: Network) -> dict:
    """The weights of our run, or drawn ones with biases that are not 0."""
    if network == REPORT.network:
        return REPORT.weights
    weights = initial_weights(1, network)
    generator = np.random.default_rng(1)
    for name in weights:
        if "bias" in name:
            weights[name] += generator.normal(0, 0.1, weights[name].shape).astype("f4")
    return weights


@pytest.fixture(scope="module")
def image(mnist):
    """A test image, (1, 28, 28), float32 in [0, 1]."""
    return mnist[1].images[ROW] / np.float32(255)


@pytest.fixture(scope="module")
def tools(book, browser):
    """The chapter's page, for its functions alone."""
    page = browser.new_page()
    page.goto((book / "book" / "draw.html").as_uri())
    page.locator(".inside summary").click()
    expect(page.locator(".inside-layer").first).to_be_visible()
    yield page
    page.close()


KERNEL = """async ({ notation, activation, weights, image }) => {
    const floats = text => new Float32Array(lenet5.bytes(text).buffer);
    const text = array => lenet5.base64(new Uint8Array(array.buffer));
    const network = new lenet5.Network(notation, activation, [1, 28, 28], 10);
    const kernel = await lenet5.Kernel.load(lenet5.bytes(appData["kernel.wasm"]), network);
    kernel.weights.set(floats(weights));
    const pixels = floats(image);
    const steps = lenet5.steps.of(network);
    %s
}"""
VALUES = """
    return Object.entries(kernel.activations(pixels)).map(([name, array]) => [name, text(array)]);
"""
# Each value once more, by the page's own sums.
SUMS = """
    const values = lenet5.steps.values(kernel, pixels);
    return steps.slice(1).map((step, before) => {
        const [maps, rows, columns] = step.shape.length === 3 ? step.shape : [1, 1, step.shape[0]];
        const found = new Float64Array(maps * rows * columns);
        for (let i = 0; i < found.length; i++) {
            const place = Math.floor(i / columns);
            const cell = [Math.floor(place / rows), place % rows, i % columns];
            found[i] = lenet5.sums.account(kernel, steps, values, before + 1, ...cell).value;
        }
        return [step.output, text(found)];
    });
"""


def ask(tools, code, network, image, weights=None):
    """What the page's functions find of an image, by name, as bytes."""
    flat = [np.ravel(array) for array in (weights or weights_of(network)).values()]
    found = tools.evaluate(
        KERNEL % code,
        {
            "notation": network.notation,
            "activation": network.activation,
            "weights": packed(np.concatenate(flat)),
            "image": packed(image),
        },
    )
    return {name: base64.b64decode(text) for name, text in found}


# -- the values, to the bit ------------------------------------------------------------


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.notation)
def test_the_page_has_what_python_has_of_every_layer(tools, network, image):
    expected = ExactEngine(network, weights_of(network)).activations(image)
    found = ask(tools, VALUES, network, image)
    assert list(found) == list(expected)
    assert found == {name: array.tobytes() for name, array in expected.items()}
    changed = {name: array.copy() for name, array in weights_of(network).items()}
    first = next(iter(changed))
    changed[first] += np.float32(1e-6)
    assert ask(tools, VALUES, network, image, changed) != found


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.notation)
def test_every_cell_is_added_up_to_the_engines_value(tools, network, image):
    engine = ExactEngine(network, weights_of(network))
    expected = engine.activations(image)
    found = ask(tools, SUMS, network, image)
    names = [step.output for step in steps(network)]
    assert list(found) == [*names, "softmax"]
    for name in names:
        ours = np.frombuffer(found[name])
        assert ours.astype(np.float32).tobytes() == expected[name].tobytes(), name
        assert np.array_equal(ours, ours.astype(np.float32)), name
    assert found["softmax"] == engine.probabilities(image[None]).tobytes()


def test_another_order_of_the_sum_gives_other_bits(image):
    """So the test above would see it: here the bias comes last, and each map from its end."""
    weights = weights_of(REPORT.network)
    expected = REPORT.engine().activations(image)
    seen = expected["pool1"]
    others = 0
    for row, column in np.ndindex(8, 8):
        patch = seen[:, row : row + 5, column : column + 5]
        total = np.float32(0)
        for product in (patch * weights["conv2.weight"][0]).ravel()[::-1]:
            total += product
        total += weights["conv2.bias"][0]
        assert total == pytest.approx(expected["conv2"][0, row, column], abs=1e-5)
        others += total != expected["conv2"][0, row, column]
    assert others > 10


ACCOUNTS = """
    const values = lenet5.steps.values(kernel, pixels);
    const at = steps.findIndex(step => step.name === "pool1");
    const { shape, stage } = steps[at], found = [];
    for (let i = 0; i < shape[0] * shape[1] * shape[2]; i++) {
        const place = Math.floor(i / shape[2]);
        const account = lenet5.sums.account(kernel, steps, values, at,
            Math.floor(place / shape[1]), place % shape[1], i % shape[2]);
        found.push(stage.isAverage ? account.average : account.winner);
    }
    return [["", text(Float32Array.from(found))]];
"""


def squares(maps, side):
    """The cells of each pool, shape (maps, rows, columns, side * side)."""
    windows = np.lib.stride_tricks.sliding_window_view(maps, (side, side), axis=(1, 2))
    windows = windows[:, ::side, ::side]
    return windows.reshape(*windows.shape[:3], -1)


def test_the_first_of_the_largest_wins_a_pool(tools, image):
    weights = {name: array.copy() for name, array in REPORT.weights.items()}
    weights["conv1.weight"][0] = 0  # a map of one value: all of its pools have ties
    engine = ExactEngine(REPORT.network, weights)
    found = ask(tools, ACCOUNTS, REPORT.network, image, weights)[""]
    cells = squares(engine.activations(image)["conv1"], 2)
    winners = np.frombuffer(found, np.float32).reshape(6, 12, 12)
    assert np.array_equal(winners, cells.argmax(-1))
    assert not winners[0].any()
    assert set(winners[1:].ravel()) == {0, 1, 2, 3}


def test_the_average_of_the_cells_above_is_named_beside_the_engines_value(tools, image):
    network = NETWORKS[1]
    activations = ExactEngine(network, weights_of(network)).activations(image)
    found = np.frombuffer(ask(tools, ACCOUNTS, network, image)[""], np.float32)
    cells = squares(activations["conv1"], 2)
    assert np.abs(found.reshape(12, 13, 13) - cells.mean(-1)).max() < 1e-6
    assert np.abs(found.reshape(12, 13, 13) - activations["pool1"]).max() < 1e-6


REACH = """
    return steps.flatMap((step, index) => step.shape.length < 3 || !index ? [] : [[step.name,
        text(Float32Array.from(Array.from({ length: step.shape[1] * step.shape[2] }, (_, i) => {
            const row = Math.floor(i / step.shape[2]), column = i % step.shape[2];
            const [field] = lenet5.steps.reach(steps, index, row, column);
            return [field.top, field.left, field.height, field.width];
        }).flat()))]]);
"""


@pytest.mark.parametrize("network", [*NETWORKS[:2], NETWORKS[3]], ids=str)
def test_the_receptive_field_is_where_a_pixel_changes_the_cell(tools, network, image):
    weights = initial_weights(0, network)
    for name in weights:
        weights[name][:] = (
            "weight" in name
        )  # ones and zeros: ink anywhere in the field shows
    engine = ExactEngine(network, weights)
    changed = {}
    for row, column in np.ndindex(28, 28):
        pixel = np.zeros((1, 28, 28), np.float32)
        pixel[0, row, column] = 1e-3
        for name, array in engine.activations(pixel).items():
            if array.ndim == 3:
                cells = changed.setdefault(name, np.zeros((*array.shape[1:], 28, 28)))
                cells[..., row, column] = array[0] > 0
    for name, found in ask(tools, REACH, network, image).items():
        cells = changed[name].reshape(-1, 28, 28)
        boxes = np.frombuffer(found, np.float32).astype(int).reshape(-1, 4)
        assert len(boxes) == len(cells)
        for cell, (top, left, height, width) in zip(cells, boxes, strict=True):
            expected = np.zeros((28, 28))
            expected[top : top + height, left : left + width] = 1
            assert np.array_equal(cell, expected), name


# -- on the page -----------------------------------------------------------------------


def look_inside(page, sample=5):
    """Hand a test image to the network, and open what is behind it."""
    page.get_by_role("button", name="Test image").nth(sample).click()
    page.locator(".inside summary").click()
    expect(page.locator(".inside-layer").first).to_be_visible()


def layer(page, name):
    return page.locator(".inside-layer", has=page.locator(f"b:text-is('{name}')")).first


def frame(page):
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def number(value) -> str:
    """A value as the page writes it."""
    return "0" if value == 0 else f"{value:.4f}".replace("-", "−")


def greys(canvas) -> np.ndarray:
    """The red of a canvas, shape (height, width)."""
    text, width = canvas.evaluate(
        """canvas => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return [Array.from(data).filter((_, i) => i % 4 === 0), width];
        }"""
    )
    return np.array(text).reshape(-1, width)


def test_closed_it_computes_nothing(page):
    page.evaluate(
        """() => {
            window.calls = 0;
            const { activations } = lenet5.Kernel.prototype;
            lenet5.Kernel.prototype.activations = function (pixels) {
                calls++;
                return activations.call(this, pixels);
            };
        }"""
    )
    mouse(page, DIGITS[7])
    frame(page)
    assert page.evaluate("calls") == 0
    assert page.locator(".pad-inside canvas").count() == 0
    page.locator(".inside summary").click()
    expect(page.locator(".inside-layer").first).to_be_visible()
    assert page.evaluate("calls") > 0
    page.locator(".inside summary").click()
    frame(page)
    page.evaluate("calls = 0")
    mouse(page, DIGITS[1])
    frame(page)
    assert page.evaluate("calls") == 0


def test_what_shows_the_inside_is_loaded_when_it_is_opened(page):
    loaded = []
    page.on("request", lambda request: loaded.append(request.url.split("/")[-1]))
    files = [path.name for path in (ROOT / "book" / "pad" / "inside").iterdir()]
    mouse(page, DIGITS[7])
    expect(page.locator(".pad-status")).to_contain_text("7")
    assert [name for name in loaded if name in files] == []
    for _ in range(3):  # open, closed, open
        page.locator(".inside summary").click()
    expect(page.locator(".inside-layer").first).to_be_visible()
    assert sorted(name for name in loaded if name in files) == sorted(files)


def test_a_file_that_is_missing_is_named_and_asked_for_again(book, browser):
    page = browser.new_page()
    page.route("**/inside/words.js", lambda route: route.abort())
    page.goto((book / "book" / "draw.html").as_uri())
    summary = page.locator(".inside summary")
    summary.click()
    said = page.locator(".inside-loading")
    expect(said).to_have_text(
        "The inside cannot be shown: the file inside/words.js is missing."
    )
    page.unroute("**/inside/words.js")
    summary.click()
    summary.click()
    expect(page.locator(".inside-layer").first).to_be_visible()
    expect(said).to_have_text("")
    page.close()


def test_every_layer_is_there_as_in_the_figure_of_the_introduction(page):
    look_inside(page)
    names = page.locator(".inside-title b").all_inner_texts()
    expected = [step.layer.name for step in steps(REPORT.network)]
    assert names == ["image", *expected, "answers"]
    assert [layer(page, name).locator("canvas").count() for name in names] == [
        1, 6, 6, 16, 16, 1, 1, 1, 1,
    ]  # fmt: skip
    expect(layer(page, "conv2")).to_contain_text(
        "convolution 5×5, ReLU, 16 maps of 8×8"
    )


def test_the_maps_follow_the_drawing_from_paper_to_ink(page, image):
    engine = REPORT.engine()
    look_inside(page)
    layer(page, "conv1").scroll_into_view_if_needed()
    frame(page)
    values = engine.activations(image)["relu1"]
    for number, canvas in enumerate(layer(page, "conv1").locator("canvas").all()):
        expected = 255 - (255 - 34) * values[number] / values.max()
        assert np.abs(greys(canvas) - expected).max() <= 1
    first = layer(page, "conv1").locator("canvas").first
    before = greys(first)
    page.get_by_role("button", name="Test image").nth(1).click()
    first.scroll_into_view_if_needed()
    frame(page)
    assert not np.array_equal(greys(first), before)


def test_values_below_zero_are_blue_and_above_orange(page, image):
    look_inside(page)
    logits = REPORT.engine().activations(image)["dense3"]
    layer(page, "dense3").scroll_into_view_if_needed()
    frame(page)
    reds = greys(layer(page, "dense3").locator("canvas"))[0]
    share = np.abs(logits) / np.abs(logits).max()
    expected = 255 + share * (np.where(logits < 0, 0, 230) - 255)
    assert logits.min() < 0 < logits.max()
    assert np.abs(reds - expected).max() <= 1


def test_what_is_not_on_the_screen_is_not_painted(page):
    page.set_viewport_size({"width": 1280, "height": 400})
    look_inside(page)
    page.evaluate("scrollTo(0, 0)")
    page.evaluate("new Promise(done => setTimeout(done, 200))")
    page.get_by_role("button", name="Test image").nth(1).evaluate("x => x.click()")
    frame(page)
    answers = layer(page, "answers").locator("canvas")
    last = greys(answers)
    answers.scroll_into_view_if_needed()
    for _ in range(100):  # it is painted when the page has seen it come
        frame(page)
        if not np.array_equal(greys(answers), last):
            break
    assert not np.array_equal(greys(answers), last)
    assert greys(answers)[0].argmin() == SAMPLES[1]["label"]


def test_with_keys_alone(page, image):
    values = REPORT.engine().activations(image)
    page.get_by_role("button", name="Test image").nth(5).click()
    page.locator(".pad-clear").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.inside summary')"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".inside-layer").first).to_be_visible()
    for _ in range(4):  # the image, conv1, pool1, conv2
        page.keyboard.press("Tab")
    for key in (
        "ArrowRight",
        "ArrowRight",
        "End",
        "ArrowRight",
        "ArrowLeft",
        "ArrowLeft",
    ):
        page.keyboard.press(key)
    button = layer(page, "conv2").get_by_role("button").nth(14)
    expect(button).to_be_focused()
    large = f"{values['relu2'][14].max():.4f}"
    expect(button).to_have_accessible_name(
        f"conv2, map 15 of 16, 8 by 8 cells, largest value {large}"
    )
    page.keyboard.press("Enter")
    cells = page.get_by_role("application", name="conv2, map 15 of 16, its cells")
    expect(cells).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "true")
    row, column = np.unravel_index(values["relu2"][14].argmax(), (8, 8))
    said = page.locator(".inside-said")
    expect(said).to_contain_text(f"Row {row + 1}, column {column + 1} is {large}.")
    scroll = page.evaluate("scrollY")
    for key in ("Home", "PageUp", "ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("scrollY") == scroll
    value = values["relu2"][14, 2, 1]
    expect(said).to_contain_text(f"Row 3, column 2 is {number(value)}.")
    expect(said).to_contain_text("which is the engine's value to the last bit")
    expect(page.locator(".inside-cell [aria-live=polite]")).to_have_text(
        said.inner_text()
    )
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".inside-cell")).to_have_count(0)


def cell_center(canvas, row, column, rows, columns):
    box = canvas.bounding_box()
    return (
        box["x"] + (column + 0.5) * box["width"] / columns,
        box["y"] + (row + 0.5) * box["height"] / rows,
    )


def test_the_mouse_goes_from_cell_to_cell_and_the_sum_is_listed(page, image):
    values, weights = REPORT.engine().activations(image), REPORT.weights
    look_inside(page)
    layer(page, "conv2").get_by_role("button").nth(3).click()
    large = page.locator(".inside-large canvas")
    large.scroll_into_view_if_needed()
    page.mouse.move(*cell_center(large, 4, 2, 8, 8))
    expect(page.locator(".inside-said")).to_contain_text("Row 5, column 3 is ")
    seen = values["pool1"][:, 4:9, 2:7]
    products = seen * weights["conv2.weight"][3]
    heaviest = np.abs(products.sum((1, 2))).argmax()
    tables = page.locator(".inside-table table")
    expect(tables).to_have_count(2)
    expect(tables.first.locator("[aria-pressed=true]")).to_have_text(
        f"map {heaviest + 1}"
    )
    expect(tables.first.locator("tr").last.locator("td").last).to_have_text(
        number(values["conv2"][3, 4, 2])
    )
    tables.first.get_by_role("button", name="map 1", exact=True).click()
    rows = [
        row.split("\t") for row in tables.last.inner_text().splitlines() if row.strip()
    ]
    assert rows[1][0] == "bias"
    assert rows[1][-1] == number(weights["conv2.bias"][3])
    total = weights["conv2.bias"][3]
    for k, row in enumerate(rows[2:]):
        at = divmod(k, 5)
        total += products[(0, *at)]
        assert row == [
            f"{at[0] + 1}, {at[1] + 1}",
            number(weights["conv2.weight"][(3, 0, *at)]),
            number(seen[(0, *at)]),
            number(products[(0, *at)]),
            number(total),
        ]
    assert len(rows) == 27


def outline(element) -> list[float] | None:
    """Where an outline lies, in cells: left, top, width, height."""
    return element.evaluate(
        """element => element.hidden ? null : ["left", "top", "width", "height"].map(side => {
            const { width, height } = element.parentElement.querySelector("canvas");
            const cells = side === "left" || side === "width" ? width : height;
            return Math.round(100 * parseFloat(element.style[side]) * cells / 100) / 100;
        })"""
    )


def test_what_a_cell_saw_is_outlined_on_all_before_it(page):
    look_inside(page)
    layer(page, "pool2").get_by_role("button").nth(5).click(position={"x": 5, "y": 5})
    assert page.locator(".inside-said").inner_text().startswith("Row 1, column 1 is ")
    windows = {
        name: [outline(x) for x in layer(page, name).locator(".inside-window").all()]
        for name in ("image", "conv1", "pool1", "conv2", "pool2", "dense1")
    }
    assert windows == {
        "image": [[0, 0, 16, 16]],
        "conv1": [[0, 0, 12, 12]] * 6,
        "pool1": [[0, 0, 6, 6]] * 6,
        "conv2": [None] * 5 + [[0, 0, 2, 2]] + [None] * 10,
        "pool2": [None] * 5 + [[0, 0, 1, 1]] + [None] * 10,
        "dense1": [None],
    }


def windows(page) -> list[list[list[float] | None]]:
    """The outlines on the maps of all layers."""
    return [
        [outline(window) for window in row.locator(".inside-window").all()]
        for row in page.locator(".inside-maps").all()
    ]


def test_over_any_small_map_the_patch_is_shown_and_nothing_moves(page, image):
    values, weights = REPORT.engine().activations(image), REPORT.weights
    look_inside(page)
    small = layer(page, "conv2").locator("canvas").nth(3)
    small.scroll_into_view_if_needed()
    below = layer(page, "answers").bounding_box()
    peek = page.locator(".inside-peek")
    page.mouse.move(*cell_center(small, 4, 2, 8, 8))
    value = number(values["conv2"][3, 4, 2])
    expect(peek).to_contain_text("conv2, map 4 of 16")
    expect(peek).to_contain_text(
        f"Row 5, column 3 is {number(values['relu2'][3, 4, 2])}."
    )
    expect(peek).to_contain_text(f"150 products come to {value}, before ReLU.")
    seen = values["pool1"][:, 4:9, 2:7]
    products = seen * weights["conv2.weight"][3]
    heaviest = np.abs(products.sum((1, 2))).argmax()
    expect(peek).to_contain_text(f"Map {heaviest + 1} of pool1 counts most")
    expected = 255 - (255 - 34) * seen[heaviest] / seen[heaviest].max()
    shown = greys(peek.locator("canvas").nth(1))
    assert np.abs(shown - expected).max() <= 1
    assert outline(layer(page, "image").locator(".inside-window")) == [4, 8, 14, 14]
    assert layer(page, "answers").bounding_box() == below
    page.mouse.move(
        *cell_center(layer(page, "pool1").locator("canvas").first, 0, 0, 12, 12)
    )
    expect(peek).to_contain_text("the largest of 2×2 cells of conv1")
    page.mouse.move(1, 1)
    expect(peek).to_have_count(0)
    assert not any(any(row) for row in windows(page))


def test_what_is_shown_in_passing_leaves_the_chosen_map_as_it_was(page):
    look_inside(page)
    layer(page, "conv1").get_by_role("button").first.click()
    said = page.locator(".inside-cell .inside-said")
    before = said.inner_text(), windows(page)
    layer(page, "pool2").get_by_role("button").first.hover()
    expect(page.locator(".inside-peek")).to_have_count(1)
    assert windows(page) != before[1]
    page.mouse.move(1, 1)
    expect(page.locator(".inside-peek")).to_have_count(0)
    assert (said.inner_text(), windows(page)) == before


def test_keys_show_what_the_largest_cell_of_a_map_saw(page, image):
    look_inside(page)
    page.locator(".inside summary").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    values = REPORT.engine().activations(image)["relu1"][1]
    row, column = np.unravel_index(values.argmax(), values.shape)
    peek = page.locator(".inside-peek")
    expect(peek).to_contain_text(f"Row {row + 1}, column {column + 1} is ")
    page.keyboard.press("Escape")
    expect(peek).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(peek).to_contain_text("conv1, map 3 of 6")
    page.keyboard.press("Enter")
    expect(peek).to_have_count(0)
    expect(page.locator(".inside-cell")).to_have_count(1)


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_a_finger_opens_a_map_and_covers_nothing(page):
    look_inside(page)
    layer(page, "conv1").get_by_role("button").nth(2).tap()
    expect(page.locator(".inside-cell")).to_have_count(1)
    expect(page.locator(".inside-peek")).to_have_count(0)


@pytest.mark.parametrize("page", [PHONE, TABLET, {}], indirect=True)
def test_no_map_moves_when_the_values_of_its_layer_come(page):
    """A map that moved under the finger between touch and release would not open."""
    look_inside(page)
    heights = "all => all.map(box => Math.round(box.getBoundingClientRect().height))"
    layers = page.locator(".inside-layer")
    page.locator(".inside-range").evaluate_all(
        "all => all.forEach(x => x.textContent = '')"
    )
    without = layers.evaluate_all(heights)
    for sample in (3, 5):  # drawn anew, a layer in sight says its values again
        page.get_by_role("button", name="Test image").nth(sample).click()
        for box in layers.all():
            box.scroll_into_view_if_needed()
            expect(box.locator(".inside-range")).to_contain_text("values from")
        assert layers.evaluate_all(heights) == without


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_a_finger_goes_from_cell_to_cell(page, image):
    look_inside(page)
    layer(page, "conv1").get_by_role("button").nth(2).tap()
    large = page.locator(".inside-large canvas")
    large.scroll_into_view_if_needed()
    page.touchscreen.tap(*cell_center(large, 20, 3, 24, 24))
    value = REPORT.engine().activations(image)["relu1"][2, 20, 3]
    said = page.locator(".inside-said")
    expect(said).to_contain_text(f"Row 21, column 4 is {number(value)}.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_pressed_map_is_closed_by_another_press(page):
    look_inside(page)
    button = layer(page, "pool1").get_by_role("button").first
    button.click()
    expect(page.locator(".inside-cell")).to_have_count(1)
    layer(page, "conv1").get_by_role("button").first.click()
    expect(page.locator(".inside-cell")).to_have_count(1)
    expect(button).to_have_attribute("aria-pressed", "false")
    layer(page, "conv1").get_by_role("button").first.click()
    expect(page.locator(".inside-cell")).to_have_count(0)
    shown = page.locator(".inside-window").evaluate_all(
        "all => all.filter(x => !x.hidden)"
    )
    assert shown == []


def test_a_cell_follows_the_drawing(page, mnist):
    look_inside(page)
    layer(page, "dense1").get_by_role("button").click(position={"x": 4, "y": 4})
    said = page.locator(".inside-said")
    for sample in (1, 2):
        page.get_by_role("button", name="Test image").nth(sample).click()
        images = mnist[1].images[SAMPLES[sample]["index"]]
        value = REPORT.engine().activations(images)["relu3"][0]
        expect(said).to_contain_text(f"Unit 1 is {number(value)}.")
    total = page.locator(".inside-table table").first.locator("tr").last
    expect(total.locator("td").last).to_have_text(
        number(REPORT.engine().activations(images)["dense1"][0])
    )


@pytest.mark.parametrize("network", NETWORKS[1:3], ids=str)
def test_a_network_of_ones_own(page, tmp_path, mnist, network):
    weights = weights_of(network)
    path = tmp_path / "mine.safetensors"
    save_arrays(path, weights, describe_network(network))
    look_inside(page)
    layer(page, "conv1").get_by_role("button").first.click()
    page.locator(".pad-file input").set_input_files(path)
    names = [step.layer.name for step in steps(network)]
    expect(page.locator(".inside-title b").nth(1)).to_have_text(names[0])
    expect(page.locator(".inside-title b")).to_have_text(["image", *names, "answers"])
    expect(page.locator(".inside-cell")).to_have_count(0)
    values = ExactEngine(network, weights).activations(mnist[1].images[ROW])
    for step in steps(network):
        layer(page, step.layer.name).get_by_role("button").last.press("Enter")
        page.keyboard.press("End")
        page.keyboard.press("PageDown")
        value = values[step.output].ravel()[-1]
        said = page.locator(".inside-said")
        expect(said).to_contain_text(f" is {number(value)}.")
        expect(said).to_contain_text("the engine's value to the last bit")
        if step.layer.kind == "average pool":
            expect(said).to_contain_text("The average of the 2×2 cells above is")
        page.keyboard.press("Escape")


def test_a_wide_layer_shows_some_maps_and_all_on_request(page, tmp_path):
    network = Network("70C7-MP3")
    path = tmp_path / "wide.safetensors"
    save_arrays(path, initial_weights(0, network), describe_network(network))
    look_inside(page)
    page.locator(".pad-file input").set_input_files(path)
    maps = layer(page, "conv1").locator(".inside-map")
    expect(maps).to_have_count(64)
    layer(page, "conv1").get_by_role(
        "button", name="the first 64 of 70: show all"
    ).click()
    expect(maps).to_have_count(70)
    expect(maps.nth(64)).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", [PHONE, {}], indirect=True)
def test_axe_finds_no_violation_and_the_page_keeps_its_width(page, theme):
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    look_inside(page)
    width = page.evaluate("innerWidth")
    for name in ("conv2", "pool1", "dense2", "answers"):
        layer(page, name).get_by_role("button").first.click()
        expect(page.locator(".inside-said")).to_contain_text("engine's value")
        page.wait_for_timeout(400)  # its tables come when movement rests
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        options = {"preload": False, "resultTypes": ["violations"]}
        found = Axe().run(page, context=".digit-pad", options=options)
        assert [
            (fault["id"], [node["target"] for node in fault["nodes"]])
            for fault in found.response["violations"]
        ] == []


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_by_itself_for_those_who_want_it_still(page):
    look_inside(page)
    layer(page, "conv1").get_by_role("button").first.click()
    page.keyboard.press("ArrowRight")
    moving = (
        "document.querySelector('.pad-inside').getAnimations({ subtree: true }).length"
    )
    assert page.evaluate(moving) == 0
