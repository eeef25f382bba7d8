"""An edition of the book with other parameters: ``chapters what-if NAME=VALUE …``.

It is a copy under ``_build/what-if``, with the copy's own modules, so that nothing that is
executed there writes elsewhere.
"""

import html
import inspect
import json
import math
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import jupytext

from sphinx_chapters.book import EDITION, Book, BookError
from sphinx_chapters.dependencies import checksum, files_below
from sphinx_chapters.pages import ENVIRONMENT
from sphinx_chapters.parameters import TAG, Parameter, Value, declared_parameters

COPIED = ".copied.json"  # the checksum of each file of the book when it was copied
EXAMPLE = "such as SEED=3"
NAMED = 5  # files in a line
# Python reads no longer whole numbers than of some four thousand figures.
WHOLE = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
WORDS = {bool: "True or False", int: "a number", float: "a number"}


# -- what is asked for -----------------------------------------------------------------


def parse(arguments: list[str]) -> dict[str, str]:
    """``["SEED=3", "LR=1e-3"]`` as ``{"LR": "1e-3", "SEED": "3"}``.

    Raises
    ------
    BookError
        If there is none, one is not NAME=VALUE, or two are of one name.
    """
    texts = {}
    for argument in sorted(arguments):
        name, equals, text = argument.partition("=")
        if not equals or not name.isidentifier():
            raise BookError(f"what-if: {argument!r} is not NAME=VALUE, {EXAMPLE}")
        if name.lower() in [known.lower() for known in texts]:
            raise BookError(f"what-if: {name} is given twice")
        texts[name] = text
    if not texts:
        raise BookError(f"what-if: no parameter is given, {EXAMPLE}")
    return texts


def choose(book: Book, texts: dict[str, str]) -> dict[str, Value]:
    """The parameters of an edition, by their names in the chapters.

    Names are compared in lower case: ``SEED`` stands for ``seed`` in one chapter and for
    ``SEED`` in another. ``make`` takes upper case, and PEP 8 writes constants so.

    Parameters
    ----------
    book : Book
    texts : dict
        What a person gave, by the names as they were given.

    Raises
    ------
    BookError
        If no chapter declares a parameter, or a value is not what the chapter takes.
    """
    declared = _declared_in(book)
    if not declared:
        raise BookError(f"what-if: no chapter has a cell tagged {TAG}")
    values = {}
    for given, text in texts.items():
        matching = [one for one in declared if one.name.lower() == given.lower()]
        if not matching:
            names = ", ".join(sorted({one.name for one in declared}))
            raise BookError(
                f"what-if: no chapter has the parameter {given.lower()}: give {names}"
            )
        for parameter in matching:
            values[parameter.name] = read_value(parameter, text)
    return dict(sorted(values.items()))


def _declared_in(book: Book) -> list[Parameter]:
    """The parameters of all chapters, of which several may declare one."""
    declared = []
    for source in book.chapters:
        chapter = book.name_of(source)
        parameters = declared_parameters(jupytext.read(source), chapter)
        lower = [name.lower() for name in parameters]
        for name in parameters:
            if lower.count(name.lower()) > 1:
                raise BookError(
                    f"what-if: {chapter} has two parameters {name.lower()},"
                    " which differ in capitals alone: rename one"
                )
        declared += parameters.values()
    return declared


def read_value(parameter: Parameter, text: str) -> Value:
    """The value that a text stands for, where a chapter declares a parameter.

    For a text it is the text as it stands; for a parameter of no known type whatever the
    text looks like.

    Raises
    ------
    BookError
        If the parameter is a number or a truth value, and the text is none.
    """
    if parameter.type is str:
        return text
    value = _looks_like(text)
    if parameter.type is None:
        return value
    if isinstance(value, str) or (type(value) is bool) != (parameter.type is bool):
        wanted = WORDS[parameter.type]
        raise BookError(f"what-if: {parameter.name} = {text!r} is not {wanted}")
    return value


def _looks_like(text: str) -> Value:
    if text in ("True", "False"):
        return text == "True"
    if WHOLE.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text) and math.isfinite(float(text)):
        return float(text)
    return text


def check(book: Book, values: dict[str, Value]) -> None:
    """Ask the book's own check, if ``chapters_check`` names one.

    It gets the parameters by their names in lower case, as arguments are called.

    Raises
    ------
    BookError
        If it raises ValueError, or does not know a parameter.
    """
    name = book.setting("chapters_check")
    if not name:
        return
    module, _, attribute = name.partition(":")
    # It may stand among the modules of the chapters.
    sys.path[:0] = [str(folder.resolve()) for folder in book.module_folders]
    function = getattr(import_module(module), attribute)
    arguments = {key.lower(): value for key, value in values.items()}
    try:
        inspect.signature(function).bind(**arguments)
    except TypeError as error:
        raise BookError(f"what-if: chapters_check, {name}: {error}") from error
    try:
        function(**arguments)
    except ValueError as error:
        raise BookError(f"what-if: {error}") from error


# -- the edition -----------------------------------------------------------------------


def folder_name(values: dict[str, Value]) -> str:
    """The name of an edition's folder, such as ``epochs-3_seed-7``.

    A text may hold a slash, or anything else that is no part of a name: it is written as
    in an address of the web, and no two editions have one name.
    """
    parts = [f"{name}-{quote(str(value), safe='+')}" for name, value in values.items()]
    return "_".join(parts)


def prepare(book: Book, edition: Path, values: dict[str, Value]) -> None:
    """Lay out the edition: a copy of the book's files, and a file with its parameters.

    Of an edition that is there, what chapters have written stays, until the book's file of
    that name changes.

    Parameters
    ----------
    book : Book
    edition : Path
        The folder of the copy.
    values : dict
        Its parameters.
    """
    list_of_copies = edition / COPIED
    before = {}
    if list_of_copies.exists():
        before = json.loads(list_of_copies.read_text(encoding="utf-8"))
    now = {}
    for path in originals(book):
        name = book.name_of(path)
        target = edition / name
        now[name] = checksum(path)
        if before.get(name) != now[name] or not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for name in before.keys() - now.keys():
        (edition / name).unlink(missing_ok=True)
    _write(edition / EDITION, json.dumps(values, indent=1) + "\n")
    # Last: a copy that was interrupted is made again.
    _write(list_of_copies, json.dumps(now, indent=1) + "\n")


def originals(book: Book) -> Iterator[Path]:
    """The files that an edition gets: not what is hidden, built or installed, and no notebook.

    What ``chapters_what_if_without`` names is left out as well, and a link that leads to
    nothing.
    """
    left_out = {"_build", *book.setting("chapters_what_if_without")}
    notebooks = {source.with_suffix(".ipynb") for source in book.chapters}
    for path in sorted(book.root.glob("[!.]*")):
        if path.name in left_out or (path / ENVIRONMENT).exists():
            continue
        files = files_below(path) if path.is_dir() else [path]
        for file in files:
            if file not in notebooks and file.exists():
                yield file


@contextmanager
def nothing_written(book: Book) -> Iterator[None]:
    """See to it that what is done meanwhile leaves the book's own files as they are.

    A chapter of an edition that writes by an absolute path may lead into the book.

    Raises
    ------
    BookError
        If a file has come, gone, or been written; the message names it.
    """
    before = _states(book)
    yield
    now = _states(book)
    names = [
        book.name_of(path)
        for path in sorted(before.keys() | now.keys())
        if before.get(path) != now.get(path)
    ]
    if not names:
        return
    if len(names) > NAMED:
        names = [*names[:NAMED], f"{len(names) - NAMED} more"]
    raise BookError(
        f"what-if: files of the book itself were written meanwhile: {', '.join(names)}:"
        " unless you have changed them, a chapter writes by an absolute path, and should by"
        " one from its own folder"
    )


def _states(book: Book) -> dict[Path, tuple[int, int]]:
    """The size and the time of each file of the book, but for what is hidden or built."""
    states = {}
    for path in book.root.glob("[!.]*"):
        if path.name == "_build":
            continue
        for file in files_below(path) if path.is_dir() else [path]:
            if file.exists():  # a link may lead to nothing
                state = file.stat()
                states[file] = (state.st_size, state.st_mtime_ns)
    return states


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


# -- in a build by Sphinx --------------------------------------------------------------


def in_words(values: dict[str, Value]) -> str:
    """Such as ``epochs = 3, seed = 7``."""
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def name_edition(app, config) -> None:
    """Add the parameters of an edition to its title (Sphinx event ``config-inited``)."""
    values = Book.built_by(app).parameters
    if not values:
        return
    addition = f" (what if {in_words(values)})"
    config.html_title = config.html_title + addition
    config.project = config.project + addition


def add_band(app, pagename, templatename, context, doctree) -> None:
    """Say on top of a page that it is an edition's (Sphinx event ``html-page-context``)."""
    values = Book.built_by(app).parameters
    if not values or "body" not in context:
        return
    words = f"An edition of this book: what if {html.escape(in_words(values))}?"
    # The class of a note, which every theme knows how to draw.
    band = f'<div class="admonition note edition" role="note"><p>{words}</p></div>\n'
    context["body"] = band + context["body"]


def setup(app) -> None:
    """Connect this part of the extension with Sphinx."""
    app.connect("config-inited", name_edition)
    app.connect("html-page-context", add_band)
