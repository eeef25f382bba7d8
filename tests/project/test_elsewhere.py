"""A machine with other vectors and libraries makes the same book, byte for byte."""

import os
import subprocess
import sys

import pytest

from built import ROOT, copy_project

# Plainer arithmetic in the kernel, in PyTorch and in NumPy than this machine would choose.
PLAIN = {
    "LENET5_CPU": "baseline",
    "ATEN_CPU_CAPABILITY": "default",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OMP_NUM_THREADS": "1",
    "LC_ALL": "C",
    "PYTHONHASHSEED": "20",
}
# Python imports this at its start: every process finds another release and build of torch.
OTHER_TORCH = """
import importlib.abc
import importlib.machinery
import sys


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "torch.version":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            module.__version__ = "2.99.0+elsewhere"

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def elsewhere(tmp_path) -> dict[str, str]:
    """The environment of a project's copy in such a place."""
    (tmp_path / "shim").mkdir()
    (tmp_path / "shim" / "sitecustomize.py").write_text(OTHER_TORCH)
    paths = os.pathsep.join([str(tmp_path / "project"), str(tmp_path / "shim")])
    return os.environ | PLAIN | {"PYTHONPATH": paths}


def test_the_other_place_has_another_torch(elsewhere):
    command = [sys.executable, "-c", "import torch; print(torch.__version__)"]
    done = subprocess.run(command, env=elsewhere, capture_output=True, text=True)
    assert done.stdout == "2.99.0+elsewhere\n", done.stderr


@pytest.mark.long
def test_a_reproduction_elsewhere_changes_no_committed_file(tmp_path, elsewhere):
    project = copy_project(tmp_path / "project")
    core = {min(os.sched_getaffinity(0))} if hasattr(os, "sched_getaffinity") else None
    for command in (["lenet5", "train", "--fresh"], ["sphinx_chapters", "run"]):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            env=elsewhere,
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
