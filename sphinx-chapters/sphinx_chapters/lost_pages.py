"""Sphinx extension: pages that Sphinx would lose, leave behind, or refuse without a name.

Sphinx writes pages of its own, such as ``search.html``, over a document of the same name, and
says nothing. It leaves the page of a document that is gone, or has another name, where it
is. And a notebook that is none ends the build with a number of a character.
"""

import json
import re
from pathlib import Path

import nbformat
from sphinx.util import logging

from sphinx_chapters.book import Book, BookError
from sphinx_chapters.chapter import read_stored
from sphinx_chapters.files import write_whole

LOGGER = logging.getLogger(__name__)
CONFLICT = re.compile(
    r"^(?:<{7} |={7}$|>{7} )"
)  # how git marks what it could not merge


# -- notebooks that are none -----------------------------------------------------------


def check_notebooks(app, env, docnames) -> None:
    """Refuse a page that is no notebook, by name (Sphinx event ``env-before-read-docs``).

    Raises
    ------
    BookError
        With the line of the file.
    """
    for name in docnames:
        path = Path(env.doc2path(name))
        if path.suffix == ".ipynb":
            check_notebook(path, Book.built_by(app).name_of(path))


def check_notebook(path: Path, name: str) -> None:
    """Raise BookError if a file is no notebook.

    Parameters
    ----------
    path : Path
    name : str
        What people call it.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        json.loads(text)
        nbformat.reads(text, as_version=4)
    except json.JSONDecodeError as error:
        for number, line in enumerate(text.splitlines(), 1):
            if CONFLICT.match(line):
                raise BookError(
                    f"{name}, line {number}: git has left a conflict in it: choose a side"
                ) from error
        raise BookError(
            f"{name}, line {error.lineno}: it is no notebook, since it is no JSON: {error.msg}"
        ) from error
    except Exception as error:  # whatever nbformat stumbles over, of any type
        raise BookError(
            f"{name}: it is no notebook that nbformat reads: {error}"
        ) from error


# -- pages of Sphinx over pages of the book --------------------------------------------


def note_page(app, pagename, templatename, context, doctree) -> None:
    """See which pages are written, and over what (Sphinx event ``html-page-context``)."""
    app.chapters_written.add(pagename)
    if doctree is None and pagename in app.env.found_docs:
        source = Book.built_by(app).name_of(app.env.doc2path(pagename))
        LOGGER.warning(
            "%s: its text is lost, since Sphinx writes a page of its own, %s, over it:"
            " give the file another name",
            source, Path(app.builder.get_outfilename(pagename)).name,
            type="chapters", subtype="page",
        )  # fmt: skip


# -- numbers of notebooks that are gone ------------------------------------------------


def forget_numbers(app, env, added, changed, removed) -> list[str]:
    """Forget the numbers of documents that are gone (Sphinx event ``env-get-outdated``).

    MyST-NB keeps them in files, and other pages would go on showing them.

    Returns
    -------
    list of str
        The pages to read anew, so that those that ask for such a number are told.
    """
    for name in removed:
        kept = Path(env.mystnb_config.output_folder, f"{name}.glue.json")
        kept.unlink(missing_ok=True)
    return sorted(env.found_docs) if removed else []


def warn_of_orphans(app, env, docnames) -> None:
    """Name pages whose source is gone (Sphinx event ``env-before-read-docs``)."""
    book = Book.built_by(app)
    for name in sorted(env.found_docs):
        path = Path(env.doc2path(name))
        if path.suffix != ".ipynb" or path.with_suffix(".py").exists():
            continue
        notebook = read_stored(path)
        if notebook is not None and "chapter" in notebook.metadata:
            LOGGER.warning(
                "%s: its source is gone: rename it with its .py, or remove it",
                book.name_of(path), type="chapters", subtype="source",
            )  # fmt: skip


# -- pages of documents that are gone --------------------------------------------------


def begin(app) -> None:
    """No page is written yet (Sphinx event ``builder-inited``)."""
    app.chapters_written = set()


def remove_old_pages(app, exception) -> None:
    """Remove what earlier builds wrote for documents that are gone (``build-finished``).

    A list of the documents that have pages lies with what Sphinx remembers. Nothing is
    removed that is not on the list, or that this build has written.
    """
    if exception or app.builder.format != "html":
        return
    listed = Path(app.doctreedir) / f"pages-{app.builder.name}.json"
    before = set()
    if listed.exists():
        before = set(json.loads(listed.read_text(encoding="utf-8")))
    documents = set(app.env.found_docs)
    for name in sorted(before - documents - app.chapters_written):
        for path in _files_of(app, name):
            if path.exists():
                path.unlink()
                LOGGER.info(
                    "%s: removed, since the book has no such page now", path.name
                )
    write_whole(listed, json.dumps(sorted(documents)) + "\n")


def _files_of(app, document: str) -> list[Path]:
    """What a build writes for a document: its page, and its source with each suffix."""
    files = [Path(app.builder.get_outfilename(document))]
    sources = Path(app.outdir) / "_sources"
    ends = {"", app.config.html_sourcelink_suffix}  # Sphinx adds it to some
    for suffix in {".py", *app.config.source_suffix}:
        files += [sources / f"{document}{suffix}{end}" for end in sorted(ends)]
    return files


def setup(app) -> None:
    """Connect this part of the extension with Sphinx."""
    app.connect("builder-inited", begin)
    app.connect("env-get-outdated", forget_numbers)
    app.connect("env-before-read-docs", check_notebooks)
    app.connect("env-before-read-docs", warn_of_orphans)
    app.connect("html-page-context", note_page)
    app.connect("build-finished", remove_old_pages)
