"""Pictures of digits in any common form are read as MNIST's own."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from lenet5 import Lenet5Error
from lenet5.image import centre, read_digit
from lenet5.run import RECORD, Run
from lenet5.train import logits


@pytest.fixture(scope="module")
def model():
    return Run.load(RECORD).model


@pytest.fixture(scope="module")
def digits(mnist):
    """The first hundred test images as Pillow pictures, white on black."""
    pixels = (255 * mnist[1].images[:100, 0]).round().byte().numpy()
    return [Image.fromarray(image) for image in pixels]


def bigger(image):
    """The digit off centre on a sheet of another shape, six times as large."""
    sheet = Image.new("L", (400, 260), 0)
    sheet.paste(image.resize((168, 168), Image.Resampling.BICUBIC), (220, 15))
    return sheet


FORMS = {
    "as it is": ("png", lambda image: image),
    "dark on light": ("png", ImageOps.invert),
    "large and off centre": ("jpg", bigger),
    "large, dark on light": ("webp", lambda image: ImageOps.invert(bigger(image))),
    "grey on grey": ("bmp", lambda image: image.point(lambda value: 90 + value // 4)),
    "colour": ("tiff", lambda image: ImageOps.colorize(image, "#204080", "#ffe0a0")),
    "transparent": (
        "png",
        lambda image: Image.merge("LA", (ImageOps.invert(image), image)),
    ),
    "palette": ("gif", lambda image: image),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_is_read_as_the_image_it_shows(form, digits, mnist, model, tmp_path):
    suffix, change = FORMS[form]
    images = []
    for number, digit in enumerate(digits):
        path = tmp_path / f"{number}.{suffix}"
        change(digit).save(path)
        images.append(read_digit(path))
    images = torch.stack(images)
    assert images.shape == (100, 1, 28, 28)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1
    right = logits(model, images).argmax(1) == mnist[1].labels[:100]
    assert right.sum() >= 97


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
    for image in mnist[1].images[:20, 0].numpy():
        again = centre(255 * image)
        shift = np.abs(
            np.subtract(*(np.argwhere(x > 0.5).mean(0) for x in (image, again)))
        )
        assert shift.max() < 1.2


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("missing.png", None, "does not exist"),
        ("text.png", b"not an image", "cannot be read as an image"),
        ("cut.png", "truncated", "cannot be read as an image"),
        ("empty.jpg", b"", "cannot be read as an image"),
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
    with pytest.raises(Lenet5Error, match=text) as error:
        read_digit(path)
    assert name in str(error.value)
    assert "\n" not in str(error.value)
