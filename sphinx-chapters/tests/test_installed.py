"""The package as people install it: by pip from its folder, into an environment of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from small_books import PACKAGE, executed, soup, succeed

BUILT = ("build", "_build", "*.egg-info", "__pycache__", ".*")


@pytest.mark.long
@pytest.mark.parametrize(
    ("extras", "options"),
    [
        ("jupyter-book,figures", []),
        ("figures", ["--sphinx"]),  # with the newest Sphinx and MyST-NB
    ],
)
def test_a_new_book_is_built_by_what_pip_installs(tmp_path, extras, options):
    source = shutil.copytree(
        PACKAGE, tmp_path / "sphinx-chapters", ignore=shutil.ignore_patterns(*BUILT)
    )
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    variables = {
        name: value for name, value in os.environ.items() if name != "PYTHONPATH"
    }
    variables["PATH"] = os.pathsep.join([str(programs), variables["PATH"]])

    def run(folder: Path, command: str) -> str:
        """What a command says, in a folder, as a person types it."""
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=variables,
            capture_output=True,
            encoding="utf-8",
        )
        return succeed(done)

    run(tmp_path, f'python -m pip install "{source}[{extras}]"')
    said = run(tmp_path, " ".join(["chapters init book", *options]))
    book = tmp_path / "book"
    pinned = (book / "requirements.txt").read_text(encoding="utf-8")
    assert "matplotlib==" in pinned
    assert "# sphinx-chapters was installed from a folder" in pinned
    steps = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    [install, build] = [step.split("  ")[0] for step in steps[1:3]]
    assert install == "python -m pip install nbval pytest"
    assert executed(run(book, f"{build} -W -n")) == ["chapters/growth"]
    html = book / "_build" / "html"
    assert "17.7 years" in " ".join(soup(html / "index.html").get_text().split())
    assert "Every chapter" in run(book, "chapters check")
    assert executed(run(book, "chapters what-if RATE=0.08")) == ["chapters/growth"]
    run(book, install)
    assert "passed" in run(book, "pytest")
