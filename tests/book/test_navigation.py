"""A reader finds the way: search, keyboard, sorted claims, and a page that is not there."""

import re
from itertools import groupby

import pytest

from small_books import soup
from visits import Visit, watch


def test_search_finds_adam_from_a_file(book, browser):
    visit, page = Visit(), browser.new_page()
    watch(page, visit)
    page.goto(f"{(book / 'search.html').as_uri()}?q=Adam")
    page.wait_for_selector("ul.search li a")
    hits = [
        link.get_attribute("href") for link in page.query_selector_all("ul.search a")
    ]
    page.goto(f"{(book / 'search.html').as_uri()}?q=xylophone")
    page.wait_for_selector("text=did not match any documents")
    page.close()
    assert any("introduction.html" in hit for hit in hits), hits
    assert visit.errors == []


AT = """(() => { const at = document.activeElement, look = getComputedStyle(at)
    const ring = look.outlineStyle !== 'none' || look.boxShadow !== 'none'
    return [at.getAttribute('href') || at.className, ring] })()"""


def test_the_keyboard_reaches_the_text_the_chapters_and_the_theme(book, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((book / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert "Skip to main content" in page.evaluate("document.activeElement.innerText")
    reached, unmarked = [], []
    while len(reached) < 100 and "theme-switch" not in "".join(reached[-1:]):
        page.keyboard.press("Tab")
        name, ring = page.evaluate(AT)
        reached.append(name)
        if not ring:
            unmarked.append(name)
    chapters = [
        link["href"] for link in soup(book / "index.html").select("nav.bd-links a")
    ]
    assert len(chapters) >= 4
    assert set(chapters) <= set(reached)
    assert unmarked == []
    before = page.evaluate("document.documentElement.dataset.mode")
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.mode") != before
    page.close()


def test_the_claims_are_sorted_by_verdict_or_by_chapter(book, browser):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((book / "book" / "audit.html").as_uri())

    def column(number: int) -> list[str]:
        cells = page.locator(f"#tab-claims tbody td:nth-child({number})")
        return [text.split(";")[0].strip() for text in cells.all_inner_texts()]

    assert page.locator("#tab-claims tbody td:nth-child(5)").first.is_visible()
    tests = page.locator("#tab-claims tbody td:nth-child(4)").first
    assert not tests.is_visible()  # on a phone
    page.get_by_label("how each was tested").check()
    assert tests.is_visible()
    page.get_by_role("button", name="claims that hold").click()
    verdicts = column(1)
    (fold,) = [text for text in verdicts if text.endswith("claims that hold")]
    verdicts.remove(fold)
    assert verdicts[0] == "does not hold"
    assert [key for key, _ in groupby(verdicts)] == list(dict.fromkeys(verdicts))
    page.get_by_label("by chapter").check()
    assert sorted(column(1)) == sorted(verdicts)
    chapters = [key for key, _ in groupby(column(5))]
    assert chapters[:3] == ["Introduction", "Dataset", "Implementation"]
    assert not {"Introduction", "Dataset", "Implementation"} & set(chapters[3:])
    page.get_by_label("by verdict").check()
    page.get_by_role("button", name="claims that hold").click()
    assert [text for text in column(1) if text != fold] == verdicts
    widths = page.locator("#tab-claims td:nth-child(3)").evaluate_all(
        "cells => cells.map(cell => cell.getBoundingClientRect().right)"
    )
    assert max(widths) <= 390  # each is a card, as wide as the phone
    page.close()


def test_claims_that_hold_are_folded_away_but_not_in_print_nor_for_a_word_sought(
    book, browser
):
    page = browser.new_page()
    page.goto((book / "book" / "audit.html").as_uri())
    fold = page.get_by_role("button", name="claims that hold")
    holding = page.locator("#tab-claims tbody tr:has(.sd-bg-success)")
    others = page.locator("#tab-claims tbody tr:has(.sd-bg-danger)")
    count = int(re.search(r"\d+", fold.inner_text())[0])

    def shown() -> int:
        heights = "rows => rows.filter((row) => row.getBoundingClientRect().height > 9).length"
        return holding.evaluate_all(heights)

    assert others.first.is_visible()
    assert shown() == 0
    fold.focus()
    page.keyboard.press("Enter")
    assert fold.get_attribute("aria-expanded") == "true"
    assert shown() == count > 5
    page.keyboard.press("Enter")
    assert shown() == 0
    page.emulate_media(media="print")
    assert shown() == count
    page.emulate_media(media="screen")
    holding.last.dispatch_event("beforematch", {"bubbles": True})
    assert shown() == count
    page.close()


@pytest.mark.parametrize("root", ["/", "/x-book/", "/book/", "/some/where/"])
@pytest.mark.parametrize("asked", ["none.html", "book/none.html", "a/b/missing"])
@pytest.mark.parametrize("status", [404, 200])  # what the host says where no file is
def test_a_page_that_is_not_there_leads_back_wherever_the_book_lies(
    book, browser, root, asked, status
):
    html = (book / "404.html").read_text(encoding="utf-8")

    def host(route) -> None:
        if route.request.url == f"http://host.test{root}searchindex.js":
            route.fulfill(body="", content_type="text/javascript")
        else:
            route.fulfill(body=html, content_type="text/html", status=status)

    page = browser.new_page()
    page.route("**/*", host)
    page.goto(f"http://host.test{root}{asked}", wait_until="networkidle")
    links = page.locator("main a").evaluate_all("all => all.map(link => link.href)")
    page.close()
    assert len(links) >= 2
    for link in links:
        assert link.startswith(f"http://host.test{root}")
        assert (book / link.removeprefix(f"http://host.test{root}")).is_file()


def test_a_branch_of_github_pages_can_serve_the_book(book):
    # Without this file Jekyll leaves out every folder whose name begins with "_".
    assert (book / ".nojekyll").is_file()
