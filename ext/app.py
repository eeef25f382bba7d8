"""Sphinx extension: the directive ``app``, a small program in a page of the HTML book.

``{app} FOLDER …`` puts the HTML of these folders into the page. Their style sheets and
scripts are loaded there, in alphabetical order, and on no other page. Option ``data`` names
files for the scripts. Each comes as a script that sets ``appData[NAME]`` to its bytes in
base64, since browsers refuse ``fetch`` under ``file://``. Those of option ``later`` lie as
NAME.js beside the scripts of the last folder, to be loaded when they are needed. A ``*``
in a name stands for all files that match.
``NAME=module:function`` stands for a file whose path the function returns; if it raises,
the file is left out, and the build says why.
"""

import base64
from importlib import import_module
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from ext.book import BookError


class App(SphinxDirective):
    """The app in HTML, nothing elsewhere; paths are relative to the page, or to ``/``."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = dict.fromkeys(("data", "later"), directives.unchanged)

    def run(self) -> list[nodes.Node]:
        folders = [Path(self._path(name)) for name in self.arguments[0].split()]
        for path in (path for folder in folders for path in sorted(folder.iterdir())):
            self.env.note_dependency(str(path))
        pages = [page for folder in folders for page in sorted(folder.glob("*.html"))]
        html = "\n".join(page.read_text(encoding="utf-8") for page in pages)
        needs = {"app": list(map(str, folders))}
        for option in self.option_spec:
            words = self.options.get(option, "").split()
            needs[option] = [file for word in words for file in self._files(word)]
        return [nodes.raw("", html, format="html", **needs)]

    def _files(self, word: str) -> list[tuple[str, str]]:
        """The names of files, and their paths or the function that makes them."""
        name, made, source = word.partition("=")
        if made:
            return [(name, source)]
        folder = Path(self._path(str(Path(name).parent)))
        paths = [
            path for path in sorted(folder.glob(Path(name).name)) if path.is_file()
        ]
        if not paths:
            raise BookError(f"{self.env.docname}, app: there is no {name}")
        for path in paths:
            self.env.note_dependency(str(path))
        return [(path.name, str(path)) for path in paths]

    def _path(self, name: str) -> str:
        path = self.env.relfn2path(name)[1]
        if not Path(path).exists():
            raise BookError(f"{self.env.docname}, app: there is no {path}")
        return path


def add_files(app, page: str, template: str, context: dict, doctree) -> None:
    """Give a page with an app what it needs (Sphinx event ``html-page-context``)."""
    for raw in doctree.findall(nodes.raw) if doctree else []:
        if "app" not in raw:
            continue
        folders, static = (
            [Path(folder) for folder in raw["app"]],
            Path(app.outdir, "_static"),
        )
        for folder in folders:
            (static / "apps" / folder.name).mkdir(parents=True, exist_ok=True)
        for option in ("data", "later"):
            for name, source in raw[option]:
                script = f"apps/{folders[-1].name}/{name}.js"
                if write_data(static / script, name, source) and option == "data":
                    app.add_js_file(script, loading_method="defer")
        for path in (path for folder in folders for path in sorted(folder.iterdir())):
            name = f"apps/{path.parent.name}/{path.name}"
            if path.suffix in (".js", ".css"):
                (static / name).write_bytes(path.read_bytes())
            if path.suffix == ".js":
                app.add_js_file(name, loading_method="defer")
            elif path.suffix == ".css":
                app.add_css_file(name)


def write_data(script: Path, name: str, source: str) -> bool:
    """Write a file's bytes as a script; False if its function cannot make it."""
    path = Path(source)
    try:
        if not path.is_absolute():
            module, function = source.split(":")
            path = getattr(import_module(module), function)()
    except Exception as error:
        logging.getLogger(__name__).info("app: %s is left out: %s", name, error)
        script.unlink(missing_ok=True)
        return False
    text = base64.b64encode(path.read_bytes()).decode()
    line = f"(window.appData ??= {{}})[{name!r}] = {text!r};\n"
    script.write_text(line, encoding="utf-8", newline="\n")
    return True


def setup(app) -> None:
    app.add_directive("app", App)
    app.connect("html-page-context", add_files)
