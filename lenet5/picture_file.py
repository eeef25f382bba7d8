"""Files of pictures, opened with no more memory than a picture of a digit is worth."""

import warnings
from contextlib import contextmanager
from math import ceil, sqrt
from pathlib import Path

import numpy as np
from PIL import Image

from exact import UserError

PIXELS = 13_000_000  # of a picture that is kept: a phone's, 4032×3024, is kept whole
OPACITY = 4  # times fewer of one with opacity, of which more must be kept for each
BYTES = 160_000_000  # that the decoding may take
# Bytes that a pixel takes in Pillow, with those that it is converted to before it can be
# shrunk, by the mode of the picture, if they are not 4.
BYTES_OF_MODE = {"1": 1, "L": 1, "P": 5, "I": 8, "I;16": 8, "F": 8, "LA": 8, "RGBA": 8}
# Copies of the picture that a format's decoder makes, if it is more than one.
COPIES = {"AVIF": 4, "JPEG2000": 4, "TIFF": 2, "WEBP": 4}
ORIENTATION = 274  # the tag of Exif
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Brands of files of the kind of MP4 that hold a picture in HEIC.
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


def open_picture(path: Path) -> Image.Image:
    """The picture of a file, turned upright, and shrunk if it has very many pixels.

    Of a file with several pages it takes the first, and warns.

    Parameters
    ----------
    path : Path

    Returns
    -------
    PIL.Image.Image
        In greys (L), or in colours with opacity (RGBA), 8 bits each.

    Raises
    ------
    UserError
        If the file is missing, is not a whole picture, or would take too much memory.
    """
    try:
        _check_sums(path)
        with _of_any_size(), Image.open(path) as image:
            _warn_of_pages(image, path)
            _prepare(image, path)
            image.load()
            turn = TURNS.get(image.getexif().get(ORIENTATION))
            picture = _shrunk(image)
    except (OSError, EOFError, SyntaxError, ValueError) as error:
        kind = None if getattr(error, "strerror", None) else _foreign_kind(path)
        if kind:
            raise UserError(f"{path} is {kind}: export it as a PNG or JPEG") from error
        cause = getattr(error, "strerror", None) or "no whole image"
        mend = "give a PNG, JPEG, GIF or similar file"
        raise UserError(f"{path} cannot be read ({cause}): {mend}") from error
    return picture if turn is None else picture.transpose(turn)


@contextmanager
def _of_any_size():
    """Within it Pillow opens pictures of any size: what is too large is named here."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _check_sums(path: Path) -> None:
    """Raise SyntaxError if a PNG is damaged: Pillow would show what is left of its picture."""
    with _of_any_size(), Image.open(path) as image:
        if image.format == "PNG":
            image.verify()


def _warn_of_pages(image: Image.Image, path: Path) -> None:
    """Warn where a file holds more than is read."""
    pages = getattr(image, "n_frames", 1)
    if pages > 1 and image.format != "MPO":  # a camera's photograph with its previews
        warnings.warn(
            f"{path} holds {pages} pictures, and only the first is read", stacklevel=2
        )


def _prepare(image: Image.Image, path: Path) -> None:
    """Have a JPEG decoded in grey and not larger than need be; refuse what is too large."""
    width, height = image.size
    pixels = width * height
    if image.format in ("JPEG", "MPO"):
        for scale in (1, 2, 4, 8):
            if pixels <= PIXELS * scale**2:
                break
        image.draft("L", (ceil(width / scale), ceil(height / scale)))
        cost = image.width * image.height * BYTES_OF_MODE.get(image.mode, 4)
        # Of a progressive one all coefficients are kept until the last scan.
        if image.info.get("progressive"):
            cost += 2 * pixels * _samples(image)
    else:
        cost = pixels * BYTES_OF_MODE.get(image.mode, 4) * COPIES.get(image.format, 1)
    if cost > BYTES:
        most = int(BYTES * pixels / cost / 1e6)
        raise UserError(
            f"{path} is too large ({width}×{height} pixels): reduce it to "
            f"{most} megapixels, or cut out the digit"
        )


def _samples(image: Image.Image) -> float:
    """How many numbers a JPEG holds for each pixel; colours may be coarser than light."""
    shares = [across * down for _, across, down, _ in image.layer]
    return sum(shares) / max(shares)


def _shrunk(image: Image.Image) -> Image.Image:
    """A picture of at most :data:`PIXELS` pixels, in greys, or in colours with opacity."""
    most = PIXELS // OPACITY if image.has_transparency_data else PIXELS
    factor = ceil(sqrt(image.width * image.height / most))
    if image.mode[0] in "IF":  # of more than 8 bits
        if image.mode.startswith("I;16"):
            image = image.convert("I")
        return _in_bytes(image.reduce(factor))
    if image.mode in ("1", "P", "PA", "La", "RGBa"):
        image = image.convert("RGBA" if image.has_transparency_data else "L")
    small = image.reduce(factor)
    if not small.has_transparency_data:
        return small.convert("L")
    return small.convert("RGBA")


def _in_bytes(picture: Image.Image) -> Image.Image:
    """A picture of more than 8 bits a pixel, its range spread over 8."""
    values = np.array(picture, dtype=np.float32)
    values -= values.min()
    most = values.max()
    if most > 0:
        values *= 255 / most
    return Image.fromarray(values.astype(np.uint8))


def _foreign_kind(path: Path) -> str | None:
    """What a file is that holds a picture and that Pillow does not read."""
    with open(path, "rb") as file:
        head = file.read(1000)
    if head[4:8] == b"ftyp" and head[8:12] in HEIC:
        return "a HEIC picture, as phones take them"
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith(b"%PDF"):
        return "a PDF document"
    return None
