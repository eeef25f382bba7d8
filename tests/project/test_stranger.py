"""On a fresh Debian, for a user without rights, a clone gives the same book byte for byte.

``tests/project/stranger.sh`` makes such a machine, which takes root and debootstrap. Each
fetches the packages anew; with ``STRANGER_CPU``, an index of CPU builds of torch or a
folder of such wheels, it is 0.5 GB in place of 3.1 GB.
"""

import os
import shutil
import subprocess

import pytest

from built import ROOT

CANNOT = 77  # the script's exit code where no such machine can be made

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not hasattr(os, "geteuid")
        or os.geteuid() != 0
        or not shutil.which("debootstrap"),
        reason="a fresh Debian takes root and debootstrap",
    ),
]


def visit(release: str, packages: str, *commands: str) -> subprocess.CompletedProcess:
    """Run commands on a stranger's machine."""
    options = ["--release", release, "--packages", packages]
    if place := os.environ.get("STRANGER_CPU"):
        options += ["--cpu", place]
    command = [ROOT / "tests" / "project" / "stranger.sh", *options, *commands]
    return subprocess.run(command, capture_output=True, text=True, errors="replace")


def test_a_stable_debian_reproduces_the_book():
    done = visit("trixie", "", "make reproduce", 'test -z "$(git status --porcelain)"')
    if done.returncode == CANNOT and not os.environ.get("CI"):
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "Reproduced bit for bit: no committed file has changed." in done.stdout


def test_the_newest_python_trains_the_same_network_and_builds_the_book():
    done = visit(
        "sid",  # a release in motion: what it lacks today it may have tomorrow
        "python3.14 python3.14-venv",
        "make PYTHON=python3.14 verify book",
        ".venv/bin/python -m pytest -q tests/exact/test_kernel.py tests/lenet5/test_behaviour.py",
        'test -z "$(git status --porcelain)"',
    )
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "bit-identical" in done.stdout
