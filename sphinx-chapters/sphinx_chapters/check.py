"""Is what the pages show what the chapters compute? ``chapters check``.

Without an execution: sources against stored outputs, outputs against the record of their
making, notebooks whose source is gone, code that stands in text. With one: what differs
between the stored outputs and new ones.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from nbformat import NotebookNode

from sphinx_chapters.book import Book
from sphinx_chapters.chapter import Chapter, chosen, code_cells, read_stored
from sphinx_chapters.dependencies import files_below
from sphinx_chapters.execute import line_of_cell
from sphinx_chapters.what_if import prepare

COPY = Path("_build", "check")  # in which chapters are executed
SHOWN = 60  # characters of a line that differs


def faults_of_files(book: Book, only: Sequence[str] = ()) -> Iterator[str]:
    """What can be seen without an execution; a line each.

    Parameters
    ----------
    book : Book
    only : sequence of str
        The names of the chapters to look at; all if it is empty.

    Raises
    ------
    BookError
        If a chapter cannot be read, or there is no chapter of a name.
    """
    for source in chosen(book, only):
        chapter = Chapter.read(book, source)
        reason = chapter.stale_since()
        if reason:
            yield f"{book.name_of(source)}: its outputs are out of date, since {reason}"
        for line in chapter.swallowed_code():
            yield f"{book.name_of(source)}, line {line}: code in a text cell"
    if not only:
        yield from orphans(book)


def orphans(book: Book) -> Iterator[str]:
    """Notebooks that this package has made, of which the source is gone; a line each."""
    for path in files_below(book.root):
        built = "_build" in path.relative_to(book.root).parts
        if path.suffix != ".ipynb" or built or path.with_suffix(".py").exists():
            continue
        notebook = read_stored(path)
        if notebook is not None and "chapter" in notebook.metadata:
            name = book.name_of(path)
            yield f"{name}: its source is gone: rename it with its .py, or remove it"


def faults_of_execution(
    book: Book, only: Sequence[str] = (), say: Callable[[str], object] = print
) -> Iterator[str]:
    """What comes out otherwise when chapters are executed anew; a line for each cell.

    They are executed in their order in a copy of the book, so that nothing is overwritten,
    and a chapter that reads what another writes gets what is written now.

    Parameters
    ----------
    book : Book
    only : sequence of str
        The names of the chapters to execute; all if it is empty.
    say : callable
        Is told which chapter is executed.

    Raises
    ------
    BookError
        If a cell raises.
    """
    folder = book.root / COPY
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    prepare(book, folder, book.parameters)
    copy = Book(folder, book.settings)
    for source in chosen(book, only):
        name = book.name_of(source)
        say(f"chapter {book.document_of(source)}: executed to compare")
        chapter = Chapter.read(copy, folder / name)
        now = chapter.executed()
        chapter.store(now)
        stored = read_stored(source.with_suffix(".ipynb"))
        if stored is None:
            yield f"{name}: there is no notebook to compare with"
            continue
        yield from _differences(book, source, stored, now)


def _differences(
    book: Book, source: Path, stored: NotebookNode, now: NotebookNode
) -> Iterator[str]:
    """A line for each cell that puts out something else."""
    pairs = zip_longest(code_cells(stored), code_cells(now))
    for number, (before, after) in enumerate(pairs, start=1):
        if before is None or after is None or before.source != after.source:
            yield f"{book.name_of(source)}: its code has changed since it was executed"
            return
        if before.outputs == after.outputs:
            continue
        place = line_of_cell(book, source, after.source, number)
        yield f"{place}: {_in_words(before.outputs, after.outputs)}"


def _in_words(before: list[NotebookNode], after: list[NotebookNode]) -> str:
    """The first thing in which the outputs of a cell differ."""
    for one, other in zip(before, after, strict=False):
        if one == other:
            continue
        texts_before = _texts(one)
        texts_after = _texts(other)
        for kind in sorted(texts_before.keys() & texts_after.keys()):
            if texts_before[kind] != texts_after[kind]:
                return _first_line(kind, texts_before[kind], texts_after[kind])
        break
    return "its outputs are of another kind or number"


def _texts(output: NotebookNode) -> dict[str, str]:
    """The forms of an output, each as a text."""
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"error": f"{output.ename}: {output.evalue}"}
    return {kind: str(data) for kind, data in output.data.items()}


def _first_line(kind: str, before: str, after: str) -> str:
    """Such as "its text/plain has `a` and, executed anew, `b`"."""
    lines = zip_longest(before.splitlines(), after.splitlines(), fillvalue="")
    for one, other in lines:
        if one != other:
            start = max(0, _common(one, other) - SHOWN // 3)
            shown = [text[start : start + SHOWN] for text in (one, other)]
            return f"its {kind} has `{shown[0]}` and, executed anew, `{shown[1]}`"
    return f"its {kind} differs in its line ends"


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    count = 0
    while count < min(len(one), len(other)) and one[count] == other[count]:
        count += 1
    return count
