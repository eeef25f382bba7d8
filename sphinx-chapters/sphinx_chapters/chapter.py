"""A chapter: its source, a jupytext .py, and its executed notebook beside it.

The notebook remembers what made it, and what came of it. It is executed again when either
is no longer so.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from sphinx_chapters.book import Book, BookError
from sphinx_chapters.dependencies import dependencies
from sphinx_chapters.execute import execute
from sphinx_chapters.files import write_whole
from sphinx_chapters.parameters import KERNEL, declared_parameters, inject

CHECKSUM_LETTERS = 16  # of each file's checksum, which a notebook keeps
CAUSES_IN_A_LINE = 3
# These tags of a cell have a say in what it puts out; others in how a page shows it.
DECIDING_TAGS = {"parameters", "raises-exception", "skip-execution"}
# What papermill and jupytext note in a cell, and what differs between two executions.
PASSING_METADATA = ("papermill", "execution", "lines_to_next_cell")
TEXT_CELL = re.compile(r"# *%%.*\[(markdown|md|raw)\]")
ANY_CELL = re.compile(r"# *%%")
PICTURE = "image/svg+xml"  # what save_as saves
WIDGETS = "application/vnd.jupyter.widget-state+json"


@dataclass(frozen=True)
class Chapter:
    """A chapter as its files are now.

    Attributes
    ----------
    book : Book
    source : Path
        Its file in Python.
    notebook : NotebookNode
        What stands in it, with the parameters of an edition.
    depends : dict
        The SHA-256 of each file on which it depends, by the file's name.
    """

    book: Book
    source: Path
    notebook: NotebookNode
    depends: dict[str, str]

    @classmethod
    def read(cls, book: Book, source: Path) -> "Chapter":
        """Read a chapter, and all on which it depends.

        Raises
        ------
        BookError
            If its parameters, or a module that it imports, cannot be read.
        NotThereError
            If a file on which it depends is missing.
        """
        notebook = jupytext.reads(_text_of(book, source), fmt="py:percent")
        _choose_kernel(notebook, book.name_of(source))
        declared = declared_parameters(notebook, book.name_of(source))
        values = {}
        for name, value in book.parameters.items():
            if name in declared:
                values[name] = value
        notebook = inject(notebook, values)
        return cls(book, source, notebook, dependencies(book, source, notebook))

    @property
    def name(self) -> str:
        """Its name in the table of contents."""
        return self.book.document_of(self.source)

    @property
    def target(self) -> Path:
        """Its notebook."""
        return self.source.with_suffix(".ipynb")

    @property
    def digest(self) -> str:
        """SHA-256 of what decides the outputs: the code cells, and each file."""
        parts = [f"{tags} {code}" for code, tags in _decisive(self.notebook)]
        parts += [f"{name} {checksum}" for name, checksum in self.depends.items()]
        if self.notebook.metadata.kernelspec != KERNEL:
            parts.append(self.notebook.metadata.kernelspec.name)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def stale_since(self) -> str:
        """Why it must be executed, such as "a.c has changed"; empty if it need not be."""
        if not self.target.exists():
            return "it has no notebook yet"
        stored = read_stored(self.target)
        if stored is None:
            return "its notebook cannot be read"
        made_of = stored.metadata.get("chapter", {})
        code_changed = _decisive(self.notebook) != _decisive(stored)
        outputs_changed = made_of.get("outputs") != checksum_of_outputs(stored)
        if (
            made_of.get("digest") == self.digest
            and not code_changed
            and not outputs_changed
        ):
            return ""
        if "depends" not in made_of or "outputs" not in made_of:
            return "its notebook does not say what made it"
        causes = _differences(self.book, made_of["depends"], _shortened(self.depends))
        if code_changed:
            causes.insert(0, "its code has changed")
        if outputs_changed:
            # By hand, or by a merge that took cells of one branch and the digest of another.
            causes.append("its outputs are not those that were stored")
        if not causes:
            # A merge of two branches leaves such a notebook: each made a part of it.
            return "its notebook is not of these files together"
        if len(causes) > CAUSES_IN_A_LINE:
            named = causes[: CAUSES_IN_A_LINE - 1]
            causes = [*named, f"{len(causes) - len(named)} more"]
        return ", ".join(causes)

    def refresh(self, run: bool) -> str:
        """Bring the notebook up to date, and the pictures that cells save beside it.

        Parameters
        ----------
        run : bool
            Execute the cells. Else the new text joins the stored outputs, which must be of
            the same code: `stale_since` says so.

        Returns
        -------
        str
            "executed", "text updated" or "up to date".

        Raises
        ------
        BookError
            If a cell raises; the notebook that was there stays. If a picture cannot be
            saved; the notebook is stored.
        """
        if run:
            notebook = self.executed()
        else:
            notebook = self.notebook
            stored = read_stored(self.target)
            _adopt_outputs(notebook, stored)
            if WIDGETS in stored.metadata.get("widgets", {}):
                notebook.metadata["widgets"] = stored.metadata["widgets"]
        before = self.target.read_bytes() if self.target.exists() else b""
        self.store(notebook)
        if run:
            return "executed"
        is_same = self.target.read_bytes() == before
        return "up to date" if is_same else "text updated"

    def store(self, notebook: NotebookNode) -> None:
        """Write an executed notebook, and then the pictures that its cells save.

        Raises
        ------
        BookError
            If a picture cannot be saved. An execution may have taken hours: the notebook is
            stored first.
        """
        write_whole(self.target, self.normal_form(notebook))
        self._save_pictures(notebook)

    def executed(self) -> NotebookNode:
        """The chapter with the outputs of an execution; its notebook stays as it is.

        Raises
        ------
        BookError
            If a cell raises, or the kernel dies.
        """
        return execute(self.book, self.source, self.notebook)

    def normal_form(self, notebook: NotebookNode) -> str:
        """An executed notebook as text, the same for two executions that printed the same."""
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number:02d}"
            for key in PASSING_METADATA:
                cell.metadata.pop(key, None)
            if not cell.metadata.get("tags", True):  # papermill gives every cell a list
                del cell.metadata["tags"]
        metadata = {
            "chapter": {
                "depends": _shortened(self.depends),
                "digest": self.digest,
                "outputs": checksum_of_outputs(notebook),
            },
            "kernelspec": notebook.metadata.kernelspec,
            "language_info": {"name": "python"},
        }
        if "widgets" in notebook.metadata:
            metadata["widgets"] = notebook.metadata["widgets"]
        notebook.metadata = nbformat.from_dict(metadata)
        notebook.nbformat = 4
        notebook.nbformat_minor = 5
        return nbformat.writes(notebook) + "\n"

    def _save_pictures(self, notebook: NotebookNode) -> None:
        """Write the pictures of the cells that have ``save_as``, as far as they are new."""
        for number, cell in enumerate(code_cells(notebook), start=1):
            name = cell.metadata.get("save_as")
            if name is None:
                continue
            where = f"{self.book.name_of(self.source)}, cell In [{number}], save_as"
            target = self.source.parent / name
            if not target.resolve().is_relative_to(self.book.root.resolve()):
                raise BookError(f"{where}: {name} lies outside the book")
            pictures = [
                output.data[PICTURE]
                for output in cell.outputs
                if PICTURE in output.get("data", {})
            ]
            if not pictures:
                raise BookError(
                    f"{where}: the cell shows no SVG that {name} could hold (a figure of"
                    " matplotlib is one after %config InlineBackend.figure_format = 'svg')"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, pictures[-1])

    def swallowed_code(self) -> list[int]:
        """The lines of code that stand in a text cell, where a ``# %%`` lacks before them.

        Jupytext takes them for text.
        """
        return list(_code_in_text(_text_of(self.book, self.source)))


# -- what a notebook remembers ---------------------------------------------------------


def checksum_of_outputs(notebook: NotebookNode) -> str:
    """SHA-256 of the code cells with their outputs."""
    parts = []
    for cell in code_cells(notebook):
        parts.append([cell.source, cell.execution_count, cell.outputs])
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _decisive(notebook: NotebookNode) -> list[tuple[str, list[str]]]:
    """Of each code cell what decides its outputs: the code, and some of its tags."""
    cells = []
    for cell in code_cells(notebook):
        tags = DECIDING_TAGS.intersection(cell.metadata.get("tags", []))
        cells.append((cell.source, sorted(tags)))
    return cells


def _shortened(depends: dict[str, str]) -> dict[str, str]:
    """Checksums as a notebook keeps them, to say later which file has changed."""
    return {name: checksum[:CHECKSUM_LETTERS] for name, checksum in depends.items()}


def _differences(book: Book, before: dict[str, str], now: dict[str, str]) -> list[str]:
    """What has become of files: "a.c has changed", then "b.py is new", "c.py is gone"."""
    differences = []
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            differences.append(f"{name} has changed")
    for name in sorted(now.keys() - before.keys()):
        differences.append(f"{name} is new")
    for name in sorted(before.keys() - now.keys()):
        is_there = (book.root / name).exists()
        differences.append(f"{name} is {'not used now' if is_there else 'gone'}")
    return differences


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells of a notebook, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def read_stored(path: Path) -> NotebookNode | None:
    """A notebook that was written before; None if it is not there or is none.

    A merge may leave anything there, and nbformat raises as many kinds of errors.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except Exception:
        return None
    return notebook


def stored_digest(path: Path) -> str | None:
    """The digest that a notebook remembers; None if it is not there or has none."""
    notebook = read_stored(path)
    if notebook is None:
        return None
    return notebook.metadata.get("chapter", {}).get("digest")


def _adopt_outputs(notebook: NotebookNode, stored: NotebookNode) -> None:
    """Give the new text the outputs of the stored notebook, cell by cell.

    Raises
    ------
    ValueError
        If a cell of one has not the code of the other's.
    """
    pairs = zip(code_cells(notebook), code_cells(stored), strict=True)
    for cell, stored_cell in pairs:
        if cell.source != stored_cell.source:
            raise ValueError("outputs of other code")
        cell.outputs = stored_cell.outputs
        cell.execution_count = stored_cell.execution_count


def chosen(book: Book, only: Sequence[str]) -> list[Path]:
    """The sources of the chapters of these names; of all if there is none.

    Raises
    ------
    BookError
        If there is no chapter of a name.
    """
    if not only:
        return book.chapters
    sources = {book.document_of(source): source for source in book.chapters}
    found = []
    for name in only:
        # As one would write it: a page's name, or the path of its file.
        document = name.removesuffix(".py").removeprefix("./")
        ending_so = [known for known in sources if known.endswith(f"/{document}")]
        if document not in sources and len(ending_so) == 1:
            document = ending_so[0]
        if document not in sources:
            raise BookError(
                f"there is no chapter {name}: the chapters are {', '.join(sources)}"
            )
        found.append(sources[document])
    return found


# -- the source ------------------------------------------------------------------------


def _text_of(book: Book, source: Path) -> str:
    """The text of a chapter, whatever the machine's locale.

    Raises
    ------
    BookError
        If it is not in UTF-8.
    """
    try:
        return source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.read_bytes()[: error.start].count(b"\n") + 1
        raise BookError(
            f"{book.name_of(source)}, line {line}: save it in UTF-8, which it is not"
        ) from error


def _choose_kernel(notebook: NotebookNode, chapter: str) -> None:
    """The kernel that the head of a chapter names, or the usual one of Python.

    Raises
    ------
    BookError
        If it is of another language: what such a chapter imports cannot be read.
    """
    kernel = notebook.metadata.get("kernelspec", {})
    language = kernel.get("language", KERNEL["language"])
    if language != KERNEL["language"]:
        raise BookError(f"{chapter}: its kernel is of {language}; only Python is known")
    notebook.metadata["kernelspec"] = nbformat.from_dict(KERNEL | kernel)


def _code_in_text(text: str) -> Iterator[int]:
    """The number of the first line of code in each text cell, from 1 on."""
    looking = False  # in a text cell whose text is in comments
    begun = False  # whether the first line of its text has been seen
    for number, line in enumerate(text.splitlines(), start=1):
        if ANY_CELL.match(line):
            looking = TEXT_CELL.match(line) is not None
            begun = False
        elif looking and line.strip():
            if not begun and not line.startswith("#"):
                looking = False  # the text is a string, which may hold anything
            elif not line.startswith("#"):
                looking = False
                yield number
            begun = True
