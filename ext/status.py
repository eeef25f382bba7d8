"""Sphinx extension: the directives of the status page.

``{chapter-status}`` lists how each chapter was executed, ``{file-status} PATTERN …`` when
these files last changed, as the file ``status_dates`` says, ``{environment-status}`` the
versions of the packages that the file ``status_requirements`` pins.
"""

import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import nbformat
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from ext.book import Book
from ext.chapters import executions
from ext.dependencies import checksum
from ext.execute import code_cells, stored_digest

CHECKSUM_LETTERS = 12  # that the table of files shows of each checksum
DAY = re.compile(r"#.*\b(\d{4}-\d{2}-\d{2})")  # a comment in the list of dates
LEFT, RIGHT = ":-", "-:"  # how Markdown aligns a column


class StatusTable(SphinxDirective):
    """A table made when the book is built, written in Markdown like any other.

    Attributes
    ----------
    caption, label : str
    columns : dict
        The alignment of each column, by its heading.
    """

    caption: str
    label: str
    columns: ClassVar[dict[str, str]]

    def run(self) -> list[nodes.Node]:
        """The nodes of the table, made anew in every build."""
        self.env.note_reread()
        lines = [f":::{{table}} {self.caption}", f":name: {self.label}", ""]
        lines.append(_row(self.columns.keys()))
        lines.append(_row(self.columns.values()))
        for cells in self.rows(Path(self.env.srcdir)):
            lines.append(_row(cells))
        lines.append(":::")
        box = nodes.container()
        self.state.nested_parse(StringList(lines, self.get_location()), 0, box)
        return box.children

    def rows(self, root: Path) -> list[list[str]]:
        """The cells of each row, in Markdown.

        Parameters
        ----------
        root : Path
            The book's folder.
        """
        raise NotImplementedError


def _row(cells) -> str:
    return f"| {' | '.join(cells)} |"


class ChapterStatus(StatusTable):
    """How each chapter was executed."""

    caption = "The chapters, and what this machine did to execute them."
    label = "tab-chapters"
    columns: ClassVar = {
        "chapter": LEFT,
        "code cells": RIGHT,
        "state": LEFT,
        "seconds": RIGHT,
    }

    def rows(self, root: Path) -> list[list[str]]:
        """A row for each chapter, in the order of the table of contents."""
        book = Book(root)
        log = executions(root)
        rows = []
        for source in book.chapters:
            notebook = source.with_suffix(".ipynb")
            cells = code_cells(nbformat.read(notebook, as_version=4))
            done = [cell for cell in cells if cell.execution_count is not None]
            name = book.document_of(source)
            last = log.get(name)
            if last and last["digest"] == stored_digest(notebook):
                state = f"executed {last['finished']}"
                seconds = f"{last['seconds']:.1f}"
            else:  # by another machine, which has committed the notebook
                state = "stored outputs of this code"
                seconds = "–"
            count = f"{len(done)} of {len(cells)}"
            rows.append([f"{{doc}}`/{name}`", count, state, seconds])
        return rows


class FileStatus(StatusTable):
    """When files last changed, and their checksums."""

    required_arguments = 1
    final_argument_whitespace = True
    caption = "The record: when each file was last changed, and its checksum."
    label = "tab-record"
    columns: ClassVar = {"file": LEFT, "last changed": LEFT, "SHA-256": LEFT}

    def rows(self, root: Path) -> list[list[str]]:
        """A row for each file that a pattern of the argument matches, in their order."""
        dates = self._dates(root)
        rows = []
        for pattern in self.arguments[0].split():
            for path in sorted(root.glob(pattern)):
                name = path.relative_to(root).as_posix()
                sha256 = checksum(path)
                date = dates.get((path, sha256), "not known")
                rows.append([f"`{name}`", date, f"`{sha256[:CHECKSUM_LETTERS]}`"])
        return rows

    def _dates(self, root: Path) -> dict[tuple[Path, str], str]:
        """The day of each file and checksum that ``status_dates`` has.

        It is a list as ``sha256sum`` writes it: lines of a SHA-256 and a name relative to
        the list's folder. A comment that ends in a day stands over the files that last
        changed on that day. A file that has changed since has another checksum.
        """
        if not self.config.status_dates:
            return {}
        table = root / self.config.status_dates
        dates = {}
        day = ""
        for line in table.read_text(encoding="utf-8").splitlines():
            if found := DAY.fullmatch(line):
                day = found[1]
                continue
            sha256, _, name = line.partition("  ")
            if day and name:
                dates[table.parent / name, sha256] = day
        return dates


class EnvironmentStatus(SphinxDirective):
    """A sentence: what the book was built with."""

    def run(self) -> list[nodes.Node]:
        """A paragraph that names Python, the system and the pinned packages."""
        requirements = Path(self.env.srcdir, self.config.status_requirements)
        pinned = requirements.read_text(encoding="utf-8")
        built_with = [f"Python {platform.python_version()}"]
        built_with.append(f"{platform.system()} {platform.machine()}")
        for name in re.findall(r"^([\w.-]+)==", pinned, flags=re.MULTILINE):
            built_with.append(f"{name} {version(name)}")
        text = f"Built with {', '.join(built_with)}."
        return [nodes.paragraph(text=text, classes=["built-with"])]


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    # "env": when they change, all pages are read again.
    app.add_config_value("status_requirements", "requirements.txt", "env", [str])
    app.add_config_value("status_dates", "", "env", [str])
    app.add_directive("chapter-status", ChapterStatus)
    app.add_directive("file-status", FileStatus)
    app.add_directive("environment-status", EnvironmentStatus)
