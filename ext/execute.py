"""Turn a chapter's source, a jupytext .py, into its executed notebook beside it.

The notebook remembers a digest of the code that made it: it is executed again only when
that code changes.
"""

import ast
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import jupytext
import nbformat
import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

INJECTED = "injected-parameters"  # papermill's tag


class ChapterError(Exception):
    """A chapter that cannot be executed; the message names it and the cell."""


def refresh(
    source: Path,
    watched: Sequence[Path],
    parameters: dict,
    drafts: Path,
    force: bool = False,
) -> str:
    """Bring ``source.ipynb`` up to date with ``source.py``.

    Parameters
    ----------
    source : Path
        The chapter's .py.
    watched : sequence of Path
        Files and folders of modules that the chapter's results depend on.
    parameters : dict
        Values for the names that the chapter's ``parameters`` cell assigns; names that
        it does not are left out.
    drafts : Path
        Folder in which the chapter is executed before the result is moved beside its
        source.
    force : bool
        Execute even if nothing changed.

    Returns
    -------
    str
        "executed", "text updated" or "up to date".

    Raises
    ------
    ChapterError
        If a cell raises; the notebook that was there stays.
    """
    notebook = jupytext.read(source)
    parameters = {
        name: value for name, value in parameters.items() if name in declared(source)
    }
    wanted = digest(notebook, watched, parameters)
    target = source.with_suffix(".ipynb")
    stored = nbformat.read(target, as_version=4) if target.exists() else None
    if (
        stored is not None
        and not force
        and stored.metadata.get("lenet5", {}).get("digest") == wanted
    ):
        _adopt_outputs(notebook, stored)
        _save_pictures(notebook, source.parent, drafts)
        content = _tidy(notebook, wanted)
        if content == target.read_text(encoding="utf-8"):
            return "up to date"
        _replace(target, content, drafts)
        return "text updated"
    executed = _execute(source, notebook, parameters, drafts)
    _save_pictures(executed, source.parent, drafts)
    _replace(target, _tidy(executed, wanted), drafts)
    return "executed"


def declared(source: Path) -> list[str]:
    """The names that a chapter's ``parameters`` cell assigns."""
    cells = [
        cell
        for cell in jupytext.read(source).cells
        if "parameters" in cell.metadata.get("tags", [])
    ]
    statements = [
        statement for cell in cells for statement in ast.parse(cell.source).body
    ]
    return [
        s.targets[0].id
        for s in statements
        if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)
    ]


def digest(
    notebook: nbformat.NotebookNode, watched: Sequence[Path], parameters: dict
) -> str:
    """SHA-256 of what decides the outputs: code cells, watched files, parameters."""
    parts = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for path in watched:
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            parts += [file.name, file.read_text(encoding="utf-8")]
    parts.append(repr(sorted(parameters.items())))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _execute(
    source: Path, notebook: nbformat.NotebookNode, parameters: dict, drafts: Path
) -> nbformat.NotebookNode:
    drafts.mkdir(parents=True, exist_ok=True)
    draft, result = (
        drafts / f"{source.stem}.draft.ipynb",
        drafts / f"{source.stem}.ipynb",
    )
    jupytext.write(notebook, draft)
    try:
        papermill.execute_notebook(
            draft,
            result,
            parameters=parameters,
            cwd=source.parent,
            kernel_name="python3",
            progress_bar=False,
            config=Config({"KernelManager": {"transport": "ipc"}})
            if os.name == "posix"
            else Config(),
        )
    except PapermillExecutionError as error:
        line = error.source.strip().splitlines()[0]
        raise ChapterError(
            f"{source.parent.name}/{source.name}, cell In [{error.exec_count}], `{line}`: "
            f"{error.ename}: {error.evalue}"
            f" (the notebook that was there stays; the failed one is {result})"
        ) from error
    return nbformat.read(result, as_version=4)


def _adopt_outputs(
    notebook: nbformat.NotebookNode, stored: nbformat.NotebookNode
) -> None:
    """Give the new text the outputs of the stored notebook: its code cells are the same."""
    code = iter([cell for cell in stored.cells if cell.cell_type == "code"])
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        made = next(code)
        cell.outputs, cell.execution_count = made.outputs, made.execution_count
        if "parameters" in cell.metadata.get("tags", []) and stored.metadata.lenet5.get(
            "parametrized"
        ):
            cells.append(next(code))
    notebook.cells = cells


def _tidy(notebook: nbformat.NotebookNode, digest: str) -> str:
    """The notebook as text, the same for two executions that printed the same."""
    injected = [
        cell for cell in notebook.cells if INJECTED in cell.metadata.get("tags", [])
    ]
    for cell in injected:
        cell.metadata.tags = [INJECTED, "remove-cell"]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        for key in ("papermill", "execution", "lines_to_next_cell"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
            "lenet5": {"digest": digest} | ({"parametrized": True} if injected else {}),
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


def _save_pictures(notebook: nbformat.NotebookNode, folder: Path, drafts: Path) -> None:
    """Write the SVG of each cell whose metadata says ``save_as`` to that file."""
    for cell in notebook.cells:
        if "save_as" in cell.metadata:
            svg = cell.outputs[-1].data["image/svg+xml"]
            _replace(folder / cell.metadata["save_as"], svg, drafts)


def _replace(target: Path, content: str, drafts: Path) -> None:
    drafts.mkdir(parents=True, exist_ok=True)
    draft = drafts / f"{target.name}.tidy"
    draft.write_text(content, encoding="utf-8")
    os.replace(draft, target)
