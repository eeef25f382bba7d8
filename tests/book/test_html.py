"""The HTML as files: links, headings, tables, alternative text, downloads, the status page."""

import hashlib
import platform
import re
from importlib.metadata import version
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from built import ROOT, pages
from lenet5.files import dates
from small_books import soup


@pytest.fixture(scope="module")
def soups(book) -> dict:
    """The elements of every page."""
    return {path: soup(path) for path in pages(book)}


def test_every_internal_link_leads_somewhere(book, soups):
    ids = {
        path: {tag["id"] for tag in page.find_all(id=True)}
        for path, page in soups.items()
    }
    dead = []
    for path, page in soups.items():
        for link in page.find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme in ("http", "https", "mailto", "javascript"):
                continue
            target = (
                (path.parent / unquote(parts.path)).resolve() if parts.path else path
            )
            fragment = unquote(parts.fragment)
            # One with "=" is for a script of the page.
            is_order = "=" in fragment
            known = not fragment or is_order or fragment in ids.get(target, {fragment})
            if not target.is_file() or not known:
                dead.append(f"{path.relative_to(book)}: {link['href']}")
    assert dead == []


def test_headings_are_in_order(soups):
    for path, page in soups.items():
        article = page.find("article") or page.find("main")
        levels = [int(tag.name[1]) for tag in article.find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) == 1, path.name
        assert levels[0] == 1, path.name
        steps = pairwise(levels)
        assert all(after <= before + 1 for before, after in steps), path.name


def test_each_page_says_its_language_and_each_table_its_columns(soups):
    for path, page in soups.items():
        assert page.html["lang"] == "en"
        for table in page.select("article table.table"):
            heads = [head.get_text(strip=True) for head in table.select("thead th")]
            assert heads, path.name
            assert all(heads), (path.name, heads)


def test_each_figure_says_what_it_shows(soups):
    for path, page in soups.items():
        for image in page.select("article img"):
            assert len(image.get("alt", "")) > 40, (path.name, image.get("src"))


def test_each_chapter_offers_its_notebook_and_its_source(book, soups):
    for source in (ROOT / "book").glob("*.py"):
        path = book / "book" / f"{source.stem}.html"
        for suffix in (".ipynb", ".py"):
            [link] = soups[path].select(
                f"a[href$='_sources/book/{source.stem}{suffix}']"
            )
            copy = path.parent / link["href"]
            assert copy.read_bytes() == source.with_suffix(suffix).read_bytes()


def test_without_a_pdf_none_is_linked(book, soups):
    for path in book.rglob("*.html"):
        assert "lenet5.pdf" not in path.read_text(encoding="utf-8"), path.name
    assert "make pdf" in soups[book / "index.html"].get_text()


def test_each_page_can_be_shared(book, soups):
    said = set()
    for path, page in soups.items():
        assert (path.parent / page.select_one("link[rel=icon]")["href"]).is_file()
        if path.name in ("search.html", "genindex.html"):
            continue
        description = page.select_one("meta[name=description]")["content"]
        assert len(description) > 60, path.name
        said.add(description)
        for name in ("title", "description", "image"):
            [tag] = page.select(f"meta[property='og:{name}']")
            assert tag["content"], path.name
        picture = book / page.select_one("meta[property='og:image']")["content"]
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(said) == len(list((ROOT / "book").glob("*.py"))) + 4


def test_mathjax_is_loaded_where_a_formula_stands_and_nowhere_else(soups):
    formulas = {path.stem for path, page in soups.items() if page.select(".math")}
    loading = {
        path.stem for path, page in soups.items() if page.select("script[src*=mathjax]")
    }
    assert loading == formulas
    assert {"introduction", "variability"} <= formulas


def test_a_fold_has_a_label_that_html_allows(soups):
    folds = [fold for page in soups.values() for fold in page.select("summary")]
    assert len(folds) > 20
    assert [fold for fold in folds if fold.find("p") or not fold.get_text()] == []


def test_the_front_page_cites_what_the_file_of_citation_says(book, soups):
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    page = soups[book / "index.html"]
    bibtex, apa = (block.get_text() for block in page.select("article pre")[-2:])
    whole = (book / page.select_one("article a.download")["href"]).read_text()
    [author] = [person["name"] for person in cff["authors"]]
    year = str(cff["date-released"].year)
    for text in (bibtex.replace("{", "").replace("}", ""), apa):
        assert all(
            part in " ".join(text.split()) for part in (author, cff["title"], year)
        )
    assert cff["version"] in bibtex
    assert yaml.safe_load(whole) == cff


def test_a_reference_leads_to_where_it_is_cited_and_back(book, soups):
    page = soups[book / "book" / "references.html"]
    works = page.select("div.citation")
    assert len(works) >= 15
    for work in works:
        assert work.select("a[href^=http]"), work.get_text()
        links = work.select(".cited-in a")
        assert links, work.get_text()
        for link in links:
            name, _, place = link["href"].partition("#")
            citing = soups[(book / "book" / name).resolve()]
            target = citing.find(id=place)
            hrefs = [cited["href"].partition("#")[2] for cited in target.select("a")]
            assert work["id"] in hrefs


def test_the_status_names_each_file_of_the_record_with_its_checksum(soups):
    listed = rows(soups, "tab-record")
    files = [x for end in ("csv", "safetensors") for x in ROOT.glob(f"record/*.{end}")]
    assert set(listed) == {path.relative_to(ROOT).as_posix() for path in files}
    days = dates(ROOT / "record")
    for name, (day, digest) in listed.items():
        whole = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        assert day == days[f"{whole}  {name.removeprefix('record/')}\n"]
        assert whole.startswith(digest)
        assert len(digest) == 12


def rows(soups, table: str) -> dict[str, list[str]]:
    """A table of the status page, by its first column."""
    [page] = [page for path, page in soups.items() if path.stem == "status"]
    lines = page.select(f"#{table} tbody tr")
    cells = [[cell.get_text(strip=True) for cell in line("td")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_the_status_lists_each_chapter_with_its_cells(soups):
    listed = list(rows(soups, "tab-chapters").values())
    assert len(listed) == len(list((ROOT / "book").glob("*.py")))
    for cells, state, seconds in listed:
        done, of, all_ = cells.split()
        assert (done, of) == (all_, "of")
        assert (state, seconds) == ("stored outputs of this code", "–")


def test_the_versions_are_those_of_this_python(soups):
    [page] = [page for path, page in soups.items() if path.stem == "status"]
    listed = page.select_one("details p.built-with").get_text()
    assert f"Python {platform.python_version()}, " in listed
    for name in ("torch", "jupyter-book", "matplotlib"):
        assert f", {name} {version(name)}" in listed
