"""The project's own modules that a chapter imports, read off the code: nothing is executed."""

import ast
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from sphinx_chapters.book import Book, BookError

LOADERS = ("import_module", "__import__", "run_module")  # they import by a string
PACKAGE_FILE = "__init__.py"


class Import(NamedTuple):
    """``from module import names``, or without names ``import module``.

    Attributes
    ----------
    level : int
        The dots before the module: 0 for an absolute import.
    module : str
    names : tuple of str
    """

    level: int
    module: str
    names: tuple[str, ...] = ()


class Code(NamedTuple):
    """What a text in Python names: imports, and the strings that stand in it."""

    imports: frozenset[Import] = frozenset()
    strings: frozenset[str] = frozenset()


# -- what code names -------------------------------------------------------------------


@functools.cache
def read_code(content: bytes) -> Code:
    """What a file in Python names.

    It is kept for the next chapter that imports the same file.

    Raises
    ------
    SyntaxError
        If the file is no Python.
    ValueError
        If it has a zero byte.
    """
    imports = set()
    strings = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            imports |= {Import(0, alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            imports.add(Import(node.level, node.module or "", names))
        elif isinstance(node, ast.Call):
            imports |= _loaded(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            strings.add(node.value)
    return Code(frozenset(imports), frozenset(strings))


def _loaded(call: ast.Call) -> set[Import]:
    """The import of a call such as ``import_module("package.module")``."""
    if isinstance(call.func, ast.Attribute):  # importlib.import_module
        function = call.func.attr
    elif isinstance(call.func, ast.Name):
        function = call.func.id
    else:
        return set()
    if function not in LOADERS or not call.args:
        return set()
    if not isinstance(call.args[0], ast.Constant):
        return set()
    return {Import(0, str(call.args[0].value))}


def code_of_cells(notebook: NotebookNode) -> Code:
    """What the code cells of a chapter name.

    A cell that is no Python names nothing: it raises when it is executed, and the build
    says where.
    """
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return union(_code_of_cell(cell) for cell in cells)


def union(codes: Iterable[Code]) -> Code:
    """What any of several texts names."""
    imports = set()
    strings = set()
    for code in codes:
        imports |= code.imports
        strings |= code.strings
    return Code(frozenset(imports), frozenset(strings))


@functools.cache
def _code_of_cell(text: str) -> Code:
    if text.startswith("%%"):  # a magic of a whole cell, such as %%time
        text = text.partition("\n")[2]
    python = TransformerManager().transform_cell(text)  # magics of a line become calls
    try:
        return read_code(python.encode())
    except (SyntaxError, ValueError):
        return Code()


# -- modules ---------------------------------------------------------------------------


class Modules:
    """The project's own modules, as Python finds them for the chapters in a folder.

    Parameters
    ----------
    book : Book
    folder : Path
        That of the chapters: it comes before those of ``chapters_modules``.

    Raises
    ------
    NotThereError
        If a folder of ``chapters_modules`` is missing.
    """

    def __init__(self, book: Book, folder: Path):
        self.book = book
        self.folders = [folder, *book.module_folders]

    def code(self, path: Path) -> Code:
        """What a module names.

        Raises
        ------
        BookError
            If its file is no Python; the message has its name and the line.
        """
        try:
            return read_code(path.read_bytes())
        except SyntaxError as error:
            where = f"{self.book.name_of(path)}, line {error.lineno}"
            raise BookError(f"{where}: {error.msg}") from error
        except ValueError as error:  # a zero byte
            raise BookError(f"{self.book.name_of(path)}: {error}") from error

    def find(self, name: str) -> dict[str, Path]:
        """The file of a module, and those of the packages on the way, by their names.

        Of a name that is only in part the project's own, that part; of others nothing.
        """
        found = {}
        folders = self.folders
        parts = name.split(".")
        for count, part in enumerate(parts, start=1):
            if not part.isidentifier():
                break
            path = _first_of(part, folders)
            if path is None:
                # A package without __init__.py is made of all folders of its name.
                folders = [folder / part for folder in folders]
                continue
            found[".".join(parts[:count])] = path
            folders = [path.parent] if path.name == PACKAGE_FILE else []
        return found

    def reached_from(self, code: Code) -> dict[str, Path]:
        """Every module that code imports, directly or by another, by its name.

        Raises
        ------
        BookError
            If one of them is no Python.
        """
        found = {}
        to_read = self._imported(code, package="")
        while to_read:
            name, path = to_read.popitem()
            if name in found:
                continue
            found[name] = path
            package = name if path.name == PACKAGE_FILE else name.rpartition(".")[0]
            to_read |= self._imported(self.code(path), package)
        return found

    def _imported(self, code: Code, package: str) -> dict[str, Path]:
        """What code in a module of a package imports by itself."""
        found = {}
        for entry in code.imports:
            module = _absolute(entry, package)
            found |= self.find(module)
            for name in entry.names:
                if name == "*" and module in found:
                    found |= self._all_of(module, found[module])
                else:  # a module of a package, or a name that the module defines
                    found |= self.find(f"{module}.{name}")
        return found

    def _all_of(self, package: str, path: Path) -> dict[str, Path]:
        """The modules directly in a package, any of which its ``__all__`` may name."""
        found = {}
        if path.name != PACKAGE_FILE:
            return found
        for file in path.parent.glob("*.py"):
            if file.name != PACKAGE_FILE:
                found |= self.find(f"{package}.{file.stem}")
        for file in path.parent.glob(f"*/{PACKAGE_FILE}"):
            found |= self.find(f"{package}.{file.parent.name}")
        return found


def _first_of(part: str, folders: Iterable[Path]) -> Path | None:
    """The file of a package or a module, in the first folder that has one."""
    for folder in folders:
        for path in (folder / part / PACKAGE_FILE, folder / f"{part}.py"):
            if path.is_file():
                return path
    return None


def _absolute(entry: Import, package: str) -> str:
    """The whole name of what stands after ``from`` in a module of ``package``."""
    if not entry.level:
        return entry.module
    parents = package.split(".")
    # One dot is the package itself, two are the one above it.
    parts = parents[: len(parents) - entry.level + 1]
    if entry.module:
        parts.append(entry.module)
    return ".".join(parts)
