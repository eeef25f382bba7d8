"""A small book around the page that trains: its record is a run of two epochs made here."""

import json
import re
import shutil
from pathlib import Path

import pytest

from built import ROOT
from lenet5 import RECORD
from lenet5.config import report_config
from lenet5.run import Run, load_or_train
from small_books import build, shared, succeed

APPS = {"train": "training", "draw": "pad"}
CONFIG = f"""\
title: A training
only_build_toc_files: true
exclude_patterns: [_build]
execute: {{execute_notebooks: "off"}}
sphinx:
  extra_extensions: [sphinx_chapters.app]
  local_extensions: {{looks.html_repairs: "{ROOT}"}}
  config: {{html_context: {{default_mode: auto}}}}
"""
TOC = (
    "format: jb-book\nroot: index\nchapters: [{file: book/train}, {file: book/draw}]\n"
)


def write_book(folder: Path) -> None:
    """Write and build the book; each page is the chapter's own directive and no more."""
    run = load_or_train(report_config(epochs=2), runs=folder / "runs", record=None)
    run.save(folder / "record")
    (folder / "data").symlink_to(ROOT / "data")
    for name in ("committee", "seeds.csv"):
        (folder / "record" / name).symlink_to(RECORD / name)
    (folder / "lenet5").mkdir()
    shutil.copy(ROOT / "lenet5" / "behaviours.json", folder / "lenet5")
    (folder / "_config.yml").write_text(CONFIG, encoding="utf-8")
    (folder / "_toc.yml").write_text(TOC, encoding="utf-8")
    (folder / "index.md").write_text("# A training\n", encoding="utf-8")
    for chapter in APPS:
        source = (ROOT / "book" / f"{chapter}.py").read_text(encoding="utf-8")
        directive = re.search(
            r"^# ```\{app\}.*?^# ```$", source, re.DOTALL | re.MULTILINE
        )
        text = re.sub(r"^# ?", "", directive[0], flags=re.MULTILINE)
        page = folder / "book" / f"{chapter}.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(f"# Page {chapter}\n\n{text}\n", encoding="utf-8")
    for app in ("kernel", "pad", "training"):
        shutil.copytree(ROOT / "book" / app, folder / "book" / app)
    succeed(build(folder, "-W", "-n", "--keep-going"))


@pytest.fixture(scope="session")
def training_book(tmp_path_factory) -> Path:
    """The folder of the small book; ``record/`` in it is the run that its page repeats."""
    return (
        shared(
            tmp_path_factory, "training", lambda folder: write_book(folder / "a book")
        )
        / "a book"
    )


@pytest.fixture(scope="session")
def native(training_book) -> Run:
    """What the page must compute: the same run by the native engine."""
    return Run.load(training_book / "record")


def address(training_book: Path, chapter: str = "train") -> str:
    """The page of a chapter, as a file."""
    return (training_book / "_build" / "html" / "book" / f"{chapter}.html").as_uri()


def wait_for_rows(page, count: int) -> None:
    script = "n => document.querySelectorAll('.training tbody tr').length >= n"
    page.wait_for_function(script, arg=count, timeout=120_000)


def pause_in_epoch(page, epoch: int) -> None:
    """Click on Pause from within the page: a client that is late would miss the epoch."""
    script = """epoch => {
        const page = document.querySelector(".training");
        const state = page.querySelector(".training-state").innerText;
        if (!state.includes(`Epoch ${epoch} of 2, step`)) return false;
        [...page.querySelectorAll("button")].find(x => x.innerText === "Pause").click();
        return true;
    }"""
    page.wait_for_function(script, arg=epoch, timeout=120_000)


def kept(page) -> dict:
    """The training that the browser keeps."""
    return json.loads(page.evaluate("localStorage['lenet5: training']"))["run"]
