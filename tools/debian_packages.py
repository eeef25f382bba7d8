"""``python -m tools.debian_packages PACKAGE …``: install those that this machine lacks.

A line says so before. What this user may not install is named, and the exit status is 1
then; so it is on a system without ``apt-get``, such as Windows, where nothing is installed.
"""

import os
import shutil
import subprocess
import sys

# What tells that a package is there, where no program has its name: other programs, or a
# file that TeX finds.
SIGNS = {
    "chromium": ("chromium", "chromium-browser"),
    "firefox-esr": ("firefox-esr", "firefox"),
    "nodejs": ("node",),
    "qemu-user": ("qemu-aarch64",),
    "tex-gyre": ("tgtermes.sty",),
    "texlive-fonts-recommended": ("t1xtt.tfm",),
    "texlive-latex-extra": ("framed.sty",),
    "texlive-latex-recommended": ("fancyvrb.sty",),
}


def install_missing(packages: list[str]) -> list[str]:
    """Install those packages that are missing, if this user may, after a line that says so.

    Parameters
    ----------
    packages : list of str
        Names of Debian packages.

    Returns
    -------
    list of str
        Those that are missing still.
    """
    missing = [name for name in packages if not _is_there(name)]
    apt_get = _apt_get()
    if not missing or not apt_get:
        return missing
    print(f"Installing {', '.join(missing)}, if apt-get may", flush=True)
    # Whether it went well shows in what is there then.
    subprocess.run([*apt_get, "update"], capture_output=True)
    install = [*apt_get, "install", "-y", "--no-install-recommends", *missing]
    subprocess.run(install, capture_output=True)
    return [name for name in missing if not _is_there(name)]


def _apt_get() -> list[str]:
    """The command that installs packages for this user; empty if there is none."""
    if not hasattr(os, "geteuid"):  # Windows: there are no Debian packages
        return []
    if not shutil.which("apt-get"):
        return []
    if os.geteuid() == 0:
        return ["apt-get", "-qq"]
    if not shutil.which("sudo"):
        return []
    return ["sudo", "-n", "apt-get", "-qq"]  # -n: a password is not asked for


def _is_there(package: str) -> bool:
    """Whether one of the signs of a package is there."""
    for sign in SIGNS.get(package, (package,)):
        if shutil.which(sign) or _tex_finds(sign):
            return True
    return False


def _tex_finds(file: str) -> bool:
    if not shutil.which("kpsewhich"):  # it comes with TeX
        return False
    return subprocess.run(["kpsewhich", file], capture_output=True).returncode == 0


def name_packages(packages: list[str]) -> str:
    """Packages in a line for a person, whose system may call them otherwise."""
    return f"{', '.join(packages)} (names of Debian packages)"


def main(packages: list[str]) -> int:
    """Install packages where that may be, and say which this machine still lacks.

    Returns
    -------
    int
        The exit status: 1 if it lacks one.
    """
    missing = install_missing(packages)
    if not missing:
        return 0
    why = "" if shutil.which("apt-get") else ", and has no apt-get to install them"
    print(f"This machine lacks {name_packages(missing)}{why}.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
