"""What decides the outputs of a chapter besides its own code: files, each with its checksum.

These are the project's own modules that the chapter imports, and those that they import;
files that lie beside these modules; what the chapter's own cells name; and what the book
names for all its chapters. All is read off the code. Where that leaves a doubt, a file
counts.
"""

import fnmatch
import hashlib
import os
import re
from collections.abc import Collection, Iterable
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from sphinx_chapters.book import Book, BookError, NotThereError
from sphinx_chapters.imported_modules import (
    PACKAGE_FILE,
    Code,
    Modules,
    code_of_cells,
    union,
)

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
SOURCES_IN_C = {".c", ".cc", ".cpp", ".cxx", ".cu"}
HEADERS_IN_C = {".h", ".hh", ".hpp", ".hxx", ".cuh"}
LONGEST_NAME = 100  # characters; a longer string in a program is no name of a file


def dependencies(book: Book, source: Path, notebook: NotebookNode) -> dict[str, str]:
    """The files on which a chapter depends, each name with its SHA-256, sorted.

    A folder that is named has one checksum for all that is in it.

    Parameters
    ----------
    book : Book
    source : Path
        The chapter's file.
    notebook : NotebookNode
        What stands in it.

    Raises
    ------
    NotThereError
        If a file is named that is not there.
    BookError
        If a module that the chapter imports is no Python.
    """
    code = code_of_cells(notebook)
    modules = Modules(book, source.parent)
    reached = modules.reached_from(code)
    files = set(reached.values())
    files |= named_for_all(book)
    files |= files_beside(modules, code, reached)
    files |= named_by_chapter(book, source, notebook)
    files |= named_in_code(book, source, notebook, code)
    names = sorted(book.name_of(file) for file in files)
    return {name: checksum(book.root / name) for name in names}


def named_for_all(book: Book) -> set[Path]:
    """What the setting ``chapters_watch`` names.

    Raises
    ------
    NotThereError
        If a file or a folder that it names is missing.
    """
    names = book.setting("chapters_watch")
    for name in names:
        if not (book.root / name).exists():
            raise NotThereError(f"chapters_watch: there is no {name}")
    return {book.root / name for name in names}


def named_by_chapter(book: Book, source: Path, notebook: NotebookNode) -> set[Path]:
    """What ``depends`` in the metadata of the chapter's cells names.

    As in its code, a name is relative to the chapter's folder; one that begins with ``/``
    is relative to the book's.

    Raises
    ------
    NotThereError
        If a file or a folder that a cell names is missing.
    """
    paths = set()
    for cell in notebook.cells:
        for name in cell.metadata.get("depends", []):
            folder = book.root if name.startswith("/") else source.parent
            path = folder / name.lstrip("/")
            if not path.exists():
                where = f"{book.name_of(source)}, depends"
                raise NotThereError(f"{where}: there is no {name}")
            paths.add(path)
    return paths


def named_in_code(
    book: Book, source: Path, notebook: NotebookNode, code: Code
) -> set[Path]:
    """The files of the book that strings in a chapter's code name, from its folder on.

    Perhaps it reads them. What it writes alone, ``writes`` in the metadata of a cell names.
    """
    written = set()
    for cell in notebook.cells:
        written.update(cell.metadata.get("writes", []))
    own = {source, source.with_suffix(".ipynb")}
    root = book.root.resolve()
    files = set()
    for path in _named_from(source.parent, code.strings - written) - own:
        # Of a/../b.csv, b.csv; what lies outside the book is not the book's to watch.
        path = Path(os.path.normpath(path))
        if path.resolve().is_relative_to(root):
            files.add(path)
    return files - own


# -- checksums -------------------------------------------------------------------------


def checksum(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of all files in a folder.

    Returns
    -------
    str
        In hexadecimal, 64 characters.
    """
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in files_below(path):
        name = file.relative_to(path).as_posix()
        digest.update(f"{name} {checksum(file)}\n".encode())
    return digest.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Files at any depth, sorted, but for what is hidden and what Python compiled."""
    found = []
    visited = set()
    for place, subfolders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in visited:  # a link leads back
            subfolders.clear()
            continue
        visited.add(real)
        # os.walk goes on into what is left in its own list.
        subfolders[:] = [
            name
            for name in subfolders
            if not name.startswith(".") and name != "__pycache__"
        ]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    return sorted(found, key=Path.as_posix)  # in one order on every system


# -- files that lie beside modules -----------------------------------------------------


def files_beside(modules: Modules, code: Code, reached: dict[str, Path]) -> set[Path]:
    """Files, in the packages that a chapter imports, which may decide its outputs.

    Parameters
    ----------
    modules : Modules
        Those of the project, as the chapter finds them.
    code : Code
        Of the chapter.
    reached : dict
        The modules that it imports, by their names.

    Raises
    ------
    BookError
        If a module that the chapter imports is no Python.
    """
    code_by_path = {path: modules.code(path) for path in reached.values()}
    strings = union([code, *code_by_path.values()]).strings
    files = set()
    packages = set()
    for name, path in reached.items():
        folder = package_of(name, path)
        if folder is None:
            files |= _named_from(path.parent, code_by_path[path].strings)
        else:
            packages.add(folder)
    for folder in packages:
        package = Package(modules, folder)
        own = {
            path: code_of_module
            for path, code_of_module in code_by_path.items()
            if folder in path.parents
        }
        files |= package.named(strings)
        files |= package.matched(union(own.values()).strings)
        files |= package.unclaimed(own)
    return _with_included(files)


def package_of(name: str, path: Path) -> Path | None:
    """The folder of the outermost package of a module; None of one that is in none.

    Parameters
    ----------
    name : str
        The module's whole name, such as ``a.b``.
    path : Path
        Its file, such as ``a/b.py`` or ``a/b/__init__.py``.
    """
    depth = name.count(".")
    if path.name == PACKAGE_FILE:
        depth += 1  # the file lies in a folder of the module's own
    return path.parents[depth - 1] if depth else None


class Package:
    """The files of an outermost package, and which of its modules name which.

    Parameters
    ----------
    modules : Modules
        Those of the project.
    folder : Path
        The package's.
    """

    def __init__(self, modules: Modules, folder: Path):
        self.modules = modules
        self.folder = folder
        self.files = files_below(folder)
        self.others = [path for path in self.files if path.suffix != ".py"]

    def named(self, strings: Iterable[str]) -> set[Path]:
        """The files, modules too, whose name or last parts of it are one of ``strings``."""
        by_name = {}
        for path in self.files:
            by_name.setdefault(path.name, []).append(path)
        found = set()
        for text in strings:
            for path in by_name.get(_last_part(text), []):
                if _ends_with(path, text):
                    found.add(path)
        return found

    def matched(self, strings: Iterable[str]) -> set[Path]:
        """The files, but for modules, that a pattern among ``strings`` fits."""
        patterns = {_last_part(text) for text in strings if _is_pattern(text)}
        found = set()
        for path in self.others:
            for pattern in patterns:
                if fnmatch.fnmatchcase(path.name, pattern):
                    found.add(path)
        return found

    def unclaimed(self, reached: Collection[Path]) -> set[Path]:
        """The files that no module of the package names, where ``reached`` modules are.

        Any of these modules may read them.
        """
        places = set()
        for path in reached:
            places.update(path.parents)
        files = set(self.others) - self._claimed
        return {path for path in files if self._home(path) in places}

    @cached_property
    def _claimed(self) -> set[Path]:
        """The files that some module of the package, or a file in C, names."""
        codes = []
        for path in self.files:
            if path.suffix != ".py":
                continue
            try:
                codes.append(self.modules.code(path))
            except BookError:  # it matters where it is imported
                continue
        claimed = self.named(union(codes).strings)
        for path in self.others:
            claimed |= _included(path)
        return claimed

    def _home(self, path: Path) -> Path:
        """The nearest folder above a file that holds modules."""
        for folder in path.parents:
            if folder == self.folder or any(folder.glob("*.py")):
                return folder
        return self.folder


def _last_part(text: str) -> str:
    return text.rpartition("/")[2]


def _ends_with(path: Path, text: str) -> bool:
    """Whether a path ends in the parts of another, of which ``.`` and ``..`` are none."""
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    return list(path.parts[-len(parts) :]) == parts


def _is_pattern(text: str) -> bool:
    """Whether a string in a program may be a pattern of names, such as ``*.json``."""
    if len(text) >= LONGEST_NAME or "\n" in text:
        return False
    return any(character in text for character in "*?[")


def _named_from(folder: Path, strings: Iterable[str]) -> set[Path]:
    """The files that strings name, relative to a folder: where a module is in no package."""
    files = set()
    for text in strings:
        # Not every string may be asked for: a zero byte, for one, raises.
        if 0 < len(text) < LONGEST_NAME and text.isprintable():
            path = folder / text
            if path.is_file():
                files.add(path)
    return files


# -- what C includes -------------------------------------------------------------------


def _included(path: Path) -> set[Path]:
    """The headers that a file in C includes by names in quotes, as far as they are there."""
    if path.suffix not in SOURCES_IN_C | HEADERS_IN_C:
        return set()
    headers = set()
    for name in INCLUDE.findall(path.read_bytes()):
        joined = path.parent / name.decode(errors="replace")
        header = Path(os.path.normpath(joined))  # of a/../b.h, b.h
        if header.is_file():
            headers.add(header)
    return headers


def _with_included(files: set[Path]) -> set[Path]:
    """Files, and the headers that they include, and those that these do."""
    known = set()
    to_read = set(files)
    while to_read:
        known |= to_read
        headers = set()
        for path in to_read:
            headers |= _included(path)
        to_read = headers - known
    return known
