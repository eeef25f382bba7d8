"""The chapters of this book: their notebooks, what decides them, and the parameters they take."""

import functools
import json
import os
import re
import subprocess
import sys

import jupytext
import nbformat
import pytest

from built import ROOT
from sphinx_chapters.book import Book, BookError
from sphinx_chapters.chapter import Chapter
from sphinx_chapters.dependencies import dependencies
from sphinx_chapters.what_if import check, choose, parse

BOOK = Book.read(ROOT)
CHAPTERS = {source.stem: source for source in BOOK.chapters}


@functools.cache
def of_chapter(name: str) -> set[str]:
    return set(dependencies(BOOK, CHAPTERS[name], jupytext.read(CHAPTERS[name])))


def those_with(file: str) -> set[str]:
    assert (ROOT / file).exists()
    return {name for name in CHAPTERS if file in of_chapter(name)}


def test_an_edit_in_this_project_concerns_the_chapters_that_show_it():
    assert those_with("networks/lenet1998/lenet1998.c") == {
        "ladder",
        "committee",
        "draw",
    }
    assert those_with("networks/column2012/column2012.c") == {"committee", "draw"}
    assert those_with("networks/lanes.h") == {"ladder", "committee", "draw"}
    assert those_with("book/exhibits/train.py") == {"train"}
    assert those_with("book/exhibits/audit/findings.py") == {"audit"}
    assert those_with("book/exhibits/dataset_figure.py") == {"audit", "dataset"}
    assert those_with("book/pad/samples.json") == {"train"}
    assert those_with("lenet5/__main__.py") == set()
    assert those_with("tests/book/test_chapters.py") == set()
    everywhere = set(CHAPTERS)
    for file in ("exact/kernel.c", "record", "requirements.txt", "constraints.txt"):
        assert those_with(file) == everywhere


IMPORTED = """
import ast, json, sys
from pathlib import Path
root, found = Path(sys.argv[1]), {}
import IPython.display, matplotlib.figure, myst_nb, pandas, scipy.stats, torch

def own():
    "Names and files of the modules that are the project's, not of its environment."
    files = {}
    for name, module in sys.modules.items():
        path = Path(getattr(module, "__file__", None) or "/")
        # What is installed from a folder of the project is watched by name.
        installed = {".venv", "sphinx-chapters"} & set(path.parts)
        if root in path.parents and not installed:
            files[name] = path.relative_to(root).as_posix()
    return files

for source in map(Path, sys.argv[2:]):
    for name in own():
        del sys.modules[name]
    tree = ast.parse(source.read_text(encoding="utf-8"))
    tree.body = [x for x in tree.body if isinstance(x, ast.Import | ast.ImportFrom)]
    exec(compile(tree, source, "exec"), {})
    found[source.stem] = sorted(own().values())
print(json.dumps(found))
"""


def test_a_chapter_depends_on_whatever_python_imports_for_it():
    """Each chapter's imports are executed, and the modules that came are asked for."""
    command = [sys.executable, "-c", IMPORTED, ROOT, *CHAPTERS.values()]
    path = os.pathsep.join([str(ROOT / "book"), str(ROOT)])
    env = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, env=env, capture_output=True, check=True)
    imported = json.loads(done.stdout)
    assert imported.keys() == CHAPTERS.keys()
    for name, files in imported.items():
        assert len(files) > 10
        assert set(files) <= of_chapter(name), name


def test_the_page_has_the_scripts_of_its_worker_in_the_order_of_the_worker():
    """The directive names the files, and the script of the page puts them together."""
    page = (ROOT / "book" / "train.py").read_text(encoding="utf-8")
    later = re.search(r"^# later:\n(.*?)^# ---", page, re.DOTALL | re.MULTILINE)[1]
    script = (ROOT / "book" / "training" / "training.js").read_text(encoding="utf-8")
    listed = re.search(r'\[\s*("unpack\.js".*?)\]', script, re.DOTALL)[1]
    order = re.findall(r'"(.+?)"', listed)
    files = [name for name in later.split() if name.endswith(".js")]
    assert [name.rpartition("/")[2] for name in files] == order
    for path in (ROOT / "book" / "training" / "worker").glob("*.js"):
        assert path.name in order


@pytest.mark.parametrize("source", BOOK.chapters, ids=lambda path: path.stem)
def test_the_committed_notebook_is_of_its_source(source):
    assert Chapter.read(BOOK, source).stale_since() == ""
    notebook = jupytext.read(source)
    stored = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    cells = [(cell.cell_type, cell.source) for cell in stored.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in notebook.cells]
    counts = [cell.execution_count for cell in stored.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize(
    "setting",
    [
        "EPOCHS=-1",
        "EPOCHS=2.5",
        "LR=-1",
        "BATCH_SIZE=0",
        "NETWORK=6C5-X",
        "NETWORK=50C7-MP3-50C7-MP3",
        "ACTIVATION=gelu",
        "OPTIMIZER=12",
        "SCHEDULE=",
    ],
)
def test_the_books_own_check_refuses_a_value_in_words(setting, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    given = ["EPOCHS=3", "SEED=4294967295", "LR=1e-3", "BATCH_SIZE=64"]
    given += ["NETWORK=12C5-MP2-32C5-MP2-240N-168N", "ACTIVATION=tanh"]
    values = choose(BOOK, parse([*given, "SCHEDULE=linear", "OPTIMIZER=sgd"]))
    check(BOOK, values)
    assert values == {
        "activation": "tanh",
        "batch_size": 64,
        "epochs": 3,
        "lr": 0.001,
        "network": "12C5-MP2-32C5-MP2-240N-168N",
        "optimizer": "sgd",
        "schedule": "linear",
        "seed": 2**32 - 1,
    }
    name = setting.partition("=")[0].lower()
    named = "conv2 would leave" if "50C7" in setting else name
    with pytest.raises(BookError, match=f"what-if: .*{named}"):
        check(BOOK, choose(BOOK, parse([setting])))
    known = "activation, batch_size, epochs, lr, network, optimizer, schedule, seed"
    with pytest.raises(BookError, match=f"give {known}"):
        choose(BOOK, parse(["MOMENTUM=1"]))
