"""What a chapter's figures, tables, listings and numbers are displayed as."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest
from docutils import nodes

from sphinx_chapters import authors, provenance

PREFIX = "application/papermill.record/"


@pytest.fixture
def shown(monkeypatch) -> list[tuple]:
    """What is displayed: each bundle of forms, or text of Markdown, and its metadata."""
    calls = []

    def display(data, raw=False, metadata=None):
        calls.append((data if raw else data.data, metadata))

    monkeypatch.setattr(authors, "display", display)
    return calls


def drawing(seed: float = 1.0):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2, 1))
    axes = figure.subplots()
    axes.plot([0, 1, 2], [0, seed, 4], marker="o")
    axes.set_xlim(0, 2)
    return figure


# -- figures ---------------------------------------------------------------------------


def test_a_figure_without_caption_is_shown_and_glued_under_its_name(shown):
    authors.show(drawing(), "fig-a", provenance="from\n  `a.csv`")
    [(data, metadata)] = shown
    assert metadata == {"scrapbook": {"name": "fig-a", "mime_prefix": ""}}
    assert sorted(data) == ["application/pdf", "image/svg+xml", "text/plain"]
    assert ET.fromstring(data["image/svg+xml"]).tag == "{http://www.w3.org/2000/svg}svg"
    assert data["application/pdf"].startswith(b"%PDF")
    assert data["text/plain"] == "Provenance: from `a.csv`"


def test_a_figure_with_caption_stands_where_it_is_shown(shown):
    alt = 'A line: steep, "thick"\n  and # up.'
    authors.show(drawing(), "fig-a", caption="\n    A *line*.\n    ", alt=alt)
    (data, metadata), (markdown, _) = shown
    assert metadata["scrapbook"]["mime_prefix"] == PREFIX
    assert sorted(data) == [f"{PREFIX}application/pdf", f"{PREFIX}image/svg+xml"]
    first, name, option, *rest = markdown.splitlines()
    assert (first, name) == (":::{glue:figure} fig-a", ":name: fig-a")
    assert option == r':alt: "A line: steep, \"thick\" and # up."'
    assert rest == ["", "A *line*.", ":::"]


def test_two_drawings_of_one_figure_are_the_same_bytes(shown):
    authors.show(drawing(), "fig-a")
    authors.show(drawing(), "fig-a")
    # The last bit of a coordinate may differ elsewhere: matplotlib makes names of it.
    authors.show(drawing(1 + 2**-52), "fig-a")
    assert shown[0] == shown[1] == shown[2]
    text = shown[0][0]["image/svg+xml"]
    assert "date" not in text
    names = [e.get("id") for e in ET.fromstring(text).iter() if e.get("id")]
    assert "id0" in names
    links = [
        value.strip("url()#")
        for element in ET.fromstring(text).iter()
        for value in element.attrib.values()
        if value.startswith(("#id", "url(#"))
    ]
    assert links
    assert set(links) <= set(names)


def test_a_book_may_finish_the_svg(shown):
    authors.show(drawing(), "fig-a", finish=lambda svg: svg.replace("#1f77b4", "red"))
    assert "stroke: red" in shown[0][0]["image/svg+xml"]


def test_what_is_no_figure_or_lacks_words_is_refused(shown):
    with pytest.raises(TypeError, match="fig-a is of type int, and no figure"):
        authors.show(1, "fig-a")
    with pytest.raises(ValueError, match="fig-a has no alt: say in words"):
        authors.show(drawing(), "fig-a", caption="A line.")
    with pytest.raises(ValueError, match="fig-a has alt and no caption"):
        authors.show(drawing(), "fig-a", alt="A line.")
    assert shown == []


def test_a_figure_of_pyplot_is_shown_once(shown):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure = pyplot.figure()
    authors.show(figure, "fig-a")
    assert not pyplot.fignum_exists(figure.number)


# -- provenance ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("Provenance: from `a.csv`, twice", "from a.csv, twice"),
        ("<Figure size 640x480 with 1 Axes>", ""),
        ("alt.Chart(...)", ""),
    ],
)
def test_only_a_marked_text_becomes_the_legend_of_a_figure(text, origin):
    figure = nodes.figure()
    figure += nodes.container(
        "", nodes.literal_block(text, text), mime_type="text/plain"
    )
    figure += nodes.caption("", "A caption.")
    provenance.add_legends(None, nodes.container("", figure))
    legends = list(figure.findall(nodes.legend))
    assert [legend.astext() for legend in legends] == ([origin] if origin else [])
    quoted = [node.astext() for node in figure.findall(nodes.literal)]
    assert quoted == (["a.csv"] if origin else [])


def test_an_origin_joins_a_legend_that_is_there():
    text = "Provenance: from here"
    figure = nodes.figure()
    figure += nodes.container(
        "", nodes.literal_block(text, text), mime_type="text/plain"
    )
    figure += nodes.legend("", nodes.paragraph("", "More of it."))
    provenance.add_legends(None, nodes.container("", figure))
    [legend] = figure.findall(nodes.legend)
    assert [part.astext() for part in legend] == ["More of it.", "from here"]


# -- tables ----------------------------------------------------------------------------


def test_a_table_has_its_cells_aligned_and_formatted(shown):
    authors.table(
        [("oak | fir", 3.25, 1), ("ash", -0.5, None), ("", float("nan"), 12)],
        ["wood", "change", "count"],
        caption="What a wet\n        week does.",
        name="tab-woods",
        provenance="from `woods.csv`",
        formats={"change": "{:.1f}"},
    )
    [(markdown, _)] = shown
    assert markdown.splitlines() == [
        ":::{table} What a wet week does.",
        ":name: tab-woods",
        "",
        "| wood | change | count |",
        "| :--- | ---: | ---: |",
        r"| oak \| fir | 3.2 | 1 |",
        "| ash | −0.5 | – |",
        "| – | – | 12 |",
        ":::",
        "",
        ":::{container} provenance",
        "from `woods.csv`",
        ":::",
    ]


def test_a_frame_names_its_columns(shown):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1, 2], "x": [0.5, None], "word": ["a", None]})
    authors.table(frame, caption="A.", name="tab-a")
    frame.index = pandas.Index(["p", "q"], name="place")
    authors.table(frame, caption="A.", name="tab-a", align="rlll")
    assert [text.splitlines()[3:7] for text, _ in shown] == [
        [
            "| n | x | word |",
            "| ---: | ---: | :--- |",
            "| 1 | 0.5 | a |",
            "| 2 | – | – |",
        ],
        [
            "| place | n | x | word |",
            "| ---: | :--- | :--- | :--- |",
            "| p | 1 | 0.5 | a |",
            "| q | 2 | – | – |",
        ],
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rows": [(1, 2), (3,)]}, "tab-a has 2 columns, and row 2 has 1 cells"),
        ({"align": "r"}, "tab-a has 2 columns, and align is 'r'"),
        ({"align": "rc"}, "tab-a has 2 columns, and align is 'rc'"),
        ({"formats": {"c": "{}"}}, "tab-a has no column 'c' to format"),
    ],
)
def test_a_table_whose_parts_do_not_fit_is_refused(shown, change, words):
    parts = {"rows": [(1, 2)], "header": "ab", "caption": "A.", "name": "tab-a"}
    with pytest.raises(ValueError, match=words):
        authors.table(**(parts | change))
    assert shown == []


# -- listings --------------------------------------------------------------------------


def test_a_listing_shows_a_text_or_things_without_docstrings(shown):
    authors.listing("int a;\n", caption="Zero.", name="code-zero", language="c")
    authors.listing(sample, caption="One.", name="code-one")
    authors.listing([sample, other], caption="Two.", name="code-two")
    body = "def sample(a):\n    b = a  # a comment stays\n\n    return b"
    head = "````{code-block} python\n:caption: "
    assert [text for text, _ in shown] == [
        "````{code-block} c\n:caption: Zero.\n:name: code-zero\n\nint a;\n````",
        f"{head}One.\n:name: code-one\n\n{body}\n````",
        f"{head}Two.\n:name: code-two\n\n{body}\n\n\ndef other():\n    pass\n````",
    ]


# fmt: off
def sample(a):
    """What it is.

    And more.
    """
    b = a  # a comment stays

    return b


def other():
    pass
# fmt: on


# -- numbers ---------------------------------------------------------------------------


def test_numbers_are_glued_as_they_are_read(monkeypatch):
    glued = {}

    def glue(key, text, display):
        assert not display
        glued[key] = text

    monkeypatch.setattr(authors.myst_nb, "glue", glue)
    authors.glue("{:,.1f} m", far=1234.56, form=-2)
    authors.glue(word="well-known 9-5", low=-3)
    assert glued == {
        "far": "1,234.6 m",
        "form": "−2.0 m",
        "word": "well-known 9-5",
        "low": "−3",
    }


# -- what the functions need -----------------------------------------------------------


def test_numbers_need_neither_matplotlib_nor_pandas_nor_what_executes():
    lines = "import sys, sphinx_chapters.authors; print([name for name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, encoding="utf-8", check=True
    )
    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert "sphinx_chapters.authors" in loaded
    assert (
        loaded & {"matplotlib", "pandas", "papermill", "sphinx_chapters.update"}
        == set()
    )


def test_markdown_that_is_displayed_is_read_as_the_prose_is():
    def configured(raw: dict, overrides: dict) -> SimpleNamespace:
        config = SimpleNamespace(
            _raw_config=raw,
            overrides=overrides,
            nb_render_markdown_format="commonmark",
            myst_enable_extensions=["dollarmath"],
        )
        authors.read_as_myst(None, config)
        return config

    own = configured({}, {})
    assert own.nb_render_markdown_format == "myst"
    assert own.myst_enable_extensions == {"dollarmath", "colon_fence"}
    chosen = {"nb_render_markdown_format": "commonmark"}
    for config in (configured(chosen, {}), configured({}, chosen)):
        assert config.nb_render_markdown_format == "commonmark"
