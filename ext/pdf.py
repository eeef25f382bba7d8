"""``python -m ext.pdf``: build the PDF, then the HTML book that links it.

What TeX lacks is installed on Debian and Ubuntu; elsewhere a message names it. With
``--if-possible`` that message is no failure.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ext.downloads import PDF

JUPYTER_BOOK = Path(sys.executable).parent / "jupyter-book"
# Debian's package, and a file that tells whether it is there.
PACKAGES = {
    "latexmk": None,
    "texlive-latex-recommended": "fancyvrb.sty",
    "texlive-latex-extra": "framed.sty",
    "texlive-fonts-recommended": "t1xtt.tfm",
    "tex-gyre": "tgtermes.sty",
}


def missing() -> list[str]:
    """Those of ``PACKAGES`` that this machine lacks."""
    return [name for name, file in PACKAGES.items() if not _found(name, file)]


def install(packages: list[str]) -> None:
    """Install Debian packages if this user may; say nothing if not."""
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (may and not shutil.which("sudo")):
        return
    if may and subprocess.run([*may, "true"], capture_output=True).returncode:
        return
    print(f"pdf: installing {' '.join(packages)}", flush=True)
    apt = [*may, "apt-get", "-qq"]
    subprocess.run([*apt, "update"], capture_output=True)
    command = [*apt, "install", "-y", "--no-install-recommends", *packages]
    subprocess.run(command, capture_output=True)


def build() -> int:
    """Build the PDF and the HTML of the book in the current folder; an exit status."""
    PDF.unlink(missing_ok=True)
    command = [JUPYTER_BOOK, "build", ".", "--builder", "pdflatex"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode or not PDF.exists():
        print((done.stdout + done.stderr)[-3000:], file=sys.stderr)
        log = PDF.with_suffix(".log")
        print(f"pdf: LaTeX failed; the whole story is in {log}", file=sys.stderr)
        return 1
    print(f"pdf: {PDF} is built; the HTML follows, with links to it", flush=True)
    return subprocess.run([JUPYTER_BOOK, "build", ".", "--all"]).returncode


def main() -> int:
    lacking = missing()
    if lacking:
        install(lacking)
        lacking = missing()
    if not lacking:
        return build()
    print(
        f"pdf: not built, since this machine lacks {', '.join(lacking)} (names of"
        " Debian packages): install them or a full TeX Live, then run make pdf",
        file=sys.stderr,
    )
    return 0 if "--if-possible" in sys.argv[1:] else 1


def _found(name: str, file: str | None) -> bool:
    if file is None:
        return shutil.which(name) is not None
    if shutil.which("kpsewhich") is None:
        return False
    return not subprocess.run(["kpsewhich", file], capture_output=True).returncode


if __name__ == "__main__":
    sys.exit(main())
