"""The printed book, the programs that it needs, and why there is none: ``chapters pdf``."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx_chapters.book import Book
from sphinx_chapters.build import build_html, sphinx_command

PROGRAMS = ("latexmk", "make")  # latexmk calls TeX, as the file says that make reads
SPHINX_ENGINE = "pdflatex"  # where the book names none
LINES_OF_AN_ERROR = 12  # that are shown of each
LINES_OF_A_FAILURE = 20  # the last ones, where LaTeX was not reached
SAYS_NOTHING = ("! Emergency stop", "!  ==> Fatal error")  # that LaTeX ends
COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal
# Of pdflatex, and of xelatex and lualatex, which print nothing where the character stands.
UNKNOWN_TO_LATEX = re.compile(r"Unicode character .*? \(U\+([0-9A-F]+)\)")
NOT_IN_FONT = re.compile(r"^Missing character: There is no (\S+)", re.MULTILINE)


def lacking_programs(book: Book) -> list[str]:
    """What this machine lacks of the programs that make the PDF of a book."""
    engine = str(book.settings.get("latex_engine") or SPHINX_ENGINE)
    if "sphinx_jupyterbook_latex" in book.settings.get("extensions", []):
        engine = "xelatex"  # whatever the book names
    return [name for name in (*PROGRAMS, engine) if shutil.which(name) is None]


def build_pdf(book: Book, strict: bool = False) -> int:
    """Build the PDF of a book and then its HTML, which may link it.

    Parameters
    ----------
    book : Book
    strict : bool
        Take a warning of Sphinx for a failure.

    Returns
    -------
    int
        An exit status: 0 if both are built.
    """
    # The file for make would set whatever else stands in LaTeX there, under an earlier name.
    for earlier in (book.pdf, book.pdf.with_suffix(".tex")):
        earlier.unlink(missing_ok=True)
    book.record.unlink(missing_ok=True)
    command = sphinx_command(book, "pdf")
    if strict:
        command += ["-W", "--keep-going"]
    done = subprocess.run(
        command,
        cwd=book.root,
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # TeX writes bytes of its own
    )
    said = COLOUR.sub("", done.stdout + done.stderr)
    for line in warnings(said):
        print(line, file=sys.stderr)
    if not done.returncode and book.pdf.exists():
        _report_missing_characters(book)
        print(f"pdf: {book.name_of(book.pdf)} is built; the HTML follows", flush=True)
        return build_html(book, all_pages=True)
    log = book.pdf.with_suffix(".log")
    if book.record.exists() and log.exists() and not book.pdf.exists():
        print(what_latex_said(book, log), file=sys.stderr)
        words = f"pdf: LaTeX failed; the whole story is in {book.name_of(log)}"
    else:
        print("\n".join(last_lines(said)), file=sys.stderr)
        words = "pdf: not built, since Sphinx reports what stands above"
    print(words, file=sys.stderr)
    return 1


def warnings(said: str) -> list[str]:
    """The warnings of Sphinx in what a build said, each once."""
    lines = [
        line for line in said.splitlines() if re.search(r"\b(WARNING|ERROR): ", line)
    ]
    return list(dict.fromkeys(lines))


def last_lines(said: str) -> list[str]:
    """The last lines that a build said, without those that are empty or a rule."""
    lines = [line for line in said.splitlines() if line.strip(" =-")]
    return lines[-LINES_OF_A_FAILURE:]


# -- what LaTeX could not do -----------------------------------------------------------


def what_latex_said(book: Book, log: Path) -> str:
    """The error that ended LaTeX, and where characters stand that it does not know."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = []
    for number in dict.fromkeys(UNKNOWN_TO_LATEX.findall(text)):
        lines.append(f"pdf: LaTeX lacks {_places(book, chr(int(number, 16)))}")
    if lines:
        lines.append(
            "pdf: write it otherwise, declare it by \\DeclareUnicodeCharacter in the preamble"
            " of latex_elements, or choose latex_engine: xelatex and a font that has it"
        )
    return "\n".join([*last_error(text), *lines])


def last_error(log: str) -> list[str]:
    """The lines of the last error in a log of LaTeX that says something, or its last lines.

    An error begins with ``!``, and the line of the file in LaTeX follows, ``l.12 \\nosuch``.
    """
    lines = log.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("! ")]
    telling = [
        number for number in starts if not lines[number].startswith(SAYS_NOTHING)
    ]
    if not telling:
        return [line for line in lines if line.strip()][-LINES_OF_AN_ERROR:]
    shown = []
    for line in lines[telling[-1] :]:
        if len(shown) == LINES_OF_AN_ERROR or (line.startswith("! ") and shown):
            break
        if line.strip():
            shown.append(line)
        if line.startswith("l."):
            break
    return shown


def _report_missing_characters(book: Book) -> None:
    """Say what xelatex or lualatex have left out of the PDF without an error."""
    log = book.pdf.with_suffix(".log")
    if not log.exists():
        return
    found = NOT_IN_FONT.findall(log.read_text(encoding="utf-8", errors="replace"))
    for character in dict.fromkeys(found):
        if len(character) == 1 and not character.isascii():
            words = f"pdf: WARNING: left out, since its font lacks {_places(book, character)}"
            print(words, file=sys.stderr)


def _places(book: Book, character: str) -> str:
    """A character, and the files of the book in which it stands."""
    files = containing(book.root, book.printed.get("made_of", {}), character)
    where = f", which stands in {', '.join(files)}" if files else ""
    return f"the character {character} (U+{ord(character):04X}){where}"


def containing(root: Path, names: Sequence[str], character: str) -> list[str]:
    """Which of a book's files have a character, and of texts the first line that does.

    For a chapter this is its file in Python; the notebook, where an output has it.

    Parameters
    ----------
    root : Path
        The book's folder.
    names : sequence of str
        From there on.
    character : str
    """
    found = []
    for name in names:
        notebook = root / name
        paths = [notebook]
        if notebook.suffix == ".ipynb":
            paths.insert(0, notebook.with_suffix(".py"))
        for path in paths:
            number = _first_line(path, character)
            if number is None:
                continue
            place = path.relative_to(root).as_posix()
            is_notebook = path.suffix == ".ipynb"
            found.append(place if is_notebook else f"{place}, line {number}")
            break
    return found


def _first_line(path: Path, character: str) -> int | None:
    """The number of the first line with a character; None where there is none, or no text."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    escaped = json.dumps(character)[1:-1]  # as a notebook may have it
    for number, line in enumerate(text.split("\n"), 1):
        if character in line or (path.suffix == ".ipynb" and escaped in line):
            return number
    return None
