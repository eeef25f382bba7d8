"""Executes the cells of a chapter in a kernel of its own, by nbclient, papermill's engine.

Papermill itself would stop at a cell that is tagged ``raises-exception``, and go on after
``exit()``.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

from sphinx_chapters.book import Book, BookError, python_path
from sphinx_chapters.outputs import settle

ERRORS = Path("_build", "errors")  # tracebacks, a file for each chapter
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal
LINE_OF_CELL = re.compile(r"Cell In\[\d+\], line (\d+)")
LINE_OF_FILE = re.compile(r"^File (.+?):(\d+)", re.MULTILINE)
LONGEST_SOCKET = 80  # of a folder: systems allow 103 characters, two names are added
# The same in every kernel, unless the author has set it: the order of sets of texts, how
# files are read that name no encoding, and the day that matplotlib writes into a picture.
NEEDLESS = {"test", "this", "antigravity"}  # of Python's modules, for a kernel
STEADY = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "SOURCE_DATE_EPOCH": "0"}


def execute(book: Book, source: Path, notebook: NotebookNode) -> NotebookNode:
    """A chapter with its outputs.

    Parameters
    ----------
    book : Book
    source : Path
        The chapter's file.
    notebook : NotebookNode
        What stands in it.

    Raises
    ------
    BookError
        If a file of the book hides a module of Python, without which no kernel starts. If a
        cell raises, which is not tagged ``raises-exception``, or asks the kernel to
        exit, or the kernel dies. The message has the line of the chapter.
    """
    refuse_hiding(book, source)
    run = _Run(book, source)
    with (
        tempfile.TemporaryDirectory(dir=_short_folder()) as sockets,
        _kernel_finds(book),
    ):
        client = NotebookClient(
            notebook,
            resources={"metadata": {"path": str(source.parent)}},
            kernel_name=notebook.metadata.kernelspec.name,
            timeout=None,
            on_cell_start=run.begin,
            on_cell_executed=run.refuse_exit,
            shutdown_kernel="immediate",  # a graceful end may tell of a KeyboardInterrupt
            config=Config({"KernelManager": _connection(sockets)}),
        )
        try:
            executed = client.execute()
        except CellExecutionError as error:
            raise run.error(error) from error
        except NoSuchKernel as error:
            raise BookError(
                f"{book.name_of(source)}: this machine has no kernel {error.name}; take it"
                " out of the chapter's head, or install it"
            ) from error
        except DeadKernelError as error:
            raise BookError(
                f"{run.place()}: its kernel died in this cell, perhaps of memory"
            ) from error
        except RuntimeError as error:
            if run.cell is not None:
                raise
            words = f"{book.name_of(source)}: its kernel does not start"
            raise BookError(f"{words} ({error})") from error
    settle(book, source, executed)
    return executed


class _Run:
    """An execution: where it is, and what its faults are called.

    Parameters
    ----------
    book : Book
    source : Path
        The chapter's file.
    """

    def __init__(self, book: Book, source: Path):
        self.book = book
        self.source = source
        self.cell = None
        self.number = 0  # of the code cell, from 1 on

    def begin(self, cell: NotebookNode, cell_index: int) -> None:
        """Note which cell is next (hook of nbclient)."""
        if cell.cell_type == "code":
            self.cell = cell
            self.number += 1

    def refuse_exit(
        self, cell: NotebookNode, cell_index: int, execute_reply: dict
    ) -> None:
        """Raise BookError after ``exit()``: the cells below would run on (hook of nbclient)."""
        payloads = execute_reply["content"].get("payload", [])
        if any(payload.get("source") == "ask_exit" for payload in payloads):
            raise BookError(
                f"{self.place()}: it asks the kernel to exit, and the cells below it would"
                " be executed all the same: take exit() or quit() out"
            )

    def place(self, line: int = 1) -> str:
        """Where a line of the cell is: see `line_of_cell`."""
        return line_of_cell(self.book, self.source, self.cell.source, self.number, line)

    def _line_of_module(self, traceback: str) -> str:
        """Such as ", in sun.py, line 7", where a module of the book raised; else nothing."""
        root = self.book.root.resolve()
        for file, line in reversed(LINE_OF_FILE.findall(traceback)):
            path = Path(file).expanduser()
            if path.is_absolute() and path.resolve().is_relative_to(root):
                return f", in {self.book.name_of(path.resolve())}, line {line}"
        return ""

    def error(self, error: CellExecutionError) -> BookError:
        """What a cell raised, in one line; the traceback goes into a file.

        The line that is shown is the chapter's own, whatever it has called.
        """
        traceback = COLOUR.sub("", error.traceback)
        file = self.book.root / ERRORS / f"{self.book.document_of(self.source)}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(traceback + "\n", encoding="utf-8", newline="\n")
        words = f"{error.ename}: {error.evalue}".removesuffix(": ")
        words += self._line_of_module(traceback)
        story = f"(the traceback is in {self.book.name_of(file)})"
        found = LINE_OF_CELL.search(traceback)
        if found is None:  # of SystemExit IPython shows no line
            return BookError(f"{self.place()}: {words} {story}")
        number = int(found[1])
        line = self.cell.source.splitlines()[number - 1].strip()
        return BookError(f"{self.place(number)}, `{line}`: {words} {story}")


def line_of_cell(
    book: Book, source: Path, code: str, number: int, line: int = 1
) -> str:
    """Where a line of a cell is, such as ``a.py, line 3, cell In [1]``.

    Parameters
    ----------
    book : Book
    source : Path
        The chapter's file.
    code : str
        What stands in the cell.
    number : int
        Of the cell among those of code, from 1 on.
    line : int
        In the cell, from 1 on.
    """
    name = book.name_of(source)
    text = source.read_text(encoding="utf-8-sig")
    start = text.find(code)
    if start < 0:  # a magic in it, which jupytext writes as a comment
        return f"{name}, cell In [{number}]"
    return f"{name}, line {text[:start].count(chr(10)) + line}, cell In [{number}]"


# -- the kernel ------------------------------------------------------------------------


def refuse_hiding(book: Book, source: Path) -> None:
    """Raise BookError if a module that a kernel finds first has the name of one of Python's.

    A chapter ``random.py`` beside others is such a module: no kernel starts there.
    """
    for folder in (source.parent, *book.module_folders):
        for path in sorted(folder.glob("*.py")):
            if path.stem in sys.stdlib_module_names - NEEDLESS:
                raise BookError(
                    f"{book.name_of(path)} hides Python's own module {path.stem} from the"
                    " chapters: rename it"
                )


@contextmanager
def _kernel_finds(book: Book) -> Iterator[None]:
    """Have kernels that start here import the book's own modules before all others."""
    before = os.environ.copy()
    os.environ["PYTHONPATH"] = python_path(book)
    for name, value in STEADY.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name in ("PYTHONPATH", *STEADY):
            os.environ.pop(name, None)
            if name in before:
                os.environ[name] = before[name]


def _short_folder() -> str | None:
    """Where sockets may lie: in the usual folder, unless its name is too long for them."""
    if os.name == "posix" and len(tempfile.gettempdir()) > LONGEST_SOCKET:
        return "/tmp"
    return None


def _connection(sockets: str) -> dict[str, str]:
    """How a kernel and this program speak: by files in the folder ``sockets`` on POSIX.

    TCP would warn that others on the machine may listen. Where nobody says in which folder,
    the sockets lie in the chapter's own.
    """
    if os.name != "posix":
        return {}
    return {"transport": "ipc", "ip": f"{sockets}/kernel"}
