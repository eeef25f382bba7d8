"""Turn a chapter's source, a jupytext .py, into its executed notebook beside it.

The notebook remembers what made it, and is executed again when that changes.
"""

import ast
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
from IPython.core.inputtransformer2 import TransformerManager
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from nbformat.reader import NotJSONError
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from ext.book import Book, BookError, python_path
from ext.depends import dependencies

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
SHOWN = 16  # letters of each checksum that a notebook keeps
NAMED = 3  # causes that a line names


@dataclass(frozen=True)
class Chapter:
    """A chapter as its files are now.

    ``notebook`` is its source with the parameters of an edition; ``depends`` has the
    SHA-256 of each file on which it depends.
    """

    book: Book
    source: Path
    notebook: NotebookNode
    depends: dict[str, str]

    @classmethod
    def read(cls, book: Book, source: Path) -> "Chapter":
        """Read it, and all on which it depends; BookError says what cannot be read."""
        notebook = jupytext.read(source)
        parameters = book.setting("chapters_parameters", {})
        for name, cell in declared(notebook).items():
            if name in parameters:
                cell.source += f"\n{name} = {parameters[name]!r}"
        return cls(book, source, notebook, dependencies(book, source, notebook))

    @property
    def name(self) -> str:
        """Its name in the table of contents."""
        return self.book.name_of(self.source.with_suffix(""))

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
        notebook = stored(self.target)
        if notebook is None:
            return "its notebook cannot be read"
        made_of = notebook.metadata.get("chapter", {})
        code = [cell.source for cell in code_cells(self.notebook)]
        code_changed = code != [cell.source for cell in code_cells(notebook)]
        if made_of.get("digest") == self.digest and not code_changed:
            return ""
        if "depends" not in made_of:
            return "its notebook does not say what made it"
        causes = ["its code has changed"] if code_changed else []
        causes += _differences(made_of["depends"], _shown(self.depends))
        if len(causes) > NAMED:
            causes[NAMED - 1 :] = [f"{len(causes) - NAMED + 1} more"]
        # A merge of two branches leaves such a notebook: each made a part of it.
        return ", ".join(causes) or "its notebook is not of these files together"

    def refresh(self, execute: bool) -> str:
        """Bring the notebook up to date.

        Returns
        -------
        str
            "executed", "text updated" or "up to date".

        Raises
        ------
        BookError
            If a cell raises; the notebook that was there stays.
        """
        made_of = {"digest": self.digest, "depends": _shown(self.depends)}
        notebook = self.notebook
        if execute:
            notebook = _execute(self)
        else:
            _adopt_outputs(notebook, stored(self.target))
        for cell in notebook.cells:
            if "save_as" in cell.metadata:
                picture = cell.outputs[-1].data["image/svg+xml"]
                _replace(self.source.parent / cell.metadata["save_as"], picture)
        content = _tidy(notebook, made_of)
        if not execute and content == self.target.read_text(encoding="utf-8"):
            return "up to date"
        _replace(self.target, content)
        return "executed" if execute else "text updated"


def _shown(depends: dict[str, str]) -> dict[str, str]:
    """Checksums as a notebook keeps them, to say later which file has changed."""
    return {name: checksum[:SHOWN] for name, checksum in depends.items()}


def _differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What has become of files: "a.c has changed", then "b.py is new", "c.py is gone"."""
    both = before.keys() & now.keys()
    words = [f"{x} has changed" for x in sorted(both) if before[x] != now[x]]
    words += [f"{name} is new" for name in sorted(now.keys() - before.keys())]
    return words + [f"{name} is gone" for name in sorted(before.keys() - now.keys())]


def declared(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The names that a chapter's ``parameters`` cell assigns, each with that cell."""
    found = {}
    for cell in notebook.cells:
        if "parameters" not in cell.metadata.get("tags", []):
            continue
        # A magic may stand in the cell, such as %config.
        python = TransformerManager().transform_cell(cell.source)
        for statement in ast.parse(python).body:
            for name in _assigned(statement):
                found[name] = cell
    return found


def _assigned(statement: ast.stmt) -> list[str]:
    """The names of ``a = 1``, ``a: int = 1`` and ``a, b = 1, 2``."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value:
        targets = [statement.target]
    else:
        return []
    names = []
    for target in targets:
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        names += [part.id for part in parts if isinstance(part, ast.Name)]
    return names


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def stored(path: Path) -> NotebookNode | None:
    """A notebook that was written before; None if it is not there or is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (FileNotFoundError, NotJSONError, UnicodeDecodeError):
        return None


def stored_digest(path: Path) -> str | None:
    """The digest that a notebook remembers, if it exists and does."""
    notebook = stored(path)
    return notebook and notebook.metadata.get("chapter", {}).get("digest")


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
    notebook, name = chapter.notebook, chapter.book.name_of(chapter.source)
    notebook.metadata["kernelspec"] = KERNEL
    with tempfile.TemporaryDirectory() as sockets, _modules_first(chapter.book):
        # TCP would warn, and sockets lie in the chapter's own folder if nobody says where.
        ipc = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        try:
            return papermill.execute_notebook(
                notebook,
                None,
                cwd=chapter.source.parent,
                progress_bar=False,
                config=Config({"KernelManager": ipc if os.name == "posix" else {}}),
            )
        except PapermillExecutionError as error:
            line = error.source.strip().splitlines()[0]
            raise BookError(
                f"{name}, cell In [{error.exec_count}], `{line}`:"
                f" {error.ename}: {error.evalue}"
            ) from error
        except DeadKernelError as error:
            raise BookError(f"{name}: its kernel died, perhaps of memory") from error


def _adopt_outputs(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Give the new text the outputs of the stored notebook: its code cells are the same."""
    for cell, made in zip(code_cells(notebook), code_cells(stored), strict=True):
        cell.outputs, cell.execution_count = made.outputs, made.execution_count


def _tidy(notebook: NotebookNode, made_of: dict) -> str:
    """The notebook as text, the same for two executions that printed the same."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        for key in ("papermill", "execution", "lines_to_next_cell"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
    metadata = {"chapter": made_of, "kernelspec": KERNEL}
    metadata["language_info"] = {"name": "python"}
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


def _replace(target: Path, content: str) -> None:
    draft = target.with_name(f".{target.name}.partial")
    draft.write_text(content, encoding="utf-8", newline="\n")
    os.replace(draft, target)
