# ruff: noqa: F401 (fixtures are imported)
"""Of a file with several pictures the page says what Python says: how many, and which is read."""

import os
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageDraw, features

from in_node import call
from lenet5.picture import read_digit
from upload_page import give, said, upload_page


def seven(shift: int = 0) -> Image.Image:
    """A seven on white paper; of another shift another picture."""
    picture = Image.new("RGB", (90, 80), "white")
    points = [(30 + shift, 20), (60 + shift, 20), (40 + shift, 65)]
    ImageDraw.Draw(picture).line(points, fill="black", width=8)
    return picture


def animated(count: int, path, **options) -> None:
    """A file of so many pictures."""
    first, *others = (seven(5 * number) for number in range(count))
    first.save(path, save_all=True, append_images=others, **options)


def write_big_endian(count: int, path) -> None:
    """A TIFF of so many pictures, most significant bytes first; Pillow writes the other kind."""
    grey = seven().convert("L")
    width, height = grey.size
    data = b"MM\0*" + struct.pack(">I", 8 + width * height) + grey.tobytes()
    entries = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 278: height}
    entries[279] = width * height
    for page in range(count):
        data += struct.pack(">H", len(entries))
        for tag, value in sorted(entries.items()):
            data += struct.pack(">HHII", tag, 4, 1, value)
        data += struct.pack(">I", len(data) + 4 if page < count - 1 else 0)
    path.write_bytes(data)


FILES = {
    "one.gif": (1, {}),
    "three.gif": (3, {}),
    "with a comment.gif": (2, {"comment": b"a comment, and \x2c in it", "loop": 0}),
    "one.png": (1, {}),
    "two.png": (2, {}),
    "shown apart.png": (3, {"default_image": True}),
    "one.webp": (1, {}),
    "four.webp": (4, {"lossless": True}),
    "one.tiff": (1, {}),
    "three.tiff": (3, {}),
    "one.jpg": (1, {}),
    "one.bmp": (1, {}),
    "two.avif": (2, {}),
    "one.avif": (1, {}),
}


def pages_in_the_page(*files: bytes) -> list[int]:
    """What the page counts in some files."""
    calls = [(np.frombuffer(file, dtype=np.uint8),) for file in files]
    function = "(bytes) => lenet5.pages.count(new Uint8Array(bytes.buffer))"
    return call(["pad/pages.js"], function, calls)


def pages_in_python(path) -> int:
    """How many pictures a warning names, or 1 without a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_digit(path)
    words = [str(warning.message) for warning in caught]
    return int(words[0].split(" holds ")[1].split()[0]) if words else 1


@pytest.mark.parametrize("name", FILES)
def test_page_and_python_count_the_same(name, tmp_path):
    if name.endswith("avif") and not features.check("avif"):
        message = "this Pillow knows no AVIF: the pinned one does"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    count, options = FILES[name]
    path = tmp_path / name
    animated(count, path, **options) if count > 1 else seven().save(path)
    assert pages_in_python(path) == count
    assert pages_in_the_page(path.read_bytes()) == [count]


def test_a_tiff_of_the_other_order_of_bytes_is_counted_too(tmp_path):
    write_big_endian(3, tmp_path / "pages.tiff")
    assert pages_in_python(tmp_path / "pages.tiff") == 3
    assert pages_in_the_page((tmp_path / "pages.tiff").read_bytes()) == [3]


def test_files_that_are_cut_short_or_go_round_in_circles_are_counted_to_their_end(
    tmp_path,
):
    whole = []
    for name in ("a.gif", "a.png", "a.webp", "a.tiff"):
        animated(3, tmp_path / name)
        whole.append((tmp_path / name).read_bytes())
    cut = [file[:end] for file in whole for end in range(0, len(file), 97)]
    circle = b"II*\0" + struct.pack("<IHI", 8, 0, 8)
    assert set(pages_in_the_page(*cut, circle, b"", b"GIF89a")) <= {1, 2, 3, 4}


@pytest.mark.parametrize("name", ["pages.gif", "pages.png", "pages.webp"])
def test_the_page_says_what_python_says(name, tmp_path, upload_page):
    path = tmp_path / name
    animated(3, path)
    with pytest.warns(UserWarning, match="holds") as caught:
        wanted = read_digit(path)
    give(upload_page, "paste", (path.read_bytes(), name, "image/png"))
    assert said(upload_page) == f"{caught[0].message}.".replace(f"{tmp_path}/", "")
    [[_, pixels]] = upload_page.evaluate("got")
    assert np.abs(np.float32(pixels) - wanted.ravel()).max() < 0.01
