"""Sphinx extension: executes the chapters that are out of date before Sphinx looks for its files.

``python -m ext.chapters`` executes all chapters of the book in the current folder.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from sphinx.util import logging

from ext.book import MODULES, Book, NotThereError, alone, show_cause_last
from ext.execute import Chapter

LOG = Path("_build", "executions.jsonl")
ASKED = "all chapters are asked for"


def update(book: Book, force: bool = False, say=print) -> list[str]:
    """Bring every chapter up to date, or with ``force`` execute every one.

    They follow in the order of the table of contents. ``say`` is told first which will be
    executed and why, then of each that changed. Returns the names of the changed ones.
    Raises BookError if a cell raises.
    """
    announced = announce(book, force, say)
    changed = []
    for source in book.chapters:
        start = time.perf_counter()
        # Read anew: a chapter before it may have written what this one depends on.
        chapter = Chapter.read(book, source)
        since = ASKED if force else chapter.stale_since()
        if since and chapter.name not in announced:
            say(_announcement(chapter, since))
        outcome = chapter.refresh(execute=bool(since))
        if outcome != "up to date":
            say(f"chapter {chapter.name}: {outcome}")
            changed.append(chapter.name)
        if outcome == "executed":
            _log(chapter, time.perf_counter() - start)
    return changed


def announce(book: Book, force: bool, say) -> set[str]:
    """Say which chapters are to be executed, as far as it is known before; their names."""
    names = set()
    for source in book.chapters:
        try:
            chapter = Chapter.read(book, source)
        except NotThereError:
            if not names:
                raise
            break  # a chapter before it may write the file
        if since := ASKED if force else chapter.stale_since():
            say(_announcement(chapter, since))
            names.add(chapter.name)
    return names


def _announcement(chapter: Chapter, since: str) -> str:
    return f"chapter {chapter.name}: to be executed, since {since}"


def _log(chapter: Chapter, seconds: float) -> None:
    line = {
        "chapter": chapter.name,
        "seconds": round(seconds, 1),
        "finished": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "digest": chapter.digest,
    }
    log = chapter.book.root / LOG
    with open(log, "a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(line) + "\n")


def executions(root: Path) -> dict[str, dict]:
    """What this machine last did for each chapter, as `update` logged it."""
    log = root / LOG
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return {line["chapter"]: line for line in map(json.loads, lines)}


def execute_stale(app, config) -> None:
    """Execute what is out of date (Sphinx event ``config-inited``)."""
    book = Book(Path(app.srcdir))
    app.build_lock = alone(book.root)  # kept to the end of this program
    app.build_lock.__enter__()
    update(book, say=logging.getLogger(__name__).info)


def note_new_outputs(app, env, docnames) -> None:
    """See which notebooks are read (Sphinx event ``env-before-read-docs``)."""
    app.new_outputs = [x for x in docnames if env.doc2path(x).endswith(".ipynb")]


def renew_glued_numbers(app, env) -> list[str]:
    """Write every page again if a notebook is new (Sphinx event ``env-updated``).

    Pages show each other's numbers, and Sphinx does not know it.
    """
    return sorted(env.found_docs) if app.new_outputs else []


def setup(app) -> None:
    show_cause_last()
    defaults = {
        "chapters_watch": [],
        "chapters_modules": MODULES,
        "chapters_parameters": {},
        "chapters_check": "",
        "what_if_without": [],  # of ext.what_if, which is no extension
    }
    for name, default in defaults.items():
        app.add_config_value(name, default, "", [type(default)])
    # Before sphinx-external-toc and MyST-NB look for the notebooks.
    app.connect("config-inited", execute_stale, priority=0)
    app.connect("env-before-read-docs", note_new_outputs)
    app.connect("env-updated", renew_glued_numbers)


if __name__ == "__main__":
    show_cause_last()
    with alone(Path.cwd()):
        update(Book(Path.cwd()), force=True)
