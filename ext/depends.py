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
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from ext.book import Book, BookError, NotThereError
from ext.imports import PACKAGE, Code, Modules, code_of_cells, together

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)"', re.MULTILINE)
IN_C = {".c", ".h", ".cc", ".hh", ".cpp", ".hpp", ".cxx", ".hxx", ".cu", ".cuh"}


def dependencies(book: Book, source: Path, notebook: NotebookNode) -> dict[str, str]:
    """The files on which a chapter depends, each name with its SHA-256, sorted.

    A folder that is named has one checksum for all that is in it.

    Parameters
    ----------
    source : Path
        The chapter's file; ``notebook`` is what stands in it.

    Raises
    ------
    NotThereError
        If a file is named that is not there.
    BookError
        If a module that the chapter imports is no Python.
    """
    code, modules = code_of_cells(notebook), Modules(book, source.parent)
    reached = modules.reached_from(code)
    files = {*reached.values(), *named_for_all(book)}
    files |= files_beside(modules, code, reached)
    files |= named_by_chapter(book, source, notebook)
    return {
        name: checksum(book.root / name) for name in sorted(map(book.name_of, files))
    }


def named_for_all(book: Book) -> set[Path]:
    """What ``chapters_watch`` in ``_config.yml`` names."""
    names = book.setting("chapters_watch", [])
    for name in names:
        if not (book.root / name).exists():
            where = "chapters_watch in _config.yml"
            raise NotThereError(f"{where}: there is no {name}")
    return {book.root / name for name in names}


def named_by_chapter(book: Book, source: Path, notebook: NotebookNode) -> set[Path]:
    """What ``depends`` in the metadata of the chapter's cells names.

    As in its code, a name is relative to the chapter's folder; one that begins with ``/``
    is relative to the book's.
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


def checksum(path: Path) -> str:
    """SHA-256 of a file, or of the names and contents of all files in a folder."""
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for file in files_below(path):
        name = file.relative_to(path).as_posix()
        digest.update(f"{name} {checksum(file)}\n".encode())
    return digest.hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Files at any depth, sorted, but for what is hidden and what Python compiled."""
    found, seen = [], set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link leads back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [x for x in folders if x[0] != "." and x != "__pycache__"]
        found += [Path(place, name) for name in names if name[0] != "."]
    return sorted(found, key=Path.as_posix)  # in one order on every system


# -- files that lie beside modules -----------------------------------------------------


def files_beside(modules: Modules, code: Code, reached: dict[str, Path]) -> set[Path]:
    """Files, in the packages that a chapter imports, which may decide its outputs.

    Parameters
    ----------
    code : Code
        Of the chapter; ``reached`` are the modules that it imports, by their names.
    """
    codes = {path: modules.code(path) for path in reached.values()}
    strings = together([code, *codes.values()]).strings
    packages = {package_of(name, path) for name, path in reached.items()} - {None}
    files = set()
    for folder in packages:
        package = Package(modules, folder)
        own = {path: found for path, found in codes.items() if folder in path.parents}
        files |= package.named(strings)
        files |= package.matched(together(own.values()).strings)
        files |= package.unclaimed(own)
    for name, path in reached.items():
        if package_of(name, path) is None:
            files |= _beside(path, codes[path].strings)
    return _with_included(files)


def package_of(name: str, path: Path) -> Path | None:
    """The folder of the outermost package of a module; None of one that is in none."""
    depth = name.count(".") + (path.name == PACKAGE)
    return path.parents[depth - 1] if depth else None


class Package:
    """The files of an outermost package, and which of its modules name which."""

    def __init__(self, modules: Modules, folder: Path):
        self.modules, self.folder = modules, folder
        self.files = files_below(folder)
        self.others = [path for path in self.files if path.suffix != ".py"]

    def named(self, strings) -> set[Path]:
        """The files, modules too, whose name or last parts of it are one of ``strings``."""
        by_name: dict[str, list[Path]] = {}
        for path in self.files:
            by_name.setdefault(path.name, []).append(path)
        found = set()
        for text in strings:
            for path in by_name.get(text.rpartition("/")[2], []):
                if _ends_with(path, text):
                    found.add(path)
        return found

    def matched(self, strings) -> set[Path]:
        """The files, but for modules, that a pattern among ``strings`` fits."""
        patterns = {text.rpartition("/")[2] for text in strings if _is_pattern(text)}
        return {
            path
            for path in self.others
            if any(fnmatch.fnmatchcase(path.name, pattern) for pattern in patterns)
        }

    def unclaimed(self, reached) -> set[Path]:
        """The files that no module of the package names, where ``reached`` modules are.

        Any of these modules may read them.
        """
        places = {parent for path in reached for parent in path.parents}
        files = set(self.others) - self._claimed
        return {path for path in files if self._home(path) in places}

    @cached_property
    def _claimed(self) -> set[Path]:
        codes = []
        for path in self.files:
            if path.suffix == ".py":
                try:
                    codes.append(self.modules.code(path))
                except BookError:  # it matters where it is imported
                    continue
        named = self.named(together(codes).strings)
        return named.union(*map(_included, self.others))

    def _home(self, path: Path) -> Path:
        """The nearest folder above a file that holds modules."""
        for folder in path.parents:
            if folder == self.folder or any(folder.glob("*.py")):
                return folder
        return self.folder


def _ends_with(path: Path, text: str) -> bool:
    """Whether a path ends in the parts of another, of which ``.`` and ``..`` are none."""
    parts = [part for part in text.split("/") if part not in ("", ".", "..")]
    return list(path.parts[-len(parts) :]) == parts


def _is_pattern(text: str) -> bool:
    return len(text) < 100 and "\n" not in text and any(x in text for x in "*?[")


def _beside(module: Path, strings) -> set[Path]:
    """The files that a module which is in no package names, relative to its folder."""
    files = set()
    for text in strings:
        if 0 < len(text) < 100 and text.isprintable():
            path = module.parent / text
            if path.is_file():
                files.add(path)
    return files


def _included(path: Path) -> set[Path]:
    """The headers that a file in C includes by names in quotes, as far as they are there."""
    if path.suffix not in IN_C:
        return set()
    names = [
        name.decode(errors="replace") for name in INCLUDE.findall(path.read_bytes())
    ]
    found = [Path(os.path.normpath(path.parent / name)) for name in names]
    return {header for header in found if header.is_file()}


def _with_included(files: set[Path]) -> set[Path]:
    """Files, and the headers that they include, and those that these do."""
    known, open_ends = set(), set(files)
    while open_ends:
        known |= open_ends
        open_ends = set().union(*map(_included, open_ends)) - known
    return known
