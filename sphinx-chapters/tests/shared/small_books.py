"""A sample book of ten lines, how it is built, and the programs that tests need."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

from sphinx_chapters.build import JUPYTER_BOOK

PACKAGE = Path(__file__).resolve().parents[2]  # the folder with its pyproject.toml


def build(project: Path, *options: str, **environment: str):
    """What ``jupyter-book build`` says, with more or other environment variables."""
    command = [*JUPYTER_BOOK, "build", str(project), *options]
    env = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, env=env)


def succeed(done: subprocess.CompletedProcess) -> str:
    """What a program said that ended well."""
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def executed(output: str) -> list[str]:
    """The chapters that a build said to have executed."""
    lines = [line.split() for line in output.splitlines()]
    return [
        line[1][:-1] for line in lines if line[:1] + line[2:] == ["chapter", "executed"]
    ]


def shared(factory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one worker makes for all, if there are several."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "made").exists():
            make(folder)
            (folder / "made").touch()
    return folder


def soup(path: Path) -> BeautifulSoup:
    """The elements of a page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def need(package: str, *names: str) -> str:
    """The path of a package's program, by the first of its names that is there.

    Where it is missing the test is skipped; in CI it fails.
    """
    found = [path for path in map(shutil.which, names) if path]
    if not found:
        _lacks(names[0], f"apt-get install {package}")
    return found[0]


def _lacks(name: str, command: str) -> None:
    message = f"no {name}: install it ({command}) for this test"
    pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)


# A process can hold one Playwright alone, and the tests of two folders may run in one.
_chromium: list = []


@pytest.fixture(scope="session")
def browser():
    """Chromium, of the system."""
    if _chromium:  # started for the tests of another folder, and ended with them
        yield _chromium[0]
        return
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _lacks("playwright", "pip install playwright")

    chromium = need("chromium", "chromium", "chromium-browser")
    with sync_playwright() as playwright:
        quiet = ["--disable-quic", "--no-first-run", "--disable-component-update"]
        quiet += ["--disable-background-networking", "--disable-sync", "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        _chromium.append(browser)
        yield browser
        _chromium.clear()
        browser.close()


CHAPTER = """\
# %% tags=["parameters"]
size = 2

# %% [markdown]
# # Chapter {name}
#
# Some prose.

# %%
print("{name}", size * 21)

# %% mystnb={{"figure": {{"caption": "A dot.", "name": "fig-{name}"}}}}
import myst_nb
from IPython.display import display
from package.{name} import SVG

myst_nb.glue("answer", size * 21, display=False)
display({{"image/svg+xml": SVG, "text/plain": "Provenance: from `{name}` alone"}}, raw=True)
"""
DOT = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
WATCHED = hashlib.sha256(b"watched\n").hexdigest()
SAMPLE = {
    "_config.yml": """\
title: A sample
only_build_toc_files: true
exclude_patterns: [_build]
execute: {execute_notebooks: "off"}
latex: {latex_documents: {targetname: sample.tex}}
sphinx:
  extra_extensions: [sphinx_chapters]
  config: {chapters_watch: [assets, notes.txt], chapters_check: "package.rules:check",
    status_dates: days.txt}
""",
    "_toc.yml": "format: jb-book\nroot: index\nchapters: [{file: text/two}, {file: text/one}]\n",
    "index.md": "# Sample\n\n```{chapter-status}\n```\n\n```{environment-status}\n```\n"
    "\n```{file-status} *.txt\n```\n"
    "\n```{app} tool\n:data: assets/deep/data.bin\n:later: assets/late/*.bin\n```\n",
    "requirements.txt": "# one\njupyter-book==1\n",
    "notes.txt": "watched\n",
    "days.txt": f"# Changed on 2001-02-03\n{WATCHED}  notes.txt\n",
    "package/rules.py": "def check(size):\n    if size > 9:\n"
    "        raise ValueError(f'size = {size} is too large')\n",
    "package/one.py": f"SVG = {DOT!r}\n",
    "package/two.py": f"SVG = {DOT!r}\n",
    "assets/deep/data.bin": "bytes",
    "assets/late/first.bin": "1",
    "assets/late/second.bin": "2",
    "tool/tool.html": '<link rel="stylesheet" href="tool.css">\n'
    '<script defer src="tool.js"></script>\n<p id="tool">nothing</p>\n'
    '<img id="mark" src="img/mark.svg" alt="A mark">\n',
    "tool/img/mark.svg": DOT,
    "tool/tool.css": "#tool { color: rgb(1, 2, 3) }\n",
    "tool/tool.js": "tool.textContent = atob(appData['data.bin'])\n",
    "text/one.py": CHAPTER.format(name="one"),
    "text/two.py": CHAPTER.format(name="two").replace(
        "Some prose.", "Some prose, and {glue:text}`one.ipynb::answer:s`."
    ),
}


def write_sample(folder: Path) -> Path:
    """Write a small book that uses ``sphinx_chapters`` and nothing else."""
    for name, text in SAMPLE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Path:
    """The sample book, built once; tests copy it before they change it."""

    def make(folder: Path) -> None:
        project = write_sample(folder / "a book")
        assert executed(succeed(build(project))) == ["text/two", "text/one"]

    return shared(tmp_path_factory, "sample", make) / "a book"
