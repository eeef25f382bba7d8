"""``python -m ext.what_if NAME=NUMBER …``: an edition of the book with other parameters.

It is built under ``_build/what-if``; what is committed stays as it is.
"""

import re
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import jupytext
import yaml

from ext.book import Book, BookError, alone, show_cause_last
from ext.execute import declared

NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?(e-?\d{1,2})?", re.IGNORECASE)


def parse(arguments: list[str]) -> dict[str, int | float]:
    """``["SEED=3", "LR=1e-3"]`` as ``{"lr": 0.001, "seed": 3}``, or BookError."""
    parameters = {}
    for argument in sorted(arguments):
        name, _, text = argument.partition("=")
        if not NUMBER.fullmatch(text):
            raise BookError(f"what-if: {argument!r} is not NAME=NUMBER, such as SEED=3")
        parameters[name.lower()] = int(text) if text.isdecimal() else float(text)
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
    """Lay out the edition: copies of files and of folders of chapters, links to others."""
    writing = {source.relative_to(book.root).parts[0] for source in book.chapters}
    ignored = shutil.ignore_patterns("*.ipynb", "__pycache__", ".*")
    for path in book.root.glob("[!.]*"):
        target = edition / path.name
        if path.is_file():
            shutil.copyfile(path, target)
        elif path.name in writing:
            shutil.copytree(path, target, ignore=ignored, dirs_exist_ok=True)
        elif path.name != "_build" and not target.exists():
            target.symlink_to(path, target_is_directory=True)
    settings = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    config = Book(book.root).config
    config["title"] += f" (what if {settings})"
    config["sphinx"].setdefault("config", {})["chapters_parameters"] = parameters
    text = yaml.safe_dump(config, allow_unicode=True)
    (edition / "_config.yml").write_text(text, encoding="utf-8")


def main() -> int:
    show_cause_last()
    book, parameters = Book(Path.cwd()), parse(sys.argv[1:])
    check(book, parameters)
    name = "_".join(f"{name}-{value}" for name, value in parameters.items())
    edition = book.root / "_build" / "what-if" / name
    edition.mkdir(parents=True, exist_ok=True)
    with alone(edition):
        prepare(book, edition, parameters)
        jupyter_book = Path(sys.executable).parent / "jupyter-book"
        return subprocess.run([jupyter_book, "build", edition]).returncode


if __name__ == "__main__":
    sys.exit(main())
