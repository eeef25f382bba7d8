"""Sphinx extension: the directives of the status page.

``{chapter-status}`` lists how each chapter was executed, ``{environment-status}`` under
which versions the book was built.
"""

import platform
import re
from importlib.metadata import version
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from ext.chapters import chapters, executions

HERE = Path(__file__).resolve().parent.parent


class _Table(SphinxDirective):
    """A table made when the book is built, written in Markdown like any other."""

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["status"] = True
        rows = [self.header, self.align, *self.rows()]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        text = [
            f":::{{table}} {self.caption}",
            f":name: {self.label}",
            "",
            *lines,
            ":::",
        ]
        box = nodes.container()
        self.state.nested_parse(StringList(text, self.get_location()), 0, box)
        return box.children


class ChapterStatus(_Table):
    header = ("chapter", "code cells", "state", "seconds")
    align = (":---", "---:", ":---", "---:")
    caption = "The chapters, and what this machine did to execute them."
    label = "tab-chapters"

    def rows(self) -> list[list[str]]:
        root = Path(self.env.srcdir)
        log = executions(root)
        rows = []
        for source in chapters(root):
            notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
            code = [cell for cell in notebook.cells if cell.cell_type == "code"]
            done = sum(cell.execution_count is not None for cell in code)
            name = source.relative_to(root).with_suffix("").as_posix()
            made = log.get(source.stem)
            if made and made["digest"] == notebook.metadata.lenet5.digest:
                state, seconds = (
                    f"executed {made['finished']}",
                    f"{made['seconds']:.1f}",
                )
            else:
                state, seconds = "stored outputs of this code", "–"
            rows.append([f"{{doc}}`/{name}`", f"{done} of {len(code)}", state, seconds])
        return rows


class EnvironmentStatus(_Table):
    header = ("what", "version")
    align = (":---", ":---")
    caption = "What the book was built with."
    label = "tab-environment"

    def rows(self) -> list[list[str]]:
        pinned = (HERE / "requirements.txt").read_text(encoding="utf-8")
        names = re.findall(r"^([\w.-]+)==", pinned, re.MULTILINE)
        rows = [
            ["Python", platform.python_version()],
            ["system", f"{platform.system()} {platform.machine()}"],
        ]
        return rows + [[name, version(name)] for name in names]


def renew(app, env, added, changed, removed) -> list[str]:
    """Read the status page in every build (event ``env-get-outdated``)."""
    return [name for name, data in env.metadata.items() if "status" in data]


def setup(app) -> dict:
    app.add_directive("chapter-status", ChapterStatus)
    app.add_directive("environment-status", EnvironmentStatus)
    app.connect("env-get-outdated", renew)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
