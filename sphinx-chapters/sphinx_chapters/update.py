"""Executes the chapters that are out of date, before Sphinx looks for its files."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sphinx.util import logging

from sphinx_chapters.book import (
    DEFAULTS,
    Book,
    BookError,
    NotThereError,
    build_lock,
    show_cause_last,
)
from sphinx_chapters.chapter import Chapter, chosen

LOGGER = logging.getLogger(__name__)
LOG = Path("_build", "executions.jsonl")  # a line for each execution on this machine
FORCED = "all chapters are asked for"


def update(
    book: Book,
    force: bool = False,
    say: Callable[[str], object] = print,
    only: Sequence[str] = (),
) -> list[str]:
    """Bring chapters up to date, in the order of the table of contents.

    Parameters
    ----------
    book : Book
    force : bool
        Execute every chapter, out of date or not.
    say : callable
        Is told first which chapters will be executed and why, then of each that changed; a
        line each.
    only : sequence of str
        The names of the chapters to look at; all if it is empty.

    Returns
    -------
    list of str
        The names of the chapters whose notebook has changed.

    Raises
    ------
    BookError
        If a cell raises, something that a chapter needs cannot be read, or there is no
        chapter of a name.
    """
    if sys.getfilesystemencoding() != "utf-8":
        # A chapter of another name than of ASCII would not be found.
        raise BookError("names of files are not read as UTF-8 here: set PYTHONUTF8=1")
    sources = chosen(book, only)
    announced = announce(book, sources, force, say)
    changed = []
    for source in sources:
        start = time.perf_counter()
        # Read anew: a chapter before it may have written what this one depends on.
        chapter = Chapter.read(book, source)
        reason = FORCED if force else chapter.stale_since()
        if reason and chapter.name not in announced:
            say(_announcement(chapter, reason))
        for line in chapter.swallowed_code():
            LOGGER.warning(
                "%s, line %d: code in a text cell, which is shown as text: put # %%%% above",
                book.name_of(source), line, type="chapters", subtype="source",
            )  # fmt: skip
        outcome = chapter.refresh(run=bool(reason))
        if outcome != "up to date":
            say(f"chapter {chapter.name}: {outcome}")
            changed.append(chapter.name)
        if outcome == "executed":
            _log(chapter, time.perf_counter() - start)
    return changed


def announce(
    book: Book, sources: Sequence[Path], force: bool, say: Callable[[str], object]
) -> set[str]:
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
    for source in sources:
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
    log.parent.mkdir(exist_ok=True)
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
    book = Book.built_by(app)
    # The lock is kept to the end of this program, hence no with: Sphinx has no event that
    # comes when a build has ended or failed alike.
    app.chapters_lock = build_lock(book.root)
    app.chapters_lock.__enter__()
    update(book, say=LOGGER.info)
    leave_alone(
        config, [f"{book.document_of(source)}.ipynb" for source in book.chapters]
    )


def leave_alone(config, notebooks: list[str]) -> None:
    """Have MyST-NB execute none of these notebooks, whatever its mode.

    It would execute what has no outputs, in another way, and keep what comes of it.
    """
    known = list(config.nb_execution_excludepatterns)
    config.nb_execution_excludepatterns = known + notebooks


def note_new_notebooks(app, env, docnames) -> None:
    """See which notebooks are read anew (Sphinx event ``env-before-read-docs``)."""
    paths = [str(env.doc2path(name)) for name in docnames]
    app.chapters_new = [path for path in paths if path.endswith(".ipynb")]


def renew_glued_numbers(app, env) -> list[str]:
    """Write every page again if a notebook is new (Sphinx event ``env-updated``).

    Pages show each other's numbers, and Sphinx does not know it.
    """
    if not app.chapters_new:
        return []
    return sorted(env.found_docs)


def setup(app) -> None:
    """Connect this part of the extension with Sphinx."""
    show_cause_last()
    for name, default in DEFAULTS.items():
        # "": no page need be read again when it changes. The chapters are executed again
        # where it matters, and their notebooks are new then.
        app.add_config_value(name, default, "", [type(default)])
    # 500 is usual, and the least comes first: before sphinx-external-toc and MyST-NB look
    # for the notebooks, which are made here.
    app.connect("config-inited", execute_stale, priority=0)
    app.connect("env-before-read-docs", note_new_notebooks)
    app.connect("env-updated", renew_glued_numbers)
