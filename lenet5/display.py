"""What a chapter shows: vector figures, numbered tables, source code, glued numbers."""

import inspect
import io
from collections.abc import Iterable, Sequence

from IPython.display import Markdown, display
from matplotlib.figure import Figure
from myst_nb import glue

from lenet5.figures import style


def show(figure: Figure) -> None:
    """Display a figure as SVG for the web and as PDF for print, the same bytes each time."""
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
    display(bundle | {"text/plain": "<Figure>"}, raw=True)


def show_table(
    header: Sequence[str],
    rows: Iterable[Sequence],
    caption: str,
    name: str,
    align: str = "",
) -> None:
    """Display a numbered table.

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
    """
    align = align or "l" * len(header)
    lines = [header, ["---:" if letter == "r" else ":---" for letter in align], *rows]
    body = "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
    display(Markdown(f":::{{table}} {caption}\n:name: {name}\n\n{body}\n:::"))


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
