"""``python -m ext.pdf``: build the PDF, then the HTML book that links it.

What TeX lacks is installed on Debian and Ubuntu; elsewhere a message names it. With
``--if-possible`` that message is no failure.
"""

import subprocess
import sys
from pathlib import Path

from ext.book import JUPYTER_BOOK, Book, alone, show_cause_last
from ext.system import provide

BUILD = [*JUPYTER_BOOK, "build", "."]
PACKAGES = ["latexmk", "tex-gyre", "texlive-fonts-recommended"]
PACKAGES += ["texlive-latex-extra", "texlive-latex-recommended"]


def build(pdf: Path) -> int:
    """Build ``pdf`` and the HTML of the book in the current folder; an exit status."""
    pdf.unlink(missing_ok=True)
    command = [*BUILD, "--builder", "pdflatex"]
    form = {"encoding": "utf-8", "errors": "replace"}  # TeX writes bytes of its own
    done = subprocess.run(command, capture_output=True, **form)
    if done.returncode or not pdf.exists():
        print((done.stdout + done.stderr)[-3000:], file=sys.stderr)
        if (log := pdf.with_suffix(".log")).exists():
            print(f"pdf: LaTeX failed; the whole story is in {log}", file=sys.stderr)
        return 1
    print(f"pdf: {pdf} is built; the HTML follows, with links to it", flush=True)
    return subprocess.run([*BUILD, "--all"]).returncode


def main() -> int:
    show_cause_last()
    lacking = provide(PACKAGES)
    if not lacking:
        with alone(Path()):
            return build(Book(Path()).pdf)
    names = f"{', '.join(lacking)} (names of Debian packages)"
    mend = "install them or a full TeX Live, and try again"
    print(f"pdf: not built, since this machine lacks {names}: {mend}", file=sys.stderr)
    return 0 if "--if-possible" in sys.argv[1:] else 1


if __name__ == "__main__":
    sys.exit(main())
