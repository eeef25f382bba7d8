"""``python -m ext.system PACKAGE …``: install the Debian packages that this machine lacks.

A line says so before. What this user may not install is named, and is no failure; nor is
it on a system without ``apt-get``, such as Windows, where nothing is installed.
"""

import os
import shutil
import subprocess
import sys

# What tells that a package is there, where no program has its name: other programs, or a
# file that TeX finds.
SIGNS = {
    "chromium": ("chromium", "chromium-browser"),
    "nodejs": ("node",),
    "qemu-user": ("qemu-aarch64",),
    "tex-gyre": ("tgtermes.sty",),
    "texlive-fonts-recommended": ("t1xtt.tfm",),
    "texlive-latex-extra": ("framed.sty",),
    "texlive-latex-recommended": ("fancyvrb.sty",),
}


def provide(packages: list[str]) -> list[str]:
    """Install those of ``packages`` that are missing; return those that still are."""
    lacking = [name for name in packages if not _is_there(name)]
    if not hasattr(os, "geteuid"):  # Windows: there are no Debian packages
        return lacking
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not lacking or not all(map(shutil.which, ["apt-get", *may[:1]])):
        return lacking
    print(f"Installing {', '.join(lacking)}, if apt-get may", flush=True)
    apt = [*may, "apt-get", "-qq"]
    subprocess.run([*apt, "update"], capture_output=True)
    command = [*apt, "install", "-y", "--no-install-recommends", *lacking]
    subprocess.run(command, capture_output=True)
    return [name for name in lacking if not _is_there(name)]


def _is_there(package: str) -> bool:
    signs = SIGNS.get(package, (package,))
    find = ["kpsewhich", signs[0]]
    return any(map(shutil.which, signs)) or bool(
        shutil.which(find[0])
        and not subprocess.run(find, capture_output=True).returncode
    )


def main(packages: list[str]) -> None:
    """Provide packages, and say which this machine still lacks."""
    lacking = provide(packages)
    if lacking:
        names = f"{', '.join(lacking)} (names of Debian packages)"
        why = "" if shutil.which("apt-get") else ", and has no apt-get to install them"
        print(f"This machine lacks {names}{why}.")


if __name__ == "__main__":
    main(sys.argv[1:])
