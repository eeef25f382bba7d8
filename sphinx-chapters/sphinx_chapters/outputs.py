"""What cells have put out, made steady: two executions that say the same are to be the same."""

import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from sphinx.util import logging

from sphinx_chapters.book import Book

LOGGER = logging.getLogger(__name__)
LONGEST_OUTPUT = "chapters_longest_output"  # the setting, in characters
# The file in which IPython compiles a cell: its folder is named by the process.
# It is looked for from a slash on, and not far: a long text without spaces would take minutes.
FILE_OF_CELL = re.compile(
    r"(?:\b[A-Za-z]:)?[/\\][^\s\"'<>]{0,200}[/\\]ipykernel_\d+[/\\]\d+\.py"
)
# Where an object lies in memory, as in <object at 0x7f3a2c>.
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{4,}")
TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex")
WIDGETS = "widgets"  # in the metadata of a notebook: the state of its widgets
WIDGET_KEY = re.compile(r'"([0-9a-f]{32})": \{')  # of a widget, in that state
WIDGET_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


def settle(book: Book, source: Path, notebook: NotebookNode) -> None:
    """Make the outputs of an executed notebook the same for two executions that say the same.

    Streams are put together, since it is chance where they are cut. Addresses in memory and
    files of cells, of which no reader knows what to do with, get one name.

    Parameters
    ----------
    book : Book
        Its setting ``chapters_longest_output`` cuts what is longer, with a warning.
    source : Path
        The chapter's file, for that warning.
    notebook : NotebookNode
        It is changed.
    """
    limit = book.setting(LONGEST_OUTPUT)
    number = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        number += 1
        cell.outputs = join_streams(cell.outputs)
        for output in cell.outputs:
            _steady(output, f"In [{number}]")
            length = _cut(output, limit)
            if length:
                LOGGER.warning(
                    "%s, cell In [%d]: it puts out %s characters, of which the page shows the"
                    " first %s: print less, or set %s",
                    book.name_of(source), number, f"{length:,}", f"{limit:,}", LONGEST_OUTPUT,
                    type="chapters", subtype="output",
                )  # fmt: skip
    _number_widgets(notebook)


def _cut(output: NotebookNode, limit: int) -> int:
    """Cut a text that is longer than it may be.

    Returns
    -------
    int
        How long it was; 0 if it was not too long.
    """
    holder = output if output.output_type == "stream" else output.get("data", {})
    name = "text" if output.output_type == "stream" else "text/plain"
    text = holder.get(name, "")
    if len(text) <= limit:
        return 0
    holder[name] = f"{text[:limit]}\n… (cut here: {len(text):,} characters)\n"
    return len(text)


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs in which what is printed between two others is one stream of each kind.

    A kernel sends what is printed in pieces, when it finds the time, and standard output and
    errors each for themselves. What stands before a figure stays before it.
    """
    joined: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}  # since the last output of another kind
    for output in outputs:
        if output.output_type != "stream":
            joined += _in_order(streams)
            streams = {}
            joined.append(output)
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = output
    return joined + _in_order(streams)


def _in_order(streams: dict[str, NotebookNode]) -> list[NotebookNode]:
    """Standard output first, and of a line that was drawn over only what is seen at last."""
    ordered = [streams[name] for name in ("stdout", "stderr") if name in streams]
    for output in ordered:
        output.text = as_seen(output.text)
    return ordered


def as_seen(text: str) -> str:
    """A text without what a bar of progress has drawn over: of each line, what stands last.

    Line by line, since a pattern would look through a long line from each of its characters.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition("\r")[2] for line in lines)


def _steady(output: NotebookNode, cell: str) -> None:
    """Replace in the texts of an output what differs from process to process."""

    def steady(text: str) -> str:
        return ADDRESS.sub("at 0x…", FILE_OF_CELL.sub(cell, text))

    if output.output_type == "stream":
        output.text = steady(output.text)
    elif output.output_type == "error":
        output.evalue = steady(output.evalue)
        output.traceback = [steady(line) for line in output.traceback]
    else:
        for kind in TEXTS:
            if kind in output.data:
                output.data[kind] = steady(output.data[kind])


def _number_widgets(notebook: NotebookNode) -> None:
    """Number the widgets in the order in which they stand; a kernel draws their names."""
    if WIDGETS not in notebook.metadata:
        return
    text = json.dumps(notebook.metadata[WIDGETS])
    widgets = set(WIDGET_KEY.findall(text))
    numbers: dict[str, str] = {}

    def number(match: re.Match) -> str:
        name = match[0]
        if name not in widgets:  # a checksum, which looks the same
            return name
        return numbers.setdefault(name, f"{len(numbers):032x}")

    def renamed(part):
        """A part of the notebook with numbers for names, in the order in which they come."""
        return nbformat.from_dict(json.loads(WIDGET_ID.sub(number, json.dumps(part))))

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = renamed(cell.outputs)
    notebook.metadata[WIDGETS] = renamed(notebook.metadata[WIDGETS])
