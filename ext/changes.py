"""Say which committed notebooks a reproduction has changed."""

import subprocess
import sys


def main() -> int:
    command = [
        "git",
        "status",
        "--porcelain",
        "--untracked-files=all",
        "--",
        "book",
        "record",
    ]
    status = subprocess.run(command, capture_output=True, text=True)
    if status.returncode:
        print(
            "This is no git checkout: there are no committed notebooks to compare with."
        )
    elif not status.stdout:
        print("Reproduced bit for bit: every notebook is as it was committed.")
    else:
        print(
            "Not bit for bit: these files differ from those committed (see git diff)."
        )
        print(status.stdout, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
