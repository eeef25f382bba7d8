"""What a chapter shows: vector figures, numbered tables, source code, glued numbers."""

import inspect
import io
from collections.abc import Iterable, Sequence

from IPython.display import Markdown, display
from matplotlib.figure import Figure
from myst_nb import glue

from lenet5.provenance import provenance
from lenet5.style import style


def show(figure: Figure, origin: str | None = None) -> None:
    """Display a figure as SVG for the web and as PDF for print, the same bytes each time.

    Parameters
    ----------
    figure : Figure
    origin : str, optional
        From :func:`lenet5.provenance.provenance`; the book prints it under the caption.
        By default that of a figure without trained numbers.
    """
    bundle = {}
    with style():
        for name, mime, undated in (
            ("svg", "image/svg+xml", "Date"),
            ("pdf", "application/pdf", "CreationDate"),
        ):
            file = io.BytesIO()
            figure.savefig(file, format=name, metadata={undated: None, "Creator": None})
            bundle[mime] = file.getvalue()
    bundle["image/svg+xml"] = bundle["image/svg+xml"].decode()
    display(bundle | {"text/plain": origin or provenance()}, raw=True)


def show_table(
    header: Sequence[str],
    rows: Iterable[Sequence],
    caption: str,
    name: str,
    align: str = "",
    origin: str | None = None,
) -> None:
    """Display a numbered table and where its numbers come from.

    Parameters
    ----------
    header : sequence of str
    rows : iterable of sequences
    caption : str
        May hold MyST markup.
    name : str
        Label for cross-references.
    align : str
        One letter a column, l or r; by default all are l.
    origin : str, optional
        As in :func:`show`.
    """
    align = align or "l" * len(header)
    lines = [header, ["---:" if letter == "r" else ":---" for letter in align], *rows]
    body = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    table = f":::{{table}} {caption}\n:name: {name}\n\n{body}\n:::"
    line = f":::{{container}} provenance\n{origin or provenance()}\n:::"
    display(Markdown(f"{table}\n\n{line}"))


def show_source(thing, caption: str, name: str) -> None:
    """Display the source of a class or function as it stands in the package."""
    source = inspect.getsource(thing).rstrip()
    display(
        Markdown(
            f"````{{code-block}} python\n:caption: {caption}\n:name: {name}\n\n{source}\n````"
        )
    )


def glue_numbers(**numbers: str) -> None:
    """Give the prose its numbers, each formatted as it is to be read."""
    for key, text in numbers.items():
        glue(key, str(text), display=False)
