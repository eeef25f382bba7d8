"""A made-up book of two chapters in a folder, for the tests of what executes it."""

import re
import shutil
from pathlib import Path

import pytest

from sphinx_chapters.book import Book
from sphinx_chapters.update import update

BOTH = ["text/two", "text/one"]  # in the order of the table of contents


@pytest.fixture
def project(sample, tmp_path) -> Path:
    return Path(shutil.copytree(sample, tmp_path / "a copy"))


def notebooks(project: Path, folder: str = "text") -> dict[str, bytes]:
    paths = sorted((project / folder).glob("*.ipynb"))
    return {path.name: path.read_bytes() for path in paths}


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def update_said(project: Path, force: bool = False) -> list[str]:
    said = []
    update(Book.read(project), force, say=said.append)
    return said


def to_be_executed(said: list[str]) -> dict[str, str]:
    """Which chapters lines announce, and why; each must have been executed after."""
    found = dict(
        re.findall(r"chapter (\S+): to be executed, since (.+)", "\n".join(said))
    )
    assert said[len(found) :] == [f"chapter {name}: executed" for name in found]
    return found
