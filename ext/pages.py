"""Sphinx extension: mends what was written, where the theme leaves something to wish.

What a page never uses is not loaded: MathJax only where a formula stands, and from beside
the book, so that equations are read offline. Scripts wait for the page. Roles that screen
readers stumble over are set right.
"""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

LOADED = re.compile(r"<script\b[^>]*>.*?</script>\s*|<link\b[^>]*>\s*", re.DOTALL)
# Thebe would run cells on a remote server, and its script raises; fontawesome.js draws
# the icons that a font draws already; what is loaded ahead keeps the style sheets back.
UNUSED = re.compile(r'thebe|kernelName|scripts/fontawesome\.js|rel="preload"', re.I)
FORMULA, FOR_FORMULAS = 'class="math', re.compile("mathjax", re.I)
# A script may wait for the page, unless a line of the page speaks to it.
HASTY = re.compile(r"<script (?!defer)(?=[^>]*src=)(?![^>]*documentation_options)")
# A fold of MyST-NB is labelled by two paragraphs, which HTML forbids there.
FOLD = re.compile(r"<summary aria-label[^>]*>\s*<p [^>]*>(.*?)</p>.*?</summary>", re.S)
SIDEBAR = 'id="pst-primary-sidebar" '
# What mathjax_path and mathjax3_config in _config.yml ask for, of the package
# django-static-mathjax. The loader gets each as a script, which file:// allows.
MATHJAX = ("startup.js", "core.js", "loader.js", "input/tex.js", "output/chtml.js")


def mend(html: str) -> str:
    """The page, with what it does not need left out and its landmarks named."""

    def kept(tag: re.Match) -> str:
        formulas = FORMULA in html or not FOR_FORMULAS.search(tag[0])
        return tag[0] if formulas and not UNUSED.search(tag[0]) else ""

    html = HASTY.sub("<script defer ", LOADED.sub(kept, html))
    html = FOLD.sub(r"<summary>\1</summary>", html)
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
            path.write_text(mend(html), encoding="utf-8", newline="\n")
    source = Path(find_spec("mathjax").origin).parent / "static" / "mathjax" / "es5"
    target, fonts = out / "_static" / "mathjax", "output/chtml/fonts"
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)
    for script in MATHJAX:
        (target / script).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / script, target / script)


def setup(app) -> None:
    # Last, after other extensions have added their files.
    app.connect("build-finished", finish, priority=900)
