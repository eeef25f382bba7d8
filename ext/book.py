"""A book's own files, the right to build it, and the line that says why it failed."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from filelock import FileLock, Timeout
from sphinx.errors import SphinxError
from sphinx_external_toc.parsing import parse_toc_yaml

# The folder of the book whose lock this program holds. Programs that a build starts inherit
# the variable, and so do not wait for a lock that their own parent has.
LOCK_HOLDER = "BOOK_BUILD_HOLDS"
# The program jupyter-book, wherever it lies and whatever its suffix on this machine.
START = (
    "import sys; from jupyter_book.cli.main import main; "
    "sys.argv[0] = 'jupyter-book'; sys.exit(main())"
)
JUPYTER_BOOK = [sys.executable, "-P", "-c", START]
# Where a book's own modules are found, if its _config.yml says nothing else.
DEFAULT_MODULE_FOLDERS = ["."]


class BookError(SphinxError):
    """A book that cannot be built; its message is one line."""

    category = "Book failed"


class NotThereError(BookError):
    """A file or a folder that the book names is missing."""


@dataclass(frozen=True)
class Book:
    """The book whose ``_config.yml`` and ``_toc.yml`` lie in a folder.

    Attributes
    ----------
    root : Path
        That folder.
    """

    root: Path

    @cached_property
    def config(self) -> dict:
        """What stands in ``_config.yml``."""
        text = (self.root / "_config.yml").read_text(encoding="utf-8")
        return yaml.safe_load(text)

    def setting(self, name: str, default):
        """A Sphinx setting, from ``sphinx: config:`` of ``_config.yml``.

        Parameters
        ----------
        name : str
        default : object
            What a book that does not set it has.
        """
        settings = self.config.get("sphinx", {}).get("config", {})
        return settings.get(name, default)

    @property
    def documents(self) -> list[str]:
        """The names of all pages, in the order of the table of contents."""
        return list(parse_toc_yaml(self.root / "_toc.yml"))

    @property
    def chapters(self) -> list[Path]:
        """The .py sources among the pages, in the order of the table of contents."""
        sources = [self.root / f"{name}.py" for name in self.documents]
        return [source for source in sources if source.exists()]

    @property
    def module_folders(self) -> list[Path]:
        """Where the project's own modules are found, beside a chapter's own folder.

        Raises
        ------
        NotThereError
            If a folder of ``chapters_modules`` is missing.
        """
        names = self.setting("chapters_modules", DEFAULT_MODULE_FOLDERS)
        for name in names:
            if not (self.root / name).is_dir():
                where = "chapters_modules in _config.yml"
                raise NotThereError(f"{where}: there is no folder {name}")
        return [self.root / name for name in names]

    def name_of(self, path: Path) -> str:
        """The name of a file from the book's folder on, with ``/`` on every system."""
        return Path(os.path.relpath(path, self.root)).as_posix()

    def document_of(self, source: Path) -> str:
        """The name of a chapter's page in the table of contents."""
        return self.name_of(source.with_suffix(""))

    @property
    def pdf(self) -> Path:
        """Where the printed book is built: ``latex_documents: targetname`` names it."""
        documents = self.config.get("latex", {}).get("latex_documents", {})
        name = Path(documents.get("targetname", "book.tex"))
        return self.root / "_build" / "latex" / name.with_suffix(".pdf")


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
