"""The command line: ``chapters COMMAND``, or ``python -m sphinx_chapters COMMAND``."""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx_chapters import init, what_if
from sphinx_chapters.book import Book, build_lock, show_cause_last
from sphinx_chapters.build import build_html
from sphinx_chapters.check import faults_of_execution, faults_of_files
from sphinx_chapters.pdf import build_pdf, lacking_programs
from sphinx_chapters.update import update

DESCRIPTION = "Chapters that are Python files: execute, check and print them."


def begin(options: argparse.Namespace) -> int:
    """Write a small book; an exit status."""
    form = "sphinx" if options.sphinx else "jupyter-book"
    folder = Path(options.folder)
    init.write_book(folder, form)
    print(init.what_next(folder, form))
    return 0


def run(options: argparse.Namespace) -> int:
    """Execute chapters; an exit status."""
    book = Book.read(Path.cwd(), options.config, options.toc)
    with build_lock(book.root):
        update(book, force=not options.stale, only=options.chapter)
    return 0


def check(options: argparse.Namespace) -> int:
    """Say whether the pages show what the chapters compute; an exit status."""
    book = Book.read(Path.cwd(), options.config, options.toc)
    with build_lock(book.root):
        faults = list(faults_of_files(book, options.chapter))
        if options.execute and not faults:
            faults = list(faults_of_execution(book, options.chapter))
    print("\n".join(faults) or "Every chapter's outputs are of its code as it stands.")
    if options.execute and not faults:
        print("Executed anew, the chapters put out the same, byte for byte.")
    return 1 if faults else 0


def edition(options: argparse.Namespace) -> int:
    """Build an edition with other parameters; an exit status."""
    book = Book.read(Path.cwd(), options.config, options.toc)
    values = what_if.choose(book, what_if.parse(options.setting))
    what_if.check(book, values)
    folder = book.root / "_build" / "what-if" / what_if.folder_name(values)
    folder.mkdir(parents=True, exist_ok=True)
    with build_lock(folder):
        what_if.prepare(book, folder, values)
        with what_if.nothing_written(book):
            return build_html(Book.read(folder, options.config, options.toc))


def pdf(options: argparse.Namespace) -> int:
    """Build the PDF if this machine has the TeX for it; an exit status."""
    book = Book.read(Path.cwd(), options.config, options.toc)
    lacking = lacking_programs(book)
    if lacking:
        words = f"pdf: not built, since this machine lacks {' and '.join(lacking)}"
        print(f"{words}: install TeX Live, and try again", file=sys.stderr)
        return 0 if options.if_possible else 1
    with build_lock(book.root):
        return build_pdf(book, options.strict)


def parser() -> argparse.ArgumentParser:
    """What the command line understands."""
    top = argparse.ArgumentParser(prog="chapters", description=DESCRIPTION)
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, function, words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=f"{words}.")
        command.set_defaults(function=function)
        command.add_argument(
            "--config",
            default="",
            metavar="FILE",
            help="of Jupyter Book, where it is not _config.yml",
        )
        command.add_argument(
            "--toc",
            default="",
            metavar="FILE",
            help="the table of contents, where it is not _toc.yml",
        )
        return command

    command = commands.add_parser(
        "init", help="write a small book to begin with", description=init.__doc__
    )
    command.set_defaults(function=begin)
    command.add_argument("folder", nargs="?", default=".", help="for the new book")
    command.add_argument(
        "--sphinx", action="store_true", help="for Sphinx alone, without Jupyter Book"
    )
    command = add("run", run, "execute all chapters, stale or not")
    command.add_argument("chapter", nargs="*", help="only these, such as book/results")
    command.add_argument(
        "--stale", action="store_true", help="execute only what is out of date"
    )
    command = add("check", check, "say whether the stored outputs are of the code")
    command.add_argument("chapter", nargs="*", help="only these, such as book/results")
    command.add_argument(
        "--execute",
        action="store_true",
        help="execute the chapters in a copy, and say which cell puts out something else",
    )
    command = add("what-if", edition, "build an edition with other parameters")
    command.add_argument("setting", nargs="*", metavar="NAME=VALUE")
    command = add("pdf", pdf, "build the PDF, and then the pages, which may link it")
    command.add_argument(
        "--if-possible", action="store_true", help="a machine without TeX is no failure"
    )
    command.add_argument(
        "-W",
        dest="strict",
        action="store_true",
        help="a warning of Sphinx is a failure",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for; an exit status."""
    show_cause_last()
    # A chapter may have a name that the terminal cannot show, as on Windows.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    options = parser().parse_args(arguments)
    return options.function(options)


if __name__ == "__main__":
    sys.exit(main())
