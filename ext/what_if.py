"""``python -m ext.what_if NAME=VALUE …``: an edition of the book with other parameters.

It is a copy under ``_build/what-if``, with the copy's own modules, so that nothing that is
executed there writes elsewhere.
"""

import html
import inspect
import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import jupytext
import yaml

from ext.book import (
    JUPYTER_BOOK,
    Book,
    BookError,
    build_lock,
    python_path,
    show_cause_last,
)
from ext.dependencies import checksum, files_below
from ext.parameters import Parameter, Value, declared_parameters

COPIED = ".copied.json"  # the checksum of each file of the book when it was copied
EXAMPLE = "such as SEED=3"
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
        raise BookError(
            f"what-if: {parameter.name} = {text!r} is not {wanted}, {EXAMPLE}"
        )
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
    name = book.setting("chapters_check", "")
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
    """Lay out the edition: a copy of the book's files, and a ``_config.yml`` of its own.

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
    _write(edition / "_config.yml", _config_of_edition(book, values))
    # Last: a copy that was interrupted is made again.
    _write(list_of_copies, json.dumps(now, indent=1) + "\n")


def originals(book: Book) -> Iterator[Path]:
    """The files that an edition gets: not what is hidden or built, and no notebook.

    What ``what_if_without`` names is left out as well.
    """
    left_out = {"_build", *book.setting("what_if_without", [])}
    notebooks = {source.with_suffix(".ipynb") for source in book.chapters}
    for path in sorted(book.root.glob("[!.]*")):
        if path.name in left_out:
            continue
        files = files_below(path) if path.is_dir() else [path]
        for file in files:
            if file not in notebooks:
                yield file


def _config_of_edition(book: Book, values: dict[str, Value]) -> str:
    """The book's ``_config.yml`` with the parameters.

    Its title names them too, and so does a band on top of each page of the HTML.
    """
    settings = ", ".join(f"{name} = {value}" for name, value in values.items())
    config = Book(book.root).config  # read anew: it is changed here
    config["title"] += f" (what if {settings})"
    sphinx = config["sphinx"].setdefault("config", {})
    sphinx["chapters_parameters"] = values
    band = f"An edition of this book: what if {html.escape(settings)}?"
    sphinx.setdefault("html_theme_options", {})["announcement"] = band
    return yaml.safe_dump(config, allow_unicode=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> int:
    """Build the edition that the command line asks for; an exit status."""
    show_cause_last()
    book = Book(Path.cwd())
    values = choose(book, parse(sys.argv[1:]))
    check(book, values)
    edition = book.root / "_build" / "what-if" / folder_name(values)
    edition.mkdir(parents=True, exist_ok=True)
    with build_lock(edition):
        prepare(book, edition, values)
        environment = os.environ | {"PYTHONPATH": python_path(Book(edition))}
        command = [*JUPYTER_BOOK, "build", "."]
        return subprocess.run(command, cwd=edition, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
