"""Sphinx extension: executes the chapters that are out of date before Sphinx looks for its files.

``python -m ext.chapters`` does the same without a build, for all chapters at once.
"""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import yaml
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx_external_toc.parsing import parse_toc_yaml

from ext.execute import ChapterError, declared, refresh

logger = logging.getLogger(__name__)
LOG = Path("_build", "executions.jsonl")


class BuildError(SphinxError):
    """A chapter that raised ends the build."""

    category = "Chapter failed"


def chapters(root: Path) -> list[Path]:
    """The .py sources of the book in ``root``, in the order of its table of contents."""
    toc = parse_toc_yaml(root / "_toc.yml")
    sources = [root / f"{name}.py" for name in _in_order(toc, toc.root.docname)]
    return [source for source in sources if source.exists()]


def check_parameters(sources: list[Path], parameters: dict) -> None:
    """Refuse a parameter that no chapter declares.

    Raises
    ------
    ChapterError
        Naming the parameter and those that exist.
    """
    known = {name for source in sources for name in declared(source)}
    for name in parameters.keys() - known:
        raise ChapterError(
            f"no chapter has the parameter {name}: give {', '.join(sorted(known))}"
        )


def executions(root: Path) -> dict[str, dict]:
    """What this machine last did for each chapter, from the build's log.

    Returns
    -------
    dict
        By chapter: ``seconds`` it took, when it ``finished`` (UTC), and the ``digest`` of
        the code that ran.
    """
    log = root / LOG
    if not log.exists():
        return {}
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {line["chapter"]: line for line in lines}


def execute_stale(app, config) -> None:
    """Bring every chapter up to date (Sphinx event ``config-inited``)."""
    root = Path(app.srcdir)
    app.executed_chapters = []
    sources = chapters(root)
    try:
        check_parameters(sources, config.chapters_parameters)
        for source in sources:
            watched = [root / path for path in config.chapters_watch]
            outcome = _refresh(root, source, watched, config.chapters_parameters)
            if outcome != "up to date":
                logger.info(f"chapter {source.stem}: {outcome}")
                app.executed_chapters.append(source.stem)
    except ChapterError as error:
        raise BuildError(str(error)) from error


def renew_glued_numbers(app, env) -> list[str]:
    """Write every page again if a chapter changed (Sphinx event ``env-updated``).

    Pages show each other's numbers, and Sphinx does not know it.
    """
    return sorted(env.found_docs) if app.executed_chapters else []


def setup(app) -> dict:
    app.add_config_value("chapters_watch", [], "", [list])
    app.add_config_value("chapters_parameters", {}, "", [dict])
    # Before sphinx-external-toc and MyST-NB look for the notebooks.
    app.connect("config-inited", execute_stale, priority=0)
    app.connect("env-updated", renew_glued_numbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _in_order(toc, name: str) -> Iterator[str]:
    yield name
    for child in toc[name].child_files():
        yield from _in_order(toc, child)


def _refresh(
    root: Path,
    source: Path,
    watched: Sequence[Path],
    parameters: dict,
    force: bool = False,
) -> str:
    start = time.perf_counter()
    outcome = refresh(source, watched, parameters, root / "_build" / ".drafts", force)
    if outcome == "executed":
        notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
        line = {
            "chapter": source.stem,
            "seconds": round(time.perf_counter() - start, 1),
            "finished": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
            "digest": notebook.metadata.lenet5.digest,
        }
        with open(root / LOG, "a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    return outcome


def main() -> int:
    """Execute every chapter of the book in the current folder, whether stale or not."""
    root = Path.cwd()
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))[
        "sphinx"
    ]["config"]
    watched = [root / path for path in config["chapters_watch"]]
    parameters = config.get("chapters_parameters", {})
    try:
        for source in chapters(root):
            print(f"executing {source.relative_to(root)}", flush=True)
            _refresh(root, source, watched, parameters, force=True)
    except ChapterError as error:
        print(f"Chapter failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
