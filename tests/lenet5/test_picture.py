"""Pictures of digits in any common form are read as MNIST's own."""

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

import made_pictures
from built import ROOT
from exact import UserError
from exact.engine import ExactEngine
from lenet5 import RECORD
from lenet5.parameters import load_weights
from lenet5.picture import centre, digit_in, read_digit

ORIENTATION = 274  # the tag of Exif


@pytest.fixture(scope="module")
def engine():
    weights, network = load_weights(RECORD / "model.safetensors")
    return ExactEngine(network, weights)


@pytest.fixture(scope="module")
def digits(mnist):
    """The first forty test images as Pillow pictures, white on black."""
    return [Image.fromarray(image) for image in mnist[1].images[:40, 0]]


def bigger(image):
    """The digit off centre on a sheet of another shape, six times as large."""
    sheet = Image.new("L", (400, 260), 0)
    sheet.paste(image.resize((168, 168), Image.Resampling.BICUBIC), (220, 15))
    return sheet


def lit(image, light):
    """A pen's digit on grainy paper, in a light from 0 to 1."""
    ink = np.asarray(bigger(image)) / 255
    grain = np.random.default_rng(0).normal(0, 3, ink.shape)
    photo = (215 - 165 * ink) * light(*np.mgrid[0:1:260j, 0:1:400j]) + grain
    return Image.fromarray(photo.clip(0, 255).astype(np.uint8))


def deep(image, kind, least, most):
    """Of more than 8 bits a pixel, between two values."""
    values = least + (most - least) * (np.asarray(image) / 255)
    return Image.fromarray(values.astype(kind))


def inked(image, grey):
    """Transparent where there is no ink."""
    return Image.merge("LA", (Image.new("L", image.size, grey), image))


def window(image):
    """A picture of the screen: white, with transparent margins."""
    picture = ImageOps.invert(bigger(image)).convert("LA")
    return ImageOps.expand(picture, 30, (0, 0))


FORMS = {
    "as it is": ("png", lambda image: image),
    "dark on light": ("png", ImageOps.invert),
    "large and off centre": ("jpg", bigger),
    "large, dark on light": ("webp", lambda image: ImageOps.invert(bigger(image))),
    "grey on grey": ("bmp", lambda image: image.point(lambda value: 90 + value // 4)),
    "colour": ("tiff", lambda image: ImageOps.colorize(image, "#204080", "#ffe0a0")),
    "scan of 16 bits": ("png", lambda image: deep(image, np.uint16, 9e3, 6e4)),
    "camera of 12 bits": ("tiff", lambda image: deep(image, np.uint16, 4000, 20)),
    "32 bits": ("tiff", lambda image: deep(image, np.int32, 0, 1_000_000)),
    "floating point": ("tiff", lambda image: deep(image, np.float32, -1, 1)),
    "palette": ("gif", lambda image: image),
    "dark on transparent": ("png", lambda image: inked(image, 0)),
    "light on transparent": ("png", lambda image: inked(image, 255)),
    "pale on transparent": ("png", lambda image: inked(image, 200)),
    "transparent margins": ("png", window),
    "light from a side": ("jpg", lambda image: lit(image, lambda y, x: 1 - 0.7 * x)),
    "shadow of a hand": ("jpg", lambda image: lit(image, lambda y, x: 1 - (x > y) / 2)),
    "lamp": ("jpg", lambda image: lit(image, lambda y, x: 1 - x**2 / 2 - y**2 / 3)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_is_read_as_the_image_it_shows(form, digits, mnist, engine, tmp_path):
    suffix, change = FORMS[form]
    images = []
    for number, digit in enumerate(digits):
        path = tmp_path / f"{number}.{suffix}"
        change(digit).save(path)
        images.append(read_digit(path))
    images = np.stack(images)
    assert images.shape == (40, 1, 28, 28)
    assert images.dtype == np.float32
    assert images.min() >= 0
    assert images.max() <= 1
    right = engine.logits(images).argmax(1) == mnist[1].labels[:40]
    assert right.sum() >= 38


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_photo_is_turned_as_its_exif_data_asks(turn, digits, tmp_path):
    """Cameras store what the sensor saw, and how they were held."""
    upright = ImageOps.invert(bigger(digits[4]))
    upright.save(tmp_path / "upright.png")
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's numbers of transpose
    stored = upright.transpose(undo[turn]) if turn > 1 else upright
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    stored.save(tmp_path / "photo.png", exif=exif)
    photo = read_digit(tmp_path / "photo.png")
    assert np.array_equal(photo, read_digit(tmp_path / "upright.png"))


def test_the_ink_fits_the_box_and_its_mass_is_in_the_middle():
    grey = np.full((90, 60), 250.0)
    grey[10:50, 20:30] = 30  # an upright stroke, 40 by 10
    image = centre(grey)
    rows, columns = np.nonzero(image)
    assert np.ptp(rows) + 1 == 20
    assert np.ptp(columns) + 1 == 5
    assert abs(np.average(rows + 0.5, weights=image[rows, columns]) - 14) <= 0.5
    assert abs(np.average(columns + 0.5, weights=image[rows, columns]) - 14) <= 0.5


def test_an_image_of_mnist_stays_where_it_is(mnist):
    for image in mnist[1].images[:20, 0]:
        again = centre(image.astype(np.float32))
        middles = [np.argwhere(x > x.max() / 2).mean(0) for x in (image, again)]
        assert np.abs(np.subtract(*middles)).max() < 1.2


@pytest.mark.parametrize("size", [(1, 40), (40, 1), (3, 3), (4000, 20)])
def test_a_picture_of_any_shape_is_read(size, tmp_path):
    picture = Image.new("L", size, 230)
    ImageDraw.Draw(picture).point((size[0] // 2, size[1] // 2), 0)
    picture.save(tmp_path / "dot.png")
    assert read_digit(tmp_path / "dot.png").max() == 1


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("missing.png", None, "No such file"),
        (".", None, "Is a directory"),
        ("text.png", b"not an image", "no whole image"),
        ("cut.png", "truncated", "no whole image"),
        ("empty.jpg", b"", "no whole image"),
        (
            "phone.heic",
            b"\0\0\0\x18ftypheic\0\0\0\0",
            "is a HEIC picture, .*: export it",
        ),
        ("drawing.svg", b"<?xml version='1.0'?><svg/>", "is an SVG drawing: export it"),
        ("page.pdf", b"%PDF-1.7", "is a PDF document: export it"),
        ("blank.png", "blank", "no ink found"),
    ],
)
def test_a_file_that_shows_no_digit_is_named(name, content, text, digits, tmp_path):
    path = tmp_path / name
    if content == "blank":
        Image.new("L", (50, 50), 200).save(path)
    elif content == "truncated":
        digits[0].resize((280, 280)).save(path)
        path.write_bytes(path.read_bytes()[:300])
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=text) as error:
        read_digit(path)
    assert path.name in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", [60, 100, 200, -30])
def test_a_png_with_damaged_pixels_is_refused(place, digits, tmp_path):
    """Where its compression goes on by chance, another picture would be read."""
    path = tmp_path / "digit.png"
    digits[0].resize((280, 280)).save(path)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"digit.png cannot be read \(no whole image\)"):
        read_digit(path)


@pytest.mark.parametrize(
    ("kind", "least"),
    [("plain", 23), ("framed", 23), ("ruled", 22), ("squared", 22), ("dusty", 23)],
)
def test_digits_are_found_among_frames_lines_and_crumbs(kind, least, mnist, engine):
    """On pictures that had no part in the choice of the rules, 25 of a kind."""
    assert reading(kind, 25, mnist[0], engine) >= least


def test_a_small_digit_in_a_large_photograph_is_found(mnist, engine):
    assert reading("small", 10, mnist[0], engine) >= 9


def reading(kind, count, split, engine) -> int:
    """How many of a kind's pictures are read as their labels say."""
    right = 0
    for number in range(count):
        picture, label = made_pictures.made(kind, number, split.images, split.labels)
        right += engine.logits(digit_in(picture)[None, None]).argmax() == label
    return right


def refusals(pictures, text) -> int:
    """How many pictures are refused with a text."""
    count = 0
    for picture in pictures:
        try:
            digit_in(picture)
        except ValueError as error:
            count += str(error) == text
    return count


def test_blank_paper_is_refused():
    draw = np.random.default_rng(1)
    pictures = [made_pictures.blank(draw) for _ in range(25)]
    assert refusals(pictures, "no ink found") >= 24


def test_several_digits_and_words_are_refused(mnist):
    draw = np.random.default_rng(1)
    odd = mnist[0].images[1::2, 0]
    pictures = [made_pictures.word(draw, "Lenet") for _ in range(5)]
    for _ in range(20):
        digits = odd[draw.integers(len(odd), size=draw.integers(2, 4))]
        pictures.append(made_pictures.several(draw, digits))
    assert refusals(pictures, "looks like several digits") >= 24


def test_a_digit_whose_strokes_part_is_one(mnist, engine):
    """The bar of a five stands apart, and is small beside the rest."""
    picture = Image.new("L", (200, 200), 240)
    pen = ImageDraw.Draw(picture)
    pen.line([(90, 40), (140, 40)], fill=20, width=10)
    pen.line([(85, 55), (85, 90), (125, 95), (130, 130), (80, 145)], fill=20, width=10)
    assert engine.logits(digit_in(picture)[None, None]).argmax() == 5


def test_a_strip_is_read(mnist, engine):
    strip = Image.new("L", (60_000, 200), 240)
    strip.paste(
        ImageOps.invert(bigger(Image.fromarray(mnist[1].images[0, 0]))), (9000, 0)
    )
    assert digit_in(strip).max() == 1
    seven = Image.new("L", (20_000, 200), 240)
    digit = ImageOps.invert(Image.fromarray(mnist[0].images[15, 0])).resize((150, 150))
    seven.paste(digit.point(lambda grey: min(grey, 240)), (12_345, 20))
    assert engine.logits(digit_in(seven)[None, None]).argmax() == mnist[0].labels[15]


@pytest.mark.parametrize("suffix", ["tiff", "gif"])
def test_of_several_pages_the_first_is_read_with_a_warning(suffix, digits, tmp_path):
    path = tmp_path / f"pages.{suffix}"
    first, *others = (digit.convert("L") for digit in digits[:3])
    first.save(path, save_all=True, append_images=others)
    with pytest.warns(
        UserWarning, match="holds 3 pictures, and only the first is read"
    ):
        found = read_digit(path)
    first.save(tmp_path / f"page.{suffix}")
    assert np.array_equal(found, read_digit(tmp_path / f"page.{suffix}"))


def large(width, height, mode="RGB"):
    """A seven, large."""
    picture = Image.new(mode, (width, height), "white")
    points = [(0.4, 0.3), (0.6, 0.3), (0.45, 0.7)]
    points = [(x * width, y * height) for x, y in points]
    ImageDraw.Draw(picture).line(points, fill="black", width=width // 40)
    return picture


LARGE = {
    "photo.jpg": (large, (8000, 6000, "L"), {}),
    "progressive.jpg": (large, (5000, 4000), {"progressive": True}),
    "scan.png": (large, (6000, 5000), {}),
    "transparent.png": (large, (4400, 4400, "RGBA"), {}),
    "many.png": (large, (13312, 13312, "1"), {}),
}
PEAK = """
import sys
from lenet5.__main__ import main
code = main(["predict", sys.argv[1]])
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(code, int(line.split()[1]) / 1000)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its peak memory is read by Linux")
@pytest.mark.parametrize("name", LARGE)
def test_no_picture_takes_more_than_300_megabytes(name, tmp_path):
    make, values, options = LARGE[name]
    make(*values).save(tmp_path / name, **options)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, tmp_path / name],
        capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    *said, last = done.stdout.splitlines()
    code, peak = last.split()
    assert float(peak) < 300
    if name == "many.png":  # 177 megapixels in 70 kB
        assert code == "1"
        assert f"{name} is too large (13312×13312 pixels): reduce it" in done.stderr
    else:
        assert (code, done.stderr) == ("0", "")
        assert said[0].startswith(f"{tmp_path / name}: 7 (")
