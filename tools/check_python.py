"""``PYTHON tools/check_python.py``: may this Python make the environment of the project here?

It ends with 0, or with a line that says what is wrong and how to mend it. ``pyproject.toml``
in the current folder says which versions may: ``requires-python = ">=3.11,<3.15"``.
What stands here is plain enough for a Python of years ago.
"""

import importlib
import re
import sys
from pathlib import Path

REQUIRES = re.compile(r'requires-python = ">=3\.(\d+),<3\.(\d+)"')


def fault(version, has_module, project=Path()):
    """What is wrong with a Python.

    Parameters
    ----------
    version : tuple of int, (major, minor)
    has_module : callable
        Says of a name whether that Python can import it.
    project : Path
        The folder of ``pyproject.toml``.

    Returns
    -------
    str or None
        One line with the mend; None if nothing is wrong.
    """
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    first, above = map(int, REQUIRES.search(text).groups())
    name = f"Python {version[0]}.{version[1]}"
    # The newest but one is named as the example: more machines have it than the newest.
    mend = f"take Python 3.{first} to 3.{above - 1}, as in PYTHON=python3.{above - 2}"
    if version < (3, first):
        return f"{name} is too old: {mend}"
    if version >= (3, above):
        return f"for {name} some of the pinned packages have no build: {mend}"
    if not (has_module("venv") and has_module("ensurepip")):
        package = f"python{version[0]}.{version[1]}-venv"
        debian = f"on Debian and Ubuntu, apt-get install {package}"
        return (
            f"{name} has no module venv, or none with pip: {debian}; elsewhere, {mend}"
        )
    return None


def can_import(module):
    """Whether this Python has a module."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    found = fault(sys.version_info[:2], can_import)
    if found:
        sys.exit(f"make: {sys.executable}: {found}")
