"""On a phone a table that is too wide can be slid, by finger and by keys, and says so."""

import pytest

from built import pages

PHONE = {"viewport": {"width": 390, "height": 844}}
# Of every table of a page: is it too wide, what stands above it, and may it have the focus?
LOOK = """[...document.querySelectorAll("article .pst-scrollable-table-container")].map((box) => ({
  name: box.querySelector("table").id,
  tooWide: box.scrollWidth > box.clientWidth,
  hint: getComputedStyle(box, "::before").content,
  focus: box.tabIndex,
}))"""


@pytest.fixture(scope="module")
def tables(book, browser) -> list[dict]:
    """All tables of the book, as a phone shows them."""
    page, found = browser.new_page(**PHONE), []
    for path in pages(book):
        page.goto(path.as_uri())
        page.evaluate(
            "for (const fold of document.querySelectorAll('details')) fold.open = true"
        )
        page.wait_for_timeout(
            100
        )  # the styles that look for what scrolls come a frame later
        found += page.evaluate(LOOK)
    page.close()
    return found


def test_a_table_that_is_too_wide_says_so_and_no_other(tables):
    said = {table["name"] for table in tables if "to the right" in table["hint"]}
    assert said == {table["name"] for table in tables if table["tooWide"]}
    assert 3 < len(said) < len(tables)


def test_the_keyboard_reaches_each(tables):
    assert {table["focus"] for table in tables if table["tooWide"]} == {0}


def test_the_first_column_stays_in_view(book, browser):
    page = browser.new_page(**PHONE)
    page.goto((book / "book" / "audit.html").as_uri())
    box = page.locator(
        ".pst-scrollable-table-container", has=page.locator("#tab-records")
    )
    first, last = (
        box.locator("tbody td").first,
        box.locator("tbody tr").first.locator("td").last,
    )
    before = first.bounding_box()["x"], last.bounding_box()["x"]
    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    after = first.bounding_box()["x"], last.bounding_box()["x"]
    page.close()
    assert abs(after[0] - before[0]) < 2
    assert after[1] < before[1] - 10
