"""Has a run changed any of the files that it should make again, byte for byte?

``python -m tools.compare_files before FOLDER …`` notes the checksums of all files in some
folders, and ``python -m tools.compare_files after FOLDER …`` compares. Where git knows the
folders, it is asked too: then no committed file may have changed. Where it does not (no git,
a folder that was unpacked and not cloned, another owner's clone), ``before`` says so.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sphinx_chapters.dependencies import checksum, files_below

NOTES = Path("_build", "before.json")  # what ``before`` has noted


def why_git_cannot_tell(folders: Sequence[str]) -> str | None:
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
    """A line for each file that is not as it was.

    Parameters
    ----------
    before, after : dict
        The checksum of each file, by its name.
    """
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
    """Write down how the files are, and say what the end will be measured by.

    Returns
    -------
    int
        The exit status, 0.
    """
    NOTES.parent.mkdir(exist_ok=True)
    text = json.dumps(checksums(folders))
    NOTES.write_text(text, encoding="utf-8", newline="\n")
    reason = why_git_cannot_tell(folders)
    if reason:
        print(f"Git cannot say what is committed here ({reason}).")
        print("So the files will be compared with what they are now.")
    else:
        changed = changed_for_git(folders)
        if changed:
            print("Before the run, these files are not as committed:")
            print("\n".join(changed))
    sys.stdout.flush()  # the programs that run next write to the same place
    return 0


def compare(folders: Sequence[str]) -> int:
    """Say whether all files are as they were and as committed.

    Returns
    -------
    int
        The exit status: 0 if they are, 1 if not.
    """
    before = json.loads(NOTES.read_text(encoding="utf-8"))
    changed = differences(before, checksums(folders))
    git_can_tell = why_git_cannot_tell(folders) is None
    if git_can_tell and not changed:
        changed = changed_for_git(folders)
    if changed:
        print("Not bit for bit; these files have changed:")
        print("\n".join(changed))
        return 1
    if git_can_tell:
        kept = "no committed file"
    else:
        kept = f"no file of {' and '.join(folders)}"
    print(f"Reproduced bit for bit: {kept} has changed.")
    return 0


def _git(*arguments: str) -> str:
    """What git says; CalledProcessError or FileNotFoundError if it cannot."""
    done = subprocess.run(
        ["git", *arguments],
        capture_output=True,
        check=True,
        encoding="utf-8",
        errors="replace",  # names of files, in any encoding, may stand in it
    )
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks for; an exit status."""
    commands = {"before": note, "after": compare}
    if len(arguments) < 2 or arguments[0] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    command = commands[arguments[0]]
    return command(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
