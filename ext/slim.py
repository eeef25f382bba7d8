"""Take out of the theme's files what no page of the book uses.

The theme's style sheet names two thousand icons, and its icon font draws them; the book
shows a dozen.
"""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset

RULE = re.compile(r"([^{};]*)\{([^{}]*)\}")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
EMPTY_MEDIA = re.compile(r"@media[^{}]*\{\s*\}")
NOT_NAMES = re.compile(r":(?:not|is|where|has)\([^()]*\)|\[[^\]]*\]|\\.")
CLASS = re.compile(r"\.([A-Za-z_][\w-]*)")
SHEETS = ("styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css", "basic.css")
FONT = "vendor/fontawesome/webfonts/fa-solid-900"
IN_SHEET = 'fa-solid-900.{0}) format("{0}")'


def slim(out: Path, pages: Iterable[Path]) -> None:
    """Slim the theme's style sheets and icon font in ``out/_static``."""
    static = out / "_static"
    scripts = [
        path
        for path in static.rglob("*.js")
        if "mathjax" not in path.parts and path.name != "fontawesome.js"
    ]
    words = set()
    for path in [*pages, *scripts]:
        words.update(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
    icons = set()
    for sheet in (static / name for name in SHEETS):
        css = purge(sheet.read_text(encoding="utf-8"), words)
        icons |= {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", css)}
        css = re.sub(
            r"fa-solid-900\.woff2\) ?format\(\"?woff2\"?\)",
            IN_SHEET.format("woff"),
            css,
        )
        sheet.write_text(css, encoding="utf-8")
    _subset(static / f"{FONT}.ttf", static / f"{FONT}.woff", icons)


def purge(css: str, words: set[str]) -> str:
    """The style sheet without the rules for classes that are not among ``words``.

    Parameters
    ----------
    css : str
    words : set of str
        Every word of the pages and their scripts, class names among them.
    """

    def used(selector: str) -> bool:
        return words.issuperset(CLASS.findall(NOT_NAMES.sub("", selector)))

    def rule(match: re.Match) -> str:
        if match[1].lstrip().startswith("@"):
            return match[0]
        selectors = re.split(r",(?![^()]*\))", match[1])
        kept = [selector for selector in selectors if used(selector)]
        return f"{','.join(kept)}{{{match[2]}}}" if kept else ""

    return EMPTY_MEDIA.sub("", RULE.sub(rule, COMMENT.sub("", css)))


def _subset(font: Path, target: Path, icons: set[int]) -> None:
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    options = subset.Options(flavor="woff")
    whole = subset.load_font(font, options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=icons)
    cutter.subset(whole)
    subset.save_font(whole, target, options)
