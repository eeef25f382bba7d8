"""What a chapter shows: figures in the themes of the book, numbered tables, listings, numbers.

It is what :mod:`sphinx_chapters.authors` shows, with this book's own ways: colours that
follow the theme of a page, links on axes, and no line break between a number and its sign.
"""

import html
import re
from collections.abc import Iterable, Sequence

from matplotlib.figure import Figure

from exhibits.style import drawing, themed
from sphinx_chapters import authors

# Spaces at which no line may break: before %, in a p-value, and after a sign before a number.
TIED = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?=[=<] )|(?<=[=<×]) (?=\d)")


def show(name: str, figure: Figure, origin: str = "") -> None:
    """Display a figure, and glue it under a name for a ``{glue:figure}`` in the prose.

    There stand its caption, its label and its description. The book prints the origin, from
    :mod:`exhibits.provenance`, under the caption. Axes that have a URL are a link in the
    SVG, of which :mod:`looks.linked_figures` makes one in the page; their label says whereto.
    """

    def finish(svg: str) -> str:
        return _linked(themed(svg), figure)

    with drawing():
        authors.show(figure, name, provenance=origin, finish=finish)


def show_table(
    header: str,
    rows: Iterable[Sequence],
    caption: str,
    name: str,
    origin: str = "",
    align: str = "",
) -> None:
    """Display a numbered table and where its numbers come from.

    Parameters
    ----------
    header : str
        Cells apart by `` | ``, as in Markdown.
    rows : iterable of sequences
        Cell by cell, an empty one as a dash; they may hold MyST markup.
    caption, name, origin : str
        ``name`` is the label for cross-references; what was counted here needs no origin.
    align : str
        One letter a column, l or r; by default all are l.
    """
    headings = _tied(header).split(" | ")
    authors.table(
        [[_tied(str(cell)) for cell in row] for row in rows],
        headings,
        caption=caption,
        name=name,
        provenance=origin,
        align=align or "l" * len(headings),
    )


def show_source(things, caption: str, name: str) -> None:
    """Display classes or functions, one or a list of them, without their docstrings."""
    authors.listing(things, caption=caption, name=name)


def show_code(code: str, language: str, caption: str, name: str) -> None:
    """Display a numbered listing."""
    authors.listing(code, caption=caption, name=name, language=language)


def glue(form: str = "{}", /, **numbers) -> None:
    """Give the prose its numbers, all in one format, as they are to be read."""
    for key, number in numbers.items():
        authors.glue("{}", **{key: _tied(form.format(number))})


def _tied(text: str) -> str:
    """The text with no line break between a number and its sign."""
    return TIED.sub("\u00a0", text)


def _linked(svg: str, figure: Figure) -> str:
    """The SVG with a link on all axes of a figure, which has been drawn, that have a URL."""
    width, height = 72 * figure.get_size_inches()  # in points, as the SVG has them
    links = []
    for axes in figure.axes:
        url = axes.get_url()
        if url is None:
            continue
        box = axes.get_position()
        sizes = {
            "x": box.x0 * width,
            "y": (1 - box.y1) * height,  # from the top
            "width": box.width * width,
            "height": box.height * height,
        }
        place = " ".join(f'{name}="{size:.2f}"' for name, size in sizes.items())
        rectangle = f'<rect {place} fill="none" pointer-events="all"/>'
        words = html.escape(axes.get_label())
        links.append(
            f' <a href="{html.escape(url)}" aria-label="{words}">{rectangle}</a>\n'
        )
    return svg.replace("</svg>", "".join(links) + "</svg>")
