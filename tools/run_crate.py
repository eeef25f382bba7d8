"""Run a command that reproduces the book, and keep a record of the run in ``_build/run-crate``.

``python -m tools.run_crate COMMAND …`` does so for ``make reproduce``. The record is a Workflow
Run RO-Crate: a folder with every file that the run read or wrote, as it was then, and
``ro-crate-metadata.json``, which says of each whether it went in or came out, with its
SHA-256, and with what, when and how the run ended. A run that fails has a record too.

Who ran it stands there if the variable ``RUN_BY`` names somebody; nothing is guessed.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from lenet5 import Config
from sphinx_chapters.dependencies import files_below
from tools.crate_metadata import METADATA, Execution, describe
from tools.project import executed_files

CRATE = Path("_build", "run-crate")
DRAFT = Path("_build", "run-crate.partial")
NOT_READ = ("tests", "benchmarks", "_build", "runs")  # by the run


def begin(root: Path) -> list[str]:
    """Put aside what a run will read, as it is now; the names of these files.

    Parameters
    ----------
    root : Path
        The project's folder.
    """
    shutil.rmtree(root / DRAFT, ignore_errors=True)
    written = executed_files(root)
    names = [name for name in project_files(root) if name not in written]
    put_aside(root, names)
    return names


def finish(root: Path, run: Execution, objects: list[str]) -> Path:
    """Put aside what a run has written too, and say what is what; the crate's folder.

    It takes the place of the last run's.

    Parameters
    ----------
    objects : list of str
        What :func:`begin` has put aside.
    """
    since = run.start.timestamp()
    results = []
    for name in [*executed_files(root), *trained(root)]:
        path = root / name
        if path.exists() and path.stat().st_mtime >= since:
            results.append(name)
    put_aside(root, results)
    metadata = describe(root / DRAFT, run, objects, results)
    text = json.dumps(metadata, indent=1, ensure_ascii=False)
    (root / DRAFT / METADATA).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    shutil.rmtree(root / CRATE, ignore_errors=True)
    os.replace(root / DRAFT, root / CRATE)
    return root / CRATE


def project_files(root: Path) -> list[str]:
    """The project's own files that a run may read: as git lists them, else all there are."""
    listed = git(root, "ls-files")
    if listed:
        names = [name for name in listed.splitlines() if (root / name).exists()]
    else:
        names = relative(root, root)
    return [name for name in names if _may_be_read(name)]


def _may_be_read(name: str) -> bool:
    first = name.partition("/")[0]
    return first not in NOT_READ and not first.startswith(".")


def trained(root: Path) -> list[str]:
    """The files of the run of the default settings, in this machine's ``runs/``."""
    for config in sorted(root.glob("runs/*/config.json")):
        if json.loads(config.read_text(encoding="utf-8")) == Config().settings():
            return relative(root, config.parent)
    return []


def relative(root: Path, folder: Path) -> list[str]:
    """The files below a folder of the project, by their names in the project."""
    return [path.relative_to(root).as_posix() for path in files_below(folder)]


def put_aside(root: Path, names: list[str]) -> None:
    """Copy files of the project to the crate."""
    for name in names:
        (root / DRAFT / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, root / DRAFT / name)


def git(root: Path, *arguments: str) -> str:
    """What git says; empty if it is not there or knows nothing of the folder."""
    command = ["git", "-c", "core.quotePath=off", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def wait_for(process: subprocess.Popen) -> int:
    """The exit status of a program; where a signal ended it, the one that a shell gives."""
    while process.returncode is None:
        with suppress(KeyboardInterrupt):  # Ctrl-C reaches the program too
            process.wait()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


def now() -> datetime:
    """The time, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def main(command: list[str]) -> int:
    """Run a command in the current folder, and record it; its exit status."""
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    root = Path.cwd()
    source = git(root, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    objects = begin(root)
    start = now()
    status = wait_for(subprocess.Popen(command))
    agent = os.environ.get("RUN_BY", "")
    finish(root, Execution(start, now(), status, source, agent), objects)
    print(f"What this run read and wrote is recorded in {CRATE.as_posix()}.")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
