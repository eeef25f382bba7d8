"""``chapters init``: a small book of either form, built without a warning."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from faulty_books import chapters, sphinx
from small_books import PACKAGE, build, executed, soup, succeed
from sphinx_chapters import __version__
from sphinx_chapters.book import Book, BookError
from sphinx_chapters.init import write_book

YEARS = "17.7"  # ln 2 / ln 1.04, by a table


@pytest.mark.parametrize(
    ("form", "option", "config"),
    [("jupyter-book", [], "_config.yml"), ("sphinx", ["--sphinx"], "conf.py")],
)
def test_a_new_book_builds_at_once(tmp_path, form, option, config):
    said = succeed(chapters(tmp_path, "init", "my book", *option))
    folder = tmp_path / "my book"
    assert (folder / config).exists()
    assert (folder / ".gitignore").exists()
    workflow = (folder / ".github" / "workflows" / "book.yml").read_text()
    command = {"jupyter-book": "jupyter-book build .", "sphinx": "sphinx -M html"}[form]
    assert command in said
    assert command in workflow
    # As pytest and an environment in the book leave them: no pages of the book.
    for hidden in (".pytest_cache/README.md", ".venv/lib/page.md"):
        (folder / hidden).parent.mkdir(parents=True)
        (folder / hidden).write_text("# No page\n")
    if form == "sphinx":
        add_chapter_of_readme(folder)
        succeed(sphinx(folder))
        page = soup(folder / "_build" / "html" / "chapters" / "doubling.html")
        assert "At 4.0% a year, money doubles in 17.7 years." in page.get_text()
    else:
        succeed(build(folder, "-W", "-n"))
    html = folder / "_build" / "html"
    assert not list(html.rglob(".pytest_cache"))
    assert not list(html.rglob(".venv"))
    front = " ".join(soup(html / "index.html").select_one("[role=main]").text.split())
    assert f"adds 4.0% a year doubles in {YEARS} years" in front
    assert "4 of 4 executed" in front
    page = soup(html / "chapters" / "growth.html")
    caption = page.select_one("figcaption").get_text()
    assert "What becomes of 100 coins" in caption
    assert "By the formula of compound interest" in caption
    assert YEARS in page.select_one("figure img")["alt"]
    before = (folder / "chapters" / "growth.ipynb").read_bytes()
    said = succeed(chapters(folder, "run", "chapters/growth"))
    assert executed(said) == ["chapters/growth"]
    assert (folder / "chapters" / "growth.ipynb").read_bytes() == before
    assert Book.read(folder).pdf.name == "book.pdf"


def add_chapter_of_readme(folder: Path) -> None:
    """The chapter that stands in README, where README says."""
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    code = readme.split("```python\n", 1)[1].split("```", 1)[0]
    (folder / "chapters" / "doubling.py").write_text(code, encoding="utf-8")
    index = folder / "index.md"
    text = index.read_text(encoding="utf-8")
    assert text.count("\nchapters/growth\n") == 1
    text = text.replace("\nchapters/growth\n", "\nchapters/growth\nchapters/doubling\n")
    index.write_text(text, encoding="utf-8")


def test_nothing_is_written_over(tmp_path):
    (tmp_path / "index.md").write_text("mine")
    refused = chapters(tmp_path, "init")
    assert refused.returncode == 1
    last = refused.stderr.splitlines()[-1]
    assert "has index.md already" in last
    assert [path.name for path in tmp_path.iterdir()] == ["index.md"]
    (tmp_path / "index.md").rename(tmp_path / "conf.py")
    with pytest.raises(BookError, match=r"has conf\.py already"):
        write_book(tmp_path, "jupyter-book")


def test_the_versions_that_are_installed_are_pinned(tmp_path, monkeypatch):
    noted = {
        "": f"sphinx-chapters=={__version__}",
        '{"url": "file:///a/folder", "dir_info": {}}': "# sphinx-chapters was installed from",
        '{"url": "https://example.org/a.git", "subdirectory": "b",'
        ' "vcs_info": {"vcs": "git", "commit_id": "0123"}}': "sphinx-chapters @ "
        "git+https://example.org/a.git@0123#subdirectory=b",
    }
    versions = {"pytest": "9.9", "jupyter-book": "2.0"}

    for number, (note, wanted) in enumerate(noted.items()):
        notes = {"direct_url.json": note}

        def installed(name: str, notes=notes) -> SimpleNamespace:
            version = versions.get(name, "1.5")
            return SimpleNamespace(version=version, read_text=notes.get)

        monkeypatch.setattr("sphinx_chapters.init.distribution", installed)
        folder = Path(tmp_path, str(number))
        write_book(folder, "jupyter-book")
        lines = (folder / "requirements.txt").read_text().splitlines()
        assert lines[:4] == [
            "jupyter-book<2",
            "matplotlib==1.5",
            "nbval==1.5",
            "pytest==9.9",
        ]
        assert lines[4].startswith(wanted)
