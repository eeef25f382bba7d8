"""Views of the digits, beside those of Pillow."""

import numpy as np
import pytest
from PIL import Image

from networks.column2012.columns import VIEWS
from networks.views import view


@pytest.mark.parametrize("width", VIEWS)
def test_a_view_is_that_of_pillow(mnist, width):
    """The box of the digit, resized by a triangle, in the middle."""
    images = mnist[1].images[:300]
    found = view(images, width)
    assert (found.shape, found.dtype) == ((300, 29, 29), np.uint8)
    for image, framed in zip(images[:, 0], found, strict=True):
        expected = np.zeros((29, 29), int)
        if width:
            inked = np.flatnonzero(image.any(axis=0))
            box = Image.fromarray(image[:, inked[0] : inked[-1] + 1])
            wide = np.asarray(box.resize((width, 28), Image.Resampling.BILINEAR))
            start = (29 - width) // 2
            expected[:28, start : start + width] = wide
        else:
            expected[:28, :28] = image
        assert np.abs(framed - expected).max() <= 1
