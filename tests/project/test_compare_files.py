"""The last word of make reproduce: has the run changed a file? With git, and without."""

import subprocess

import pytest

from small_books import need
from tools import compare_files

FOLDERS = ["book", "record"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Two folders of files, of which no repository knows."""
    project = tmp_path / "project"
    for name in ("book/one.ipynb", "book/deep/two.svg", "record/three.csv"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    monkeypatch.chdir(project)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return project


@pytest.fixture
def committed(project):
    """The same, committed."""
    need("git", "git")
    git("init", "--quiet")
    git("add", ".")
    who = ["-c", "user.name=A", "-c", "user.email=a@b"]
    git(*who, "commit", "--quiet", "--message", "one")
    return project


def git(*arguments):
    subprocess.run(["git", *arguments], check=True)


def after(capsys):
    """The exit code of the comparison, and the lines that it prints."""
    capsys.readouterr()
    code = compare_files.main(["after", *FOLDERS])
    return code, capsys.readouterr().out.splitlines()


def test_with_git_no_committed_file_has_changed(committed, capsys):
    assert compare_files.main(["before", *FOLDERS]) == 0
    assert capsys.readouterr().out == ""
    (committed / "book" / "one.ipynb").write_text("book/one.ipynb")  # the same again
    line = "Reproduced bit for bit: no committed file has changed."
    assert after(capsys) == (0, [line])


def test_without_git_a_run_is_compared_with_what_was_there(project, capsys):
    assert compare_files.main(["before", *FOLDERS]) == 0
    assert "Git cannot say what is committed here" in capsys.readouterr().out
    line = "Reproduced bit for bit: no file of book and record has changed."
    assert after(capsys) == (0, [line])


@pytest.mark.parametrize("fixture", ["committed", "project"])
def test_each_change_is_named(fixture, request, capsys):
    project = request.getfixturevalue(fixture)
    compare_files.main(["before", *FOLDERS])
    (project / "book" / "one.ipynb").write_text("other")
    (project / "book" / "deep" / "two.svg").unlink()
    (project / "record" / "new.csv").touch()
    code, lines = after(capsys)
    assert code == 1
    assert lines == [
        "Not bit for bit; these files have changed:",
        "book/deep/two.svg is gone",
        "book/one.ipynb has changed",
        "record/new.csv is new",
    ]


def test_with_git_an_earlier_change_counts_too(committed, capsys):
    (committed / "book" / "one.ipynb").write_text("other")
    compare_files.main(["before", *FOLDERS])
    told = capsys.readouterr().out.splitlines()
    assert told == ["Before the run, these files are not as committed:", CHANGED]
    code, lines = after(capsys)
    assert (code, lines[1:]) == (1, [CHANGED])


CHANGED = " M book/one.ipynb"


def test_what_is_hidden_or_compiled_or_elsewhere_does_not_count(committed, capsys):
    compare_files.main(["before", *FOLDERS])
    for name in ("book/__pycache__/a.pyc", "runs/b"):
        (committed / name).parent.mkdir()
        (committed / name).touch()
    (committed / ".gitignore").write_text("__pycache__/")
    assert after(capsys)[0] == 0


def disable_git(monkeypatch, name):
    """Make git unable to answer, in one of the ways that occur."""
    if name == "not installed":
        monkeypatch.setenv("PATH", "")
    elif name == "of another owner":
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    elif name == "within a repository that does not know it":
        subprocess.run(["git", "rm", "-rq", "--cached", "."], check=True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("not installed", "git is not installed"),
        ("of another owner", "detected dubious ownership in repository"),
        ("within a repository that does not know it", "did not match any file"),
    ],
)
def test_where_git_cannot_answer_the_start_says_why(
    committed, monkeypatch, capsys, name, said
):
    disable_git(monkeypatch, name)
    assert compare_files.main(["before", *FOLDERS]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert said in first
    assert second == "So the files will be compared with what they are now."
    assert after(capsys)[0] == 0
    (committed / "record" / "three.csv").write_text("other")
    assert after(capsys)[0] == 1


def test_other_words_are_answered_with_the_usage(project, capsys):
    assert compare_files.main(["before"]) == 2
    assert "tools.compare_files before FOLDER" in capsys.readouterr().err
