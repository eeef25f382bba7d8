"""How a book is built: by Jupyter Book where that is its own, and else by Sphinx alone."""

import os
import subprocess
import sys

from sphinx_chapters.book import Book, python_path
from sphinx_chapters.settings import is_jupyter_book

# The program jupyter-book, wherever it lies and whatever its suffix on this machine.
START = (
    "import sys; from jupyter_book.cli.main import main; "
    "sys.argv[0] = 'jupyter-book'; sys.exit(main())"
)
JUPYTER_BOOK = [sys.executable, "-P", "-c", START]


def sphinx_command(book: Book, form: str, all_pages: bool = False) -> list[str]:
    """The command that builds a book into ``_build``; it is to run in the book's folder.

    Parameters
    ----------
    book : Book
    form : str
        ``"html"`` or ``"pdf"``.
    all_pages : bool
        Write all pages, new or not.
    """
    if is_jupyter_book(book.root) or book.config_file:
        command = [*JUPYTER_BOOK, "build", "."]
        if book.config_file:
            command += ["--config", book.config_file]
        if book.toc:
            command += ["--toc", book.toc]
        if form == "pdf":
            command += ["--builder", "pdflatex"]
        if all_pages:
            command += ["--all"]
        return command
    make = {"html": "html", "pdf": "latexpdf"}[form]
    command = [sys.executable, "-m", "sphinx", "-M", make, ".", "_build"]
    if book.toc:
        command += ["-D", f"external_toc_path={book.toc}"]
    if all_pages:
        command += ["-E", "-a"]
    return command


def build_html(book: Book, all_pages: bool = False) -> int:
    """Build the pages of a book.

    Returns
    -------
    int
        The exit status of what builds them.
    """
    environment = os.environ | {"PYTHONPATH": python_path(book)}
    command = sphinx_command(book, "html", all_pages)
    return subprocess.run(command, cwd=book.root, env=environment).returncode
