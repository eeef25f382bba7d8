"""Books of a few lines, as a test needs them, executed without Sphinx."""

from pathlib import Path

import nbformat

from sphinx_chapters.book import Book
from sphinx_chapters.chapter import code_cells
from sphinx_chapters.update import update


def write_book(folder: Path, **chapters: str) -> Book:
    """A book with these chapters in their order, each the text of its file."""
    pages = "".join(f"- file: {name}\n" for name in chapters)
    files = {
        "_config.yml": "title: Tiny\n",
        "_toc.yml": f"format: jb-book\nroot: index\nchapters:\n{pages}",
        "index.md": "# Tiny\n",
    }
    for name, text in chapters.items():
        files[f"{name}.py"] = text
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return Book.read(folder)


def said_by_update(book: Book, **options) -> list[str]:
    """What is said when a book is brought up to date."""
    said: list[str] = []
    update(Book.read(book.root), say=said.append, **options)
    return said


def outputs(book: Book, name: str) -> list[list]:
    """The stored outputs of each code cell of a chapter."""
    notebook = nbformat.read(book.root / f"{name}.ipynb", as_version=4)
    return [cell.outputs for cell in code_cells(notebook)]
