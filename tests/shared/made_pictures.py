"""Photographs of digits that are made, not taken: training images redrawn by a pen on paper.

Nobody's handwriting is photographed for the tests. A digit of the training split is
thinned to its middle line, drawn again with a pen of one width, and put on paper with
light from a side, ruled lines, a frame, dust, grain and the losses of JPEG. What a
picture is like is drawn from a generator. Training images with even numbers make the
pictures on which the rules of ``lenet5/picture.py`` were chosen, those with odd numbers
the ones on which the tests judge them.
"""

from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

FONT = "DejaVuSans.ttf"  # comes with matplotlib
FINE = 4  # pixels of a middle line to one of MNIST


def middle_line(image: np.ndarray) -> np.ndarray:
    """The strokes of a digit, thinned to lines of one pixel (Zhang and Suen, 1984).

    Parameters
    ----------
    image : array, shape (28, 28), uint8

    Returns
    -------
    array, shape (n, 2)
        The rows and columns of the line's pixels, in pixels of the image.
    """
    large = ndimage.zoom(
        image.astype(float), FINE, order=1, grid_mode=True, mode="nearest"
    )
    on = np.pad(large > 110, 1)
    while True:
        before = on.sum()
        for first in (True, False):
            on &= ~_border_pixels(on, first)
        if on.sum() == before:
            return (np.argwhere(on) - 0.5) / FINE


def _border_pixels(on: np.ndarray, first: bool) -> np.ndarray:
    """The pixels that a half step of the thinning takes away."""
    around = [
        np.roll(on, (-down, -right), (0, 1))
        for down, right in [
            (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1),
        ]
    ]  # fmt: skip
    north, _, east, _, south, _, west, _ = around
    count = np.sum(around, axis=0)
    steps = np.sum(
        [~a & b for a, b in zip(around, [*around[1:], around[0]], strict=True)], axis=0
    )
    if first:
        open_side = ~(north & east & south) & ~(east & south & west)
    else:
        open_side = ~(north & east & west) & ~(north & south & west)
    return on & (count >= 2) & (count <= 6) & (steps == 1) & open_side


def written(image: np.ndarray, height: float, pen: float) -> np.ndarray:
    """A digit written by a pen, in ink from 0 to 1, cropped to its box.

    Parameters
    ----------
    image : array, shape (28, 28), uint8
    height : float
        Of the longer side of its box, in pixels.
    pen : float
        Its width, by that height.
    """
    line = middle_line(image)
    line -= line.min(axis=0)
    width = pen * height
    scale = (height - width) / max(line.max(), 1)
    points = line * scale + width / 2 + 2
    shape = np.ceil(points.max(axis=0) + width / 2 + 3).astype(int)
    # The distance from the line, at most a pixel apart between its points.
    steps = int(np.ceil(scale / FINE * 1.5)) + 1
    paper = np.ones(shape, bool)
    offsets = np.linspace(0, 1, steps)
    for row, column in points:
        near = points[np.abs(points - (row, column)).max(axis=1) <= 1.01 * scale / FINE]
        for other in near:
            path = (row, column) + offsets[:, None] * (other - (row, column))
            rows, columns = path.round().astype(int).T
            paper[rows, columns] = False
    distance = ndimage.distance_transform_edt(paper)
    return np.clip(width / 2 - distance + 0.5, 0, 1)


def letters(text: str, height: int) -> np.ndarray:
    """Words in print, in ink from 0 to 1."""
    from matplotlib import get_data_path

    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/{FONT}", height)
    box = font.getbbox(text)
    picture = Image.new("L", (box[2] + 2, box[3] + 2))
    ImageDraw.Draw(picture).text((0, 0), text, fill=255, font=font)
    ink = np.asarray(picture)
    rows, columns = np.nonzero(ink)
    return ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] / 255


def put(sheet: np.ndarray, ink: np.ndarray, top: float, left: float) -> None:
    """Write ink on a sheet, in place; what leaves it is cut."""
    top, left = round(max(top, 0)), round(max(left, 0))
    part = sheet[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)


def lines(shape, spacing: float, width: float, tilt: float, start: float) -> np.ndarray:
    """Ruled lines, level but for a tilt in radians, in ink from 0 to 1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    place = rows - start + columns * np.tan(tilt)
    away = np.abs((place + spacing / 2) % spacing - spacing / 2)
    return np.clip(width / 2 - away + 0.5, 0, 1)


def photograph(ink: np.ndarray, draw: np.random.Generator):
    """A photograph of a sheet: its light, its grain, and JPEG's losses.

    Parameters
    ----------
    ink : array, shape (height, width)
        The share of the light that it takes, from 0 to 1.
    draw : numpy.random.Generator

    Returns
    -------
    PIL.Image.Image
        In colours.
    """
    height, width = ink.shape
    down, right = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    turn = draw.uniform(0, 2 * np.pi)
    fall = draw.uniform(0, 0.4)
    light = 1 - fall * (
        0.5 + 0.5 * (np.cos(turn) * (2 * down - 1) + np.sin(turn) * (2 * right - 1))
    )
    ink = ndimage.gaussian_filter(ink, draw.uniform(0.3, 1.2))
    colour = draw.uniform(0.85, 1, 3)  # of the paper
    taken = draw.uniform(0.9, 1, 3)  # by the ink, of each colour
    photo = (
        draw.uniform(190, 250)
        * light[..., None]
        * colour
        * (1 - ink[..., None] * taken)
    )
    photo += draw.normal(0, draw.uniform(0.5, 4), ink.shape)[..., None]
    picture = Image.fromarray(photo.clip(0, 255).astype(np.uint8))
    file = BytesIO()
    picture.save(file, "JPEG", quality=int(draw.integers(50, 95)))
    return Image.open(file)


def a_digit(draw, image, height: float) -> np.ndarray:
    """A digit in the ink of some pen, its box's longer side as given."""
    return draw.uniform(0.55, 0.9) * written(image, height, draw.uniform(0.08, 0.17))


def somewhere(draw, sheet, ink, margin: float = 0.05) -> None:
    """Write ink anywhere on a sheet but for a margin."""
    room = np.array(sheet.shape) - ink.shape
    edge = margin * np.array(sheet.shape)
    top, left = draw.uniform(
        np.minimum(edge, room / 2), np.maximum(room - edge, room / 2)
    )
    put(sheet, ink, top, left)


def a_sheet(draw, low: int = 150, high: int = 900) -> np.ndarray:
    """Paper without ink, of some size and shape."""
    side = draw.uniform(low, high)
    return np.zeros((round(side), round(side * draw.uniform(0.75, 1.4))))


def plain(draw, image):
    sheet = a_sheet(draw)
    somewhere(
        draw, sheet, a_digit(draw, image, draw.uniform(0.25, 0.7) * min(sheet.shape))
    )
    return photograph(sheet, draw)


def framed(draw, image):
    """The cell of a form: two to four sides of its frame, the digit inside."""
    sheet = a_sheet(draw, 60, 300)
    somewhere(
        draw,
        sheet,
        a_digit(draw, image, draw.uniform(0.4, 0.65) * min(sheet.shape)),
        0.14,
    )
    height = sheet.shape[0]
    thick = max(1, round(draw.uniform(0.01, 0.03) * height))
    dark = draw.uniform(0.4, 0.9)
    sides = draw.permutation(4)[: draw.integers(2, 5)]
    for side in range(4):
        at = round(draw.uniform(0, 0.06) * height)
        if side in sides:
            turned = np.rot90(sheet, side)
            turned[at : at + thick] = np.maximum(turned[at : at + thick], dark)
    return photograph(sheet, draw)


def ruled(draw, image, both: bool = False):
    """Ruled paper, or with ``both`` a grid, its lines at most half as dark as the ink."""
    sheet = a_sheet(draw, 200, 900)
    ink = a_digit(draw, image, draw.uniform(0.25, 0.65) * min(sheet.shape))
    spacing = draw.uniform(0.08, 0.4) * sheet.shape[0]
    width = max(1, draw.uniform(0.004, 0.01) * sheet.shape[0])
    tilt, start = draw.uniform(-0.03, 0.03), draw.uniform(0, spacing)
    paper = lines(sheet.shape, spacing, width, tilt, start)
    if both:
        start = draw.uniform(0, spacing)
        upright = lines(sheet.shape[::-1], spacing, width, -tilt, start).T
        paper = np.maximum(paper, upright)
    sheet = draw.uniform(0.3, 0.5) * ink.max() * paper
    somewhere(draw, sheet, ink)
    return photograph(sheet, draw)


def squared(draw, image):
    return ruled(draw, image, both=True)


def dusty(draw, image):
    """Crumbs far from the digit, and sometimes a stray line."""
    sheet = a_sheet(draw)
    side = min(sheet.shape)
    ink = a_digit(draw, image, draw.uniform(0.3, 0.5) * side)
    top, left = (np.array(sheet.shape) - ink.shape) / 2 * draw.uniform(0.6, 1.4, 2)
    put(sheet, ink, top, left)
    for _ in range(draw.integers(1, 5)):
        size = draw.uniform(0.01, 0.03) * side
        crumb = draw.uniform(0.4, 0.9) * written_dot(size)
        corner = draw.integers(0, 2, 2) * (np.array(sheet.shape) - size)
        put(sheet, crumb, *np.abs(corner - draw.uniform(0, 0.12, 2) * side))
    if draw.random() < 0.5:
        at = round(draw.uniform(0.0, 0.08) * sheet.shape[0])
        thick = max(1, round(0.012 * side))
        turned = np.rot90(sheet, draw.integers(4))
        stray = turned[at : at + thick, : round(draw.uniform(0.5, 1) * turned.shape[1])]
        np.maximum(stray, draw.uniform(0.4, 0.9), out=stray)
    return photograph(sheet, draw)


def written_dot(size: float) -> np.ndarray:
    """A disc, in ink from 0 to 1."""
    rows, columns = np.mgrid[0 : np.ceil(size) + 1, 0 : np.ceil(size) + 1]
    away = np.hypot(rows - size / 2, columns - size / 2)
    return np.clip(size / 2 - away + 0.5, 0, 1)


def small(draw, image):
    """A digit of three to ten hundredths of the height of a large photograph."""
    sheet = a_sheet(draw, 1400, 2200)
    ink = a_digit(draw, image, draw.uniform(0.03, 0.1) * sheet.shape[0])
    somewhere(draw, sheet, ink)
    return photograph(sheet, draw)


def blank(draw, image=None):
    return photograph(a_sheet(draw), draw)


def several(draw, images):
    """Two or three digits in a row, of nearly one size, apart."""
    sheet = a_sheet(draw, 200, 900)
    height = draw.uniform(0.25, 0.5) * min(sheet.shape[0], sheet.shape[1] / 2)
    row = np.zeros((round(1.3 * height) + 8, round(len(images) * 1.6 * height) + 8))
    left, pen, dark = 0, draw.uniform(0.08, 0.17), draw.uniform(0.55, 0.9)
    for image in images:
        ink = dark * written(image, height * draw.uniform(0.85, 1.15), pen)
        put(row, ink, draw.uniform(0, 0.1) * height, left)
        left += ink.shape[1] + draw.uniform(0.08, 0.4) * height
    somewhere(draw, sheet, row[:, : round(left)])
    return photograph(sheet, draw)


def word(draw, text: str):
    sheet = a_sheet(draw, 200, 900)
    ink = letters(
        text,
        round(
            draw.uniform(0.2, 0.5)
            * min(sheet.shape[0], sheet.shape[1] / max(1, 0.7 * len(text)))
        ),
    )
    somewhere(draw, sheet, draw.uniform(0.55, 0.9) * ink)
    return photograph(sheet, draw)


# What each kind of picture is made of: one training image.
DIGITS = {
    "plain": plain,
    "framed": framed,
    "ruled": ruled,
    "squared": squared,
    "dusty": dusty,
    "small": small,
}


def made(kind: str, number: int, images, labels, half: int = 1):
    """A picture of a kind, and its label.

    Parameters
    ----------
    kind : str
        Of :data:`DIGITS`.
    number : int
        Another one makes another picture.
    images, labels : array
        Of the training split.
    half : int
        0 for a picture on which the rules were chosen, 1 for one on which they are judged.
    """
    draw = np.random.default_rng([half, list(DIGITS).index(kind), number])
    row = 2 * int(draw.integers(len(images) // 2)) + half
    return DIGITS[kind](draw, images[row, 0]), labels[row]
