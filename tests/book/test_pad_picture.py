# ruff: noqa: F401 (fixtures are imported)
"""A photograph in the page is read as in Python, byte for byte, and refused in the same words."""

import numpy as np
import pytest
from PIL import Image, ImageOps

import made_pictures
from in_node import call
from lenet5.picture import digit_in
from upload_page import READER, give, said, upload_page


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
    found = call(READER, "lenet5.picture.read", calls)
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


@pytest.fixture
def photo(mnist, tmp_path):
    """A photograph of a digit, in a lossless file."""
    train = mnist[0]
    picture = made_pictures.made("framed", 1, train.images, train.labels)[0]
    picture.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize("way", ["choose", "drop", "paste"])
def test_a_picture_comes_from_the_readers_files(upload_page, photo, way):
    page = upload_page
    if way == "choose":
        page.locator("input").set_input_files(photo)
    else:
        give(page, way, (photo.read_bytes(), photo.name, "image/png"))
    page.wait_for_function("got.length === 1")
    [[name, pixels]] = page.evaluate("got")
    assert name == "photo.png"
    wanted = by_python(np.array(Image.open(photo).convert("RGBA")))["pixels"]
    assert np.array_equal(np.float32(pixels), wanted)
    assert page.get_by_role("alert").inner_text() == ""


PNG_OF_177_MEGAPIXELS = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + 2 * (13312).to_bytes(
    4, "big"
)
GIF_OF_400_MEGAPIXELS = b"GIF89a" + 2 * (20_000).to_bytes(2, "little") + 20 * b"\0"
REFUSED = {
    "blank.png": (None, "blank.png: no ink found; give an image of one digit"),
    "phone.heic": (b"\0\0\0\x18ftypheic", "a HEIC picture, which this browser"),
    "drawing.svg": (b"<?xml version='1.0'?><svg/>", "an SVG drawing"),
    "page.pdf": (b"%PDF-1.7", "a PDF document"),
    "text.png": (b"no picture", "no whole picture that this browser reads"),
    "many.png": (PNG_OF_177_MEGAPIXELS, "too large (177 megapixels)"),
    "many.gif": (GIF_OF_400_MEGAPIXELS, "too large (400 megapixels)"),
    "scan.tiff": (b"II*\0" + 30 * b"\0", "a TIFF picture, which this browser"),
    "nothing.png": (b"", "an empty file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_in_words(upload_page, tmp_path, name):
    content, words = REFUSED[name]
    if content is None:
        Image.new("L", (50, 50), 200).save(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    upload_page.locator("input").set_input_files(tmp_path / name)
    sentence = said(upload_page)
    assert sentence.startswith(f"{name}: ")
    assert words in sentence
    assert upload_page.evaluate("got") == []


PNG = "image/png"


def test_of_several_files_the_first_is_read_and_it_is_said(upload_page, photo):
    first = (photo.read_bytes(), photo.name, PNG)
    give(upload_page, "drop", first, (b"other", "other.png", PNG))
    assert said(upload_page) == "Of 2 files only photo.png is read."
    assert upload_page.evaluate("got.length") == 1


@pytest.mark.parametrize("kind", ["dragover", "drop"])
def test_a_link_that_is_dropped_does_not_lead_away(upload_page, kind):
    link = "https://example.org/seven.png"
    assert give(upload_page, kind, uri_list=link, plain=link)
    if kind == "drop":
        assert said(upload_page).startswith("What was dropped is no file. Save the pic")


def test_a_text_that_is_pasted_is_no_picture(upload_page, photo):
    give(upload_page, "paste", plain="seven")
    assert said(upload_page) == "What was pasted is no picture."
    give(upload_page, "paste", (photo.read_bytes(), photo.name, PNG))
    upload_page.wait_for_function("got.length === 1")
    assert upload_page.get_by_role("alert").inner_text() == ""


def test_a_text_that_is_pasted_into_a_field_is_none_of_the_pads_business(upload_page):
    upload_page.evaluate("document.body.append(document.createElement('textarea'))")
    give(upload_page, "paste", place="textarea", plain="seven")
    assert upload_page.get_by_role("alert").inner_text() == ""


def test_a_document_that_is_pasted_is_named(upload_page):
    give(upload_page, "paste", (b"%PDF-1.7", "page.pdf", "application/pdf"))
    assert said(upload_page).startswith("page.pdf: a PDF document; give")
