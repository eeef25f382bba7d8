"""Fresh interpreters, and what this processor has, for tests."""

import platform
import subprocess
import sys

from built import ROOT
from exact import compiler


def has_fused_products():
    """Whether this processor can fuse a product with a sum."""
    if platform.machine() in ("aarch64", "arm64"):
        return True
    return platform.system() == "Linux" and " fma " in compiler.cpuinfo("flags")


def python(code, *arguments, **options):
    """A fresh interpreter that runs some code in the project."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip
