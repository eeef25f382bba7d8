"""A visit to a page in a browser, for tests."""

import gzip
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe

WIDTHS = (320, 1280)  # a phone first: the theme looks for what scrolls when it loads

THEMES = ("light", "dark")

AXE = {"preload": False, "resultTypes": ["violations"]}  # its preload asks for http

# Colours are those of the theme, at any width; measuring them takes most of the time.
RULES = {(320, "dark"): AXE | {"rules": {"color-contrast": {"enabled": False}}}}

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
