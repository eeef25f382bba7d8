"""Sphinx extension: mends the pages that were written, where the theme leaves something to wish.

What a page never uses is not loaded: MathJax only where a formula stands, and from beside
the book, so that equations are read offline. Scripts wait for the page, and run where a browser
refuses storage. Roles that screen readers stumble over are set right.

Only what the theme and its extensions have put around the text is touched: a script of the
text, as in an output of plotly, is the author's, and stays as and where it is.
"""

import re
import shutil
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes

# The text of a page, with the outputs of its cells.
ARTICLE = re.compile(r'<article class="bd-article">.*</article>', flags=re.DOTALL)
# A tag that loads something, with the white space behind it.
LOADING_TAG = re.compile(
    r"<script\b[^>]*>.*?</script>\s*|<link\b[^>]*>\s*", flags=re.DOTALL
)
# Thebe would run cells on a remote server, and its script raises; fontawesome.js draws
# the icons that a font draws already; what is loaded ahead keeps the style sheets back.
UNUSED = re.compile(
    r'thebe|kernelName|scripts/fontawesome\.js|rel="preload"', flags=re.IGNORECASE
)
OF_THEBE = re.compile(r'\s*<script( type="text/x-thebe-config">|>kernelName = )')
FORMULA = 'class="math'
FOR_FORMULAS = re.compile("mathjax", flags=re.IGNORECASE)
# A script of the theme may wait for the page, unless a line of the page speaks to it.
HASTY_SCRIPT = re.compile(
    r"<script (?![^>]*\b(?:defer|async)\b)(?![^>]*documentation_options)"
    r'(?=[^>]*src="(?:\.\./)*(?:_static/(?P<name>[^"?]*)|searchindex\.js))'
)
# A fold of MyST-NB is labelled by two paragraphs, which HTML forbids there.
FOLD = re.compile(
    r"<summary aria-label[^>]*>\s*<p [^>]*>(.*?)</p>.*?</summary>", flags=re.DOTALL
)
LISTED_WORK = re.compile(r'(<div class="citation"[^>]*) role="doc-biblioentry"')
SIDEBAR = 'id="pst-primary-sidebar" '
# Where a browser refuses storage, the theme's scripts would stop at their first line that asks for
# it. They are given something that forgets when the page is left, and is no Storage.
FORGETFUL_STORAGE = """\
<script>
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name];
    } catch {
      const kept = new Map();
      const getItem = (key) => kept.get(key) ?? null;
      const setItem = (key, value) => { kept.set(key, String(value)); };
      const removeItem = (key) => { kept.delete(key); };
      Object.defineProperty(window, name, { value: { getItem, setItem, removeItem } });
    }
  }
</script>
"""
# What mathjax_path and mathjax3_config in _config.yml ask for, of the package
# django-static-mathjax. The loader gets each as a script, which file:// allows.
MATHJAX = ("startup.js", "core.js", "loader.js", "input/tex.js", "output/chtml.js")
MATHJAX_FONTS = "output/chtml/fonts"


def repair(html: str, own_scripts: Collection[str] = ()) -> str:
    """The page, with what it does not need left out and its landmarks named.

    Parameters
    ----------
    html : str
    own_scripts : collection of str
        Names of scripts in ``_static`` that the author loads: they stay as they are.
    """
    article = ARTICLE.search(html)
    start, end = article.span() if article else (len(html), len(html))
    text = html[start:end]
    has_formulas = FORMULA in text
    head = repair_theme(html[:start], has_formulas, own_scripts)
    head = head.replace("<script", f"{FORGETFUL_STORAGE}<script", 1)
    text = FOLD.sub(r"<summary>\1</summary>", text)
    text = LISTED_WORK.sub(r'\1 role="listitem"', text)
    return head + text + repair_theme(html[end:], has_formulas, own_scripts)


def repair_theme(html: str, has_formulas: bool, own_scripts: Collection[str]) -> str:
    """A part of the page around its text, with tags that load what the page uses."""

    def kept(match: re.Match) -> str:
        """The tag, or nothing if the page does not use what it loads."""
        tag = match[0]
        if UNUSED.search(tag):
            return ""
        if FOR_FORMULAS.search(tag) and not has_formulas:
            return ""
        return tag

    def waiting(match: re.Match) -> str:
        """The beginning of a script's tag, which waits if it is the theme's."""
        return match[0] if match["name"] in own_scripts else "<script defer "

    html = LOADING_TAG.sub(kept, html)
    html = HASTY_SCRIPT.sub(waiting, html)
    return html.replace(SIDEBAR, f'{SIDEBAR}role="region" aria-label="Book" ')


def drop_thebe(app, doctree, docname: str) -> None:
    """Take away what sphinx-thebe puts below the text (Sphinx event ``doctree-resolved``)."""
    for node in list(doctree.children):
        if isinstance(node, nodes.raw) and OF_THEBE.match(node.astext()):
            doctree.remove(node)


def repair_pages(app, exception) -> None:
    """Repair the pages and copy MathJax (Sphinx event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    own_scripts = set()
    for script in app.config.html_js_files:
        own_scripts.add(script if isinstance(script, str) else script[0])
    for path in out.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        # A page of an earlier build has a role between the two: it is repaired already.
        if f"{SIDEBAR}class" in html:
            repaired = repair(html, own_scripts)
            path.write_text(repaired, encoding="utf-8", newline="\n")
    copy_mathjax(out / "_static" / "mathjax")


def copy_mathjax(target: Path) -> None:
    """Copy those files of MathJax that a page of the book loads."""
    source = Path(find_spec("mathjax").origin).parent / "static" / "mathjax" / "es5"
    fonts = target / MATHJAX_FONTS
    shutil.copytree(source / MATHJAX_FONTS, fonts, dirs_exist_ok=True)
    for script in MATHJAX:
        (target / script).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / script, target / script)


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    # 500 is usual, and the highest comes last: after other extensions have added theirs.
    app.connect("doctree-resolved", drop_thebe, priority=900)
    app.connect("build-finished", repair_pages, priority=900)
