"""What a book's configuration may be, and where its chapters lie: traps that were fallen into."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from faulty_books import chapters, copy_of, sphinx
from small_books import build, executed, soup, succeed
from sphinx_chapters.book import Book, BookError
from sphinx_chapters.chapter import Chapter
from sphinx_chapters.dependencies import checksum
from sphinx_chapters.pages import found
from sphinx_chapters.what_if import choose, parse, prepare

# -- another configuration, another table of contents ----------------------------------

OTHER = ("--config", "other.yml", "--toc", "other_toc.yml")


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    """A book of which the usual configuration and table of contents are wrong."""
    return copy_of("other-config", tmp_path_factory.mktemp("books"))


def test_a_build_reads_the_files_that_it_is_given(other):
    # Jupyter Book looks for the table of contents from the book's folder on, and from here.
    toc = str(other / "other_toc.yml")
    said = succeed(
        build(other, "-W", "--config", str(other / "other.yml"), "--toc", toc)
    )
    assert executed(said) == ["listed"]
    assert "listed 2" in soup(other / "_build" / "html" / "listed.html").get_text()


def test_commands_read_the_files_that_they_are_given(other):
    assert executed(succeed(chapters(other, "run", *OTHER))) == ["listed"]
    refused = chapters(other, "run", "--toc", "other_toc.yml")
    assert "there is no missing.csv" in refused.stderr.splitlines()[-1]
    edition = chapters(other, "what-if", "SIZE=3", *OTHER)
    assert executed(succeed(edition)) == ["listed"]
    html = other / "_build" / "what-if" / "size-3" / "_build" / "html"
    assert "listed 3" in soup(html / "listed.html").get_text()


@pytest.mark.parametrize(
    ("config", "toc", "words"),
    [
        ("none.yml", "", "there is no none.yml in"),
        ("other.yml", "none.yml", "there is no table of contents none.yml in"),
        ("other.yml", "index.md", "index.md cannot be read: "),
    ],
)
def test_a_file_that_is_not_there_is_named(other, config, toc, words):
    with pytest.raises(BookError, match=words):
        Book.read(other, config, toc).documents  # noqa: B018, it is computed


def test_a_book_of_jupyter_book_asks_for_version_1(other, monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyter_book.config", None)
    with pytest.raises(BookError, match=r'pip install "jupyter-book<2"$'):
        Book.read(other, "other.yml")


# -- patterns --------------------------------------------------------------------------


def test_patterns_stand_for_chapters_that_have_no_notebook_yet(tmp_path):
    """The reference is the order of the built pages, which Sphinx itself finds."""
    folder = copy_of("globs", tmp_path)
    book = Book.read(folder)
    wanted = [
        "intro", "intro/a", "parts/two", "parts/one", "parts/three",
        "more/deep/d", "more/deep/c", "more/b",
    ]  # fmt: skip
    assert book.documents == ["index", *wanted]
    said = succeed(sphinx(folder))
    chapters = [name for name in wanted if name not in ("intro", "more/deep/d")]
    assert executed(said) == chapters
    links = soup(folder / "_build" / "html" / "index.html").select(".toctree-wrapper a")
    names = [link["href"].removesuffix(".html") for link in links]
    assert list(dict.fromkeys(names)) == wanted
    # With the notebooks there, and the pages, nothing else fits.
    assert Book.read(folder).documents == ["index", *wanted]


def test_chapters_are_found_where_sphinx_looks_for_pages(tmp_path):
    cell = "# %%\n1\n"
    for name, text in {
        "b/two.py": cell,
        "b/one.py": cell,
        "a.py": cell,
        "b/module.py": "x = 1\n",
        "b/latin.py": "# é\nx = 1\n",
        "drafts/old.py": cell,
        "venv/pyvenv.cfg": "",
        "venv/lib/tool.py": cell,
        ".hidden/c.py": cell,
        "_build/what-if/size-3/a.py": cell,
        "conf.py": cell,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="latin-1")

    def names(*patterns: str) -> list[str]:
        paths = found(tmp_path, patterns, ["drafts"])
        return [path.relative_to(tmp_path).as_posix() for path in paths]

    assert names("**/*.py") == ["a.py", "b/one.py", "b/two.py"]
    assert names("b/*.py", "*.py") == ["b/one.py", "b/two.py", "a.py"]
    assert names("b/two.py", "b/*") == ["b/two.py", "b/one.py"]
    assert names("*.py") == ["a.py"]


# -- plain Sphinx, names and machines --------------------------------------------------

CONF = """\
project = "Names"
extensions = ["myst_nb", "sphinx_chapters"]
nb_execution_mode = "off"
exclude_patterns = ["_build"]
chapters_sources = ["数据.py", "my chapter.py", "été/*.py"]
"""
INDEX = """\
# Names

The sum is {glue:text}`my chapter.ipynb::sum:d`, and {glue:text}`été/čapek.ipynb::sum:d`.

```{chapter-status}
```

```{toctree}
my chapter
été/čapek
数据
```
"""
NAMED = """\
# %% [markdown]
# # Größe

# %%
from myst_nb import glue

glue("sum", 40 + {number}, display=False)
print("αβγ é")
"""


def test_chapters_of_any_name_in_plain_sphinx(tmp_path):
    folder = tmp_path / "ein Buch é"
    (folder / "été").mkdir(parents=True)
    names = ["数据", "my chapter", "été/čapek"]
    texts = {"conf.py": CONF, "index.md": INDEX}
    texts |= {f"{name}.py": NAMED.format(number=len(name)) for name in names}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    assert Book.read(folder).documents == names
    said = succeed(sphinx(folder))
    wanted = [f"chapter {name}: executed" for name in names]
    assert [line for line in said.splitlines() if line in wanted] == wanted
    page = soup(folder / "_build" / "html" / "index.html").get_text()
    assert "The sum is 50, and 49." in page
    rows = soup(folder / "_build" / "html" / "index.html").select("tbody tr")
    assert [row.select_one("a")["href"] for row in rows] == [
        "%E6%95%B0%E6%8D%AE.html",
        "my%20chapter.html",
        "%C3%A9t%C3%A9/%C4%8Dapek.html",
    ]
    assert "executed" not in succeed(sphinx(folder)).split("running", 1)[0]


@pytest.mark.parametrize(
    ("name", "length", "environment"),
    [("a", 88, {"LC_ALL": "C"}), ("数据", 130, {"PYTHONIOENCODING": "ascii"})],
)
def test_a_kernel_starts_whatever_the_machine(tmp_path, name, length, environment):
    """A path of a socket has some hundred characters at most; a terminal may lack most letters."""
    texts = {
        "conf.py": CONF.replace("数据", name),
        f"{name}.py": NAMED.format(number=2),
    }
    for file, text in texts.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    # A folder of its own, so that two runs of the tests are in nobody's way.
    filling = "t" * (length - len(tempfile.gettempdir()) - len("/12345678"))
    temporary = Path(tempfile.mkdtemp(prefix=filling))
    try:
        done = chapters(tmp_path, "run", TMPDIR=str(temporary), **environment)
    finally:
        shutil.rmtree(temporary)
    shown = name.encode("ascii", "backslashreplace").decode()
    assert executed(succeed(done)) == [shown]
    assert "αβγ é" in (tmp_path / f"{name}.ipynb").read_text(encoding="utf-8")


# -- links -----------------------------------------------------------------------------


def test_linked_folders_below_a_watched_one_are_looked_into(tmp_path):
    folder = tmp_path / "book"
    (tmp_path / "elsewhere").mkdir()
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "far").symlink_to(tmp_path / "elsewhere")
    (folder / "data" / "gone").symlink_to(tmp_path / "nothing")
    config = 'extensions = ["sphinx_chapters"]\nchapters_watch = ["data"]\n'
    (folder / "conf.py").write_text(config)
    (folder / "a.py").write_text("# %%\n1\n")
    book = Book.read(folder)
    before = Chapter.read(book, folder / "a.py").depends["data"]
    (tmp_path / "elsewhere" / "table.csv").write_text("1")
    now = Chapter.read(book, folder / "a.py").depends["data"]
    assert now != before
    assert now == checksum(folder / "data")
    edition = tmp_path / "edition"
    prepare(book, edition, {})
    assert (edition / "data" / "far" / "table.csv").read_text() == "1"
    assert not (edition / "data" / "far").is_symlink()
    assert not (edition / "data" / "gone").exists()


# -- editions --------------------------------------------------------------------------


def test_an_edition_that_writes_into_the_book_fails_and_names_the_files(tmp_path):
    """The book is of one page, which is built all the same."""
    folder = copy_of("one-page", tmp_path)
    place = folder / "result.txt"
    done = chapters(folder, "what-if", "SIZE=3", f"PLACE={place}")
    assert done.returncode == 1
    assert executed(done.stdout) == ["page"]
    assert "Executing notebook" not in done.stdout + done.stderr  # as MyST-NB would say
    last = done.stderr.splitlines()[-1]
    assert last.startswith(
        "Book failed: what-if: files of the book itself were written"
    )
    assert ": result.txt: " in last
    [edition] = (folder / "_build" / "what-if").iterdir()
    assert "one page 3" in soup(edition / "_build" / "html" / "page.html").get_text()
    # By the relative path it writes into the edition alone.
    place.write_text("2\n")
    succeed(chapters(folder, "what-if", "SIZE=4"))
    assert place.read_text() == "2\n"


def test_a_book_without_parameters_has_no_editions(tmp_path):
    folder = copy_of("globs", tmp_path)
    wanted = "what-if: no chapter has a cell tagged parameters$"
    with pytest.raises(BookError, match=wanted):
        choose(Book.read(folder), parse(["SIZE=3"]))
