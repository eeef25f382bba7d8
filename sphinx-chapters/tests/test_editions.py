# ruff: noqa: F401 (fixtures are imported)
"""Editions of a book with other parameters: what they change, and what is refused before."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from made_chapters import BOTH, notebooks, project, replace, update_said
from made_edition import what_if
from small_books import build, executed, succeed
from sphinx_chapters.book import EDITION, Book, BookError
from sphinx_chapters.chapter import Chapter
from sphinx_chapters.parameters import declared_parameters
from sphinx_chapters.what_if import check, choose, folder_name, parse, prepare

# -- editions --------------------------------------------------------------------------


def test_an_edition_has_the_parameters_and_leaves_the_book_alone(project):
    before = notebooks(project)
    assert executed(succeed(what_if(project, "SIZE=3"))) == BOTH
    assert notebooks(project) == before
    edition = project / "_build" / "what-if" / "size-3"
    page = (edition / "_build" / "html" / "text" / "one.html").read_text()
    assert "one 63" in page
    assert "what if size = 3" in page
    assert band(page) == "An edition of this book: what if size = 3?"
    assert band((project / "_build" / "html" / "index.html").read_text()) == ""
    assert executed(succeed(what_if(project, "SIZE=3"))) == []
    replace(edition / "text" / "one.py", "Some prose.", "Other prose.")
    assert update_said(edition) == ["chapter text/one: text updated"]
    notebook = nbformat.read(edition / "text" / "one.ipynb", as_version=4)
    assert "one 63" in str(notebook.cells[3].outputs)
    assert notebook.cells[0].source == "size = 2"
    assert notebook.cells[1].source.splitlines() == ["# Parameters", "size = 3"]
    assert "injected-parameters" in notebook.cells[1].metadata.tags


def band(page: str) -> str:
    """What stands on top of a page of an edition; nothing on others."""
    found = BeautifulSoup(page, "html.parser").select_one(".edition")
    return found.get_text().strip() if found else ""


def test_a_text_stands_in_the_band_as_it_is(project):
    book = with_parameters(project, 'size = 2\nname = "a"', "size = 2")
    edition = project.with_name("edition")
    edition.mkdir()
    prepare(book, edition, {"name": "<b>&"})
    succeed(build(edition))
    page = (edition / "_build" / "html" / "index.html").read_text()
    assert band(page) == "An edition of this book: what if name = <b>&?"


def test_the_injected_cell_is_hidden_where_that_of_the_parameters_is(project):
    source = project / "text" / "one.py"
    replace(source, '["parameters"]', '["parameters", "remove-cell"]')
    edition = set_parameters(project, {"size": 3})
    notebook = Chapter.read(edition, source).notebook
    assert [cell.metadata.tags for cell in notebook.cells[:2]] == [
        ["parameters", "remove-cell"],
        ["injected-parameters", "remove-cell"],
    ]


def set_parameters(project: Path, values: dict) -> Book:
    """The book, as an edition with these parameters."""
    (project / EDITION).write_text(json.dumps(values), encoding="utf-8")
    return Book.read(project)


def test_a_refused_value_is_the_last_line_and_builds_nothing(project):
    shutil.rmtree(project / "_build")
    for settings, words in (
        (["SIZE=10"], "size = 10 is too large"),
        (["MASS=1"], "no chapter has the parameter mass: give size"),
        (["SIZE='../x'"], "is not a number"),
        (["SIZE"], "is not NAME=VALUE"),
        (["SIZE=1", "size=2"], "is given twice"),
        ([], "no parameter is given"),
    ):
        done = what_if(project, *settings)
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1].startswith("Book failed: what-if: ")
        assert words in done.stderr
    assert not (project / "_build").exists()


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a book but for what is built or compiled, with what links lead to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        made = {"_build", "__pycache__"} & set(path.parts)
        if path.is_file() and not made:
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def test_an_edition_writes_nothing_outside_its_folder(project):
    """A chapter writes beside itself, beside a module and into the data, and a picture."""
    replace(project / "text" / "one.py", "# %% mystnb", '# %% save_as="dot.svg" mystnb')
    (project / "package" / "one.py").write_text(
        "from pathlib import Path\n"
        "SVG = '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'\n"
        "for path in (Path(__file__).with_name('log.txt'), Path('log.txt'),\n"
        "             Path(__file__).parent.parent / 'assets' / 'deep' / 'data.bin'):\n"
        "    path.write_text('executed')\n",
        encoding="utf-8",
    )
    (project / "text" / "dot.svg").write_text("a picture", encoding="utf-8")
    before = tree(project)
    assert executed(succeed(what_if(project, "SIZE=3"))) == BOTH
    assert tree(project) == before
    edition = project / "_build" / "what-if" / "size-3"
    for name in ("package/log.txt", "text/log.txt", "assets/deep/data.bin"):
        assert (edition / name).read_text(encoding="utf-8") == "executed"
    assert (edition / "text" / "dot.svg").read_text(encoding="utf-8").startswith("<svg")


def test_an_edition_is_laid_out_without_links(project, monkeypatch):
    """Windows lets few people make them."""
    (project / "linked").symlink_to(project / "assets")

    def refuse(*_, **__):
        raise OSError("no right to make a link")

    for place, name in ((os, "symlink"), (os, "link"), (Path, "symlink_to")):
        monkeypatch.setattr(place, name, refuse)
    edition = project / "_build" / "what-if" / "size-3"
    prepare(Book.read(project), edition, {"size": 3})
    assert not [path for path in edition.rglob("*") if path.is_symlink()]
    copies = tree(edition.rename(project.parent / "moved"))
    wanted = tree(project)
    for name in ("text/one.ipynb", "text/two.ipynb"):
        del wanted[name]
    del copies[".copied.json"]
    assert json.loads(copies.pop(EDITION)) == {"size": 3}
    wanted |= {
        f"linked/{name.removeprefix('assets/')}": content
        for name, content in wanted.items()
        if name.startswith("assets/")
    }
    assert copies == wanted


def test_an_edition_follows_the_book_and_keeps_what_it_made(project):
    without = "config: {chapters_what_if_without: [runs], "
    replace(project / "_config.yml", "config: {", without)
    edition, book = project / "_build" / "what-if" / "size-3", Book.read(project)
    (project / "runs").mkdir()
    (project / "runs" / "large").touch()
    prepare(book, edition, {"size": 3})
    assert not (edition / "runs").exists()
    made = ("text/one.ipynb", "notes.txt", "assets/made.bin", "runs/trained")
    for name in made:
        (edition / name).parent.mkdir(exist_ok=True)
        (edition / name).write_bytes(b"by the edition")
    (project / "package" / "two.py").unlink()
    (project / "package" / "new.py").touch()
    (edition / "text" / "two.py").unlink()
    prepare(book, edition, {"size": 3})
    assert all((edition / name).read_bytes() == b"by the edition" for name in made)
    assert not (edition / "package" / "two.py").exists()
    assert (edition / "package" / "new.py").exists()
    assert (edition / "text" / "two.py").exists()
    (project / "notes.txt").write_bytes(b"by the book")
    prepare(book, edition, {"size": 3})
    assert (edition / "notes.txt").read_bytes() == b"by the book"


# -- what a value is -------------------------------------------------------------------


def with_parameters(project: Path, one: str, two: str = "size = 2") -> Book:
    """The sample with these parameters in chapter one and chapter two."""
    replace(project / "text" / "one.py", "size = 2", one)
    replace(project / "text" / "two.py", "size = 2", two)
    return Book.read(project)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "many",
        "__import__('os')",
        "../3",
        "3/..",
        "1_0",
        "inf",
        "1e999",
        "3 ",
        "True",
    ],
)
@pytest.mark.parametrize("line", ["size = 2", "size = -2.5", "size: int = int('2')"])
def test_a_value_that_is_no_number_is_refused(project, text, line):
    book = with_parameters(project, line)
    assert choose(book, parse(["SIZE=3"])) == {"size": 3}
    with pytest.raises(BookError, match=r"what-if: size = .* is not a number"):
        choose(book, parse([f"SIZE={text}"]))


HARD = """it's "C:\\new" & más"""


@pytest.mark.parametrize(
    ("line", "text", "value"),
    [
        ("a = 1", "4294967295", 4294967295),
        ("a = 1", "-1", -1),
        ("a: int = 4", "+7", 7),
        ("a = 1.0", ".001", 0.001),
        ("a = 1.0", "5.", 5.0),
        ("a = 3e-4", "-2.5E-3", -0.0025),
        ("a: float = 1", "1e5", 1e5),
        ("a = False", "True", True),
        ("a: bool = bool(1)", "False", False),
        ("a = 'x'", "True", "True"),
        ("a = 'x'", "12", "12"),
        ("a: str = None  # where", HARD, HARD),
        ("a = None", "2", 2),
        ("a = None", "True", True),
        ("a = [1, 2]", "words", "words"),
    ],
)
def test_a_value_is_of_the_type_that_the_chapter_declares(project, line, text, value):
    """The kernel has it too: papermill writes it in Python, and Python reads it."""
    book = with_parameters(project, f"size = 2\n{line}", f"{line}\nsize = 2")
    values = choose(book, parse([f"A={text}"]))
    assert (values, type(values["a"])) == ({"a": value}, type(value))
    chapter = Chapter.read(set_parameters(project, values), book.chapters[0])
    names = {}
    for cell in chapter.notebook.cells[:2]:
        exec(cell.source, names)
    assert (names["a"], type(names["a"])) == (value, type(value))
    assert names["size"] == 2


def test_no_two_editions_have_one_folder_and_none_is_elsewhere(tmp_path):
    texts = ["a/b", "a b", "a%2Fb", "..", "../a", "é", "", "a_b-1", "C:\\x"]
    names = {folder_name({"size": text, "seed": 1}) for text in texts}
    assert len(names) == len(texts)
    for name in names:
        assert (tmp_path / name).resolve().parent == tmp_path.resolve()
        assert (tmp_path / name).resolve().name == name
    values = {"epochs": 3, "lr": 0.001, "seed": -1}
    assert folder_name(values) == "epochs-3_lr-0.001_seed--1"


# -- what a chapter declares -----------------------------------------------------------


def declared(*cells: str):
    """The parameters of a chapter with these cells, each tagged."""
    tagged = [
        nbformat.v4.new_code_cell(cell, metadata={"tags": ["parameters"]})
        for cell in cells
    ]
    text = nbformat.v4.new_markdown_cell("# Text")
    other = nbformat.v4.new_code_cell("g = 6")
    notebook = nbformat.v4.new_notebook(cells=[text, other, *tagged])
    return declared_parameters(notebook, "text/one.py")


ALL_KINDS = """\
%config Completer.use_jedi = False
# All of them:
a = 1
b: float = 2
RATE = 1e-3  # of learning
name = 'x'
on = True
none = None
many = [
    1,
    2,
]
later: 'int' = int('3')
negative = -1
"""


def test_names_types_and_help_of_parameters_are_read():
    found = declared(ALL_KINDS)
    assert {name: one.type for name, one in found.items()} == {
        "a": int,
        "b": float,
        "RATE": float,
        "name": str,
        "on": bool,
        "none": None,
        "many": None,
        "later": int,
        "negative": int,
    }
    assert found["RATE"].help == "of learning"
    assert declared() == {}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\na, b = 1, 2", "papermill cannot read `a, b = 1, 2`"),
        ("a = b = 5", "papermill cannot read `a = b = 5`"),
        ("a = 1; b = 2", "papermill cannot read `a = 1`"),
        ("a = dict(x=1)", r"papermill cannot read `a = dict\(x=1\)`"),
        ("for a in range(3):\n    pass", "papermill cannot read `for a in"),
        ('"""Of\nb = 1\n"""', "papermill takes b for a parameter"),
        ('a = """\nb = 1\n"""', 'papermill reads `"{3}` as the value of a'),
        ("a = 1\nb = = 2", "line 2: invalid syntax"),
        ("a: int", "papermill cannot read `a: int`"),
        ("a = 1\nimport os", "papermill reads `1import os` as the value of a"),
        ("a = '#fff'", "papermill reads `'` as the value of a"),
    ],
)
def test_what_papermill_cannot_read_is_refused_in_one_line(source, words):
    wanted = rf"^text/one.py, cell In \[2\].*{words}"
    with pytest.raises(BookError, match=wanted) as told:
        declared(source)
    assert "\n" not in str(told.value)


def test_a_second_cell_of_parameters_is_refused():
    wanted = r"^text/one.py, cells In \[2\] and In \[3\]: "
    with pytest.raises(BookError, match=wanted):
        declared("a = 1", "b = 2")


def test_a_chapter_that_cannot_be_read_is_the_last_line_of_a_build(project):
    replace(project / "text" / "one.py", "size = 2", "size, mass = 2, 3")
    done = build(project)
    wanted = (
        "Book failed: text/one.py, cell In [1], line 1 of it: papermill cannot read"
    )
    assert done.stderr.splitlines()[-1].startswith(f"{wanted} `size, mass")


def test_capitals_do_not_matter(project):
    """Chapter one writes its parameter in capitals, chapter two does not."""
    book = with_parameters(project, "SIZE = 2", "size = 2")
    replace(project / "text" / "one.py", "size * 21", "SIZE * 21")
    for given in ("SIZE=3", "size=3", "Size=3"):
        values = choose(book, parse([given]))
        assert values == {"SIZE": 3, "size": 3}
    refused = what_if(
        project, "SIZE=10"
    )  # the check of the sample has an argument size
    assert refused.stderr.splitlines()[-1].endswith("size = 10 is too large")
    edition = set_parameters(project, values)
    for name, line in (("one", "SIZE = 3"), ("two", "size = 3")):
        cells = Chapter.read(edition, project / "text" / f"{name}.py").notebook.cells
        assert cells[1].source.splitlines()[1:] == [line]


def test_two_parameters_that_differ_in_capitals_alone_are_refused(project):
    book = with_parameters(project, "size = 2\nSIZE = 3")
    with pytest.raises(BookError, match=r"text/one.py has two parameters size"):
        choose(book, parse(["SIZE=3"]))


def test_a_check_that_does_not_know_a_parameter_is_named(project):
    with_parameters(project, "size = 2\nmass = 1")
    last = what_if(project, "SIZE=3", "MASS=3").stderr.splitlines()[-1]
    assert last.startswith(
        "Book failed: what-if: chapters_check, package.rules:check: "
    )
    assert "mass" in last
