"""A photograph in the page is read as in Python, byte for byte, and refused in the same words."""

import numpy as np
import pytest
from PIL import Image, ImageOps

import made_pictures
from built import ROOT
from in_node import call
from lenet5.picture import digit_in

SCRIPTS = ["pad/centre.js", "pad/ink.js", "pad/picture.js"]


def by_python(levels: np.ndarray) -> dict:
    """What Python makes of the bytes of a canvas, as the page would say it."""
    try:
        return {"pixels": digit_in(Image.fromarray(levels)).ravel(), "refused": ""}
    except ValueError as error:
        return {"pixels": None, "refused": str(error)}


def expect_same(pictures) -> list[dict]:
    """Python and page find the same in some pictures: what they find."""
    pictures = [np.array(picture.convert("RGBA")) for picture in pictures]
    calls = [(levels.ravel(), levels.shape[1], levels.shape[0]) for levels in pictures]
    found = call(SCRIPTS, "lenet5.picture.read", calls)
    for levels, page in zip(pictures, found, strict=True):
        wanted = by_python(levels)
        assert page["refused"] == wanted["refused"]
        if wanted["pixels"] is None:
            assert page["pixels"] is None
        else:
            assert page["pixels"].tobytes() == wanted["pixels"].tobytes()
    return found


def test_photographs_give_the_same_bytes(mnist):
    train = mnist[0]
    pictures = []
    for kind in made_pictures.DIGITS:
        for number in range(1 if kind == "small" else 4):
            made = made_pictures.made(kind, number, train.images, train.labels)
            pictures.append(made[0])
    found = expect_same(pictures)
    assert sum(page["pixels"] is not None for page in found) >= len(found) - 1


def test_refusals_are_the_same(mnist):
    draw = np.random.default_rng(1)
    pictures = [made_pictures.blank(draw) for _ in range(4)]
    digits = mnist[0].images[1:5:2, 0]
    pictures += [made_pictures.several(draw, digits) for _ in range(4)]
    pictures.append(Image.new("L", (50, 40), 200))
    said = [page["refused"] for page in expect_same(pictures)]
    assert set(said) == {"no ink found", "looks like several digits"}


def test_any_paper_and_any_shape_give_the_same(mnist):
    digit = Image.fromarray(mnist[1].images[0, 0])
    large = digit.resize((150, 150))
    strip = Image.new("L", (9000, 160), 0)
    strip.paste(large, (4000, 5))
    dot = Image.new("L", (1, 40), 230)
    dot.putpixel((0, 20), 0)
    transparent = Image.merge("LA", (Image.new("L", large.size, 0), large))
    light = Image.merge("LA", (Image.new("L", large.size, 255), large))
    pictures = [digit, ImageOps.invert(large), strip, dot, transparent, light]
    assert all(page["pixels"] is not None for page in expect_same(pictures))


MARKUP = """<div class="box"><input type="file" accept="image/*"><p role="alert"></p></div>"""
OFFER = """() => {
    window.got = [];
    lenet5.upload.offer(document.querySelector(".box"), (pixels, name) => {
        window.got.push([name, Array.from(pixels)]);
    });
}"""
DROP = """([bytes, name]) => {
    const given = new DataTransfer();
    given.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    const drop = { dataTransfer: given, bubbles: true, cancelable: true };
    document.querySelector(".box").dispatchEvent(new DragEvent("drop", drop));
}"""
PASTE = DROP.replace("drop = { dataTransfer", "paste = { clipboardData").replace(
    'DragEvent("drop", drop)', 'ClipboardEvent("paste", paste)'
)


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.set_content(MARKUP)
    for script in [*SCRIPTS, "pad/upload.js"]:
        page.add_script_tag(path=ROOT / "book" / script)
    page.evaluate(OFFER)
    yield page
    page.close()


@pytest.fixture
def photo(mnist, tmp_path):
    """A photograph of a digit, in a lossless file."""
    train = mnist[0]
    picture = made_pictures.made("framed", 1, train.images, train.labels)[0]
    picture.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_picture_comes_from_the_readers_files(page, photo, way):
    if way == "choose":
        page.locator("input").set_input_files(photo)
    else:
        given = [list(photo.read_bytes()), photo.name]
        page.evaluate(DROP if way == "drop" else PASTE, given)
    page.wait_for_function("got.length === 1")
    [[name, pixels]] = page.evaluate("got")
    assert name == "photo.png"
    wanted = by_python(np.array(Image.open(photo).convert("RGBA")))["pixels"]
    assert np.array_equal(np.float32(pixels), wanted)
    assert page.get_by_role("alert").inner_text() == ""


PNG_OF_177_MEGAPIXELS = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (13312).to_bytes(
    4, "big"
)
REFUSED = {
    "blank.png": (None, "blank.png: no ink found; give an image of one digit"),
    "phone.heic": (b"\0\0\0\x18ftypheic", "a HEIC picture, which this browser"),
    "drawing.svg": (b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
    "page.pdf": (b"%PDF-1.7", "a PDF document"),
    "text.png": (b"no picture", "no whole picture that this browser reads"),
    "many.png": (PNG_OF_177_MEGAPIXELS, "too large (177 megapixels)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_in_words(page, tmp_path, name):
    content, words = REFUSED[name]
    if content is None:
        Image.new("L", (50, 50), 200).save(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    page.locator("input").set_input_files(tmp_path / name)
    page.wait_for_function("document.querySelector('[role=alert]').textContent")
    said = page.get_by_role("alert").inner_text()
    assert said.startswith(f"{name}: ")
    assert words in said
    assert page.evaluate("got") == []
