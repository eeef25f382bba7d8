"""Each page of the book has its own exhibits, and shows no other page's."""

from pathlib import PurePosixPath

import jupytext
import pytest
from nbformat.v4 import new_code_cell

from built import ROOT
from sphinx_chapters.book import Book
from sphinx_chapters.dependencies import dependencies

CHAPTERS = {source.stem: source for source in Book.read(ROOT).chapters}
PAGES = {name.replace("-", "_") for name in CHAPTERS}


def pages_shown(chapter: str, cell: str = "") -> set[str]:
    """The pages whose modules a chapter imports, with one more cell, or its modules import."""
    notebook = jupytext.read(CHAPTERS[chapter])
    notebook.cells.append(new_code_cell(cell))
    pages = set()
    for file in dependencies(Book.read(ROOT), CHAPTERS[chapter], notebook):
        parts = PurePosixPath(file).parts
        if parts[:2] == ("book", "exhibits"):
            pages.add(parts[2].removesuffix(".py"))
    return pages & PAGES


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_shows_its_own_page(chapter):
    assert pages_shown(chapter) == {chapter.replace("-", "_")}


def test_another_page_is_found():
    pages = pages_shown("dataset", "from exhibits.audit import tables")
    assert pages == {"dataset", "audit"}
