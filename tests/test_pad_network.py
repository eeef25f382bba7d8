"""What the digit pad computes: the network and the preparation of a drawing, against Python's."""

import base64
import json
import re

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

import ext.pad
from lenet5.image import centre
from lenet5.model import LeNet5
from lenet5.run import Run
from lenet5.train import logits

FLOATS = """text => new Float32Array(
    Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer)"""


def packed(array) -> str:
    return base64.b64encode(np.asarray(array, dtype="<f4").tobytes()).decode()


@pytest.fixture(scope="module")
def model() -> LeNet5:
    return Run.load(ROOT / "record").model


@pytest.fixture(scope="module")
def page(book, browser):
    """The chapter's page, for its functions."""
    page = browser.new_page()
    page.goto((book / "book" / "try-it.html").as_uri())
    yield page
    page.close()


# -- the network -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def asked(page, mnist):
    """1,000 test images, their labels, and what the page's network answers."""
    images = mnist[1].images[::10]
    answers = page.evaluate(
        f"""text => {{
            const all = ({FLOATS})(text), rows = [];
            for (let i = 0; i < all.length; i += 784)
                rows.push(Array.from(lenet5.logits(all.subarray(i, i + 784))));
            return rows;
        }}""",
        packed(images),
    )
    return images, torch.tensor(answers)


def test_the_page_computes_pytorchs_logits(asked, model):
    images, answers = asked
    wanted = logits(model, images)
    assert answers.shape == (1000, 10)
    assert (answers - wanted).abs().max() < 1e-3
    assert torch.equal(answers.argmax(1), wanted.argmax(1))


def test_another_network_would_be_noticed(asked, model):
    images, answers = asked
    other = LeNet5()
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        other.layers.conv1.bias[0] += 0.01
    assert (answers - logits(other, images)).abs().max() > 1e-3


def test_one_classification_takes_under_5_ms(page):
    paper = Image.new("L", (280, 280))
    points = [(60, 80), (140, 30), (200, 90), (60, 250), (220, 240)]
    ImageDraw.Draw(paper).line(points, fill=255, width=22, joint="curve")
    times = page.evaluate(
        f"""text => {{
            const grey = ({FLOATS})(text);
            return Array.from({{length: 300}}, () => {{
                const start = performance.now();
                lenet5.softmax(lenet5.logits(lenet5.centre(grey, 280, 280)));
                return performance.now() - start;
            }});
        }}""",
        packed(paper),
    )
    print(f"one classification: median {np.median(times):.2f} ms")
    assert 0 < np.median(times) < 5


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


# -- the build -------------------------------------------------------------------------


def test_the_page_and_no_other_holds_the_published_weights(book):
    text = (book / "_static" / "pad" / "data.js").read_text()
    data = json.loads(re.fullmatch(r"window\.lenet5 = (.*);\n", text)[1])
    record = load_file(ROOT / "record" / "model.safetensors")
    assert sum(tensor.numel() for tensor in record.values()) == 44_426
    assert {f"layers.{name}" for name in data["weights"]} == record.keys()
    for name, tensor in record.items():
        stored = base64.b64decode(data["weights"][name.removeprefix("layers.")])
        assert stored == tensor.numpy().astype("<f4").tobytes(), name
    holders = [
        path.stem
        for path in book.rglob("*.html")
        if "_static/pad/" in path.read_text(encoding="utf-8")
    ]
    assert holders == ["try-it"]


def test_damaged_weights_end_the_build_with_their_name(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes((ROOT / "record" / "model.safetensors").read_bytes()[:-8])
    with pytest.raises(ext.pad.Lenet5Error, match=r"model\.safetensors"):
        ext.pad.data_script(path)


def test_other_weights_give_another_script(tmp_path, book):
    tensors = load_file(ROOT / "record" / "model.safetensors")
    tensors["layers.dense3.bias"] += 1
    save_file(tensors, tmp_path / "model.safetensors")
    script = ext.pad.data_script(tmp_path / "model.safetensors")
    assert script != (book / "_static" / "pad" / "data.js").read_text()
