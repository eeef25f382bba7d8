"""Sphinx extension: mends what was written, where the theme leaves something to wish.

Scripts that a page never uses are dropped, roles that screen readers stumble over are set
right, and MathJax lies beside the book, so that its equations are read offline.
"""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>\s*", re.DOTALL)
# Thebe would run cells on a remote server, and its script raises; the other draws the
# icons that a font draws already, and weighs more than the rest of a page.
UNUSED = re.compile(r"thebe|kernelName|scripts/fontawesome\.js", re.IGNORECASE)
SIDEBAR = 'id="pst-primary-sidebar" '
# What mathjax_path and mathjax3_config in _config.yml ask for, of the package
# django-static-mathjax. The loader gets each as a script, which file:// allows.
MATHJAX = ("startup.js", "core.js", "loader.js", "input/tex.js", "output/chtml.js")


def mend(html: str) -> str:
    """The page, with what it does not need left out and its landmarks named."""
    html = SCRIPT.sub(lambda tag: "" if UNUSED.search(tag[0]) else tag[0], html)
    html = html.replace(SIDEBAR, f'{SIDEBAR}role="region" aria-label="Book" ')
    return html.replace('role="doc-biblioentry"', 'role="listitem"')


def finish(app, exception) -> None:
    """Mend the pages and copy MathJax (event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        if f"{SIDEBAR}class" in html:  # it is a page, and newly written
            path.write_text(mend(html), encoding="utf-8")
    source = Path(find_spec("mathjax").origin).parent / "static" / "mathjax" / "es5"
    target, fonts = out / "_static" / "mathjax", "output/chtml/fonts"
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)
    for script in MATHJAX:
        (target / script).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / script, target / script)


def setup(app) -> None:
    # Last, after other extensions have added their files.
    app.connect("build-finished", finish, priority=900)
