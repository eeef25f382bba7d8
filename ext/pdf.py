"""``python -m ext.pdf``: build the PDF, then the HTML book that links it.

What TeX lacks is installed on Debian and Ubuntu; elsewhere a message names it. With
``--if-possible`` that message is no failure.
"""

import subprocess
import sys
from pathlib import Path

from ext.book import JUPYTER_BOOK, Book, build_lock, show_cause_last
from ext.debian_packages import install_missing, name_packages

BUILD = [*JUPYTER_BOOK, "build", "."]
PACKAGES = [
    "latexmk",
    "tex-gyre",
    "texlive-fonts-recommended",
    "texlive-latex-extra",
    "texlive-latex-recommended",
]
SHOWN_OF_A_FAILURE = 3000  # characters, the last ones


def build(pdf: Path) -> int:
    """Build the PDF and the HTML of the book in the current folder.

    Parameters
    ----------
    pdf : Path
        Where the PDF must be then.

    Returns
    -------
    int
        An exit status: 0 if both are built.
    """
    pdf.unlink(missing_ok=True)
    done = subprocess.run(
        [*BUILD, "--builder", "pdflatex"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # TeX writes bytes of its own
    )
    if done.returncode or not pdf.exists():
        said = done.stdout + done.stderr
        print(said[-SHOWN_OF_A_FAILURE:], file=sys.stderr)
        log = pdf.with_suffix(".log")
        if log.exists():
            print(f"pdf: LaTeX failed; the whole story is in {log}", file=sys.stderr)
        return 1
    print(f"pdf: {pdf} is built; the HTML follows, with links to it", flush=True)
    return subprocess.run([*BUILD, "--all"]).returncode


def main() -> int:
    """Build the PDF if this machine has the TeX for it; an exit status."""
    show_cause_last()
    missing = install_missing(PACKAGES)
    if missing:
        mend = "install them or a full TeX Live, and try again"
        print(
            f"pdf: not built, since this machine lacks {name_packages(missing)}: {mend}",
            file=sys.stderr,
        )
        return 0 if "--if-possible" in sys.argv[1:] else 1
    with build_lock(Path()):
        return build(Book(Path()).pdf)


if __name__ == "__main__":
    sys.exit(main())
