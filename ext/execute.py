"""Turn a chapter's source, a jupytext .py, into its executed notebook beside it.

The notebook remembers what made it, and is executed again when that changes.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.reader import NotJSONError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from ext.book import Book, BookError, python_path
from ext.dependencies import dependencies
from ext.parameters import KERNEL, declared_parameters, inject

CHECKSUM_LETTERS = 16  # of each file's checksum, which a notebook keeps
CAUSES_IN_A_LINE = 3
# What papermill and jupytext note in a cell, and what differs between two executions.
PASSING_METADATA = ("papermill", "execution", "lines_to_next_cell")


@dataclass(frozen=True)
class Chapter:
    """A chapter as its files are now.

    Attributes
    ----------
    book : Book
    source : Path
        Its file in Python.
    notebook : NotebookNode
        What stands in it, with the parameters of an edition.
    depends : dict
        The SHA-256 of each file on which it depends, by the file's name.
    """

    book: Book
    source: Path
    notebook: NotebookNode
    depends: dict[str, str]

    @classmethod
    def read(cls, book: Book, source: Path) -> "Chapter":
        """Read a chapter, and all on which it depends.

        Raises
        ------
        BookError
            If its parameters, or a module that it imports, cannot be read.
        NotThereError
            If a file on which it depends is missing.
        """
        notebook = jupytext.read(source)
        declared = declared_parameters(notebook, book.name_of(source))
        values = {}
        for name, value in book.setting("chapters_parameters", {}).items():
            if name in declared:
                values[name] = value
        notebook = inject(notebook, values)
        return cls(book, source, notebook, dependencies(book, source, notebook))

    @property
    def name(self) -> str:
        """Its name in the table of contents."""
        return self.book.document_of(self.source)

    @property
    def target(self) -> Path:
        """Its notebook."""
        return self.source.with_suffix(".ipynb")

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the outputs: the code cells, and each file."""
        parts = [cell.source for cell in code_cells(self.notebook)]
        parts += [f"{name} {checksum}" for name, checksum in self.depends.items()]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def stale_since(self) -> str:
        """Why it must be executed, such as "a.c has changed"; empty if it need not be."""
        if not self.target.exists():
            return "it has no notebook yet"
        notebook = read_stored(self.target)
        if notebook is None:
            return "its notebook cannot be read"
        made_of = notebook.metadata.get("chapter", {})
        code = [cell.source for cell in code_cells(self.notebook)]
        code_changed = code != [cell.source for cell in code_cells(notebook)]
        if made_of.get("digest") == self.digest and not code_changed:
            return ""
        if "depends" not in made_of:
            return "its notebook does not say what made it"
        causes = _differences(made_of["depends"], _shortened(self.depends))
        if code_changed:
            causes.insert(0, "its code has changed")
        if not causes:
            # A merge of two branches leaves such a notebook: each made a part of it.
            return "its notebook is not of these files together"
        if len(causes) > CAUSES_IN_A_LINE:
            named = causes[: CAUSES_IN_A_LINE - 1]
            causes = [*named, f"{len(causes) - len(named)} more"]
        return ", ".join(causes)

    def refresh(self, execute: bool) -> str:
        """Bring the notebook up to date, and the pictures that cells save beside it.

        Parameters
        ----------
        execute : bool
            Execute the cells. Else the new text joins the stored outputs, which must be of
            the same code: `stale_since` says so.

        Returns
        -------
        str
            "executed", "text updated" or "up to date".

        Raises
        ------
        BookError
            If a cell raises; the notebook that was there stays.
        """
        made_of = {"digest": self.digest, "depends": _shortened(self.depends)}
        if execute:
            notebook = _execute(self)
        else:
            notebook = self.notebook
            _adopt_outputs(notebook, read_stored(self.target))
        for cell in notebook.cells:
            if "save_as" in cell.metadata:
                picture = cell.outputs[-1].data["image/svg+xml"]
                _replace(self.source.parent / cell.metadata["save_as"], picture)
        content = _normal_form(notebook, made_of)
        if execute:
            _replace(self.target, content)
            return "executed"
        if content == self.target.read_text(encoding="utf-8"):
            return "up to date"
        _replace(self.target, content)
        return "text updated"


# -- what a notebook remembers ---------------------------------------------------------


def _shortened(depends: dict[str, str]) -> dict[str, str]:
    """Checksums as a notebook keeps them, to say later which file has changed."""
    return {name: checksum[:CHECKSUM_LETTERS] for name, checksum in depends.items()}


def _differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What has become of files: "a.c has changed", then "b.py is new", "c.py is gone"."""
    differences = []
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            differences.append(f"{name} has changed")
    for name in sorted(now.keys() - before.keys()):
        differences.append(f"{name} is new")
    for name in sorted(before.keys() - now.keys()):
        differences.append(f"{name} is gone")
    return differences


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def read_stored(path: Path) -> NotebookNode | None:
    """A notebook that was written before; None if it is not there or is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (FileNotFoundError, NotJSONError, UnicodeDecodeError):
        return None


def stored_digest(path: Path) -> str | None:
    """The digest that a notebook remembers; None if it is not there or has none."""
    notebook = read_stored(path)
    if notebook is None:
        return None
    return notebook.metadata.get("chapter", {}).get("digest")


# -- execution -------------------------------------------------------------------------


@contextmanager
def _modules_first(book: Book) -> Iterator[None]:
    """Have kernels that start here import the book's own modules before all others."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = python_path(book)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def _execute(chapter: Chapter) -> NotebookNode:
    """The chapter with its outputs; BookError if a cell raises or the kernel dies."""
    name = chapter.book.name_of(chapter.source)
    chapter.notebook.metadata["kernelspec"] = KERNEL
    with tempfile.TemporaryDirectory() as sockets, _modules_first(chapter.book):
        try:
            return papermill.execute_notebook(
                chapter.notebook,
                None,  # the outputs are kept here, and written when all went well
                cwd=chapter.source.parent,
                progress_bar=False,
                config=Config({"KernelManager": _connection(sockets)}),
            )
        except PapermillExecutionError as error:
            line = error.source.strip().splitlines()[0]
            raise BookError(
                f"{name}, cell In [{error.exec_count}], `{line}`:"
                f" {error.ename}: {error.evalue}"
            ) from error
        except DeadKernelError as error:
            raise BookError(f"{name}: its kernel died, perhaps of memory") from error


def _connection(sockets: str) -> dict[str, str]:
    """How a kernel and this program speak: by files in the folder ``sockets`` on POSIX.

    TCP would warn that others on the machine may listen. Where nobody says in which folder,
    the sockets lie in the chapter's own.
    """
    if os.name != "posix":
        return {}
    return {"transport": "ipc", "ip": f"{sockets}/kernel"}


def _adopt_outputs(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Give the new text the outputs of the stored notebook: its code cells are the same."""
    pairs = zip(code_cells(notebook), code_cells(stored), strict=True)
    for cell, stored_cell in pairs:
        cell.outputs = stored_cell.outputs
        cell.execution_count = stored_cell.execution_count


def _normal_form(notebook: NotebookNode, made_of: dict) -> str:
    """The notebook as text, the same for two executions that printed the same."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        for key in PASSING_METADATA:
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):  # papermill gives every cell a list
            del cell.metadata["tags"]
    metadata = {"chapter": made_of, "kernelspec": KERNEL}
    metadata["language_info"] = {"name": "python"}
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat = 4
    notebook.nbformat_minor = 5
    return nbformat.writes(notebook) + "\n"


def _replace(target: Path, content: str) -> None:
    """Write a file whole or not at all."""
    draft = target.with_name(f".{target.name}.partial")
    draft.write_text(content, encoding="utf-8", newline="\n")
    os.replace(draft, target)
