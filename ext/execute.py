"""Turn a chapter's source, a jupytext .py, into its executed notebook beside it.

The notebook remembers a digest of what made it, and is executed again when that changes.
"""

import ast
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from ext.book import BookError

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def refresh(source: Path, watched: str, parameters: dict, force: bool = False) -> str:
    """Bring the notebook beside a chapter's ``source`` up to date.

    Parameters
    ----------
    watched : str
        What `contents` says of the files that the chapter's results depend on.
    parameters : dict
        Values for names of the chapter's ``parameters`` cell; other names are left out.
    force : bool
        Execute even if nothing changed.

    Returns
    -------
    str
        "executed", "text updated" or "up to date".

    Raises
    ------
    BookError
        If a cell raises; the notebook that was there stays.
    """
    notebook, target = jupytext.read(source), source.with_suffix(".ipynb")
    for name, cell in declared(notebook).items():
        if name in parameters:
            cell.source += f"\n{name} = {parameters[name]!r}"
    wanted = digest(notebook, watched)
    stale = force or stored_digest(target) != wanted
    if stale:
        notebook = _execute(source, notebook)
    else:
        _adopt_outputs(notebook, nbformat.read(target, as_version=4))
    for cell in notebook.cells:
        if "save_as" in cell.metadata:
            picture = cell.outputs[-1].data["image/svg+xml"]
            _replace(source.parent / cell.metadata["save_as"], picture)
    content = _tidy(notebook, wanted)
    if not stale and content == target.read_text(encoding="utf-8"):
        return "up to date"
    _replace(target, content)
    return "executed" if stale else "text updated"


def declared(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The names that a chapter's ``parameters`` cell assigns, each with that cell."""
    return {
        statement.targets[0].id: cell
        for cell in notebook.cells
        if "parameters" in cell.metadata.get("tags", [])
        for statement in ast.parse(cell.source).body
        if isinstance(statement, ast.Assign)
    }


def contents(root: Path, paths: Sequence[str]) -> str:
    """The names and SHA-256 of files, and of all files below folders, as text.

    What Python compiles and what is hidden is left out. Raises BookError if one of
    ``paths``, relative to ``root``, is not there.
    """
    lines = []
    for path in paths:
        if not (root / path).exists():
            raise BookError(f"chapters_watch in _config.yml: there is no {path}")
        for file in sorted((root / path).rglob("*")) or [root / path]:
            name = file.relative_to(root).as_posix()
            if file.is_file() and "__pycache__" not in name and "/." not in name:
                lines.append(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}")
    return "\n".join(lines)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def digest(notebook: NotebookNode, watched: str) -> str:
    """SHA-256 of what decides the outputs: the code cells and the watched files."""
    parts = [*(cell.source for cell in code_cells(notebook)), watched]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def stored_digest(path: Path) -> str | None:
    """The digest that a notebook remembers, if it exists and does."""
    if not path.exists():
        return None
    return nbformat.read(path, as_version=4).metadata.get("chapter", {}).get("digest")


def _execute(source: Path, notebook: NotebookNode) -> NotebookNode:
    notebook.metadata["kernelspec"] = KERNEL
    name = f"{source.parent.name}/{source.name}"
    with tempfile.TemporaryDirectory() as sockets:
        # TCP would warn, and sockets lie in the chapter's own folder if nobody says where.
        ipc = {"transport": "ipc", "ip": f"{sockets}/kernel"}
        try:
            return papermill.execute_notebook(
                notebook,
                None,
                cwd=source.parent,
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


def _tidy(notebook: NotebookNode, digest: str) -> str:
    """The notebook as text, the same for two executions that printed the same."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        for key in ("papermill", "execution", "lines_to_next_cell"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
    metadata = {"chapter": {"digest": digest}, "kernelspec": KERNEL}
    metadata["language_info"] = {"name": "python"}
    notebook.metadata = nbformat.from_dict(metadata)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


def _replace(target: Path, content: str) -> None:
    draft = target.with_name(f".{target.name}.partial")
    draft.write_text(content, encoding="utf-8")
    os.replace(draft, target)
