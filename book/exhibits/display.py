"""What a chapter shows: vector figures, numbered tables, source code, glued numbers."""

import ast
import inspect
import io
import re
import textwrap
from collections.abc import Iterable

import myst_nb
from IPython.display import Markdown, display
from matplotlib.figure import Figure

from exhibits.figures.style import drawing, themed

IDS = re.compile(r"\b[a-z]+[0-9a-f]{10}\b")
TIED = re.compile(r"(?<=\d) (?=%)|(?<=\bp) (?=[=<] )|(?<=[=<×]) (?=\d)")


def show(name: str, figure: Figure, origin: str) -> None:
    """Display a figure, and glue it under a name for a ``{glue:figure}`` in the prose.

    There stand its caption, its label and its description. It is SVG for the web and PDF
    for print, the same bytes each time and everywhere. The book prints the origin, from
    :mod:`exhibits.origin`, under the caption.
    """
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    saved = {}
    with drawing():
        for form, metadata in undated.items():
            file = io.BytesIO()
            figure.savefig(file, format=form, metadata=metadata | {"Creator": None})
            saved[form] = file.getvalue()
    bundle = {
        "image/svg+xml": themed(_renamed(saved["svg"].decode())),
        "application/pdf": saved["pdf"],
        "text/plain": origin,
    }
    metadata = {"scrapbook": {"name": name, "mime_prefix": ""}}
    display(bundle, raw=True, metadata=metadata)


def show_table(
    header: str, rows: Iterable, caption: str, name: str, origin: str, align: str = ""
) -> None:
    """Display a numbered table and where its numbers come from.

    Parameters
    ----------
    header : str
        Cells apart by `` | ``, as in Markdown.
    rows : iterable of str or of sequences
        As the header, or cell by cell, an empty one as a dash; they may hold MyST markup.
    caption, name, origin : str
        ``name`` is the label for cross-references.
    align : str
        One letter a column, l or r; by default all are l.
    """
    align = align or "l" * len(header.split(" | "))
    ruler = " | ".join("---:" if letter == "r" else ":---" for letter in align)
    lines = [
        row if isinstance(row, str) else " | ".join(str(cell) or "–" for cell in row)
        for row in rows
    ]
    body = "\n".join(f"| {_tied(line)} |" for line in (header, ruler, *lines))
    table = f":::{{table}} {caption}\n:name: {name}\n\n{body}\n:::"
    display(Markdown(f"{table}\n\n:::{{container}} provenance\n{origin}\n:::"))


def show_source(thing, caption: str, name: str) -> None:
    """Display a class or function, without its docstrings, as it stands in its file."""
    show_code(without_docstrings(inspect.getsource(thing)), "python", caption, name)


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
    documented = (ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            for number in range(node.body[0].lineno - 1, node.body[0].end_lineno):
                lines[number] = None
    return "\n".join(line for line in lines if line is not None)


def _tied(text: str) -> str:
    """The text with no line break between a number and its sign."""
    return TIED.sub("\u00a0", text)


def _renamed(svg: str) -> str:
    """The SVG with its ids numbered: matplotlib hashes the last bits of coordinates."""
    names = {}
    return IDS.sub(lambda found: names.setdefault(found[0], f"id{len(names)}"), svg)
