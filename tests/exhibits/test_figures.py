# ruff: noqa: F401 (fixtures are imported)
"""Every figure is legible, in the theme of the page, and the same bytes everywhere."""

import inspect
import io
import pkgutil
import re
from importlib import import_module
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import all_figures as figures
import exhibits
import made_up
from exhibits import display
from exhibits.committee.costs import Cost
from exhibits.draw.judged import Choice
from exhibits.style import DARK, PAPER, WIDTH
from made_up import read
from made_variations import outcomes
from networks.lenet1998.engine import RungEngine
from networks.lenet1998.rungs import BEST
from sphinx_chapters import authors
from studies.ladder import Step
from studies.variations import Compared, compare

VARIED = outcomes(("no convolution", 2.1), ("maps doubled", 0.9), ("tanh", 1.2))
TELEPHONE = 358  # pixels, the column of the book where the window has 390


@pytest.fixture(scope="module")
def arguments(read) -> dict[str, tuple]:
    """The made-up arguments of each figure, by its name."""
    seven = read.images[0]
    activations = made_up.activations(made_up.NETWORK, made_up.WEIGHTS, seven)
    ends = (1.0, 1.3)
    return {
        "architecture": (made_up.NETWORK,),
        "alarms_and_misses": (
            {name: [Choice(0.9, 50.0, 0.0, 1.5)] for name in "abc"},
            {"a": Choice(0.9, 50.0, 0.0, 1.5)},
        ),
        "answer": (
            made_up.HISTORY,
            made_up.ORIGINAL,
            made_up.SEEDS,
            made_up.RERUNS,
            "our run",
        ),
        "atlas": (read, [3]),
        "confusion": (made_up.MATRIX,),
        "convergence": (made_up.HISTORY, made_up.ORIGINAL, "our run"),
        "digits": (np.repeat(read.images, 5, axis=0),),
        "errata": (made_up.HISTORY, made_up.ORIGINAL, "our run"),
        "errors_by_cost": (
            [Cost("ours", 1e12, 0.9, 60)],
            [Cost("theirs", 1e16, 0.23)],
        ),
        "errors_by_pass": (
            np.array([2, 1.1, 1]),
            made_up.SEEDS,
            np.array([2.5, 0.7, 0.3]),
        ),
        "errors_by_rung": (made_up.STEPS, made_up.STEPS[1:], 0.95),
        "errors_by_size": (made_up.SEEDS.to_numpy(),),
        "errors_by_variation": (compare(VARIED), VARIED[0]),
        "examples": (read, range(4)),
        "feature_maps": (seven, activations, made_up.NETWORK),
        "filters": (made_up.WEIGHTS, made_up.NETWORK),
        "errors_by_digit": (made_up.BY_DIGIT, 0),
        "final_errors": (made_up.FINAL, 1.1, made_up.FINAL, ends, made_up.MARKS),
        "first_maps": (seven, RungEngine(BEST, 0).maps, BEST.side),
        "misread": (read.images, ["7→1\n1:3 7:2"] * 4, [True, False] * 2),
        "not_refused": (seven / np.float32(255), ["printed H\nread as 4"]),
        "pad": (
            255 - seven[0],
            seven[0] / 255,
            np.full(10, 0.1),
            np.full(10, 0.1),
            "They disagree: our network reads 4, the committee 9.",
        ),
        "parting": (made_up.ROUNDING,),
        "trained_here": (
            made_up.HISTORY,
            made_up.WEIGHTS["conv1.weight"],
            read,
            [0, 1, 2, 3] * 3,
        ),
    }


def shown(figure, monkeypatch) -> dict[str, bytes]:
    """What a figure is displayed as."""
    bundles = []
    monkeypatch.setattr(authors, "display", lambda data, **rest: bundles.append(data))
    display.show("name", figure, "origin")
    return bundles[0]


# -- all of them -----------------------------------------------------------------------


def test_every_figure_is_drawn_here(arguments):
    assert sorted(arguments) == sorted(figures.__all__)
    found = []
    for entry in pkgutil.walk_packages(exhibits.__path__, "exhibits."):
        module = import_module(entry.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            drawn = inspect.signature(function).return_annotation is Figure
            in_style = hasattr(function, "__wrapped__")  # by style.drawing
            if drawn and in_style and function.__module__ == entry.name:
                found.append(name)
    assert sorted(found) == sorted(figures.__all__)


def contrast(*colours: str) -> float:
    """Of two colours, as WCAG 2 defines it."""
    channels = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colours]
    values = np.array(channels)
    linear = np.where(values <= 0.04, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    dark, light = sorted(0.05 + linear @ [0.2126, 0.7152, 0.0722])
    return light / dark


def nudged(value):
    """The same with every float moved by its last bit, as another machine may round it."""
    if isinstance(value, pd.DataFrame):
        return value.apply(nudged)
    if isinstance(value, list):
        return [nudged(part) for part in value]
    if isinstance(value, Step):
        return value._replace(errors=nudged(value.errors))
    if isinstance(value, Compared):
        moved = value.held_back._replace(mean=nudged(value.held_back.mean))
        return value._replace(held_back=moved)
    if isinstance(value, pd.Series):
        return pd.Series(nudged(value.to_numpy()), index=value.index)
    if getattr(value, "dtype", type(value)) in (float, np.float32):
        return np.where(value == 0, value, np.nextafter(value, np.inf))[()]
    return value


@pytest.mark.parametrize("name", figures.__all__)
def test_a_figure_is_legible_and_the_same_bytes_wherever_the_last_bit_falls(
    name, arguments, monkeypatch
):
    figure = getattr(figures, name)(*arguments[name])
    assert figure.get_figwidth() <= WIDTH
    first = shown(figure, monkeypatch)
    found = [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip()
    ]
    on_telephone = TELEPHONE / (72 * figure.get_figwidth())  # pixels a point
    small = [t.get_text() for t in found if t.get_fontsize() * on_telephone < 10]
    assert small == []
    drawn = {name.lower(): name for name in DARK}
    # Paper stands on dark fields; the grey noughts of the confusion matrix may be faint.
    for colour in {to_hex(text.get_color()) for text in found} - {"#ffffff", "#999999"}:
        assert contrast(colour, PAPER) >= 3
        assert contrast(DARK[drawn[colour]], DARK[PAPER]) >= 3
    *themes, rest = re.split("@media|</style>", first["image/svg+xml"], maxsplit=2)
    assert re.findall(r"(?:fill|stroke): #\w+", rest) == []
    for rules in themes:
        assert set(re.findall(r"var\((--\w+)", rest)) <= set(
            re.findall(r"--\w+", rules)
        )
    by_engine = {
        "filters",
        "feature_maps",
        "architecture",
        "first_maps",
        "trained_here",
    }
    if name not in by_engine:
        moved = [nudged(value) for value in arguments[name]]
        assert shown(getattr(figures, name)(*moved), monkeypatch) == first


@pytest.mark.parametrize("name", ["confusion", "digits"])  # a drawing, and an image
def test_a_figure_in_a_page_has_the_theme_of_the_page(
    name, arguments, monkeypatch, browser
):
    figure = getattr(figures, name)(*arguments[name])
    data = quote(shown(figure, monkeypatch)["image/svg+xml"])
    page = browser.new_page()
    paper = {}
    for theme in ("light", "dark"):
        page.set_content(
            f'<img style="color-scheme: {theme}" src="data:image/svg+xml,{data}">'
        )
        picture = Image.open(io.BytesIO(page.locator("img").screenshot()))
        paper[theme] = picture.convert("L").getpixel((0, 0))
    page.close()
    assert paper == {"light": 255, "dark": 18}


def test_a_figure_is_glued_under_its_name_and_shown(arguments, monkeypatch):
    calls = []
    monkeypatch.setattr(
        authors, "display", lambda *data, **rest: calls.append((data, rest))
    )
    figure = figures.digits(*arguments["digits"])
    display.show("fig-digits", figure, "from here")
    (((data,), rest),) = calls
    assert rest["metadata"]["scrapbook"] == {"name": "fig-digits", "mime_prefix": ""}
    assert sorted(data) == ["application/pdf", "image/svg+xml", "text/plain"]
    assert "<svg" in data["image/svg+xml"]
    assert data["application/pdf"].startswith(b"%PDF")
