"""What a reader's browser makes of each page, from file:// and without a network."""

import gzip
import io
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from built import pages
from PIL import Image

WIDTHS = (320, 1280)  # a phone first: the theme looks for what scrolls when it loads
THEMES = ("light", "dark")
AXE = {"preload": False, "resultTypes": ["violations"]}  # its preload asks for http
# Colours are those of the theme, at any width; measuring them takes most of the time.
RULES = {(320, "dark"): AXE | {"rules": {"color-contrast": {"enabled": False}}}}
RULES |= {(1280, "light"): AXE, (1280, "dark"): AXE | {"runOnly": ["color-contrast"]}}
PACKED = (".woff", ".woff2", ".png")  # a server sends them as they are


@dataclass
class Visit:
    """What happened while a browser had a page open."""

    refused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    shift: float = 0.0  # cumulative layout shift: how much moves while a page loads
    weight: int = 0  # bytes of all files loaded, compressed
    overhang: dict = field(default_factory=dict)  # pixels, by width and theme
    mathless: int = 0  # formulas left as TeX source
    scrolling: int = 0  # tables that scroll inside themselves where they are too wide


def local(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def watch(page, visit: Visit) -> None:
    """Refuse every request to a network, and note what the page asks and says."""

    def answer(route) -> None:
        url = route.request.url
        if not url.startswith(("file:", "data:", "blob:")):
            visit.refused.append(url)
            route.abort()
            return
        if url.startswith("file:") and not local(url).exists():
            visit.missing.append(url)
        elif url.startswith("file:"):
            data = local(url).read_bytes()
            packed = local(url).suffix in PACKED
            visit.weight += len(data if packed else gzip.compress(data))
        route.continue_()

    def listen(message) -> None:
        if message.type in ("error", "warning"):
            visit.errors.append(message.text)

    page.route("**/*", answer)
    page.on("console", listen)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))


def settle(page) -> None:
    """Wait until fonts are loaded and equations set."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    page.evaluate("window.MathJax?.startup?.promise")


SHIFT = """
    window.shift = 0;
    new PerformanceObserver(list => list.getEntries().forEach(x => { shift += x.value; }))
        .observe({ type: "layout-shift", buffered: true });
"""
APPS_ARE_THERE = "!document.querySelector('.app-waiting')"
OVERHANG = "document.documentElement.scrollWidth - innerWidth"
TEX_SOURCE = """[...document.querySelectorAll('main .math')].filter(
    formula => !formula.querySelector('mjx-container')).length"""
SCROLLING = """[...document.querySelectorAll('article table')].filter(table => {
    const box = table.parentElement
    box.scrollLeft = 100
    return box.scrollLeft === 100 }).length"""


def visit(browser, path: Path) -> Visit:
    """Open a page once; show it at every width in both themes."""
    seen = Visit()
    size = {"width": WIDTHS[0], "height": 900}
    still = {"reduced_motion": "reduce"}  # no colour on its way from one to another
    page = browser.new_context(offline=True, viewport=size, **still).new_page()
    watch(page, seen)
    page.add_init_script(SHIFT)
    page.goto(path.as_uri())
    settle(page)
    page.wait_for_function(APPS_ARE_THERE)
    seen.shift = page.evaluate("shift")
    seen.mathless = page.evaluate(TEX_SOURCE)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(
                f"document.documentElement.dataset.theme === '{theme}'"
            )
            seen.overhang[width, theme] = page.evaluate(OVERHANG)
            if (width, theme) not in RULES:
                continue
            found = Axe().run(page, options=RULES[width, theme]).response
            for fault in found["violations"]:
                targets = [node["target"] for node in fault["nodes"]]
                seen.violations.append(f"{fault['id']}, {width} {theme}: {targets}")
    # Make each table too wide for a phone, whatever it holds.
    page.add_style_tag(content="article table { min-width: 1000px !important }")
    seen.overhang["wide tables"] = page.evaluate(OVERHANG)
    seen.scrolling = page.evaluate(SCROLLING)
    page.context.close()
    return seen


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


def test_a_page_weighs_less_than_700_kilobytes_compressed(visits):
    assert min(visit.weight for visit in visits.values()) > 100_000  # it was counted
    assert faults(visits, lambda visit: visit.weight * (visit.weight >= 700_000)) == {}


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
