"""Sphinx extension: the directives of the status page.

``{chapter-status}`` lists how each chapter was executed, ``{file-status} PATTERN …`` when
these files last changed, as the file ``status_dates`` says, ``{environment-status}`` the
versions of the packages that the file ``status_requirements`` asks for.
"""

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from packaging.requirements import InvalidRequirement, Requirement
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from sphinx_chapters.book import Book
from sphinx_chapters.chapter import code_cells, stored_digest
from sphinx_chapters.dependencies import checksum
from sphinx_chapters.update import executions

LOGGER = logging.getLogger(__name__)
CHECKSUM_LETTERS = 12  # that the table of files shows of each checksum
DAY = re.compile(r"#.*\b(\d{4}-\d{2}-\d{2})")  # a comment in the list of dates
LEFT, RIGHT = ":-", "-:"  # how Markdown aligns a column


class StatusTable(SphinxDirective):
    """A table made when the book is built, written in Markdown like any other.

    Its options are ``:caption:`` and ``:name:``, by which pages refer to it.

    Attributes
    ----------
    caption, label : str
        What a table has that gives neither; of several tables, the first has the label.
    columns : dict
        The alignment of each column, by its heading.
    """

    option_spec: ClassVar = {
        "caption": directives.unchanged_required,
        "name": directives.unchanged_required,
    }
    caption: str
    label: str
    columns: ClassVar[dict[str, str]]

    def run(self) -> list[nodes.Node]:
        """The nodes of the table, made anew in every build."""
        self.env.note_reread()
        rows = self.rows(Book.of(self.env.srcdir, self.config))
        lines = [f":::{{table}} {self.options.get('caption', self.caption)}"]
        name = self.options.get("name") or self._free_label()
        if name:
            lines.append(f":name: {name}")
        lines += ["", _row(self.columns.keys()), _row(self.columns.values())]
        lines += [_row(cells) for cells in rows]
        lines.append(":::")
        box = nodes.container()
        self.state.nested_parse(StringList(lines, self.get_location()), 0, box)
        return box.children

    def _free_label(self) -> str:
        """The label that such a table has, unless another table of the book has it."""
        on_page = self.state.document.nameids
        page, *_ = self.env.get_domain("std").anonlabels.get(self.label, [""])
        is_taken = self.label in on_page or page not in ("", self.env.docname)
        return "" if is_taken else self.label

    def rows(self, book: Book) -> list[list[str]]:
        """The cells of each row, in Markdown."""
        raise NotImplementedError


def _text_of(directive: SphinxDirective, setting: str) -> str:
    """The text of the file that a setting names.

    Raises
    ------
    docutils.parsers.rst.DirectiveError
        If there is no such file; Sphinx adds the page and the line.
    """
    name = getattr(directive.config, setting)
    path = Path(directive.env.srcdir, name)
    if not path.is_file():
        raise directive.error(
            f"{directive.name}: there is no {name}: name another file in {setting}"
        )
    return path.read_text(encoding="utf-8")


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

    def rows(self, book: Book) -> list[list[str]]:
        """A row for each chapter, in the order of the table of contents."""
        log = executions(book.root)
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

    def rows(self, book: Book) -> list[list[str]]:
        """A row for each file that a pattern of the argument matches, in their order."""
        root = book.root
        dates = self._dates(root)
        rows = []
        for pattern in self.arguments[0].split():
            paths = sorted(root.glob(pattern))
            if not paths:
                LOGGER.warning(
                    "file-status: no file fits %s", pattern,
                    location=self.get_location(), type="chapters", subtype="status",
                )  # fmt: skip
            for path in paths:
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
        for line in _text_of(self, "status_dates").splitlines():
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
        """A paragraph that names Python, the system and the required packages."""
        built_with = [f"Python {platform.python_version()}"]
        built_with.append(f"{platform.system()} {platform.machine()}")
        for name in required(_text_of(self, "status_requirements")):
            try:
                built_with.append(f"{name} {version(name)}")
            except PackageNotFoundError:
                built_with.append(f"{name} (not installed)")
        text = f"Built with {', '.join(built_with)}."
        return [nodes.paragraph(text=text, classes=["built-with"])]


def required(requirements: str) -> list[str]:
    """The names of the packages that a file of requirements asks for on this machine.

    Options of pip, folders and addresses in it name no package.

    Parameters
    ----------
    requirements : str
        The text of the file, as ``pip install -r`` reads it.
    """
    names = []
    for line in requirements.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line)  # a comment
        line = re.sub(
            r"\s--?\w.*", "", line
        )  # options of a package, such as its hashes
        try:
            one = Requirement(line.strip())
        except InvalidRequirement:
            continue
        if one.marker is None or one.marker.evaluate():
            names.append(one.name)
    return names


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    # "env": when they change, all pages are read again.
    app.add_config_value("status_requirements", "requirements.txt", "env", [str])
    app.add_config_value("status_dates", "", "env", [str])
    app.add_directive("chapter-status", ChapterStatus)
    app.add_directive("file-status", FileStatus)
    app.add_directive("environment-status", EnvironmentStatus)
