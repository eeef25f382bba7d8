"""A book's own files and settings, the right to build it, and the line that says why it failed."""

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout
from sphinx.errors import SphinxError

from sphinx_chapters import pages
from sphinx_chapters.settings import read_settings, settings_of

# The folder of the book whose lock this program holds. Programs that a build starts inherit
# the variable, and so do not wait for a lock that their own parent has.
LOCK_HOLDER = "BOOK_BUILD_HOLDS"
# Beside the sources of an edition, and in no other book: its parameters.
EDITION = "edition.json"
# Beside the book in LaTeX, once it is written: the name of its PDF, and what it is made of.
RECORD = "printed.json"
DEFAULTS = {
    "chapters_sources": ["**/*.py"],
    "chapters_watch": [],
    "chapters_modules": ["."],
    "chapters_check": "",
    "chapters_longest_output": 100_000,  # characters of a text; more takes minutes to show
    "chapters_what_if_without": [],
}


class BookError(SphinxError):
    """A book that cannot be built; its message is one line."""

    category = "Book failed"


class NotThereError(BookError):
    """A file or a folder that the book names is missing."""


@dataclass(frozen=True)
class Book:
    """The book whose sources lie in a folder.

    Attributes
    ----------
    root : Path
        That folder.
    settings : Mapping
        What its configuration of Sphinx sets, by name.
    config_file, toc : str
        What `read` was given, and who builds the book is to be given.
    """

    root: Path
    settings: Mapping[str, object]
    config_file: str = ""
    toc: str = ""

    @classmethod
    def read(cls, root: Path, config_file: str = "", toc: str = "") -> "Book":
        """The book in a folder, outside a build by Sphinx.

        Parameters
        ----------
        root : Path
        config_file : str
            Of Jupyter Book, where it is not ``_config.yml``.
        toc : str
            The table of contents, where it is not that of the configuration.

        Raises
        ------
        BookError
            If there is no configuration, or it cannot be read.
        """
        try:
            settings = dict(read_settings(root, config_file))
            if toc:
                settings["external_toc_path"] = toc
            return cls(root, settings, config_file, toc)
        except (OSError, ValueError) as error:
            raise BookError(str(error)) from error

    @classmethod
    def built_by(cls, app) -> "Book":
        """The book that a Sphinx application builds."""
        return cls.of(app.srcdir, app.config)

    @classmethod
    def of(cls, folder: str, config) -> "Book":
        """The same, from its folder and its configuration."""
        root = Path(folder)
        return cls(root, settings_of(config, root))

    def setting(self, name: str):
        """One of the settings of this package, or what a book that does not set it has."""
        return self.settings.get(name, DEFAULTS[name])

    @cached_property
    def documents(self) -> list[str]:
        """The names of all pages, in the order of the table of contents.

        Of a book without ``_toc.yml`` the chapters alone, in the order of
        ``chapters_sources``: Sphinx knows of the others when it has read them.

        Raises
        ------
        BookError
            If the table of contents is not there, or cannot be read.
        """
        toc = pages.table_of_contents(self.root, self.settings)
        if toc is None:
            return [self.document_of(source) for source in self.chapters]
        try:
            return pages.listed(self.root, toc, self._excluded)
        except (OSError, ValueError) as error:
            raise BookError(str(error)) from error

    @cached_property
    def chapters(self) -> list[Path]:
        """The .py sources among the pages, in the order of the table of contents."""
        if pages.table_of_contents(self.root, self.settings) is None:
            patterns = self.setting("chapters_sources")
            return pages.found(self.root, patterns, self._excluded)
        sources = [self.root / f"{name}.py" for name in self.documents]
        return [source for source in sources if source.exists()]

    @property
    def _excluded(self) -> list[str]:
        """The patterns of what is no part of the book."""
        return self.settings.get("exclude_patterns", [])

    @cached_property
    def parameters(self) -> dict:
        """The parameters of an edition, by name; none of a book that is no edition."""
        path = self.root / EDITION
        if not path.exists():
            return {}
        return json.loads(path.read_text(encoding="utf-8"))

    @property
    def module_folders(self) -> list[Path]:
        """Where the project's own modules are found, beside a chapter's own folder.

        Raises
        ------
        NotThereError
            If a folder of ``chapters_modules`` is missing.
        """
        names = self.setting("chapters_modules")
        for name in names:
            if not (self.root / name).is_dir():
                raise NotThereError(f"chapters_modules: there is no folder {name}")
        return [self.root / name for name in names]

    def name_of(self, path: Path) -> str:
        """The name of a file from the book's folder on, with ``/`` on every system."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def document_of(self, source: Path) -> str:
        """The name of a chapter's page in the table of contents."""
        return self.name_of(source.with_suffix(""))

    @property
    def record(self) -> Path:
        """Where the last printing has noted what it did: see `sphinx_chapters.printed`."""
        return self.root / "_build" / "latex" / RECORD

    @property
    def printed(self) -> dict:
        """What the last printing noted, ``pdf`` and ``made_of``; nothing before the first."""
        if not self.record.exists():
            return {}
        return json.loads(self.record.read_text(encoding="utf-8"))

    @property
    def pdf(self) -> Path:
        """Where the printed book lies: Sphinx names it, and before it has, the settings do."""
        name = self.printed.get("pdf") or pages.pdf_name(self.settings)
        return self.record.with_name(name)


def python_path(book: Book) -> str:
    """``PYTHONPATH`` with the folders of the book's own modules before all others.

    What is read to see whether a chapter is out of date is what its kernel imports.

    Raises
    ------
    NotThereError
        If a folder of ``chapters_modules`` is missing.
    """
    folders = [str(folder.resolve()) for folder in book.module_folders]
    already_there = os.environ.get("PYTHONPATH")
    if already_there:
        folders.append(already_there)
    return os.pathsep.join(folders)


# -- the right to build ----------------------------------------------------------------


@contextmanager
def build_lock(root: Path) -> Iterator[None]:
    """Keep other builds of a book out; if one is running, say so and wait for its end.

    Two builds at once would execute one chapter twice, and each would write pages over
    those of the other. The lock is a file that the system frees when a program dies, so a
    build that was killed is in nobody's way.

    Parameters
    ----------
    root : Path
        The book's folder; the lock lies in its ``_build``.
    """
    if os.environ.get(LOCK_HOLDER) == str(root.resolve()):
        yield  # this program, or the one that started it, has the lock already
        return
    (root / "_build").mkdir(exist_ok=True)
    lock = FileLock(root / "_build" / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another build of this book is running: waiting for its end.", flush=True)
        lock.acquire()
    os.environ[LOCK_HOLDER] = str(root.resolve())
    try:
        yield
    finally:
        del os.environ[LOCK_HOLDER]
        lock.release()


# -- why a build failed ----------------------------------------------------------------


def show_cause_last() -> None:
    """From here on an expected error ends the program with its line, not with a traceback.

    Jupyter Book raises an error of its own on top, "look above", and shows a hundred lines.
    """
    sys.excepthook = report_cause


def report_cause(kind, error, trace) -> None:
    """Print why the program ends, as ``sys.excepthook`` is asked to.

    An error that is not expected is a fault of the program: its traceback comes before.

    Parameters
    ----------
    kind : type
    error : BaseException
        What ended the program; its cause, or the cause of that, may be a `BookError`.
    trace : traceback
    """
    cause = error
    while cause.__cause__ and not isinstance(cause, BookError):
        cause = cause.__cause__
    if not isinstance(cause, BookError | OSError):
        sys.__excepthook__(kind, error, trace)
    message = str(cause) or kind.__name__
    if getattr(cause, "errno", None) in (errno.EACCES, errno.EROFS):
        message += "; make the book's folder writable, or build a copy"
    line = " ".join(message.split())
    print(f"Book failed: {line}", file=sys.stderr)
