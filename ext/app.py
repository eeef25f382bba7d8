"""Sphinx extension: the directive ``app``, a small program in a page of the HTML book.

``{app} FOLDER`` puts the folder's HTML into the page, whose style sheets and scripts are
loaded there, in alphabetical order, and on no other page. Option ``data`` names files for
the scripts. Each comes as a script that sets ``appData[NAME]`` to its bytes in base64,
since browsers refuse ``fetch`` under ``file://``.
"""

import base64
import json
import shutil
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
        for name, path in zip(names, paths, strict=True):
            if not path.exists():
                raise BookError(
                    f"{self.env.docname}, directive app: there is no {name}"
                )
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
        target = Path(app.outdir, "_static", "apps", folder.name)
        target.mkdir(parents=True, exist_ok=True)
        for path in data:
            text = base64.b64encode(path.read_bytes()).decode()
            line = f"(window.appData ??= {{}})[{json.dumps(path.name)}] = {text!r};\n"
            (target / f"{path.name}.js").write_text(line, encoding="utf-8")
            app.add_js_file(
                f"apps/{folder.name}/{path.name}.js", loading_method="defer"
            )
        for path in sorted([*folder.glob("*.js"), *folder.glob("*.css")]):
            shutil.copyfile(path, target / path.name)
            name = f"apps/{folder.name}/{path.name}"
            if path.suffix == ".js":
                app.add_js_file(name, loading_method="defer")
            else:
                app.add_css_file(name)


def setup(app) -> dict:
    app.add_directive("app", App)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
