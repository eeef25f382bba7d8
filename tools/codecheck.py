"""Write ``codecheck.yml``: what somebody who checks this project by CODECHECK has to make again.

``python -m tools.codecheck`` makes it from what the project says elsewhere: title and authors
stand in ``CITATION.cff``, chapters in ``_toc.yml``, the files of ``record/`` and the commands
that make them in ``studies/record.py``. What a codechecker has added to the file stays.

Source: the specification of the file, https://codecheck.org.uk/spec/config/1.0/. The authors
write ``version``, ``paper`` and ``manifest``; ``codechecker`` and ``report``, which are
mandatory too, come of the check ("Codecheck metadata"). Version 2.0 asks for an ORCID of each
author and a reference to an article, and neither is known.
"""

from pathlib import Path

import yaml

from sphinx_chapters.files import write_whole
from studies.record import MAKERS, Maker
from tools.project import COMMAND, author_names, citation, executed_files

FILE = "codecheck.yml"
SPECIFICATION = "https://codecheck.org.uk/spec/config/1.0/"
# The specification wants the mark first, and its programs accept nothing before it.
HEAD = """\
---
# python -m tools.codecheck writes version, paper and manifest. Nobody has checked them while
# there is no codechecker below: who does adds codechecker, report, summary and certificate.
"""
# Which machine trained, so that another's is another; and checksums of all, this one too.
NO_RESULTS = ("environment.json", "SHA256SUMS")


def manifest(root: Path) -> dict[str, str]:
    """The files that a check makes again, each with what it is and the command."""
    found = {}
    for name, what in executed_files(root).items():
        found[name] = f"{what} ({COMMAND})"
    for maker in MAKERS:
        command = f"python -m studies {maker.command}, {maker.takes}"
        for name in results(root / "record", maker):
            found[f"record/{name}"] = f"{maker.what} ({command})"
    return found


def results(record: Path, maker: Maker) -> list[str]:
    """The files of the record that a command makes, but for a table's own networks."""
    if not maker.command:
        return []
    found = []
    for name in maker.files:
        if not name.endswith("/"):
            found.append(name)
        elif name.replace("/", ".csv") not in maker.files:
            paths = sorted((record / name).iterdir())
            found += [path.relative_to(record).as_posix() for path in paths]
    return [name for name in found if Path(name).name not in NO_RESULTS]


def text_of(root: Path) -> str:
    """What ``codecheck.yml`` has to say, with what a codechecker has added to it."""
    cited = citation(root)
    content = {
        "version": SPECIFICATION,
        "paper": {
            "title": cited["title"],
            "authors": [{"name": name} for name in author_names(cited)],
        },
        "manifest": [
            {"file": name, "comment": comment}
            for name, comment in manifest(root).items()
        ],
    }
    path = root / FILE
    stored = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    for key, value in stored.items():
        content.setdefault(key, value)
    body = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    return HEAD + body


def main() -> None:
    """Write the file of the project in the current folder, whole or not at all."""
    root = Path.cwd()
    write_whole(root / FILE, text_of(root))


if __name__ == "__main__":
    main()
