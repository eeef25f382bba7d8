"""The books under ``books/``, each named by its fault, and the programs that build them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from small_books import PACKAGE

BOOKS = PACKAGE / "tests" / "books"


def copy_of(name: str, folder: Path) -> Path:
    """A copy, in a folder, of the book of a name."""
    return Path(shutil.copytree(BOOKS / name, folder / name))


def chapters(book: Path, *arguments: str, **environment: str):
    """What ``chapters`` says in a book's folder, with more or other environment variables."""
    return _program("sphinx_chapters", book, arguments, environment)


def sphinx(book: Path, *arguments: str, **environment: str):
    """What Sphinx says that builds a book's pages; a warning is an error."""
    arguments = ("-M", "html", ".", "_build", "-W", "-n", *arguments)
    return _program("sphinx", book, arguments, environment)


def _program(module, folder, arguments, environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(PACKAGE)} | environment,
        capture_output=True,
        encoding="utf-8",
    )
