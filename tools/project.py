"""What the project says of itself, for the files that others' programs read."""

import re
from pathlib import Path

import yaml

from sphinx_chapters.book import Book

COMMAND = "make reproduce"  # what makes the report again
TITLE = re.compile(r"^# # (.+)$", re.MULTILINE)  # of a chapter, in its source
PICTURE = re.compile(r'^# %%.* save_as="([^"]+)"', re.MULTILINE)  # that a cell writes


def citation(root: Path) -> dict:
    """What ``CITATION.cff`` says."""
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


def author_names(cited: dict) -> list[str]:
    """The authors of a citation: persons by their full names, groups by their own."""
    names = []
    for author in cited["authors"]:
        full = f"{author.get('given-names', '')} {author.get('family-names', '')}"
        names.append(author.get("name") or full.strip())
    return names


def executed_files(root: Path) -> dict[str, str]:
    """The files that executing the chapters writes, each with what it is.

    They are the notebooks, with every figure and number of the report in them, and the
    pictures that cells save beside them.
    """
    book = Book.read(root)
    found = {}
    for source in book.chapters:
        text = source.read_text(encoding="utf-8")
        heading = TITLE.search(text)
        title = heading[1] if heading else book.document_of(source)
        found[book.name_of(source.with_suffix(".ipynb"))] = title
        for name in PICTURE.findall(text):
            found[book.name_of(source.with_name(name))] = f"a figure of {title}"
    return found
