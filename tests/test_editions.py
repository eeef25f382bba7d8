# ruff: noqa: F401, F811 (fixtures are imported)
"""Editions of a book with other parameters: what they change, and what is refused before."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from built import ROOT, executed, succeed
from test_chapters import BOTH, notebooks, project, replace, update_said

from ext.book import Book, BookError
from ext.execute import declared
from ext.what_if import check, parse

# -- editions --------------------------------------------------------------------------


def what_if(project: Path, *settings: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "ext.what_if", *settings]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)


def test_an_edition_has_the_parameters_and_leaves_the_book_alone(project):
    before = notebooks(project)
    assert executed(succeed(what_if(project, "SIZE=3"))) == BOTH
    assert notebooks(project) == before
    edition = project / "_build" / "what-if" / "size-3"
    page = (edition / "_build" / "html" / "text" / "one.html").read_text()
    assert "one 63" in page
    assert "what if size = 3" in page
    assert executed(succeed(what_if(project, "SIZE=3"))) == []
    replace(edition / "text" / "one.py", "Some prose.", "Other prose.")
    assert update_said(edition) == ["chapter text/one: text updated"]
    notebook = nbformat.read(edition / "text" / "one.ipynb", as_version=4)
    assert "one 63" in str(notebook.cells[2].outputs)
    assert notebook.cells[0].source == "size = 2\nsize = 3"


def test_a_refused_value_is_the_last_line_and_builds_nothing(project):
    shutil.rmtree(project / "_build")
    for settings, words in (
        (["SIZE=10"], "size = 10 is too large"),
        (["MASS=1"], "no chapter has the parameter mass: give size"),
        (["SIZE='../x'"], "is not NAME=NUMBER"),
        ([], "no parameter is given"),
    ):
        done = what_if(project, *settings)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("Book failed: what-if: ")
        assert words in done.stderr
    assert not (project / "_build").exists()


@pytest.mark.parametrize(
    "text",
    ["", "many", "__import__('os')", "../3", "3/..", "1_0", "inf", "1e999", "3 "],
)
def test_a_value_that_is_no_number_is_refused(text):
    assert parse(["EPOCHS=3", "LR=1e-3"]) == {"epochs": 3, "lr": 1e-3}
    with pytest.raises(BookError, match="NAME=NUMBER"):
        parse([f"EPOCHS={text}"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("4294967295", 4294967295),
        ("-1", -1),
        (".001", 0.001),
        ("5.", 5.0),
        ("-2.5E-3", -0.0025),
        ("1e5", 1e5),
    ],
)
def test_a_number_is_taken_as_it_is_written(text, value):
    (found,) = parse([f"A={text}"]).values()
    assert (found, type(found)) == (value, type(value))


def test_every_way_to_assign_a_parameter_is_seen():
    source = (
        "%config Completer.use_jedi = False\na = 1\nb: int = 2\nc, d = 3, 4\ne = f = 5"
    )
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    other = nbformat.v4.new_code_cell("g = 6")
    notebook = nbformat.v4.new_notebook(cells=[cell, other])
    assert declared(notebook) == dict.fromkeys("abcdef", cell)


@pytest.mark.parametrize(
    "setting", ["EPOCHS=-1", "EPOCHS=2.5", "LR=-1", "BATCH_SIZE=0"]
)
def test_the_books_own_check_refuses_a_value_in_words(setting):
    book = Book(ROOT)
    check(book, parse(["EPOCHS=3", "SEED=7", "LR=1e-3", "BATCH_SIZE=64"]))
    name = setting.partition("=")[0].lower()
    with pytest.raises(BookError, match=f"what-if: .*{name}"):
        check(book, parse([setting]))
    with pytest.raises(BookError, match="give batch_size, epochs, lr, seed"):
        check(book, {"momentum": 1})
