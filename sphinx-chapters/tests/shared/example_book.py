"""The example, a whole book on another subject: copies of it, and how Sphinx alone builds it."""

import shutil
import subprocess
import sys
from pathlib import Path

from small_books import PACKAGE

EXAMPLE = PACKAGE / "example"
CHAPTERS = ["measured", "deep/wide-swings", "both"]
PAGES = ["index", *CHAPTERS, "try-it"]
CONF = """\
project = "The pendulum"
extensions = ["myst_nb", "sphinx_chapters"]
nb_execution_mode = "off"  # sphinx_chapters executes the chapters
myst_enable_extensions = ["dollarmath"]
numfig = True
exclude_patterns = ["_build"]
latex_documents = [("index", "pendulum.tex", "The pendulum", "", "howto")]
chapters_check = "pendulum:check"
"""
CONTENTS = """
```{toctree}
measured
deep/wide-swings
both
try-it
```
"""


def copy_example(folder: Path) -> Path:
    """A fresh copy of the example, as it is committed."""
    ignored = shutil.ignore_patterns("_build", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, folder, ignore=ignored))


def for_sphinx_alone(book: Path) -> Path:
    """Give a copy a conf.py in place of what Jupyter Book reads."""
    (book / "_config.yml").unlink()
    (book / "_toc.yml").unlink()
    (book / "conf.py").write_text(CONF, encoding="utf-8", newline="\n")
    with open(book / "index.md", "a", encoding="utf-8", newline="\n") as file:
        file.write(CONTENTS)
    return book


def sphinx_build(book: Path, python: str = sys.executable, **environment: str):
    """What Sphinx says when it builds the pages into ``_build/html``; warnings are errors."""
    command = [python, "-m", "sphinx", "-M", "html", ".", "_build"]
    command += ["-W", "-n", "--keep-going"]
    return subprocess.run(
        command,
        cwd=book,
        env=environment or None,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


def notebooks(book: Path) -> dict[str, bytes]:
    """The bytes of each chapter's notebook."""
    return {name: (book / f"{name}.ipynb").read_bytes() for name in CHAPTERS}
