"""The built book for several tests: HTML and print."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from small_books import build, executed, need, shared, succeed

ROOT = Path(__file__).resolve().parents[2]


def copy_project(target: Path) -> Path:
    """A copy of what a build reads, without what it has built."""
    ignored = shutil.ignore_patterns(".*", "_build", "runs", "data", "__pycache__")
    shutil.copytree(ROOT, target, ignore=ignored)
    (target / "data").symlink_to(ROOT / "data")
    return target


def pages(book: Path) -> list[Path]:
    """Every page of the built book; a host shows 404.html where there is none."""
    found = [path for path in book.rglob("*.html") if "_static" not in path.parts]
    found.remove(book / "404.html")
    assert len(found) >= 7
    return sorted(found)


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """The HTML book as a fresh clone builds it: without torch, and no warning is allowed."""

    def make(folder: Path) -> None:
        project = copy_project(folder / "project")
        (folder / "fake").mkdir()
        (folder / "fake" / "torch.py").write_text("raise RuntimeError('torch')\n")
        strict = ("-W", "-n", "--all", "--keep-going")
        done = build(project, *strict, PYTHONPATH=str(folder / "fake"))
        assert executed(succeed(done)) == []

    return shared(tmp_path_factory, "html", make) / "project" / "_build" / "html"


@pytest.fixture(scope="session")
def printed(tmp_path_factory) -> Path:
    """A copy of the project in which the PDF and the HTML that links it are built."""
    need("latexmk", "latexmk")

    def make(folder: Path) -> None:
        project = copy_project(folder / "project")
        command = [sys.executable, "-m", "sphinx_chapters", "pdf"]
        succeed(subprocess.run(command, cwd=project, capture_output=True, text=True))

    return shared(tmp_path_factory, "pdf", make) / "project"
