"""The compiler builds each source once, anew when anything changes, and says why if it cannot."""

import ctypes
import importlib.metadata
import os
import subprocess
import sys

import pytest

from built import ROOT
from exact import UserError, compiler
from exact.engine import ExactEngine
from lenet5.parameters import initial_weights
from processes import python
from report_network import for_images


def test_two_processes_build_a_kernel_once(tmp_path):
    code = """
import sys
from pathlib import Path
from exact import compiler
compiler.CACHE = Path(sys.argv[1])
compile_source = compiler.compile_source
def counted(*arguments):
    print("built")
    compile_source(*arguments)
compiler.compile_source = counted
print(compiler.library(compiler.KERNEL))
"""
    processes = [python(code, tmp_path) for _ in range(2)]
    (one, error), (other, _) = [process.communicate() for process in processes]
    assert (one + other).count("built") == 1, error
    assert one.splitlines()[-1] == other.splitlines()[-1]
    assert [path.suffix for path in sorted(tmp_path.glob("*.so*"))] == [".so"]
    assert not list(tmp_path.glob("*.partial"))


def test_each_reason_for_no_kernel_is_one_line(tmp_path, monkeypatch):
    network = for_images((1, 28, 28), 7)  # none is loaded before

    def refused():
        with pytest.raises(UserError, match=r"use --engine torch$") as caught:
            ExactEngine(network, initial_weights(0, network))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    monkeypatch.setattr(compiler, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("LENET5_CPU", "abacus")
    assert "abacus" in refused()
    monkeypatch.delenv("LENET5_CPU")
    (tmp_path / "file").touch()
    monkeypatch.setattr(compiler, "CACHE", tmp_path / "file" / "cache")
    assert "Not a directory" in refused()
    monkeypatch.setattr(compiler, "CACHE", tmp_path / "cache")

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert "ziglang is missing" in refused()
    assert not list(tmp_path.rglob("*.so")) + list(tmp_path.rglob("*.partial"))


def test_a_person_who_waits_is_told_why(tmp_path):
    code = """
import sys
from pathlib import Path
from exact import compiler
compiler.CACHE = Path(sys.argv[1])
for _ in range(2):
    compiler.library(compiler.KERNEL)
"""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", code, tmp_path], cwd=ROOT, stderr=theirs)
    os.close(theirs)
    told = os.read(ours, 1000).decode()
    os.close(ours)
    assert told == "Building kernel.c (once, some seconds)\r\n"


SOURCE = '__attribute__((visibility("default"))) int f(void) { return 6 * FACTOR; }'


def test_any_source_is_built_and_another_is_another(tmp_path, monkeypatch):
    monkeypatch.setattr(compiler, "CACHE", tmp_path / "cache")
    folder = tmp_path / "folder"
    folder.mkdir()
    source = folder / "any.c"
    source.write_text(SOURCE)

    def value(path):
        return ctypes.CDLL(str(path)).f()

    first = compiler.library(source, {"FACTOR": 7})
    assert (first.name[:4], value(first)) == ("any-", 42)
    kept = first.stat().st_mtime_ns
    assert compiler.library(source, {"FACTOR": 7}).stat().st_mtime_ns == kept
    assert value(compiler.library(source, {"FACTOR": 8})) == 48
    source.write_text(SOURCE.replace("6", "5"))
    assert value(compiler.library(source, {"FACTOR": 7})) == 35
    header = tmp_path / "any.h"
    header.write_text("enum { ADDED = 1 };")
    source.write_text('#include "../any.h"\n' + SOURCE.replace("6", "ADDED + 6"))
    assert value(compiler.library(source, {"FACTOR": 7})) == 43
    header.write_text("enum { ADDED = 2 };")
    assert value(compiler.library(source, {"FACTOR": 7})) == 44
    last = compiler.library(source, {"FACTOR": 7})
    monkeypatch.setenv("LENET5_CPU", "baseline")
    assert compiler.library(source, {"FACTOR": 7}) != last
    monkeypatch.delenv("LENET5_CPU")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "another")
    assert compiler.library(source, {"FACTOR": 7}) != last
    assert compiler.webassembly(source, {"FACTOR": 7}).read_bytes()[:4] == b"\0asm"
    assert len(list((tmp_path / "cache").glob("any-*.so"))) == 7


def test_webassembly_is_the_same_in_every_folder(tmp_path, monkeypatch):
    modules = set()
    for name in ("one", "other"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "any.c").write_text(SOURCE)
        monkeypatch.setattr(compiler, "CACHE", folder / "cache")
        modules.add(compiler.webassembly(folder / "any.c", {"FACTOR": 7}).read_bytes())
    assert len(modules) == 1
