"""What a reader's browser makes of each page, from file:// and without a network."""

import io

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from built import pages
from visits import AXE, RULES, THEMES, Visit, local, settle, visit, watch

RULES |= {(1280, "light"): AXE, (1280, "dark"): AXE | {"runOnly": ["color-contrast"]}}


@pytest.fixture(scope="module")
def visits(book, browser) -> dict[str, Visit]:
    """Every page."""
    return {
        path.relative_to(book).as_posix(): visit(browser, path) for path in pages(book)
    }


def faults(visits, of) -> dict:
    return {key: of(visit) for key, visit in visits.items() if of(visit)}


def test_no_page_asks_the_network_for_anything(visits):
    assert faults(visits, lambda visit: visit.refused) == {}


def test_every_file_a_page_loads_is_there(visits):
    assert faults(visits, lambda visit: visit.missing) == {}


def test_no_page_reports_an_error(visits):
    assert faults(visits, lambda visit: visit.errors) == {}


def test_axe_finds_no_violation(visits):
    assert faults(visits, lambda visit: visit.violations) == {}


def test_a_page_weighs_less_than_650_kilobytes_compressed(visits):
    assert min(visit.weight for visit in visits.values()) > 100_000  # it was counted
    assert faults(visits, lambda visit: visit.weight * (visit.weight >= 650_000)) == {}


def test_nothing_moves_while_a_page_loads(visits):
    """A cumulative layout shift below 0.1 is good (web.dev, "Web Vitals")."""
    assert faults(visits, lambda visit: visit.shift * (visit.shift >= 0.1)) == {}


def test_no_page_is_wider_than_its_window(visits):
    assert faults(visits, lambda visit: any(visit.overhang.values())) == {}


def test_a_wide_table_scrolls_inside_itself(visits):
    assert sum(visit.scrolling for visit in visits.values()) >= 3


def test_formulas_are_set_without_a_network(visits):
    assert faults(visits, lambda visit: visit.mathless) == {}


@pytest.mark.parametrize("name", ["index", "book/results"])
def test_figures_follow_the_theme(book, browser, name):
    paper = {}
    for theme in THEMES:
        page = browser.new_page(color_scheme=theme)
        page.goto((book / f"{name}.html").as_uri())
        shot = page.locator("article img[src$='.svg']").first.screenshot()
        page.close()
        paper[theme] = np.median(Image.open(io.BytesIO(shot)).convert("L"))
    assert paper["dark"] < 60
    assert paper["light"] > 240


def test_what_a_page_does_wrong_is_noticed(tmp_path, browser):
    path = tmp_path / "wrong.html"
    path.write_text(
        "<title>x</title><img src='https://example.org/x.png'>"
        "<script src='none.js'></script><script>nothing()</script>"
    )
    visit, page = Visit(), browser.new_page()
    watch(page, visit)
    page.goto(path.as_uri())
    found = {fault["id"] for fault in Axe().run(page).response["violations"]}
    page.close()
    assert visit.refused == ["https://example.org/x.png"]
    assert [local(url).name for url in visit.missing] == ["none.js"]
    assert any("nothing is not defined" in error for error in visit.errors)
    assert {"image-alt", "html-has-lang"} <= found


def test_an_equation_and_its_number_fit_a_phone(book, browser):
    page, found = browser.new_page(viewport={"width": 390, "height": 900}), 0
    for path in pages(book):
        page.goto(path.as_uri())
        settle(page)
        for equation in page.locator("div.math:has(.eqno)").all():
            drawn, number = (
                equation.locator(part).bounding_box() for part in ("mjx-math", ".eqno")
            )
            found += 1
            assert drawn["x"] + drawn["width"] <= number["x"], path
            assert number["x"] + number["width"] <= 390, path
    page.close()
    assert found >= 3
