"""An edition with other parameters, for tests."""

import os
import subprocess
import sys
from pathlib import Path

from built import ROOT


def what_if(project: Path, *settings: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "ext.what_if", *settings]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
