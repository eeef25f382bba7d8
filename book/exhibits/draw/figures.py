"""The figures of the page *Draw a digit*, and the drawings that its prose speaks of."""

import textwrap
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from exhibits import style
from exhibits.draw.drawing import SIDE, drawn, placed, rounded
from exhibits.draw.inputs import PRINTED, Drawing
from exhibits.draw.judged import ALLOWED, Choice
from exhibits.draw.shapes import LETTERS, strokes
from exhibits.drawings import draw_as_stored, labelled
from exhibits.predictions import Predictions

LETTERS_A_LINE = 58  # of a title


def chosen_samples(predictions: Predictions) -> list[int]:
    """Test images to hand to the network: the first of each digit, and two misread ones."""
    chosen = [int(np.argmax(predictions.labels == digit)) for digit in range(10)]
    misread = [row for row in np.flatnonzero(predictions.wrong) if row not in chosen]
    return chosen + misread[:2]


def draw_letter(letter: str = "A") -> np.ndarray:
    """A letter as it should be, small and in the upper left of the pad's paper."""
    lines = strokes(LETTERS[letter])
    unit = SIDE / 17.5  # pixels: of the 6 units that it is high
    scaled = [rounded(unit * np.array(line)) for line in lines]
    return drawn(placed(scaled, SIDE / 3, 0.4 * SIDE))


def draw_dot() -> np.ndarray:
    """A mere dot of the pen in the middle of the pad's paper."""
    return drawn([np.array([(SIDE / 2, SIDE / 2)])])


@style.drawing()
def pad(
    drawing: np.ndarray,
    seen: np.ndarray,
    report: np.ndarray,
    committee: np.ndarray,
    sentence: str,
) -> Figure:
    """What the digit pad does: a drawing, the image made of it, two readings, a sentence.

    Parameters
    ----------
    drawing : array, shape (height, width), grey levels from 0 to 255
    seen : array, shape (28, 28), in [0, 1]; its ink was fitted into 20×20 pixels
    report, committee : array, shape (10,)
        Probabilities.
    sentence : str
        What the pad says; it stands below in lines of its own.
    """
    figure = Figure(figsize=(style.WIDTH, 4.3), layout="constrained")
    paper, image, bars = figure.subplot_mosaic("AB;CC", height_ratios=(5, 4)).values()
    draw_as_stored(paper, drawing)
    paper.set_title("drawn")
    paper.axis("off")
    draw_as_stored(image, np.round(255 * np.asarray(seen)))
    image.set_title("seen")
    image.axis("off")
    _draw_box(image, seen)
    _draw_bars(bars, -0.2, report, style.BLUE, "", "our network")
    _draw_bars(bars, 0.2, committee, style.GREEN, "////", "the committee")
    bars.set(xticks=range(10), xlabel="digit", ylabel="probability (%)", ylim=(0, 100))
    bars.set_title(textwrap.fill(sentence, LETTERS_A_LINE))
    bars.legend(loc="upper right")
    bars.grid(axis="x", visible=False)
    return figure


def _draw_bars(
    axes: Axes, shift: float, shares: np.ndarray, colour: str, hatch: str, label: str
) -> None:
    """A reading as bars, beside the middle of each digit; white lines hatch them."""
    axes.bar(
        np.arange(10) + shift,
        np.round(100 * shares, 2),
        0.4,
        color=colour,
        hatch=hatch,
        edgecolor=style.PAPER,
        linewidth=0,
        label=label,
    )


@style.drawing()
def alarms_and_misses(
    by_rule: dict[str, list[Choice]], taken: dict[str, Choice]
) -> Figure:
    """What is rightly refused over what is wrongly refused, a line a rule.

    Parameters
    ----------
    by_rule : dict of lists of Choice
        What each rule does with each threshold.
    taken : dict of Choice
        With the chosen threshold of each.
    """
    figure, axes = style.panels(3.4)
    looks = ((style.BLUE, "s"), (style.GREEN, "o"), (style.PINK, "^"))
    for (name, found), (colour, marker) in zip(by_rule.items(), looks, strict=True):
        wrong, right = _in_steps(found)
        axes.plot(wrong, right, color=colour, marker=marker, label=name)
    wrong, right = _in_steps(taken.values())
    axes.plot(
        wrong,
        right,
        "o",
        color="none",
        markeredgecolor=style.INK,
        markersize=11,
        label="chosen",
    )
    axes.axvline(ALLOWED, color=style.GREY, linestyle=":", zorder=0)
    axes.set(
        xlabel="training images that get a no (%)",
        ylabel="what is no digit and gets a no (%)",
        ylim=(0, 100),
    )
    style.legend_above(figure)
    return figure


def _in_steps(found: Iterable[Choice]) -> tuple[np.ndarray, np.ndarray]:
    """Of choices, the training images and what is no digit that get a no, %."""
    pairs = [(choice.training, choice.refused) for choice in found]
    wrong, right = np.round(pairs, 3).T
    return wrong, right


def title_of(drawing: Drawing, report: np.ndarray) -> str:
    """What is drawn, and below it the digit that our network reads."""
    name = drawing.name
    if drawing.kind == PRINTED:
        name = f"printed {name}"
    return f"{name}\nread as {report.argmax()}"


@style.drawing()
def not_refused(images: np.ndarray, titles: Sequence[str]) -> Figure:
    """Images of what passes and is no digit, each under what it is and is read as.

    Parameters
    ----------
    images : array, shape (N, 28, 28), float32 in [0, 1]
    titles : sequence of str
        Of two lines.
    """
    return labelled(
        np.round(255 * images)[:, None],
        titles,
        [False] * len(titles),
        columns=4,
        height=1.16,
        gap=0.62,
        foot=0.03,
        head=0.4,
        pad=4,
    )


def _draw_box(axes: Axes, seen: np.ndarray) -> None:
    """Draw the 20×20 pixels around the middle of the ink, into which it was fitted."""
    middle_column = np.flatnonzero(np.any(seen, axis=0)).mean()
    middle_row = np.flatnonzero(np.any(seen, axis=1)).mean()
    box = Rectangle(
        (middle_column - 10, middle_row - 10),
        20,
        20,
        edgecolor=style.GREY,
        linestyle="--",
        fill=False,
    )
    axes.add_patch(box)
