"""Sphinx extension: executes the chapters that are out of date before Sphinx looks for its files.

``python -m ext.chapters`` executes all chapters of the book in the current folder.
"""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from sphinx.util import logging

from ext.book import Book, alone, show_cause_last
from ext.execute import contents, refresh, stored_digest

LOG = Path("_build", "executions.jsonl")


def update(book: Book, force: bool = False, say=print) -> list[str]:
    """Bring every chapter up to date, or with ``force`` execute every one.

    They follow in the order of the table of contents; ``say`` is told of each that
    changed. Returns the names of these. Raises BookError if a cell raises.
    """
    watched = contents(book.root, book.setting("chapters_watch", []))
    parameters = book.setting("chapters_parameters", {})
    changed = []
    for source in book.chapters:
        start = time.perf_counter()
        outcome = refresh(source, watched, parameters, force)
        name = source.relative_to(book.root).with_suffix("").as_posix()
        if outcome != "up to date":
            say(f"chapter {name}: {outcome}")
            changed.append(name)
        if outcome == "executed":
            line = {
                "chapter": name,
                "seconds": round(time.perf_counter() - start, 1),
                "finished": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
                "digest": stored_digest(source.with_suffix(".ipynb")),
            }
            with open(book.root / LOG, "a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
    return changed


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
    for name, default in (("watch", []), ("parameters", {}), ("check", "")):
        app.add_config_value(f"chapters_{name}", default, "", [type(default)])
    # Before sphinx-external-toc and MyST-NB look for the notebooks.
    app.connect("config-inited", execute_stale, priority=0)
    app.connect("env-before-read-docs", note_new_outputs)
    app.connect("env-updated", renew_glued_numbers)


if __name__ == "__main__":
    show_cause_last()
    with alone(Path.cwd()):
        update(Book(Path.cwd()), force=True)
