"""Sphinx extension: the directive ``app``, a small program in a page of the HTML book.

``{app} FOLDER`` puts the folder's HTML into the page, whose style sheets and scripts are
loaded there, in alphabetical order, and on no other page. Option ``data`` names files for
the scripts. Each comes as a script that sets ``appData[NAME]`` to its bytes in base64,
since browsers refuse ``fetch`` under ``file://``.
"""

import base64
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from ext.book import BookError


class App(SphinxDirective):
    """The app in HTML, nothing elsewhere; paths are relative to the page, or to ``/``."""

    required_arguments = 1
    option_spec = {"data": directives.unchanged}  # noqa: RUF012, docutils' own form

    def run(self) -> list[nodes.Node]:
        names = [self.arguments[0], *self.options.get("data", "").split()]
        paths = [Path(self.env.relfn2path(name)[1]) for name in names]
        for path in paths:
            if not path.exists():
                raise BookError(f"{self.env.docname}, app: there is no {path}")
        for path in (*sorted(paths[0].iterdir()), *paths[1:]):
            self.env.note_dependency(str(path))
        pages = sorted(paths[0].glob("*.html"))
        html = "\n".join(page.read_text(encoding="utf-8") for page in pages)
        return [nodes.raw("", html, format="html", app=[str(path) for path in paths])]


def add_files(app, page: str, template: str, context: dict, doctree) -> None:
    """Give a page with an app what it needs (Sphinx event ``html-page-context``)."""
    for raw in doctree.findall(nodes.raw) if doctree else []:
        if "app" not in raw:
            continue
        folder, *data = map(Path, raw["app"])
        place = f"apps/{folder.name}"
        target = Path(app.outdir, "_static", place)
        target.mkdir(parents=True, exist_ok=True)
        for path in data + sorted(folder.glob("*.js")) + sorted(folder.glob("*.css")):
            name, content = path.name, path.read_bytes()
            if path in data:
                text = base64.b64encode(content).decode()
                content = f"(window.appData ??= {{}})[{name!r}] = {text!r};\n".encode()
                name += ".js"
            (target / name).write_bytes(content)
            if name.endswith(".js"):
                app.add_js_file(f"{place}/{name}", loading_method="defer")
            else:
                app.add_css_file(f"{place}/{name}")


def setup(app) -> None:
    app.add_directive("app", App)
    app.connect("html-page-context", add_files)
