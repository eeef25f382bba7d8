"""The newest Sphinx and MyST-NB, by themselves, build the example and execute a chapter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from example_book import copy_example, for_sphinx_alone, sphinx_build
from small_books import PACKAGE, executed, soup, succeed


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> str:
    """A Python that has this package and what the index has newest of what it needs."""
    folder = tmp_path_factory.mktemp("newest")
    # A copy, since the installation writes beside what it installs.
    ignored = shutil.ignore_patterns("_build", "build", "*.egg-info", "__pycache__")
    package = shutil.copytree(PACKAGE, folder / "package", ignore=ignored)
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    scripts = "Scripts" if os.name == "nt" else "bin"
    found = folder / "venv" / scripts / "python"
    command = [found, "-m", "pip", "install", "--quiet", "--upgrade", package]
    done = subprocess.run(command, env=own(), capture_output=True, encoding="utf-8")
    succeed(done)
    return str(found)


def own(**more: str) -> dict[str, str]:
    """An environment in which nothing but what is installed is found."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | more


def run(python: str, book: Path, *arguments: str) -> str:
    command = [python, *arguments]
    done = subprocess.run(
        command, cwd=book, env=own(), capture_output=True, encoding="utf-8"
    )
    return succeed(done)


@pytest.mark.long
def test_the_newest_sphinx_builds_the_example_and_executes_a_chapter(python, tmp_path):
    book = for_sphinx_alone(copy_example(tmp_path / "book"))
    version = run(python, book, "-c", "import sphinx; print(sphinx.__version__)")
    assert int(version.partition(".")[0]) > 7, "Jupyter Book's own: nothing is proved"
    source = book / "both.py"
    text = source.read_text(encoding="utf-8")
    assert "angle = 0\n" in text
    source.write_text(text.replace("angle = 0\n", "angle = 1\n"), encoding="utf-8")
    # Of this package nothing may be used that the next Sphinx is to lack.
    done = sphinx_build(book, python, **own(PYTHONWARNINGS="default"))
    assert executed(succeed(done)) == ["both"]
    said = [line for line in done.stderr.splitlines() if "RemovedIn" in line]
    assert [line for line in said if "sphinx_chapters" in line] == []
    pages = book / "_build" / "html"
    for page, label in (("measured", "fig-measured"), ("deep/wide-swings", "fig-wide")):
        figure = soup(pages / f"{page}.html").select_one(f"figure#{label}")
        assert figure.select_one(".caption-number").get_text().startswith("Fig. ")
        assert figure.select_one(".legend .provenance").get_text()
    both = " ".join(soup(pages / "both.html").get_text().split())
    assert "A small swing took 2.004 s on one metre" in both
    assert "A swing from 170° takes 4.894 s" in both
    assert "A swing from 19° takes as much longer" in both
    before = (book / "both.ipynb").read_bytes()
    said = run(python, book, "-m", "sphinx_chapters", "run", "both")
    assert executed(said) == ["both"]
    assert (book / "both.ipynb").read_bytes() == before
