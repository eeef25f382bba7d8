"""A file that is cut short or damaged is told from a whole one, in any browser."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from in_node import call

SAVED = {
    "png": {},
    "jpg": {},
    "progressive.jpg": {"progressive": True},
    "gif": {},
    "webp": {},
    "lossless.webp": {"lossless": True},
    "bmp": {},
}


@pytest.fixture
def files(tmp_path) -> dict[str, bytes]:
    """A picture in several formats, one with a small one in its header."""
    noise = np.random.default_rng(1).integers(0, 256, (90, 120, 3))
    picture = Image.fromarray(noise.astype(np.uint8))
    ImageDraw.Draw(picture).line([(20, 20), (80, 70)], fill="black", width=9)
    found = {}
    for name, options in SAVED.items():
        path = tmp_path / f"digit.{name}"
        picture.save(path, **options)
        found[name] = path.read_bytes()
    jpeg = found["jpg"]
    marker = b"\xff\xe1" + (len(jpeg) + 2).to_bytes(2, "big")
    found["with a preview.jpg"] = jpeg[:2] + marker + jpeg + jpeg[2:]
    return found


def whole(*files: bytes) -> list[bool]:
    """What the page says of some files."""
    calls = [(np.frombuffer(file, dtype=np.uint8),) for file in files]
    function = "(bytes) => lenet5.isWhole(new Uint8Array(bytes.buffer))"
    return call(["pad/whole.js"], function, calls)


def test_a_whole_file_is_whole(files):
    assert whole(*files.values()) == [True] * len(files)
    assert whole(*(file + b"\0\0" for file in files.values())) == [True] * len(files)


def test_a_file_that_is_cut_short_is_not(files):
    del files["bmp"]  # it has no sign of its end
    for share in (0.3, 0.6, 0.9):
        cut = [file[: int(share * len(file))] for file in files.values()]
        assert whole(*cut) == [False] * len(files), share
    assert whole(*(file[:-2] for file in files.values())) == [False] * len(files)


def test_a_bit_that_has_changed_in_a_png_is_found(files):
    changed = []
    for place in range(12, len(files["png"]) - 1, 501):
        content = bytearray(files["png"])
        content[place] ^= 4
        changed.append(bytes(content))
    assert whole(*changed) == [False] * len(changed)
