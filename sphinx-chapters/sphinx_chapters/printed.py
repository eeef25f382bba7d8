"""Sphinx extension: notes of what the printed book was made, and whether it still is.

Beside the book in LaTeX stands `RECORD`: the name of its PDF, and each file that Sphinx has
read for it with its checksum. Sphinx knows what a page includes, which pictures it shows and
which works it cites; times of files would say nothing in a fresh clone.
"""

import hashlib
import json
from pathlib import Path

from sphinx_chapters import pages
from sphinx_chapters.book import RECORD, Book
from sphinx_chapters.dependencies import checksum
from sphinx_chapters.files import write_whole

CONFIGURATION = "the configuration"  # a key among the names of files
# MyST-NB writes the pictures of notebooks there, beside the folder of the pages.
OF_NOTEBOOKS = "jupyter_execute"


def made_of(app) -> dict[str, str]:
    """What the printed book is made of, once Sphinx has read all pages.

    Returns
    -------
    dict
        The checksum of each file, by its name from the book's folder on, and of what the
        configuration sets.
    """
    book = Book.built_by(app)
    files = {Path(app.env.doc2path(name)) for name in app.env.found_docs}
    for name in app.env.found_docs:
        files |= {Path(app.srcdir, path) for path in app.env.dependencies[name]}
    files |= {Path(app.confdir, name) for name in app.config.latex_additional_files}
    if app.config.latex_logo:
        files.add(Path(app.confdir, app.config.latex_logo))
    toc = pages.table_of_contents(book.root, book.settings)
    if toc:
        files.add(toc)
    files |= _own_extensions(app)
    made = {}
    for path in files:
        if Path(app.outdir).parent / OF_NOTEBOOKS in path.parents:
            continue  # of notebooks, which are among the files themselves
        made[book.name_of(path)] = checksum(path) if path.exists() else "missing"
    # Jupyter Book sets this one late, by a way of its own.
    documents = json.dumps(app.config.latex_documents, default=str)
    settings = app.chapters_configuration + documents
    made[CONFIGURATION] = hashlib.sha256(settings.encode()).hexdigest()
    return dict(sorted(made.items()))


def _own_extensions(app) -> set[Path]:
    """The files of those extensions that are the book's own."""
    files = set()
    root = Path(app.confdir).resolve()
    for extension in app.extensions.values():
        file = Path(getattr(extension.module, "__file__", None) or "/").resolve()
        if root in file.parents and "site-packages" not in file.parts:
            files.add(file)
    return files


def is_current(app) -> bool:
    """Whether the PDF of the book is there, and is made of what the book is now."""
    book = Book.built_by(app)
    return book.pdf.exists() and book.printed.get("made_of") == made_of(app)


# -- in a build ------------------------------------------------------------------------


def note_configuration(app, config) -> None:
    """Write down what the author sets (Sphinx event ``config-inited``).

    Extensions change the settings after, each in its way for each form of the book.
    """
    chosen = {**config._raw_config, **config.overrides}
    settings = {}
    for setting in config:
        # What is of the pages alone has "html"; which pages there are is known otherwise.
        if setting.rebuild == "html" or setting.name == "exclude_patterns":
            continue
        if setting.name in chosen:
            settings[setting.name] = chosen[setting.name]
    app.chapters_configuration = json.dumps(settings, sort_keys=True, default=_in_words)


def _in_words(value) -> str:
    """A setting that JSON does not know, without an address in memory."""
    if isinstance(value, set | frozenset):
        return str(sorted(map(str, value)))
    return getattr(value, "__qualname__", None) or type(value).__name__


def name_by_tex(app, env) -> None:
    """See that LaTeX finds the files by their suffix (Sphinx event ``env-updated``).

    The file that Sphinx writes for make looks for ``*.tex``, and ``targetname: my.book`` has
    Sphinx write ``my.book``.
    """
    documents = []
    for document, name, *rest in app.config.latex_documents:
        documents.append((document, f"{name.removesuffix('.tex')}.tex", *rest))
    app.config.latex_documents = documents


def note_printed(app, exception) -> None:
    """Write down what is printed (Sphinx event ``build-finished``), and remove an older PDF.

    A PDF that stays is one of the same files.
    """
    if exception or app.builder.format != "latex" or not app.builder.document_data:
        return
    name = app.builder.document_data[0][1].removesuffix(".tex") + ".pdf"
    record = {"pdf": name, "made_of": made_of(app)}
    path = Path(app.outdir) / RECORD
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        (Path(app.outdir) / name).unlink(missing_ok=True)
    write_whole(path, text)


def setup(app) -> None:
    """Connect this part of the extension with Sphinx."""
    app.connect("config-inited", note_configuration, priority=0)
    app.connect("env-updated", name_by_tex)
    app.connect("build-finished", note_printed)
