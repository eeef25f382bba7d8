"""Which pages a book has: those of its table of contents, or what its patterns find."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sphinx.util.matching import Matcher, get_matching_files, patfilter

CELL = re.compile(r"^# *%%", re.MULTILINE)  # how jupytext's percent format begins one
SUFFIXES = (".py", ".md", ".ipynb", ".rst")  # of pages
NEVER = ("_build", "conf.py", ".*", "**/.*", "__pycache__", "**/__pycache__")
ENVIRONMENT = "pyvenv.cfg"  # in each virtual environment, and nowhere else


def table_of_contents(root: Path, settings: Mapping[str, object]) -> Path | None:
    """The file of sphinx-external-toc, which Jupyter Book uses; None where there is none."""
    extensions = settings.get("extensions", [])
    if "sphinx_external_toc" not in extensions:
        return None
    # Another path than the usual one stands in external_toc_path, absolute or from here.
    return root / str(settings.get("external_toc_path", "_toc.yml"))


def listed(root: Path, toc: Path, excluded_patterns: Sequence[str] = ()) -> list[str]:
    """The names of the pages that a table of contents lists, in its order.

    A pattern (``glob:``) stands for the pages that it fits, as sphinx-external-toc sorts
    them; what it fits in Python is a chapter if it has a cell, as in `found`.

    Parameters
    ----------
    root : Path
        The book's folder.
    toc : Path
        The file of the table of contents.
    excluded_patterns : sequence of str
        As Sphinx has them: no page that a pattern fits.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no table of contents.
    """
    from sphinx_external_toc.api import FileItem, GlobItem
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

    if not toc.exists():
        raise FileNotFoundError(f"there is no table of contents {toc.name} in {root}")
    try:
        site = parse_toc_yaml(toc)
    except MalformedError as error:
        words = " ".join(str(error).split())
        raise ValueError(f"{toc.name} cannot be read: {words}") from error
    items = {_without_suffix(name): item for name, item in site.items()}
    names: list[str] = []
    candidates: list[str] = []

    def fitting(pattern: str) -> list[str]:
        if not candidates:
            candidates.extend(_possible_pages(root, excluded_patterns))
        return sorted(patfilter(candidates, pattern))

    def visit(name: str) -> None:
        if name in names:
            return
        names.append(name)
        for tree in items[name].subtrees if name in items else ():
            pages: list[str] = []
            for item in tree.items:
                if isinstance(item, FileItem):
                    pages.append(_without_suffix(item))
                elif isinstance(item, GlobItem):
                    pages += [page for page in fitting(item) if page not in pages]
            for page in reversed(pages) if tree.reversed else pages:
                visit(page)

    visit(_without_suffix(site.root.docname))
    return names


def _possible_pages(root: Path, excluded_patterns: Sequence[str]) -> set[str]:
    """The names, without suffixes, of all files that may be pages."""
    pages = set()
    for name in _files(root, excluded_patterns):
        if name.endswith(SUFFIXES) and (
            not name.endswith(".py") or _has_cell(root / name)
        ):
            pages.add(_without_suffix(name))
    return pages


def _without_suffix(name: str) -> str:
    """A page's name: a table of contents may give it as the name of its file."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return str(name)


def found(
    root: Path, patterns: Sequence[str], excluded_patterns: Sequence[str]
) -> list[Path]:
    """The chapters that patterns find, in the order of the patterns and then of the names.

    A file in Python is a chapter if it has a cell of jupytext's percent format.

    Parameters
    ----------
    root : Path
        The book's folder.
    patterns : sequence of str
        Such as ``book/*.py``, from the book's folder on.
    excluded_patterns : sequence of str
        As Sphinx has them.
    """
    names = sorted(
        name for name in _files(root, excluded_patterns) if name.endswith(".py")
    )
    chapters: dict[str, None] = {}  # in their order, each once
    for pattern in patterns:
        fits = Matcher([pattern])
        chapters |= dict.fromkeys(name for name in names if fits(name))
    return [root / name for name in chapters if _has_cell(root / name)]


def _files(root: Path, excluded_patterns: Sequence[str]) -> Iterator[str]:
    """The names of a book's files, but for what is hidden, built, installed or excluded.

    Sphinx looks through them in the same way, and does not look into folders that it is to
    leave out.
    """
    environments = [
        path.parent.relative_to(root).as_posix()
        for path in root.glob(f"*/{ENVIRONMENT}")
    ]
    patterns = [*NEVER, *environments, *excluded_patterns]
    return get_matching_files(root, ["**"], patterns)


def _has_cell(path: Path) -> bool:
    """Whether a file in Python has a cell; one that is not in UTF-8 may have one."""
    return CELL.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def pdf_name(settings: Mapping[str, object]) -> str:
    """The name of the printed book: of the first of ``latex_documents``, else Sphinx's own."""
    documents = settings.get("latex_documents")
    if documents and not callable(
        documents
    ):  # Sphinx's default asks for its configuration
        return documents[0][1].removesuffix(".tex") + ".pdf"
    # As Sphinx's own default_latex_documents does.
    from sphinx.util.osutil import make_filename_from_project

    return f"{make_filename_from_project(str(settings.get('project', 'Project')))}.pdf"
