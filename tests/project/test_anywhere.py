# ruff: noqa: F401 (fixtures are imported)
"""What the tools need of a machine: as little on Windows, and with any locale, as here."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from built import ROOT
from lenet5 import Config
from lenet5.run import load_or_train
from made_chapters import BOTH, project, replace
from made_edition import what_if
from small_books import executed, succeed
from sphinx_chapters.book import Book
from sphinx_chapters.build import JUPYTER_BOOK
from sphinx_chapters.update import update
from sphinx_chapters.what_if import prepare
from tools import debian_packages

ROOMS = (
    "benchmarks",
    "book",
    "exact",
    "lenet5",
    "looks",
    "networks",
    "studies",
    "tools",
)
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]

# -- programs --------------------------------------------------------------------------


def test_without_users_nothing_is_installed_and_a_line_says_so(monkeypatch, capsys):
    """As on Windows, where ``os.geteuid`` is not there."""
    monkeypatch.delattr(os, "geteuid")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("installs"))
    assert debian_packages.main(["chromium", "latexmk"]) == 1
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("This machine lacks chromium, latexmk (names of Debian")
    assert "no apt-get" in line


@pytest.mark.parametrize("user", [0, 1000])
def test_what_may_be_installed_is_asked_for_after_a_line(user, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    monkeypatch.setattr(
        debian_packages.shutil, "which", lambda name: "/x" if name in there else None
    )
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: asked.append(command) or done
    )
    there, done = {"apt-get", "sudo"}, subprocess.CompletedProcess([], 0)
    assert debian_packages.install_missing(["nodejs"]) == ["nodejs"]
    assert "Installing nodejs" in capsys.readouterr().out
    may = [] if user == 0 else ["sudo", "-n"]
    assert [command[: len(may) + 1] for command in asked] == [[*may, "apt-get"]] * 2
    there.add("node")
    assert debian_packages.install_missing(["nodejs"]) == []
    assert len(asked) == 2


def test_jupyter_book_needs_no_program_of_that_name(tmp_path):
    command = [*JUPYTER_BOOK, "--version"]
    env = {name: text for name, text in os.environ.items() if name != "PATH"}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, check=True
    )
    assert b"Jupyter Book" in done.stdout


# -- files -----------------------------------------------------------------------------


def test_no_file_is_replaced_while_this_process_has_it_open(
    project, small, tmp_path, monkeypatch
):
    """Windows refuses it. Linux tells which files a process has open or mapped."""
    descriptors, maps = Path("/proc/self/fd"), Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("only Linux tells which files are open")
    replaced, move = [], os.replace

    def watch(source, target) -> None:
        names = {os.path.realpath(path) for path in descriptors.iterdir()}
        target = Path(target).resolve()
        for path in [target, *target.rglob("*")]:
            assert str(path) not in names
            assert f"{path}\n" not in maps.read_text(encoding="utf-8")
        replaced.append(target.name)
        move(source, target)

    def stop(engine, history) -> None:
        if len(history) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", watch)
    config, options = Config(epochs=2), {"runs": tmp_path / "runs", "record": None}
    with pytest.raises(KeyboardInterrupt):
        load_or_train(config, small, on_epoch=stop, **options)
    for fresh in (False, False, True):
        run = load_or_train(config, small, fresh=fresh, **options)
        run.save(tmp_path / "runs" / run.fingerprint)
    assert {"checkpoint", "model.safetensors", "SHA256SUMS"} <= set(replaced)
    assert run.fingerprint in replaced
    update(Book.read(project), force=True, say=lambda _: None)
    assert {"one.ipynb", "two.ipynb"} <= set(replaced)


def writes(call: ast.Call) -> bool:
    """Whether a call opens a file to write text, as far as its mode is spelt out."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "write_text":
        return True
    return any(set(mode) & set("wax") for mode in modes(call)) if opens(call) else False


def opens(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "open"


def modes(call: ast.Call) -> list[str]:
    given = [*call.args[1:2], *(x.value for x in call.keywords if x.arg == "mode")]
    return [mode.value for mode in given if isinstance(mode, ast.Constant)]


def lacking(source: str) -> list[str]:
    """Lines that read or write text in an encoding or with line ends of the machine."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        keywords = {keyword.arg for keyword in call.keywords}
        text = getattr(call.func, "attr", "") in ("read_text", "write_text")
        text |= opens(call) and not any("b" in mode for mode in modes(call))
        spread = None in keywords  # as in **form
        if text and not spread and "encoding" not in keywords:
            found.append(f"{call.lineno}: no encoding")
        if text and writes(call) and "newline" not in keywords:
            found.append(f"{call.lineno}: no newline")
        program = getattr(call.func, "attr", "") in ("run", "Popen", "check_output")
        if program and "text" in keywords:
            found.append(f"{call.lineno}: no encoding of a program's output")
    return found


def test_a_text_of_the_machines_own_is_found():
    source = """
path.read_text()
path.read_text(errors="replace")
open(path)
open(path, "a", encoding="utf-8")
path.write_text(text, encoding="utf-8")
subprocess.run(command, text=True)
open(path, "rb")
path.read_text(encoding="utf-8")
path.write_text(text, encoding="utf-8", newline="\\n")
"""
    lines = [line.partition(":")[0] for line in lacking(source)]
    assert lines == ["2", "3", "4", "5", "6", "7"]


def test_text_is_utf_8_with_the_same_ends_of_line_everywhere():
    found = {path: lacking(path.read_text(encoding="utf-8")) for path in SOURCES}
    assert len(found) > 50
    assert {path.name: lines for path, lines in found.items() if lines} == {}
