"""The example builds as it is committed, by Jupyter Book and by Sphinx alone, and in print."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from example_book import (
    CHAPTERS,
    PAGES,
    copy_example,
    for_sphinx_alone,
    notebooks,
    sphinx_build,
)
from made_edition import what_if
from small_books import build, executed, need, shared, soup, succeed
from sphinx_chapters.book import Book
from sphinx_chapters.update import update


@pytest.fixture(scope="module")
def by_jupyter_book(tmp_path_factory) -> Path:
    """The pages that Jupyter Book makes of a fresh copy."""

    def make(folder: Path) -> None:
        book = copy_example(folder / "book")
        before = notebooks(book)
        assert executed(succeed(build(book, "-W", "-n", "--keep-going"))) == []
        assert notebooks(book) == before

    return shared(tmp_path_factory, "example", make) / "book" / "_build" / "html"


@pytest.fixture(scope="module")
def by_sphinx(tmp_path_factory) -> Path:
    """The pages that Sphinx alone makes of a fresh copy."""

    def make(folder: Path) -> None:
        book = for_sphinx_alone(copy_example(folder / "book"))
        before = notebooks(book)
        assert executed(succeed(sphinx_build(book))) == []
        assert notebooks(book) == before

    return (
        shared(tmp_path_factory, "example by sphinx", make) / "book" / "_build" / "html"
    )


@pytest.fixture(params=["by_jupyter_book", "by_sphinx"])
def pages(request) -> Path:
    return request.getfixturevalue(request.param)


# -- what the pages have, in either way ------------------------------------------------


def words(page: Path) -> str:
    return " ".join(soup(page).get_text().split())


def test_every_page_is_there_without_anything_executed(pages):
    assert [name for name in PAGES if not (pages / f"{name}.html").exists()] == []
    status = soup(pages / "index.html").select("#tab-chapters tbody tr")
    states = [row("td")[2].get_text() for row in status]
    assert states == ["stored outputs of this code"] * len(CHAPTERS)


def test_numbers_come_from_the_chapter_that_is_named(pages):
    """Both chapters have the key ``period``."""
    both = words(pages / "both.html")
    assert "A small swing took 2.004 s on one metre" in both
    assert "A swing from 170° takes 4.894 s" in both
    wide = words(pages / "deep" / "wide-swings.html")
    assert "A swing from 170° takes 4.894 s, 2.44 times as long" in wide
    assert "A small swing on one metre takes 2.004 s" in wide
    tried = words(pages / "try-it.html")
    assert "takes 2.004 s for a small swing, and 4.894 s for one" in tried
    # The directive makes a block of it.
    block = soup(pages / "both.html").select_one("div.highlight, .literal-block, pre")
    assert block.get_text().strip() == "18"


@pytest.mark.parametrize(
    ("page", "label", "origin", "alt"),
    [
        (
            "measured",
            "fig-measured",
            "From measurements.csv, means of three",
            "Six points",
        ),
        (
            "deep/wide-swings",
            "fig-wide",
            "Computed with gravity = 9.81 m/s²",
            "A curve",
        ),
    ],
)
def test_a_figure_has_its_number_its_words_and_its_origin(
    pages, page, label, origin, alt
):
    figure = soup(pages / f"{page}.html").select_one(f"figure#{label}")
    assert figure.select_one(".caption-number").get_text().startswith("Fig. ")
    assert figure.select_one(".legend .provenance").get_text() == origin
    picture = figure.select_one("img")
    assert picture["alt"].startswith(alt)
    assert picture["src"].endswith(".svg")
    assert (pages / page).parent.joinpath(picture["src"]).exists()


def test_tables_and_listings_have_numbers(pages):
    timings = soup(pages / "measured.html").select_one("table#tab-timings")
    assert len(timings.select("tbody tr")) == 6
    assert timings.select_one(".caption-number").get_text().startswith("Table ")
    both = soup(pages / "both.html")
    assert "def period" in both.select_one("#code-period").get_text()
    assert "Listing 1" in words(pages / "both.html")


def test_the_app_has_its_files(pages):
    scripts = [
        tag.get("src", "") for tag in soup(pages / "try-it.html").select("script")
    ]
    names = [src.partition("?")[0].rpartition("/")[2] for src in scripts]
    assert names.index("measurements.csv.js") < names.index("swing.js")
    assert soup(pages / "try-it.html").select_one("form.swing output") is not None
    assert "swing.js" not in (pages / "both.html").read_text(encoding="utf-8")


def test_the_app_says_what_the_book_does(by_jupyter_book, browser):
    page = browser.new_page()
    page.goto((by_jupyter_book / "try-it.html").as_uri())
    page.locator("form.swing input").fill("170")
    said = page.locator("form.swing output").inner_text()
    assert said == "From 170° a swing takes 4.894 s."
    page.close()


# -- executions ------------------------------------------------------------------------


def steady(notebook: bytes) -> list:
    """The outputs of a notebook that are no pictures, which differ by matplotlib's version."""
    kept = []
    for cell in nbformat.reads(notebook.decode(), as_version=4).cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            kept.append({kind: data[kind] for kind in data if "text" in kind})
    return kept


def test_two_executions_give_the_same_bytes(tmp_path):
    book = copy_example(tmp_path / "book")
    before = notebooks(book)
    runs = []
    for _ in range(2):
        update(Book.read(book), force=True, say=lambda _: None)
        runs.append(notebooks(book))
    assert runs[0] == runs[1]
    for name in CHAPTERS:
        assert len(steady(before[name])) > 1
        assert steady(runs[0][name]) == steady(before[name])


def sources(book: Path) -> dict[str, bytes]:
    """All files of a book but for what is built or compiled."""
    found = {}
    for path in sorted(book.rglob("*")):
        name = path.relative_to(book)
        if path.is_file() and not {"_build", "__pycache__"} & set(name.parts):
            found[name.as_posix()] = path.read_bytes()
    return found


def test_an_edition_is_on_another_planet_and_leaves_the_book_alone(tmp_path):
    book = copy_example(tmp_path / "book")
    before = sources(book)
    done = what_if(book, "GRAVITY=0")
    assert done.stderr.splitlines()[-1].endswith("a stone swings where it is above 0")
    assert executed(succeed(what_if(book, "GRAVITY=24.8"))) == CHAPTERS
    assert sources(book) == before
    edition = book / "_build" / "what-if" / "gravity-24.8" / "_build" / "html"
    assert "what if gravity = 24.8?" in words(edition / "index.html")
    figure = soup(edition / "deep" / "wide-swings.html").select_one("#fig-wide")
    assert figure.select_one(".provenance").get_text().endswith("gravity = 24.8 m/s²")
    # By the law of the square root.
    assert f"takes {4.894 * (9.81 / 24.8) ** 0.5:.3f} s" in words(edition / "both.html")


# -- print -----------------------------------------------------------------------------


def test_the_book_is_printed(tmp_path):
    need("latexmk", "latexmk")
    book = copy_example(tmp_path / "book")
    command = [sys.executable, "-m", "sphinx_chapters", "pdf"]
    done = subprocess.run(
        command, cwd=book, capture_output=True, encoding="utf-8", errors="replace"
    )
    succeed(done)
    assert (book / "_build" / "latex" / "pendulum.pdf").read_bytes().startswith(b"%PDF")
    tex = (book / "_build" / "latex" / "pendulum.tex").read_text(encoding="utf-8")
    # Pictures are drawings in print too, with their origins below them.
    assert tex.count(".pdf}") == tex.count(r"\begin{sphinxlegend}") == 2
    assert "Computed with gravity = 9.81" in tex
    assert "Choose a string" in tex
