"""The page *Try it*: its figure for print, and the drawings that the prose speaks of."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from exhibits import style
from exhibits.drawings import draw_as_stored
from exhibits.predictions import Predictions

PAPER = (280, 280)  # pixels of the pad: width, height
PEN = 20  # pixels across


def chosen_samples(predictions: Predictions) -> list[int]:
    """Test images to hand to the network: the first of each digit, and two misread ones."""
    chosen = [int(np.argmax(predictions.labels == digit)) for digit in range(10)]
    misread = [row for row in np.flatnonzero(predictions.wrong) if row not in chosen]
    return chosen + misread[:2]


def draw_four() -> Image.Image:
    """A four whose top nearly closes, drawn on the pad's paper."""
    drawing = Image.new("L", PAPER)
    pen = ImageDraw.Draw(drawing)
    left = [(84, 48), (62, 104), (134, 104)]
    right = [(106, 44), (134, 104), (128, 176)]
    for stroke in (left, right):
        pen.line(stroke, fill=255, width=PEN, joint="curve")
    return drawing


def draw_dot() -> Image.Image:
    """A mere dot of the pen in the middle of the pad's paper."""
    drawing = Image.new("L", PAPER)
    ImageDraw.Draw(drawing).ellipse((129, 129, 151, 151), fill=255)
    return drawing


@style.drawing()
def pad(drawing, seen: np.ndarray, probabilities: np.ndarray) -> Figure:
    """What the digit pad does: a drawing, the image made of it, and how it is read.

    Parameters
    ----------
    drawing : image or array, shape (height, width), grey levels from 0 to 255
    seen : array, shape (28, 28), in [0, 1]; its ink was fitted into 20×20 pixels
    probabilities : array, shape (10,)
    """
    figure = Figure(figsize=(style.WIDTH, 3.5), layout="constrained")
    paper, image, bars = figure.subplot_mosaic("AB;CC", height_ratios=(5, 4)).values()
    draw_as_stored(paper, drawing)
    paper.set_title("drawn")
    paper.axis("off")
    draw_as_stored(image, np.round(255 * np.asarray(seen)))
    image.set_title("seen")
    image.axis("off")
    _draw_box(image, seen)
    bars.bar(range(10), np.round(100 * probabilities, 2), color=style.BLUE)
    bars.set(xticks=range(10), xlabel="digit", ylabel="probability (%)", ylim=(0, 100))
    bars.set_title("read")
    bars.grid(axis="x", visible=False)
    return figure


def _draw_box(axes: Axes, seen: np.ndarray) -> None:
    """Draw the 20×20 pixels around the middle of the ink, into which it was fitted."""
    middle_column = np.flatnonzero(np.any(seen, axis=0)).mean()
    middle_row = np.flatnonzero(np.any(seen, axis=1)).mean()
    box = Rectangle(
        (middle_column - 10, middle_row - 10),
        20,
        20,
        edgecolor=style.ORANGE,
        linestyle="--",
        fill=False,
    )
    axes.add_patch(box)
