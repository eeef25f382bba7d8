"""The HTML as files: links, headings, tables, alternative text, downloads."""

import re
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from conftest import pages, soup


def test_every_internal_link_leads_somewhere(book):
    ids = {
        path: {tag["id"] for tag in soup(path).find_all(id=True)}
        for path in pages(book)
    }
    dead = []
    for path in ids:
        for link in soup(path).find_all("a", href=True):
            parts = urlsplit(link["href"])
            if parts.scheme in ("http", "https", "mailto", "javascript"):
                continue
            target = (
                (path.parent / unquote(parts.path)).resolve() if parts.path else path
            )
            fragment = unquote(parts.fragment)
            known = not fragment or fragment in ids.get(target, {fragment})
            if not target.is_file() or not known:
                dead.append(f"{path.relative_to(book)}: {link['href']}")
    assert dead == []


def test_headings_are_in_order(book):
    for path in pages(book):
        article = soup(path).find("article") or soup(path).find("main")
        levels = [int(tag.name[1]) for tag in article.find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) == 1, path.name
        assert levels[0] == 1, path.name
        steps = pairwise(levels)
        assert all(after <= before + 1 for before, after in steps), path.name


def test_each_page_says_its_language_and_each_table_its_columns(book):
    for path in pages(book):
        page = soup(path)
        assert page.html["lang"] == "en"
        for table in page.select("article table.table"):
            heads = [head.get_text(strip=True) for head in table.select("thead th")]
            assert heads, path.name
            assert all(heads), (path.name, heads)


def test_each_figure_says_what_it_shows(book):
    for path in pages(book):
        for image in soup(path).select("article img"):
            assert len(image.get("alt", "")) > 40, (path.name, image.get("src"))


def test_each_chapter_offers_its_notebook_and_its_source(book):
    for notebook in (book.parent.parent / "book").glob("*.ipynb"):
        path = book / "book" / f"{notebook.stem}.html"
        for suffix in (".ipynb", ".py"):
            [link] = soup(path).select(
                f"a[href$='_sources/book/{notebook.stem}{suffix}']"
            )
            copy = path.parent / link["href"]
            assert copy.read_bytes() == notebook.with_suffix(suffix).read_bytes()
