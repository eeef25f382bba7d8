"""What the pad computes: the network and the preparation of a drawing, against Python's."""

import base64
import json
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from built import ROOT
from exact.engine import ExactEngine
from lenet5 import RECORD
from lenet5.files import load_arrays
from lenet5.picture import centre
from lenet5.run import Run
from networks import committee
from networks.views import view
from studies import ladder

FLOATS = """text => new Float32Array(
    Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer)"""


def packed(array) -> str:
    return base64.b64encode(np.asarray(array, dtype="<f4").tobytes()).decode()


@pytest.fixture(scope="module")
def engine() -> ExactEngine:
    return Run.load(RECORD).engine()


@pytest.fixture(scope="module")
def page(book, browser):
    """The chapter's page, for its functions."""
    page = browser.new_page()
    page.goto((book / "book" / "draw.html").as_uri())
    yield page
    page.close()


# -- the network -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(page, mnist):
    """1,000 test images, and what the page's network answers: logits and probabilities."""
    images = mnist[1].images[::10]
    answers = page.evaluate(
        f"""async text => {{
            const read = (await lenet5.pad).read(({FLOATS})(text));
            return [read.logits, read.probabilities].map(
                array => lenet5.base64(new Uint8Array(array.buffer)));
        }}""",
        packed(images / np.float32(255)),
    )
    return images, *map(base64.b64decode, answers)


def test_the_page_computes_the_packages_logits_bit_for_bit(asked, engine):
    images, logits, probabilities = asked
    assert len(images) == 1000
    assert logits == engine.logits(images).tobytes()
    assert probabilities == engine.probabilities(images).tobytes()


def test_another_network_would_be_noticed(asked, engine):
    images, logits, _ = asked
    weights = engine.weights
    weights["conv1.bias"][0] += 1e-6
    assert logits != ExactEngine(engine.network, weights).logits(images).tobytes()


# -- the committee ---------------------------------------------------------------------


def test_the_page_reads_with_the_committee_of_the_record_to_the_same_bytes(page, mnist):
    images = mnist[1].images[:12]
    found = page.evaluate(
        f"""async text => {{
            const beside = document.querySelector("[src*='readers.js']").src;
            const pixels = ({FLOATS})(text), members = await lenet5.committee.load(beside);
            const images = Array.from({{ length: 12 }}, (_, n) =>
                pixels.subarray(784 * n, 784 * n + 784));
            return members.map(member => [member.name, images.map(image =>
                Array.from(lenet5.committee.read(member, image)))]);
        }}""",
        packed(images / np.float32(255)),
    )
    folder = RECORD / "committee"
    assert sorted(name for name, _ in found) == sorted(x.name for x in folder.iterdir())
    for name, read in found:
        weights, kept = load_arrays(folder / name)
        (wanted,) = committee.probabilities([(weights, kept)], images)
        assert np.array(read, np.float32).tobytes() == wanted.tobytes(), name


def test_the_page_takes_the_mean_of_the_committee_and_its_votes(page, mnist):
    image = mnist[1].images[18:19]
    found = page.evaluate(
        f"""async text => {{
            const beside = document.querySelector("[src*='readers.js']").src;
            const members = await lenet5.committee.load(beside);
            const joint = await lenet5.committee.ask(members, ({FLOATS})(text), () => false);
            const stale = await lenet5.committee.ask(members, ({FLOATS})(text), () => true);
            return [Array.from(joint.probabilities), joint.votes, joint.members, stale];
        }}""",
        packed(image / np.float32(255)),
    )
    members = [load_arrays(path) for path in sorted((RECORD / "committee").iterdir())]
    each = committee.probabilities(members, image)[:, 0]
    mean = each.astype(np.float64).mean(axis=0).astype(np.float32)
    votes = np.bincount(each.argmax(axis=1), minlength=10).tolist()
    assert np.allclose(found[0], mean, atol=1e-7)
    assert found[1:] == [votes, 15, None]


# -- LeNet-5 of 1998 -------------------------------------------------------------------


def test_the_page_reads_with_the_network_of_1998_to_the_same_bytes(page, mnist):
    images = mnist[1].images[::50]
    found = page.evaluate(
        f"""async text => {{
            const beside = document.querySelector("[src*='readers.js']").src;
            const network = await lenet5.LeNet1998.load(beside), pixels = ({FLOATS})(text);
            return Array.from({{ length: 200 }}, (_, n) =>
                Array.from(network.read(pixels.subarray(784 * n, 784 * n + 784))));
        }}""",
        packed(images / np.float32(255)),
    )
    network, _ = ladder.read_network()
    wanted = network.probabilities(images)
    assert wanted[:, 10].max() > 0.5  # some are no digit to it
    assert np.array(found, np.float32).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("width", [0, 14, 20])
def test_the_page_sees_the_views_of_the_columns(page, mnist, width):
    images = mnist[1].images[:200]
    seen = page.evaluate(
        f"""([text, width]) => {{
            const pixels = ({FLOATS})(text);
            return Array.from({{ length: 200 }}, (_, n) => Array.from(
                lenet5.committee.view(pixels.subarray(784 * n, 784 * (n + 1)), width)));
        }}""",
        [packed(images / np.float32(255)), width],
    )
    assert np.array_equal(np.reshape(seen, (200, 29, 29)), view(images, width))


# -- the preparation -------------------------------------------------------------------


def scribble(seed: int) -> np.ndarray:
    """A random line on a random paper: wide, high, small, large, dark on light or light on dark."""
    random = np.random.default_rng(seed)
    size = tuple(int(side) for side in random.integers(8, 300, 2))
    paper, ink = (255, 0) if seed % 3 == 0 else (0, int(random.integers(100, 256)))
    picture = Image.new("L", size, paper)
    reach = random.uniform(0.05, 1)
    points = [tuple(point) for point in random.uniform(0, reach, (5, 2)) * size]
    width = int(random.integers(1, 25))
    ImageDraw.Draw(picture).line(points, fill=ink, width=width, joint="curve")
    noise = random.integers(0, 20, picture.size[::-1])
    return np.asarray(picture, dtype=np.float32) + (noise if seed % 4 == 0 else 0)


def bar(width: int, height: int) -> np.ndarray:
    """A box whose sides, scaled, end in a half: a digit's width is then rounded to even."""
    grey = np.zeros((300, 300), dtype=np.float32)
    grey[20 : 20 + height, 30 : 30 + width] = 255
    return grey


DRAWINGS = [scribble(seed) for seed in range(40)]
DRAWINGS += [bar(5, 40), bar(7, 40), bar(100, 40), bar(1, 1), bar(3, 200), bar(200, 12)]


def prepared_by_the_page(page, grey: np.ndarray):
    return page.evaluate(
        f"""([text, width, height]) => {{
            const image = lenet5.centre(({FLOATS})(text), width, height);
            return image && Array.from(image);
        }}""",
        [packed(grey), grey.shape[1], grey.shape[0]],
    )


def test_the_page_prepares_a_drawing_as_the_package_does(page):
    for number, grey in enumerate(DRAWINGS):
        wanted = centre(grey)
        found = np.reshape(prepared_by_the_page(page, grey), (28, 28))
        assert np.abs(found - wanted).max() < 1e-5, number


@pytest.mark.parametrize("level", [0, 255])
def test_a_single_grey_holds_no_digit(page, level):
    grey = np.full((280, 280), level, dtype=np.float32)
    assert prepared_by_the_page(page, grey) is None
    with pytest.raises(ValueError, match="single grey"):
        centre(grey)


# -- the files -------------------------------------------------------------------------


def test_the_pages_with_a_pad_and_no_others_hold_our_weights(book):
    for path in (RECORD / "model.safetensors", ROOT / "book" / "pad" / "samples.json"):
        script = (book / "_static" / "apps" / "pad" / f"{path.name}.js").read_text()
        [text] = re.findall(r"\] = '(.*)';\n$", script)
        assert base64.b64decode(text) == path.read_bytes()
    holders = [
        path.stem
        for path in book.rglob("*.html")
        if "model.safetensors.js" in path.read_text(encoding="utf-8")
    ]
    assert sorted(holders) == ["draw", "index"]


def test_the_samples_are_the_first_of_each_digit_and_two_misread_ones(mnist, engine):
    images, labels = mnist[1]
    wrong = np.flatnonzero(engine.logits(images).argmax(1) != labels)
    rows = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    rows += [int(row) for row in wrong if row not in rows][:2]
    samples = json.loads((ROOT / "book" / "pad" / "samples.json").read_text())
    assert [sample["index"] for sample in samples] == rows
    for sample in samples:
        assert sample["label"] == labels[sample["index"]]
        assert base64.b64decode(sample["pixels"]) == images[sample["index"]].tobytes()
