"""What figures of several pages have in common: images of digits."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from exhibits import style

PAD = "draw.html"  # the page of the pad, beside every chapter's


def log(losses) -> np.ndarray:
    """The natural logarithm, to what a reader can see: its last bits differ by machine."""
    return np.round(np.log(losses), 5)


# -- images ----------------------------------------------------------------------------


def draw_as_stored(axes: Axes, image: np.ndarray) -> None:
    """Draw an image as it stands in the file, in which 255 is ink: white on black."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)


def draw_on_paper(axes: Axes, image: np.ndarray) -> None:
    """Draw an image as ink on paper: black on white, and light on dark in the dark theme."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, gid=style.INVERTED)


@style.drawing()
def digits(images: np.ndarray, columns: int = 10) -> Figure:
    """A grid of images, row by row.

    Parameters
    ----------
    images : array, shape (N, 1, height, width), uint8
        N is a multiple of ``columns``.
    """
    count, _, height, width = images.shape
    rows = count // columns
    grid = np.reshape(images, (rows, columns, height, width))
    # To (rows, height, columns, width), so that lines of pixels lie side by side.
    sheet = grid.swapaxes(1, 2).reshape(rows * height, columns * width)
    figure = Figure(figsize=(3.6, 3.6 * rows * height / (columns * width)))
    axes = figure.add_axes((0, 0, 1, 1))
    draw_on_paper(axes, sheet)
    axes.axis("off")
    return figure


def labelled(
    images: np.ndarray,
    titles: Sequence[str],
    framed: Sequence[bool],
    *,
    columns: int,
    height: float,
    gap: float,
    foot: float,
    head: float,
    pad: float,
) -> Figure:
    """Images under two lines each, a frame around some.

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    titles : sequence of str
    framed : sequence of bool
    columns : int
        Images in a row.
    height : float
        Of a row, inches.
    foot, head : float
        Below the last row and above the first, in heights of a row.
    gap : float
        Between two rows, in heights of an image.
    pad : float
        Between a title and its image, in points.
    """
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(style.WIDTH, height * rows))
    edges = {
        "left": 0.005,
        "right": 0.995,
        "bottom": foot / rows,
        "top": 1 - head / rows,
        "wspace": 0.1,
        "hspace": gap,
    }
    grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=edges).ravel()
    for axes in grid:
        axes.axis("off")
    # The last row may have places to spare.
    for axes, image, title, mark in zip(grid, images, titles, framed, strict=False):
        draw_on_paper(axes, image[0])
        axes.set_title(title, pad=pad, linespacing=1.05)
        if mark:
            frame(axes)
    return figure


def frame(axes: Axes) -> None:
    """Put a frame around an image."""
    border = Rectangle(
        (0, 0),
        1,
        1,
        transform=axes.transAxes,
        clip_on=False,
        edgecolor=style.RED,
        facecolor="none",
        linewidth=2.2,
    )
    axes.add_patch(border)


def link_to_pad(axes: Axes, row: int, read_as: int, label: int) -> None:
    """Have a click on a test image, in a page, show it on the pad: see ``exhibits.show``.

    Parameters
    ----------
    axes : Axes
        That show it.
    row : int
        Its place in the test file, from 0.
    read_as, label : int
    """
    axes.set_url(f"{PAD}#image={row}")
    axes.set_label(
        f"Test image {row}, labelled {label}, read as {read_as}: show it on the pad"
    )


def in_rows(maps: np.ndarray, longest: int) -> np.ndarray:
    """Maps in as few rows of about one length as hold them, for :func:`side_by_side`.

    Parameters
    ----------
    maps : array, shape (count, height, width)
    longest : int
        Maps in a row at most.

    Returns
    -------
    array, shape (rows, columns, height, width), float64
        NaN where the last row has places to spare.
    """
    count = len(maps)
    rows = -(-count // longest)
    columns = -(-count // rows)
    places = np.full((rows * columns, *maps.shape[1:]), np.nan)
    places[:count] = maps
    return places.reshape(rows, columns, *maps.shape[1:])


def side_by_side(maps: np.ndarray) -> np.ndarray:
    """Maps side by side in one array, a pixel of nothing between two of them.

    Parameters
    ----------
    maps : array, shape (rows, columns, height, width)

    Returns
    -------
    array, shape (rows * (height + 1) - 1, columns * (width + 1) - 1), float64
        NaN where there is nothing.
    """
    gap = ((0, 0), (0, 0), (0, 1), (0, 1))
    padded = np.pad(maps.astype(np.float64), gap, constant_values=np.nan)
    rows, columns, height, width = padded.shape
    joined = padded.swapaxes(1, 2).reshape(rows * height, columns * width)
    return joined[:-1, :-1]  # without the gap after the last
