"""An edition with other parameters, for tests."""

import os
import subprocess
import sys
from pathlib import Path

from small_books import PACKAGE


def what_if(project: Path, *settings: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "sphinx_chapters", "what-if", *settings]
    env = os.environ | {"PYTHONPATH": str(PACKAGE)}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
