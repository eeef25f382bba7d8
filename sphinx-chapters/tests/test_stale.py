# ruff: noqa: F401 (fixtures are imported)
"""An edit executes the chapters that it concerns, and a line says before which and why."""

import json
import shutil
import subprocess

import pytest

from made_chapters import BOTH, notebooks, project, replace, to_be_executed, update_said
from small_books import build, executed, need, succeed
from sphinx_chapters.book import Book, BookError
from sphinx_chapters.chapter import Chapter
from sphinx_chapters.update import update

ONE, TWO = BOTH[1], BOTH[0]


def stored(project, name: str) -> dict:
    path = project / f"{name}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))["metadata"]["chapter"]


def test_a_changed_module_executes_the_chapter_that_imports_it_alone(project):
    replace(project / "package" / "one.py", "width='9'", "width='8'")
    before = notebooks(project)
    said = update_said(project)
    assert to_be_executed(said) == {ONE: "package/one.py has changed"}
    assert notebooks(project)["two.ipynb"] == before["two.ipynb"]
    assert b"width='8'" in notebooks(project)["one.ipynb"]


def test_a_module_that_no_chapter_imports_executes_nothing(project):
    replace(project / "package" / "rules.py", "size > 9", "size > 8")
    (project / "package" / "three.py").touch()
    assert update_said(project) == []


def test_a_build_says_why_before_it_executes(project):
    replace(project / "package" / "two.py", "width='9'", "width='8'")
    lines = succeed(build(project)).splitlines()
    why = f"chapter {TWO}: to be executed, since package/two.py has changed"
    assert lines.index(why) < lines.index(f"chapter {TWO}: executed")
    assert executed("\n".join(lines)) == [TWO]


def test_new_and_missing_files_are_named_and_of_many_causes_two(project):
    (project / "package" / "extra.bin").touch()  # no module names it
    wanted = dict.fromkeys(BOTH, "package/extra.bin is new")
    assert to_be_executed(update_said(project)) == wanted
    (project / "package" / "extra.bin").unlink()
    (project / "notes.txt").write_text("other\n", encoding="utf-8")
    replace(project / "package" / "one.py", "width='9'", "width='8'")
    replace(project / "text" / "one.py", "size * 21)", "size * 22)")
    assert to_be_executed(update_said(project)) == {
        TWO: "notes.txt has changed, package/extra.bin is gone",
        ONE: "its code has changed, notes.txt has changed, 2 more",
    }


def test_a_forced_execution_says_so(project):
    said = []
    update(Book.read(project), force=True, say=said.append)
    assert to_be_executed(said) == dict.fromkeys(BOTH, "all chapters are asked for")


def test_a_notebook_that_is_missing_or_no_notebook_is_made_again(project):
    before = notebooks(project)
    (project / "text" / "one.ipynb").unlink()
    path = project / "text" / "two.ipynb"
    path.write_text("<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n", encoding="utf-8")
    assert to_be_executed(update_said(project)) == {
        TWO: "its notebook cannot be read",
        ONE: "it has no notebook yet",
    }
    assert notebooks(project) == before


def test_a_notebook_of_which_nothing_is_known_is_made_again(project):
    path = project / "text" / "one.ipynb"
    before = path.read_bytes()
    content = json.loads(before)
    del content["metadata"]["chapter"]["depends"]
    content["metadata"]["chapter"]["digest"] = "0" * 64
    path.write_text(json.dumps(content), encoding="utf-8")
    why = {ONE: "its notebook does not say what made it"}
    assert to_be_executed(update_said(project)) == why
    assert path.read_bytes() == before


def test_a_notebook_merged_of_two_is_not_taken_for_one_of_both(project, tmp_path):
    """Each branch has executed its own change, and nobody both."""
    git = [need("git", "git"), "-c", "user.name=A", "-c", "user.email=a@example.org"]

    def run(*arguments: str, check=True) -> subprocess.CompletedProcess:
        command = [*git, *arguments]
        return subprocess.run(command, cwd=project, capture_output=True, check=check)

    (project / ".gitignore").write_text("_build\n__pycache__\n", encoding="utf-8")
    run("init", "--initial-branch=main")
    run("add", ".")
    run("commit", "--message=both")
    for branch, file, new in (
        ("left", "notes.txt", "left\n"),
        ("right", "requirements.txt", "right\n"),
    ):
        run("checkout", "-b", branch, "main")
        replace(project / "_config.yml", "notes.txt]", "notes.txt, requirements.txt]")
        (project / file).write_text(new, encoding="utf-8")
        update(Book.read(project))
        run("commit", "--all", f"--message={branch}")
    assert run("merge", "left", check=False).returncode != 0  # the digests differ
    run("checkout", "--ours", "text")
    assert set(to_be_executed(update_said(project))) == set(BOTH)
    run("checkout", "--merge", "text")
    # Nor is one that has the lines of both but is of neither.
    run("checkout", "--theirs", "text")
    depends = Chapter.read(Book.read(project), project / "text" / "one.py").depends
    path = project / "text" / "one.ipynb"
    content = json.loads(path.read_text(encoding="utf-8"))
    short = {name: checksum[:16] for name, checksum in depends.items()}
    content["metadata"]["chapter"]["depends"] = short
    path.write_text(json.dumps(content), encoding="utf-8")
    why = to_be_executed(update_said(project))[ONE]
    assert why == "its notebook is not of these files together"


def test_what_an_earlier_chapter_writes_is_looked_at_when_it_has(project):
    """Chapter two, which comes first, writes what chapter one reads."""
    made = project / "text" / "made.txt"
    replace(
        project / "text" / "one.py", "# %%\nprint(", '# %% depends=["made.txt"]\nprint('
    )
    writing = "open('made.txt', 'w').write('first')\nprint("
    writing = '# %% writes=["made.txt"]\n' + writing
    replace(project / "text" / "two.py", "# %%\nprint(", writing)
    assert {line.split()[1] for line in update_said(project)} == {f"{x}:" for x in BOTH}
    assert made.read_text(encoding="utf-8") == "first"
    assert update_said(project) == []
    replace(project / "text" / "two.py", "'first'", "'second'")
    assert update_said(project) == [
        f"chapter {TWO}: to be executed, since its code has changed",
        f"chapter {TWO}: executed",
        f"chapter {ONE}: to be executed, since text/made.txt has changed",
        f"chapter {ONE}: executed",
    ]
    made.unlink()
    with pytest.raises(BookError, match=r"text/one.py, depends: there is no made.txt"):
        update_said(project)


def test_a_broken_module_ends_the_build_before_anything_is_executed(project):
    before = notebooks(project)
    replace(project / "text" / "two.py", "size * 21)", "size * 22)")
    (project / "package" / "one.py").write_text("SVG = (\n", encoding="utf-8")
    done = build(project)
    last = done.stderr.splitlines()[-1]
    assert last == "Book failed: package/one.py, line 1: '(' was never closed"
    assert notebooks(project) == before


def test_a_kernel_imports_the_modules_that_were_looked_at(
    project, tmp_path, monkeypatch
):
    """An installed package of the same name is another."""
    other = tmp_path / "installed" / "package"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    for name in ("one", "two"):
        (other / f"{name}.py").write_text("SVG = 'other'\n", encoding="utf-8")
    shutil.copy(other / "__init__.py", project / "package")
    monkeypatch.setenv("PYTHONPATH", str(other.parent))
    replace(project / "text" / "one.py", "size * 21)", "size * 22)")
    wanted = {ONE: "its code has changed, package/__init__.py is new"}
    assert to_be_executed(update_said(project))[ONE] == wanted[ONE]
    assert b"other" not in notebooks(project)["one.ipynb"]
