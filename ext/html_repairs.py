"""Sphinx extension: mends the pages that were written, where the theme leaves something to wish.

What a page never uses is not loaded: MathJax only where a formula stands, and from beside
the book, so that equations are read offline. Scripts wait for the page, and run where a browser
refuses storage. Roles that screen readers stumble over are set right.
"""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

# A tag that loads something, with the white space behind it.
LOADING_TAG = re.compile(
    r"<script\b[^>]*>.*?</script>\s*|<link\b[^>]*>\s*", flags=re.DOTALL
)
# Thebe would run cells on a remote server, and its script raises; fontawesome.js draws
# the icons that a font draws already; what is loaded ahead keeps the style sheets back.
UNUSED = re.compile(
    r'thebe|kernelName|scripts/fontawesome\.js|rel="preload"', flags=re.IGNORECASE
)
FORMULA = 'class="math'
FOR_FORMULAS = re.compile("mathjax", flags=re.IGNORECASE)
# A script may wait for the page, unless a line of the page speaks to it.
HASTY_SCRIPT = re.compile(
    r"<script (?!defer)(?=[^>]*src=)(?![^>]*documentation_options)"
)
# A fold of MyST-NB is labelled by two paragraphs, which HTML forbids there.
FOLD = re.compile(
    r"<summary aria-label[^>]*>\s*<p [^>]*>(.*?)</p>.*?</summary>", flags=re.DOTALL
)
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


def repair(html: str) -> str:
    """The page, with what it does not need left out and its landmarks named."""
    has_formulas = FORMULA in html

    def kept(match: re.Match) -> str:
        """The tag, or nothing if the page does not use what it loads."""
        tag = match[0]
        if UNUSED.search(tag):
            return ""
        if FOR_FORMULAS.search(tag) and not has_formulas:
            return ""
        return tag

    html = LOADING_TAG.sub(kept, html)
    html = HASTY_SCRIPT.sub("<script defer ", html)
    html = html.replace("<script", f"{FORGETFUL_STORAGE}<script", 1)
    html = FOLD.sub(r"<summary>\1</summary>", html)
    html = html.replace(SIDEBAR, f'{SIDEBAR}role="region" aria-label="Book" ')
    return html.replace('role="doc-biblioentry"', 'role="listitem"')


def repair_pages(app, exception) -> None:
    """Repair the pages and copy MathJax (Sphinx event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        # A page of an earlier build has a role between the two: it is repaired already.
        if f"{SIDEBAR}class" in html:
            path.write_text(repair(html), encoding="utf-8", newline="\n")
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
    # 500 is usual, and the highest comes last: after other extensions have added files.
    app.connect("build-finished", repair_pages, priority=900)
