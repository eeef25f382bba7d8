"""What print and Sphinx would lose in silence, on books of a few pages without a chapter."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from small_books import PACKAGE, build, need, soup, succeed
from sphinx_chapters.book import Book, BookError
from sphinx_chapters.lost_pages import check_notebook
from sphinx_chapters.pdf import NOT_IN_FONT, containing, lacking_programs, last_error
from sphinx_chapters.status import required

SQUARE = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'>"
    "<rect width='80' height='80'/></svg>"
)
UNKNOWN_TO_PDFLATEX = "\N{CJK UNIFIED IDEOGRAPH-4E2D}"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return folder


def notebook(**outputs: dict[str, str]) -> str:
    """A notebook with a figure for each output in all its forms, by the figure's name."""
    cells = [new_markdown_cell("# Pictures")]
    for number, (name, data) in enumerate(outputs.items(), 1):
        figure = {"figure": {"caption": f"Of {name}.", "name": name}}
        shown = new_output("display_data", data=data)
        cell = new_code_cell(f"show({name!r})", execution_count=number, outputs=[shown])
        cell.metadata["mystnb"] = figure
        cells.append(cell)
    language = {"language_info": {"name": "python", "pygments_lexer": "python"}}
    return nbformat.writes(new_notebook(cells=cells, metadata=language))


# -- the pages -------------------------------------------------------------------------

CONFIG = """\
title: A sample
only_build_toc_files: true
execute: {execute_notebooks: "off"}
sphinx: {extra_extensions: [sphinx_chapters]}
"""


def toc(*names: str) -> str:
    return f"root: index\nformat: jb-book\nchapters: [{', '.join(f'file: {x}' for x in names)}]\n"


@pytest.fixture(scope="module")
def losing(tmp_path_factory) -> tuple[Path, str]:
    """A book with pages that Sphinx writes over, and tables of its files; what a build said."""
    files = {
        "_config.yml": CONFIG,
        "_toc.yml": toc("search", "genindex", "part/old"),
        "index.md": "# Front\n\n```{file-status} *.txt\n```\n\n"
        "```{file-status} index.md nothing*.csv\n```\n\n"
        "```{file-status} _toc.yml\n:caption: The contents.\n:name: tab-toc\n```\n\n"
        "{numref}`tab-record` and {numref}`tab-toc`\n\n```{environment-status}\n```\n",
        "search.md": "# About a search\n",
        "genindex.md": "# About an index\n",
        "part/old.md": "# Old\n\n```{file-status} *.txt\n```\n",
        "requirements.txt": "nosuchpackage==1\nJinja2[i18n]>=3\n"
        "sphinx == 7 # pinned\n-r more.txt\n",
    }
    book = write(tmp_path_factory.mktemp("losing"), files)
    done = build(book)
    succeed(done)
    return book, done.stderr


def test_a_page_that_sphinx_writes_over_is_named(losing):
    _, said = losing
    for name in ("search", "genindex"):
        assert (
            f"WARNING: {name}.md: its text is lost, since Sphinx writes a page" in said
        )
    assert "index.md: its text is lost" not in said.replace("genindex.md", "")


def test_tables_of_files_stand_side_by_side(losing):
    book, said = losing
    assert "Duplicate" not in said
    assert "duplicate label" not in said
    page = soup(book / "_build" / "html" / "index.html")
    assert [table["id"] for table in page.select("table[id^=tab-]")] == [
        "tab-record",
        "tab-toc",
    ]
    assert [len(table.select("tbody tr")) for table in page.select("table")] == [
        1,
        1,
        1,
    ]
    references = page.select("a.reference[href^='#tab-']")
    assert [link.get_text() for link in references] == ["Table 1", "Table 3"]
    old = soup(book / "_build" / "html" / "part" / "old.html")
    assert len(old.select("table")) == 1


def test_a_pattern_that_fits_no_file_is_named(losing):
    _, said = losing
    assert said.count("file-status: no file fits") == 1
    assert "index.md:6: WARNING: file-status: no file fits nothing*.csv" in said


def test_the_environment_names_what_is_asked_for(losing):
    book, _ = losing
    page = soup(book / "_build" / "html" / "index.html")
    line = page.select_one("p.built-with").get_text()
    assert "nosuchpackage (not installed), Jinja2 3." in line
    assert ", sphinx " in line
    assert "more" not in line


def test_requirements_are_read_as_pip_reads_them():
    text = (
        "a==1 \\\n  --hash=sha256:00\n# b\nc[x,y]~=2.0 # c\n-e ./d\n./e\nhttps://f.org/f.whl\n"
        "g @ https://g.org/g.whl\nh; sys_platform == 'nosuch'\n\ni===1\n"
    )
    assert required(text) == ["a", "c", "g", "i"]


def test_a_renamed_page_leaves_nothing_and_a_lost_file_is_named(losing):
    """Built anew: with another environment of Sphinx, which knows no earlier pages."""
    book, _ = losing
    html = book / "_build" / "html"
    assert (html / "_sources" / "part" / "old.md").exists()
    (html / "part" / "by_hand.html").write_text("by hand")
    (book / "part" / "old.md").rename(book / "part" / "new.md")
    (book / "genindex.md").unlink()
    (book / "requirements.txt").unlink()
    (book / "_toc.yml").write_text(toc("search", "part/new"))
    done = build(book, "--all")
    assert not (html / "part" / "old.html").exists()
    assert not (html / "_sources" / "part" / "old.md").exists()
    for kept in ("part/new.html", "part/by_hand.html", "search.html", "genindex.html"):
        assert (html / kept).exists(), kept
    place = "index.md:16: ERROR: environment-status: there is no requirements.txt"
    assert f"{place}: name another file in status_requirements" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            '{\n "cells": [\n<<<<<<< HEAD\n {}\n=======\n',
            "line 3: git has left a conflict",
        ),
        ('{\n "cells": [\n', "line 3: it is no notebook, since it is no JSON"),
        ("", "line 1: it is no notebook, since it is no JSON"),
        ("{}", "is no notebook that nbformat reads"),
        ("[]", "is no notebook that nbformat reads"),
    ],
)
def test_what_is_no_notebook_is_named_with_its_line(tmp_path, content, words):
    path = tmp_path / "a.ipynb"
    path.write_text(content)
    with pytest.raises(BookError, match=f"^part/a.ipynb.*{words}"):
        check_notebook(path, "part/a.ipynb")
    path.write_text(notebook())
    check_notebook(path, "part/a.ipynb")


# -- print -----------------------------------------------------------------------------

PLAIN_SPHINX = """\
project = "My book"
extensions = ["myst_nb", "sphinx_chapters"]
nb_execution_mode = "off"
exclude_patterns = ["_build"]
"""
# An image converter, as sphinxcontrib-svg2pdfconverter has it, for all that is SVG.
CONVERTER = """\
import base64
from pathlib import Path
from sphinx.transforms.post_transforms.images import ImageConverter

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="

class Converter(ImageConverter):
    conversion_rules = [("image/svg+xml", "image/png")]

    def is_available(self):
        return True

    def convert(self, source, target):
        Path(target).write_bytes(base64.b64decode(DOT))
        return True

def setup(app):
    app.add_post_transform(Converter)
"""


def print_book(book: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "sphinx_chapters", "pdf", *options]
    env = os.environ | {"PYTHONPATH": str(PACKAGE)}
    return subprocess.run(command, cwd=book, env=env, capture_output=True, text=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    """A book of Sphinx alone that names no PDF and has what LaTeX lacks; what printing said."""
    for program in ("latexmk", "pdflatex"):
        need("latexmk", program)
    bare = "<IPython.core.display.HTML object>"
    pictures = {
        "fig-square": {
            "image/svg+xml": SQUARE,
            "text/plain": "Provenance: From nothing",
        },
        "fig-page": {"text/html": "<b>bold</b>", "text/plain": bare},
        "fig-table": {"text/html": "<b>1</b>", "text/plain": "one"},
    }
    files = {
        "conf.py": PLAIN_SPHINX,
        "index.md": "# Front\n\n```{toctree}\npictures\n```\n\n```{include} part.txt\n```\n",
        "part.txt": f"A part.\n\nA character: {UNKNOWN_TO_PDFLATEX}\n",
        "pictures.ipynb": notebook(**pictures),
    }
    book = write(tmp_path_factory.mktemp("plain"), files)
    return book, print_book(book)


def test_a_character_that_latex_lacks_is_named_with_its_place(plain):
    _, done = plain
    assert done.returncode == 1
    assert len(done.stderr) < 2500
    assert "! LaTeX Error: Unicode character" in done.stderr
    assert "(U+4E2D), which stands in part.txt, line 3\n" in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == "pdf: LaTeX failed; the whole story is in _build/latex/mybook.log"


def test_what_is_not_printed_is_named(plain):
    book, done = plain
    said = done.stderr
    assert (
        "WARNING: pictures: the figure fig-square is not printed, since print can"
        in said
    )
    assert (
        "WARNING: pictures: the figure fig-page is not printed, since print can" in said
    )
    assert "fig-table" not in said
    tex = (book / "_build" / "latex" / "mybook.tex").read_text()
    listings = re.findall(
        r"begin{sphinxVerbatim}.*?end{sphinxVerbatim}", tex, re.DOTALL
    )
    assert "HTML object" not in "".join(listings)
    assert tex.count("From nothing") == 1  # the legend, and no listing
    assert tex.count("This output is in the pages of the book") == 2


def test_what_was_printed_is_noted_and_a_picture_is_converted(plain):
    """With a name that LaTeX would not look for, and no warning allowed."""
    book, _ = plain
    write(
        book,
        {
            "part.txt": "A part.\n",
            "converter.py": CONVERTER,
            "conf.py": "import sys\nsys.path.insert(0, '.')\n"
            + PLAIN_SPHINX.replace("]", ", 'converter']", 1)
            + "latex_documents = [('index', 'my.book', 'My book', 'Me', 'manual')]\n",
            "pictures.ipynb": notebook(
                **{
                    "fig-square": {
                        "image/svg+xml": SQUARE,
                        "text/plain": "Provenance: From nothing",
                    }
                }
            ),
        },
    )
    done = print_book(book, "-W")
    assert done.returncode == 0, done.stderr
    printed = Book.read(book)
    assert printed.pdf.name == "my.book.pdf"
    assert printed.pdf.read_bytes().startswith(b"%PDF")
    assert set(printed.printed["made_of"]) == {
        "index.md",
        "part.txt",
        "pictures.ipynb",
        "converter.py",
        "the configuration",
    }
    tex = printed.pdf.with_suffix(".tex").read_text()
    assert re.search(r"\\sphinxincludegraphics{{\w+}\.png}", tex)
    assert tex.count("From nothing") == 1
    assert (book / "_build" / "html" / "pictures.html").exists()


def test_the_error_that_ended_latex_is_shown():
    log = (
        "lots\n! Package amsmath Warning: x\nl.1 early\nmore\n\n! Undefined control sequence.\n"
        "l.12 \\nosuch\n           here\n"
        "! Emergency stop.\n <*> mybook.tex\n"
        "!  ==> Fatal error occurred, no output PDF file produced!\n"
    )
    assert last_error(log) == ["! Undefined control sequence.", r"l.12 \nosuch"]
    assert last_error("one\n\ntwo\n") == ["one", "two"]


def test_a_character_is_found_in_chapters_and_in_what_they_print(tmp_path):
    files = {
        "a.py": "# %%\n# é\n",
        "a.ipynb": json.dumps({"cells": ["é"]}, ensure_ascii=False),
        "b.py": "# %%\nprint(chr(233))\n",
        "b.ipynb": json.dumps({"cells": ["é"]}),
        "c.md": "e\n",
    }
    write(tmp_path, files)
    names = ["a.ipynb", "b.ipynb", "c.md", "gone.md", "the configuration"]
    assert containing(tmp_path, names, "é") == ["a.py, line 2", "b.ipynb"]
    log = "Missing character: There is no é (U+00E9) in font x!\n"
    assert NOT_IN_FONT.findall(log) == ["é"]


def test_the_program_that_sets_a_book_is_looked_for(tmp_path, monkeypatch):
    there = {"latexmk", "make"}
    monkeypatch.setattr("shutil.which", lambda name: name if name in there else None)
    by_jupyter_book = {
        "extensions": ["sphinx_jupyterbook_latex"],
        "latex_engine": "pdflatex",
    }
    for settings, engine in (
        ({}, "pdflatex"),
        (by_jupyter_book, "xelatex"),
        ({"latex_engine": "lualatex"}, "lualatex"),
    ):
        assert lacking_programs(Book(tmp_path, settings)) == [engine]
