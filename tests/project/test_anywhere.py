# ruff: noqa: F401 (fixtures are imported)
"""What the tools need of a machine: as little on Windows, and with any locale, as here."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from built import ROOT, executed, succeed
from ext import debian_packages
from ext.book import JUPYTER_BOOK, Book
from ext.chapters import update
from ext.what_if import prepare
from lenet5 import Config
from lenet5.run import load_or_train
from made_chapters import BOTH, project, replace
from made_edition import what_if

ROOMS = ("benchmarks", "book", "exact", "ext", "lenet5", "networks", "studies")
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]

# -- programs --------------------------------------------------------------------------


def test_without_users_nothing_is_installed_and_a_line_says_so(monkeypatch, capsys):
    """As on Windows, where ``os.geteuid`` is not there."""
    monkeypatch.delattr(os, "geteuid")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("installs"))
    debian_packages.main(["chromium", "latexmk"])
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


# -- editions --------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    """All files of a book but for what is built or compiled, with what links lead to."""
    found = {}
    for path in sorted(folder.rglob("*")):
        made = {"_build", "__pycache__"} & set(path.parts)
        if path.is_file() and not made:
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def test_an_edition_writes_nothing_outside_its_folder(project):
    """A chapter writes beside itself, beside a module and into the data, and a picture."""
    replace(project / "text" / "one.py", "# %% mystnb", '# %% save_as="dot.svg" mystnb')
    (project / "package" / "one.py").write_text(
        "from pathlib import Path\n"
        "SVG = '<svg xmlns=\"http://www.w3.org/2000/svg\"/>'\n"
        "for path in (Path(__file__).with_name('log.txt'), Path('log.txt'),\n"
        "             Path(__file__).parent.parent / 'assets' / 'deep' / 'data.bin'):\n"
        "    path.write_text('executed')\n",
        encoding="utf-8",
    )
    (project / "text" / "dot.svg").write_text("a picture", encoding="utf-8")
    before = tree(project)
    assert executed(succeed(what_if(project, "SIZE=3"))) == BOTH
    assert tree(project) == before
    edition = project / "_build" / "what-if" / "size-3"
    for name in ("package/log.txt", "text/log.txt", "assets/deep/data.bin"):
        assert (edition / name).read_text(encoding="utf-8") == "executed"
    assert (edition / "text" / "dot.svg").read_text(encoding="utf-8").startswith("<svg")


def test_an_edition_is_laid_out_without_links(project, monkeypatch):
    """Windows lets few people make them."""
    (project / "linked").symlink_to(project / "assets")

    def refuse(*_, **__):
        raise OSError("no right to make a link")

    for place, name in ((os, "symlink"), (os, "link"), (Path, "symlink_to")):
        monkeypatch.setattr(place, name, refuse)
    edition = project / "_build" / "what-if" / "size-3"
    prepare(Book(project), edition, {"size": 3})
    assert not [path for path in edition.rglob("*") if path.is_symlink()]
    copies = tree(edition.rename(project.parent / "moved"))
    wanted = tree(project)
    for name in ("text/one.ipynb", "text/two.ipynb"):
        del wanted[name]
    assert copies.pop("_config.yml") != wanted.pop("_config.yml")
    del copies[".copied.json"]
    wanted |= {
        f"linked/{name.removeprefix('assets/')}": content
        for name, content in wanted.items()
        if name.startswith("assets/")
    }
    assert copies == wanted


def test_an_edition_follows_the_book_and_keeps_what_it_made(project):
    edition, book = project / "_build" / "what-if" / "size-3", Book(project)
    replace(project / "_config.yml", "config: {", "config: {what_if_without: [runs], ")
    (project / "runs").mkdir()
    (project / "runs" / "large").touch()
    prepare(book, edition, {"size": 3})
    assert not (edition / "runs").exists()
    made = ("text/one.ipynb", "notes.txt", "assets/made.bin", "runs/trained")
    for name in made:
        (edition / name).parent.mkdir(exist_ok=True)
        (edition / name).write_bytes(b"by the edition")
    (project / "package" / "two.py").unlink()
    (project / "package" / "new.py").touch()
    (edition / "text" / "two.py").unlink()
    prepare(book, edition, {"size": 3})
    assert all((edition / name).read_bytes() == b"by the edition" for name in made)
    assert not (edition / "package" / "two.py").exists()
    assert (edition / "package" / "new.py").exists()
    assert (edition / "text" / "two.py").exists()
    (project / "notes.txt").write_bytes(b"by the book")
    prepare(book, edition, {"size": 3})
    assert (edition / "notes.txt").read_bytes() == b"by the book"


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
    update(Book(project), force=True, say=lambda _: None)
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
