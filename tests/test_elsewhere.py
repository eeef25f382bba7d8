"""A machine with other vectors, one core and another locale makes the same book, byte for byte."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT, copy_project

# Plainer arithmetic in the kernel, in PyTorch and in NumPy than this machine would choose.
PLAIN = {
    "LENET5_CPU": "baseline",
    "ATEN_CPU_CAPABILITY": "default",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OMP_NUM_THREADS": "1",
    "LC_ALL": "C",
}


@pytest.mark.long
def test_a_reproduction_elsewhere_changes_no_committed_file(tmp_path):
    project = copy_project(tmp_path / "project")
    environment = os.environ | PLAIN | {"PYTHONPATH": str(project)}
    core = {min(os.sched_getaffinity(0))} if hasattr(os, "sched_getaffinity") else None
    for command in (["lenet5", "train", "--fresh"], ["ext.chapters"]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            env=environment,
            preexec_fn=core and (lambda: os.sched_setaffinity(0, core)),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    made = [path for path in (project / "book").rglob("*") if path.suffix != ".pyc"]
    made = [
        path
        for path in made
        if path.is_file() and (ROOT / path.relative_to(project)).exists()
    ]
    changed = [
        path.name
        for path in made
        if path.read_bytes() != (ROOT / path.relative_to(project)).read_bytes()
    ]
    assert len(made) > 20
    assert changed == []
