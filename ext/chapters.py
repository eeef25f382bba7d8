"""Sphinx extension: executes the chapters that are out of date before Sphinx looks for its files.

``python -m ext.chapters`` executes all chapters of the book in the current folder.
"""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sphinx.util import logging

from ext.book import (
    DEFAULT_MODULE_FOLDERS,
    Book,
    NotThereError,
    build_lock,
    show_cause_last,
)
from ext.execute import Chapter

LOG = Path("_build", "executions.jsonl")  # a line for each execution on this machine
FORCED = "all chapters are asked for"


def update(
    book: Book, force: bool = False, say: Callable[[str], object] = print
) -> list[str]:
    """Bring every chapter up to date, in the order of the table of contents.

    Parameters
    ----------
    book : Book
    force : bool
        Execute every chapter, out of date or not.
    say : callable
        Is told first which chapters will be executed and why, then of each that changed; a
        line each.

    Returns
    -------
    list of str
        The names of the chapters whose notebook has changed.

    Raises
    ------
    BookError
        If a cell raises, or something that a chapter needs cannot be read.
    """
    announced = announce(book, force, say)
    changed = []
    for source in book.chapters:
        start = time.perf_counter()
        # Read anew: a chapter before it may have written what this one depends on.
        chapter = Chapter.read(book, source)
        reason = FORCED if force else chapter.stale_since()
        if reason and chapter.name not in announced:
            say(_announcement(chapter, reason))
        outcome = chapter.refresh(execute=bool(reason))
        if outcome != "up to date":
            say(f"chapter {chapter.name}: {outcome}")
            changed.append(chapter.name)
        if outcome == "executed":
            _log(chapter, time.perf_counter() - start)
    return changed


def announce(book: Book, force: bool, say: Callable[[str], object]) -> set[str]:
    """Say which chapters are to be executed, as far as that is known before.

    Returns
    -------
    set of str
        The names of these chapters.

    Raises
    ------
    NotThereError
        If the first chapter that would be executed, or one before it, needs a file that is
        missing: no other chapter can write it.
    BookError
        If a chapter cannot be read.
    """
    names = set()
    for source in book.chapters:
        try:
            chapter = Chapter.read(book, source)
        except NotThereError:
            if not names:
                raise
            break  # a chapter before it may write the file
        reason = FORCED if force else chapter.stale_since()
        if reason:
            say(_announcement(chapter, reason))
            names.add(chapter.name)
    return names


def _announcement(chapter: Chapter, reason: str) -> str:
    return f"chapter {chapter.name}: to be executed, since {reason}"


def _log(chapter: Chapter, seconds: float) -> None:
    entry = {
        "chapter": chapter.name,
        "seconds": round(seconds, 1),
        "finished": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "digest": chapter.digest,
    }
    log = chapter.book.root / LOG
    with open(log, "a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(entry) + "\n")


def executions(root: Path) -> dict[str, dict]:
    """The last execution of each chapter on this machine, as `update` logged it.

    Parameters
    ----------
    root : Path
        The book's folder.

    Returns
    -------
    dict
        By the chapter's name: ``seconds`` that it took, ``finished`` (a text), and the
        ``digest`` of what it was made of.
    """
    log = root / LOG
    if not log.exists():
        return {}
    last = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        last[entry["chapter"]] = entry
    return last


# -- in a build by Sphinx --------------------------------------------------------------


def execute_stale(app, config) -> None:
    """Execute what is out of date (Sphinx event ``config-inited``)."""
    book = Book(Path(app.srcdir))
    # The lock is kept to the end of this program, hence no with: Sphinx has no event that
    # comes when a build has ended or failed alike.
    app.chapters_lock = build_lock(book.root)
    app.chapters_lock.__enter__()
    update(book, say=logging.getLogger(__name__).info)


def note_new_notebooks(app, env, docnames) -> None:
    """See which notebooks are read anew (Sphinx event ``env-before-read-docs``)."""
    paths = [env.doc2path(name) for name in docnames]
    app.chapters_new = [path for path in paths if path.endswith(".ipynb")]


def renew_glued_numbers(app, env) -> list[str]:
    """Write every page again if a notebook is new (Sphinx event ``env-updated``).

    Pages show each other's numbers, and Sphinx does not know it.
    """
    if not app.chapters_new:
        return []
    return sorted(env.found_docs)


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    show_cause_last()
    defaults = {
        "chapters_watch": [],
        "chapters_modules": DEFAULT_MODULE_FOLDERS,
        "chapters_parameters": {},
        "chapters_check": "",
        "what_if_without": [],  # of ext.what_if, which is no extension
    }
    for name, default in defaults.items():
        # "": no page need be read again when it changes. The chapters are executed again
        # where it matters, and their notebooks are new then.
        app.add_config_value(name, default, "", [type(default)])
    # 500 is usual, and the least comes first: before sphinx-external-toc and MyST-NB look
    # for the notebooks, which are made here.
    app.connect("config-inited", execute_stale, priority=0)
    app.connect("env-before-read-docs", note_new_notebooks)
    app.connect("env-updated", renew_glued_numbers)


def main() -> None:
    """Execute all chapters of the book in the current folder."""
    show_cause_last()
    with build_lock(Path.cwd()):
        update(Book(Path.cwd()), force=True)


if __name__ == "__main__":
    main()
