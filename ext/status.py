"""Sphinx extension: the directives of the status page.

``{chapter-status}`` lists how each chapter was executed, ``{file-status} PATTERN …`` when
these files last changed, as the file ``status_dates`` says, ``{environment-status}`` the
versions of the packages that the file ``status_requirements`` pins.
"""

import hashlib
import itertools
import platform
import re
from importlib.metadata import version
from pathlib import Path

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from ext.book import Book
from ext.chapters import executions
from ext.execute import code_cells, stored_digest


class ChapterStatus(SphinxDirective):
    """A table made when the book is built, written in Markdown like any other."""

    caption = "The chapters, and what this machine did to execute them."
    label = "tab-chapters"
    head = (("chapter", "code cells", "state", "seconds"), (":-", "-:", ":-", "-:"))

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # in every build
        rows = [*self.head, *self.rows(Path(self.env.srcdir))]
        lines = [f":::{{table}} {self.caption}", f":name: {self.label}", ""]
        lines += [*(f"| {' | '.join(row)} |" for row in rows), ":::"]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, self.get_location()), 0, box)
        return box.children

    def rows(self, root: Path) -> list[list[str]]:
        log, rows = executions(root), []
        for source in Book(root).chapters:
            path = source.with_suffix(".ipynb")
            cells = code_cells(nbformat.read(path, as_version=4))
            done = [cell.execution_count for cell in cells]
            count = f"{len(done) - done.count(None)} of {len(done)}"
            name = source.relative_to(root).with_suffix("").as_posix()
            state, seconds = "stored outputs of this code", "–"
            if name in log and log[name]["digest"] == stored_digest(path):
                state = f"executed {log[name]['finished']}"
                seconds = f"{log[name]['seconds']:.1f}"
            rows.append([f"{{doc}}`/{name}`", count, state, seconds])
        return rows


class FileStatus(ChapterStatus):
    required_arguments = 1
    final_argument_whitespace = True
    caption = "The record: when each file was last changed, and its checksum."
    label = "tab-record"
    head = (("file", "last changed", "SHA-256"), (":-", ":-", ":-"))

    def rows(self, root: Path) -> list[list[str]]:
        rows, dates = [], self._dates(root)
        found = [sorted(root.glob(x)) for x in self.arguments[0].split()]
        for path in itertools.chain(*found):
            name = path.relative_to(root).as_posix()
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            date = dates.get((path, digest), "not known")
            rows.append([f"`{name}`", date, f"`{digest[:12]}`"])
        return rows

    def _dates(self, root: Path) -> dict[tuple[Path, str], str]:
        """The day of each file and checksum that ``status_dates`` has.

        A line there is a day, a SHA-256 and a name relative to the folder of
        ``status_dates``. A file that has changed since has another checksum.
        """
        name, dates = self.config.status_dates, {}
        lines = (root / name).read_text(encoding="utf-8").splitlines() if name else []
        for line in lines:
            parts = line.split(maxsplit=2)
            if len(parts) == 3:
                day, digest, file = parts
                dates[(root / name).parent / file, digest] = day
        return dates


class EnvironmentStatus(SphinxDirective):
    """A sentence: what the book was built with."""

    def run(self) -> list[nodes.Node]:
        requirements = Path(self.env.srcdir, self.config.status_requirements)
        pinned = requirements.read_text(encoding="utf-8")
        names = re.findall(r"^([\w.-]+)==", pinned, re.MULTILINE)
        built_with = [f"Python {platform.python_version()}"]
        built_with += [f"{platform.system()} {platform.machine()}"]
        built_with += [f"{name} {version(name)}" for name in names]
        text = f"Built with {', '.join(built_with)}."
        return [nodes.paragraph(text=text, classes=["built-with"])]


def setup(app) -> None:
    app.add_config_value("status_requirements", "requirements.txt", "env", [str])
    app.add_config_value("status_dates", "", "env", [str])
    app.add_directive("chapter-status", ChapterStatus)
    app.add_directive("file-status", FileStatus)
    app.add_directive("environment-status", EnvironmentStatus)
