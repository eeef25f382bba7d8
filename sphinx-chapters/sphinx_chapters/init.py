"""A small book to begin with: ``chapters init [FOLDER]``."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from sphinx_chapters import __version__
from sphinx_chapters.book import BookError
from sphinx_chapters.files import write_whole
from sphinx_chapters.settings import JUPYTER_BOOK, SPHINX

TEMPLATE = Path(__file__).with_name("template")
# In a name in the template for a dot: what is hidden is left out of many a copy.
DOT = "dot-"
REQUIREMENTS = "requirements.txt"
PACKAGE = "sphinx-chapters"
FROM_A_FOLDER = f"""\
# {PACKAGE} was installed from a folder, and pip does not find it by its name: for others, copy
# the folder into the book, and write ./{PACKAGE} in place of the next line.
"""
BUILDS = {  # what builds the pages, by the form of the book
    "jupyter-book": "jupyter-book build .",
    "sphinx": "python -m sphinx -M html . _build",
}


def write_book(folder: Path, form: str) -> list[str]:
    """Write a small book that builds at once.

    Parameters
    ----------
    folder : Path
        It is made if it is not there.
    form : str
        ``"jupyter-book"``, with ``_config.yml``, or ``"sphinx"``, with ``conf.py``.

    Returns
    -------
    list of str
        The names of the files.

    Raises
    ------
    BookError
        If a file of one of these names, or a book, is there already; nothing is written.
    """
    texts = dict(_files(form))
    there = [
        name
        for name in sorted({*texts, SPHINX, JUPYTER_BOOK})
        if (folder / name).exists()
    ]
    if there:
        raise BookError(
            f"init: {folder} has {', '.join(there)} already, and nothing is written over:"
            " give a new folder, such as chapters init my-book"
        )
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, text)
    return list(texts)


def what_next(folder: Path, form: str) -> str:
    """What to do with the new book, a command a line."""
    steps = {}
    if folder.resolve() != Path.cwd():
        steps[f"cd {_quoted(str(folder))}"] = ""
    lacking = [
        _quoted(str(requirement))
        for requirement in _requirements(form)
        if requirement.name != PACKAGE and not _installed_version(requirement)
    ]
    if lacking:
        steps[f"python -m pip install {' '.join(lacking)}"] = "what lacks here"
    steps |= {
        BUILDS[form]: "executes the chapter, and builds _build/html/index.html",
        "chapters what-if RATE=0.08": "the book with another parameter, in _build/what-if",
        "chapters pdf": "for print: _build/latex/book.pdf, where there is TeX",
        "chapters check": "says whether the stored outputs are of the code",
        "pytest": "executes the chapter anew, and compares",
    }
    width = max(map(len, steps)) + 2
    lines = [f"  {step:{width}}{note}".rstrip() for step, note in steps.items()]
    first = f"A small book is in {folder}. What to do next:"
    last = (
        "Then write your own chapter in chapters/, and commit its .ipynb with its .py."
    )
    return "\n".join([first, *lines, last])


def _quoted(word: str) -> str:
    """A word as every shell takes it for one."""
    return f'"{word}"' if set(word) & set(" <>&;()'") else word


def _files(form: str) -> Iterator[tuple[str, str]]:
    """The name and the text of each file of a book."""
    replacements = {
        "BUILD-COMMAND": BUILDS[form],
        "PYTHON-VERSION": f"{sys.version_info.major}.{sys.version_info.minor}",
        "YEAR": str(datetime.now(UTC).year),
    }
    for part in ("both", form):
        for path in sorted((TEMPLATE / part).rglob("*")):
            if path.is_dir() or path.suffix == ".pyc":
                continue
            parts = path.relative_to(TEMPLATE / part).parts
            name = "/".join(
                f".{part.removeprefix(DOT)}" if part.startswith(DOT) else part
                for part in parts
            )
            text = path.read_text(encoding="utf-8")
            for word, replacement in replacements.items():
                text = text.replace(word, replacement)
            yield name, text
    yield REQUIREMENTS, "".join(map(_pinned, _requirements(form)))


# -- what the book is built with -------------------------------------------------------


def _requirements(form: str) -> list[Requirement]:
    """The packages that a book of this form needs."""
    lines = (TEMPLATE / f"{form}.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines]


def _installed_version(requirement: Requirement) -> str:
    """The version that is installed, if it is one that will do; else nothing."""
    try:
        version = distribution(requirement.name).version
    except PackageNotFoundError:
        return ""
    return version if requirement.specifier.contains(version, prereleases=True) else ""


def _pinned(requirement: Requirement) -> str:
    """The line of a requirement: of the version that is installed, if one is."""
    if requirement.name == PACKAGE:
        return _own_line()
    version = _installed_version(requirement)
    return f"{requirement.name}=={version}\n" if version else f"{requirement}\n"


def _own_line() -> str:
    """The line of this package: pip has noted where it came from, if not by its name."""
    by_name = f"{PACKAGE}=={__version__}\n"
    try:
        note = distribution(PACKAGE).read_text("direct_url.json")
    except PackageNotFoundError:  # it is on the path, and not installed
        return FROM_A_FOLDER + by_name
    origin = json.loads(note or "{}")
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        address = f"{vcs['vcs']}+{origin['url']}@{vcs['commit_id']}"
        if "subdirectory" in origin:
            address += f"#subdirectory={origin['subdirectory']}"
        return f"{PACKAGE} @ {address}\n"
    return FROM_A_FOLDER + by_name if origin else by_name
