"""Has a run changed any of the files that it should make again, byte for byte?

``python -m ext.unchanged before FOLDER …`` notes the checksums of all files in some folders,
and ``python -m ext.unchanged after FOLDER …`` compares. Where git knows the folders, it is
asked too: then no committed file may have changed. Where it does not (no git, a folder that
was unpacked and not cloned, another owner's clone), ``before`` says so.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ext.depends import checksum, files_below

NOTES = Path("_build", "before.json")


def without_git(folders: Sequence[str]) -> str | None:
    """Why git cannot say what has changed in the folders; None if it can."""
    try:
        _git("ls-files", "--error-unmatch", "--", *folders)
    except FileNotFoundError:
        return "git is not installed"
    except subprocess.CalledProcessError as error:
        lines = error.stderr.splitlines() or ["git failed"]
        return lines[0].removeprefix("fatal: ").removeprefix("error: ")
    return None


def changed_for_git(folders: Sequence[str]) -> list[str]:
    """The files that are not as committed, as ``git status --porcelain`` has them."""
    return _git("status", "--porcelain", "--", *folders).splitlines()


def checksums(folders: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of each file in the folders, but for what is hidden or compiled."""
    found = {}
    for folder in folders:
        for path in files_below(Path(folder)):
            found[path.as_posix()] = checksum(path)
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """A line for each file that is not as it was."""
    lines = []
    for name in sorted(before | after):
        if name not in after:
            lines.append(f"{name} is gone")
        elif name not in before:
            lines.append(f"{name} is new")
        elif before[name] != after[name]:
            lines.append(f"{name} has changed")
    return lines


def note(folders: Sequence[str]) -> int:
    """Write down how the files are, and say what the end will be measured by."""
    NOTES.parent.mkdir(exist_ok=True)
    text = json.dumps(checksums(folders))
    NOTES.write_text(text, encoding="utf-8", newline="\n")
    if why := without_git(folders):
        print(f"Git cannot say what is committed here ({why}).")
        print("So the files will be compared with what they are now.")
    elif changed := changed_for_git(folders):
        print("Before the run, these files are not as committed:", *changed, sep="\n")
    sys.stdout.flush()
    return 0


def compare(folders: Sequence[str]) -> int:
    """Say whether all files are as they were and as committed; 1 if not, else 0."""
    before = json.loads(NOTES.read_text(encoding="utf-8"))
    changed = differences(before, checksums(folders))
    asked = without_git(folders) is None
    if asked and not changed:
        changed = changed_for_git(folders)
    if changed:
        print("Not bit for bit; these files have changed:", *changed, sep="\n")
        return 1
    kept = "no committed file" if asked else f"no file of {' and '.join(folders)}"
    print(f"Reproduced bit for bit: {kept} has changed.")
    return 0


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    form = {"encoding": "utf-8", "errors": "replace"}  # names of files may stand in it
    return subprocess.run(command, capture_output=True, check=True, **form).stdout


def main(arguments: Sequence[str]) -> int:
    commands = {"before": note, "after": compare}
    if len(arguments) < 2 or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
