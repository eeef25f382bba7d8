"""Pictures of digits in any common form are read as MNIST's own."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from exact import UserError
from exact.engine import ExactEngine
from lenet5 import RECORD
from lenet5.parameters import load_weights
from lenet5.picture import centre, read_digit

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
        ("blank.png", "blank", "a single grey"),
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
