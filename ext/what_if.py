"""``python -m ext.what_if NAME=NUMBER …``: an edition of the book with other parameters.

It is a copy under ``_build/what-if``, with the copy's own modules, so that nothing that is
executed there writes elsewhere.
"""

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

import jupytext
import yaml

from ext.book import JUPYTER_BOOK, Book, BookError, alone, python_path, show_cause_last
from ext.depends import checksum, files_below
from ext.execute import declared

COPIED = ".copied.json"  # the checksum of each file of the book when it was copied
WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def parse(arguments: list[str]) -> dict[str, int | float]:
    """``["SEED=3", "LR=1e-3"]`` as ``{"lr": 0.001, "seed": 3}``, or BookError."""
    parameters = {}
    for argument in sorted(arguments):
        name, _, text = argument.partition("=")
        if WHOLE.fullmatch(text):
            value = int(text)
        elif NUMBER.fullmatch(text) and math.isfinite(float(text)):
            value = float(text)
        else:
            raise BookError(f"what-if: {argument!r} is not NAME=NUMBER, such as SEED=3")
        parameters[name.lower()] = value
    if not parameters:
        raise BookError("what-if: no parameter is given, such as SEED=3")
    return parameters


def check(book: Book, parameters: dict) -> None:
    """Raise BookError for what no chapter declares and what ``chapters_check`` refuses."""
    known = set().union(*(declared(jupytext.read(path)) for path in book.chapters))
    for name in parameters.keys() - known:
        names = ", ".join(sorted(known))
        raise BookError(f"what-if: no chapter has the parameter {name}: give {names}")
    module, _, function = book.setting("chapters_check", "builtins:dict").partition(":")
    try:
        getattr(import_module(module), function)(**parameters)
    except ValueError as error:
        raise BookError(f"what-if: {error}") from error


def prepare(book: Book, edition: Path, parameters: dict) -> None:
    """Lay out the edition: a copy of the book's files, and a ``_config.yml`` of its own.

    Of an edition that is there, what chapters have written stays, until the book's file of
    that name changes.
    """
    list_of_copies = edition / COPIED
    before = {}
    if list_of_copies.exists():
        before = json.loads(list_of_copies.read_text(encoding="utf-8"))
    now = {}
    for path in originals(book):
        name, target = book.name_of(path), edition / book.name_of(path)
        now[name] = checksum(path)
        if before.get(name) != now[name] or not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for name in before.keys() - now.keys():
        (edition / name).unlink(missing_ok=True)
    settings = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    config = Book(book.root).config
    config["title"] += f" (what if {settings})"
    config["sphinx"].setdefault("config", {})["chapters_parameters"] = parameters
    write(edition / "_config.yml", yaml.safe_dump(config, allow_unicode=True))
    write(list_of_copies, json.dumps(now, indent=1) + "\n")


def originals(book: Book) -> Iterator[Path]:
    """The files that an edition gets: not what is hidden or built, and no notebook.

    What ``what_if_without`` names is left out as well.
    """
    left_out = {"_build", *book.setting("what_if_without", [])}
    made = {source.with_suffix(".ipynb") for source in book.chapters}
    for path in sorted(book.root.glob("[!.]*")):
        if path.name not in left_out:
            files = files_below(path) if path.is_dir() else [path]
            yield from (file for file in files if file not in made)


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def main() -> int:
    show_cause_last()
    book, parameters = Book(Path.cwd()), parse(sys.argv[1:])
    check(book, parameters)
    name = "_".join(f"{name}-{value}" for name, value in parameters.items())
    edition = book.root / "_build" / "what-if" / name
    edition.mkdir(parents=True, exist_ok=True)
    with alone(edition):
        prepare(book, edition, parameters)
        environment = os.environ | {"PYTHONPATH": python_path(Book(edition))}
        command = [*JUPYTER_BOOK, "build", "."]
        return subprocess.run(command, cwd=edition, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
