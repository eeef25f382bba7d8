"""The project's own modules that a chapter imports, read off the code: nothing is executed."""

import ast
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from ext.book import Book, BookError

LOADERS = ("import_module", "__import__", "run_module")  # they import by a string
PACKAGE = "__init__.py"


class Import(NamedTuple):
    """``from module import names``, from so many levels up; without names ``import``."""

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
    """What a file in Python names; SyntaxError or ValueError if it is none."""
    imports, strings = set(), set()
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
    function = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args else None
    if function not in LOADERS or not isinstance(first, ast.Constant):
        return set()
    return {Import(0, str(first.value))}


def code_of_cells(notebook: NotebookNode) -> Code:
    """What the code cells of a chapter name.

    A cell that is no Python names nothing: it raises when it is executed, and the build
    says where.
    """
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return together(map(_code_of_cell, cells))


def together(codes: Iterable[Code]) -> Code:
    """What any of them names."""
    imports, strings = set(), set()
    for code in codes:
        imports |= code.imports
        strings |= code.strings
    return Code(frozenset(imports), frozenset(strings))


@functools.cache
def _code_of_cell(text: str) -> Code:
    if text.startswith("%%"):  # a magic of a whole cell, such as %%time
        text = text.partition("\n")[2]
    try:
        return read_code(TransformerManager().transform_cell(text).encode())
    except (SyntaxError, ValueError):
        return Code()


# -- modules ---------------------------------------------------------------------------


class Modules:
    """The project's own modules, as Python finds them for the chapters in a folder."""

    def __init__(self, book: Book, folder: Path):
        self.book = book
        self.folders = [folder, *book.module_folders]

    def code(self, path: Path) -> Code:
        """What a module names; BookError says which is no Python."""
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
        found, folders, parts = {}, self.folders, name.split(".")
        for count, part in enumerate(parts, start=1):
            if not part.isidentifier():
                break
            path = _first_of(part, folders)
            if path:
                found[".".join(parts[:count])] = path
                folders = [path.parent] if path.name == PACKAGE else []
            else:
                # A package without __init__.py is made of all folders of its name.
                folders = [folder / part for folder in folders]
        return found

    def reached_from(self, code: Code) -> dict[str, Path]:
        """Every module that code imports, directly or by another, by its name."""
        found, open_ends = {}, self._imported(code, package="")
        while open_ends:
            name, path = open_ends.popitem()
            if name in found:
                continue
            found[name] = path
            package = name if path.name == PACKAGE else name.rpartition(".")[0]
            open_ends |= self._imported(self.code(path), package)
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
        if path.name == PACKAGE:
            files = [*path.parent.glob("*.py"), *path.parent.glob(f"*/{PACKAGE}")]
            for file in files:
                name = file.parent.name if file.name == PACKAGE else file.stem
                found |= self.find(f"{package}.{name}")
        return found


def _first_of(part: str, folders: Iterable[Path]) -> Path | None:
    """The file of a package or a module, in the first folder that has one."""
    for folder in folders:
        for path in (folder / part / PACKAGE, folder / f"{part}.py"):
            if path.is_file():
                return path
    return None


def _absolute(entry: Import, package: str) -> str:
    """The whole name of what stands after ``from`` in a module of ``package``."""
    if not entry.level:
        return entry.module
    parents = package.split(".")
    parents = parents[: len(parents) - entry.level + 1]
    return ".".join([*parents, *filter(None, [entry.module])])
