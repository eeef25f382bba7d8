"""Sphinx extension: mends the finished pages where the theme leaves something to wish.

What a page carries and never uses is dropped, and roles that screen readers stumble
over are set right.
"""

import re
from pathlib import Path

from bs4 import BeautifulSoup

from ext.slim import slim

# Thebe would run cells on a remote server; the second script draws the icons that a font
# draws already, and weighs more than the rest of a page.
UNUSED = re.compile(r"thebe|kernelName|scripts/fontawesome\.js", re.IGNORECASE)
# Of use where a class begins with sd-.
DESIGN = re.compile(r"sphinx-design|design-tabs")


def mend(html: str) -> str:
    """The page, with what it does not need left out and its landmarks named."""
    page = BeautifulSoup(html, "html.parser")
    design = page.find(class_=re.compile(r"^sd-"))
    for tag in page.find_all(["script", "link"]):
        text = " ".join([tag.get("src", ""), tag.get("href", ""), tag.get("type", "")])
        text += tag.string or ""
        if UNUSED.search(text) or (not design and DESIGN.search(text)):
            tag.decompose()
    for sidebar in page.select("#pst-primary-sidebar"):
        sidebar.attrs |= {"role": "region", "aria-label": "Book"}
    for entry in page.select(".citation-list > .citation"):
        entry["role"] = "listitem"
    return str(page)


def mend_all(app, exception) -> None:
    """Mend what was written (event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    pages = [path for path in out.rglob("*.html") if "_static" not in path.parts]
    for path in pages:
        html = path.read_text(encoding="utf-8")
        mended = mend(html)
        if mended != html:
            path.write_text(mended, encoding="utf-8")
    slim(out, pages)


def setup(app) -> dict:
    # Last, after other extensions have added their files.
    app.connect("build-finished", mend_all, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
