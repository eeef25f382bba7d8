"""The parameters of a chapter: what its cell tagged ``parameters`` declares, by papermill.

Papermill reads the cell line by line and injects a cell of other values below it. What it
cannot read it passes over in silence, so it is compared here with what Python assigns.
"""

import ast
from typing import NamedTuple

import papermill
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from sphinx_chapters.book import BookError

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
TAG = "parameters"
TYPES = {"bool": bool, "int": int, "float": float, "str": str}

Value = bool | int | float | str


class Parameter(NamedTuple):
    """A parameter as a chapter declares it.

    Attributes
    ----------
    name : str
    type : type or None
        bool, int, float or str: what the chapter says that it is (``size: int = 4``), or
        what it is set to. None where neither tells.
    help : str
        The comment behind it; often empty.
    """

    name: str
    type: type | None
    help: str


def declared_parameters(notebook: NotebookNode, chapter: str) -> dict[str, Parameter]:
    """The parameters that a chapter declares, by their names; none if it has no such cell.

    Parameters
    ----------
    notebook : NotebookNode
        What stands in the chapter.
    chapter : str
        The name of its file, for errors.

    Raises
    ------
    BookError
        If the chapter has two such cells, or papermill cannot read the one; the message has
        the chapter and the cell.
    """
    tagged = _tagged_cells(notebook)
    if not tagged:
        return {}
    if len(tagged) > 1:
        cells = " and ".join(f"In [{number}]" for number in tagged)
        raise BookError(
            f"{chapter}, cells {cells}: both are tagged {TAG}, and papermill reads one:"
            " put all parameters into the first"
        )
    [(number, cell)] = tagged.items()
    # Papermill asks the notebook for its language.
    notebook.metadata.setdefault("kernelspec", KERNEL)
    found = papermill.inspect_notebook(notebook)
    defaults = {name: read["default"] for name, read in found.items()}
    _check_reading(cell.source, defaults, f"{chapter}, cell In [{number}]")
    parameters = {}
    for name, read in found.items():
        kind = _type_of(read["inferred_type_name"], read["default"])
        parameters[name] = Parameter(name, kind, read["help"])
    return parameters


def inject(notebook: NotebookNode, values: dict[str, Value]) -> NotebookNode:
    """A chapter with a cell of other values below that of its parameters.

    The new cell is hidden wherever that of the parameters is.

    Parameters
    ----------
    notebook : NotebookNode
        It declares a parameter of each name in ``values``.
    values : dict
        If it is empty, the chapter comes back as it is.
    """
    if not values:
        return notebook
    notebook.metadata.setdefault("kernelspec", KERNEL)
    injected = papermill.execute_notebook(
        notebook, None, parameters=values, prepare_only=True, progress_bar=False
    )
    tags = []
    for cell in injected.cells:
        if TAG in cell.metadata.tags:
            tags = [tag for tag in cell.metadata.tags if tag != TAG]
        elif "injected-parameters" in cell.metadata.tags:
            cell.metadata.tags += tags
    return injected


def _tagged_cells(notebook: NotebookNode) -> dict[int, NotebookNode]:
    """The code cells tagged ``parameters``, by the numbers of their inputs, from 1 on."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    tagged = {}
    for number, cell in enumerate(cells, start=1):
        if TAG in cell.metadata.get("tags", []):
            tagged[number] = cell
    return tagged


def _check_reading(source: str, defaults: dict[str, str], where: str) -> None:
    """Raise BookError if papermill has read another thing than Python.

    Parameters
    ----------
    source : str
        What stands in the cell.
    defaults : dict
        The value of each name that papermill has read, as a text.
    where : str
        The chapter and the cell, for errors.
    """
    # A magic may stand in the cell, such as %config.
    python = TransformerManager().transform_cell(source)
    try:
        statements = ast.parse(python).body
    except SyntaxError as error:
        raise BookError(f"{where}, line {error.lineno}: {error.msg}") from error
    last_statements = {}  # the last one that assigns each name
    for statement in statements:
        for name in _assigned_names(statement):
            if name not in defaults:
                line = ast.get_source_segment(python, statement).splitlines()[0]
                raise BookError(
                    f"{where}, line {statement.lineno} of it: papermill cannot read"
                    f" `{line}` as a parameter: give each a line of its own, such as"
                    " size = 4; or is a # %% missing above it?"
                )
            last_statements[name] = statement
    for name, default in defaults.items():
        if name not in last_statements:  # such as in a text of several lines
            raise BookError(
                f"{where}: papermill takes {name} for a parameter, which it is not"
            )
        if not _is_value(default, last_statements[name]):
            raise BookError(
                f"{where}: papermill reads `{default}` as the value of {name}: give it a"
                " line of its own, no other code below it, and no # in its text"
            )


def _is_value(text: str, statement: ast.stmt) -> bool:
    """Whether a text is what a statement assigns, whatever its spaces and line ends."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return True  # such as +=, or within an if: nothing to compare
    try:
        expression = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    return ast.dump(expression) == ast.dump(statement.value)


def _assigned_names(statement: ast.stmt) -> set[str]:
    names = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def _type_of(annotation: str, default: str) -> type | None:
    """What a parameter is, by its annotation, else by its value as the source has it."""
    if annotation in TYPES:
        return TYPES[annotation]
    try:
        kind = type(ast.literal_eval(default))
    except (SyntaxError, ValueError):  # the value is computed
        return None
    return kind if kind in TYPES.values() else None
