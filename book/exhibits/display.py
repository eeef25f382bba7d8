"""What a chapter shows: vector figures, numbered tables, source code, glued numbers."""

import ast
import html
import inspect
import io
import re
import textwrap
from collections.abc import Iterable, Sequence

import myst_nb
from IPython.display import Markdown, display
from matplotlib.figure import Figure

from exhibits.style import drawing, themed

IDS = re.compile(r"\b[a-z]+[0-9a-f]{10}\b")  # that matplotlib gives in an SVG
# Spaces at which no line may break: before %, in a p-value, and after a sign before a number.
TIED = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?=[=<] )|(?<=[=<×]) (?=\d)")


def show(name: str, figure: Figure, origin: str = "") -> None:
    """Display a figure, and glue it under a name for a ``{glue:figure}`` in the prose.

    There stand its caption, its label and its description. It is SVG for the web and PDF
    for print, the same bytes each time and everywhere. The book prints the origin, from
    :mod:`exhibits.provenance`, under the caption. Axes that have a URL are a link in the
    SVG, of which :mod:`ext.linked_figures` makes one in the page; their label says whereto.
    """
    with drawing():
        svg = _saved(figure, "svg", {"Date": None, "Creator": None})
        pdf = _saved(figure, "pdf", {"CreationDate": None, "Creator": None})
    bundle = {
        "image/svg+xml": _linked(themed(_renamed(svg.decode())), figure),
        "application/pdf": pdf,
    }
    if origin:
        bundle["text/plain"] = origin
    # What myst_nb.glue writes beside an output, so that a page finds it by its name.
    metadata = {"scrapbook": {"name": name, "mime_prefix": ""}}
    display(bundle, raw=True, metadata=metadata)


def _saved(figure: Figure, form: str, metadata: dict) -> bytes:
    """A figure as a file, without what differs from day to day."""
    file = io.BytesIO()
    figure.savefig(file, format=form, metadata=metadata)
    return file.getvalue()


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
    align = align or "l" * len(header.split(" | "))
    ruler = " | ".join("---:" if letter == "r" else ":---" for letter in align)
    lines = [header, ruler]
    for row in rows:
        cells = [str(cell) or "–" for cell in row]
        lines.append(" | ".join(cells))
    body = "\n".join(f"| {_tied(line)} |" for line in lines)
    table = f":::{{table}} {caption}\n:name: {name}\n\n{body}\n:::"
    if origin:
        table += f"\n\n:::{{container}} provenance\n{origin}\n:::"
    display(Markdown(table))


def show_source(things, caption: str, name: str) -> None:
    """Display classes or functions, without docstrings, as they stand in their file.

    Parameters
    ----------
    things : class, function, or list of them
        In the order in which they are shown.
    """
    if not isinstance(things, list):
        things = [things]
    sources = [without_docstrings(inspect.getsource(thing)) for thing in things]
    show_code("\n\n\n".join(sources), "python", caption, name)


def show_code(code: str, language: str, caption: str, name: str) -> None:
    """Display a numbered listing."""
    head = f"````{{code-block}} {language}\n:caption: {caption}\n:name: {name}\n\n"
    display(Markdown(f"{head}{textwrap.dedent(code).rstrip()}\n````"))


def glue(form: str = "{}", /, **numbers) -> None:
    """Give the prose its numbers, all in one format, as they are to be read."""
    for key, number in numbers.items():
        text = re.sub(r"(?<!\w)-(?=\d)", "−", form.format(number))
        myst_nb.glue(key, _tied(text), display=False)


def without_docstrings(source: str) -> str:
    """A listing of Python, dedented, without its docstrings."""
    lines = textwrap.dedent(source).splitlines()
    left_out = set()  # numbers of lines, from 1
    for node in ast.walk(ast.parse("\n".join(lines))):
        documented = isinstance(node, (ast.ClassDef, ast.FunctionDef))
        if documented and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            left_out.update(range(docstring.lineno, docstring.end_lineno + 1))
    kept = []
    for number, line in enumerate(lines, start=1):
        if number not in left_out:
            kept.append(line)
    return "\n".join(kept)


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


def _renamed(svg: str) -> str:
    """The SVG with its ids numbered: matplotlib hashes the last bits of coordinates."""
    names: dict[str, str] = {}

    def number(match: re.Match) -> str:
        return names.setdefault(match[0], f"id{len(names)}")

    return IDS.sub(number, svg)
