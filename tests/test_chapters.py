"""How chapters are executed: what runs again, what does not, and what a failure leaves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from conftest import JUPYTER_BOOK, ROOT

from ext.chapters import chapters, check_parameters
from ext.execute import ChapterError, digest, refresh
from ext.what_if import parse

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

"""
CHAPTER = (
    HEADER
    + '# %% tags=["parameters"]\nsize = 2\n\n# %% [markdown]\n# # {title}\n#\n# Some prose.\n\n'
    "# %%\nprint('{title}', size * 21)\n"
)


def build(project: Path, *options: str) -> subprocess.CompletedProcess:
    command = [JUPYTER_BOOK, "build", project, *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def executed(done: subprocess.CompletedProcess) -> list[str]:
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    lines = done.stdout.replace("\x1b", "\n").splitlines()
    return [
        line.split()[1].rstrip(":") for line in lines if line.endswith(": executed")
    ]


def notebooks(project: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes() for path in sorted(project.glob("book/*.ipynb"))
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A small book of two chapters with this project's build, built once."""
    project = tmp_path_factory.mktemp("mini") / "a book"
    (project / "book").mkdir(parents=True)
    (project / "package").mkdir()
    (project / "package" / "module.py").write_text("x = 1\n")
    (project / "index.md").write_text("# Mini\n")
    for name in ("one", "two"):
        (project / "book" / f"{name}.py").write_text(CHAPTER.format(title=name))
    toc = {
        "format": "jb-book",
        "root": "index",
        "chapters": [{"file": "book/two"}, {"file": "book/one"}],
    }
    (project / "_toc.yml").write_text(yaml.safe_dump(toc))
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    config = {
        key: config[key]
        for key in ("title", "only_build_toc_files", "exclude_patterns", "execute")
    }
    config["sphinx"] = {
        "local_extensions": {"ext.chapters": str(ROOT)},
        "config": {"chapters_watch": ["package"]},
    }
    (project / "_config.yml").write_text(yaml.safe_dump(config))
    assert executed(build(project)) == [
        "two",
        "one",
    ]  # in the order of the table of contents
    return project


@pytest.fixture
def project(built, tmp_path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "a copy"))


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def page(project: Path, name: str) -> str:
    return (project / "_build" / "html" / "book" / f"{name}.html").read_text()


def test_nothing_is_executed_when_nothing_changed(project):
    before = notebooks(project)
    assert executed(build(project)) == []
    assert notebooks(project) == before


def test_changed_code_executes_that_chapter_alone(project):
    replace(project / "book" / "one.py", "size * 21", "size * 22")
    before = notebooks(project)
    assert executed(build(project)) == ["one"]
    assert notebooks(project)["two.ipynb"] == before["two.ipynb"]
    assert "one 44" in page(project, "one")


def test_a_changed_line_of_the_package_executes_all(project):
    (project / "package" / "module.py").write_text("x = 2\n")
    assert executed(build(project)) == ["two", "one"]


def test_changed_prose_executes_nothing_and_is_in_the_page(project):
    replace(project / "book" / "one.py", "Some prose.", "Better prose.")
    # The outputs are kept: what stands in them shows that no cell ran.
    replace(project / "book" / "one.ipynb", "one 42", "one forty-two")
    assert executed(build(project)) == []
    assert "Better prose." in page(project, "one")
    assert "one forty-two" in page(project, "one")


def test_two_executions_give_the_same_bytes(project):
    before = notebooks(project)
    for path in project.glob("book/*.ipynb"):
        path.unlink()
    assert executed(build(project)) == ["two", "one"]
    assert notebooks(project) == before


def test_a_chapter_that_raises_stops_the_build_and_loses_nothing(project):
    before = notebooks(project)
    replace(project / "book" / "one.py", "print('one'", "1 / 0\nprint('one'")
    done = build(project)
    assert done.returncode != 0
    message = " ".join((done.stdout + done.stderr).split())
    assert (
        "book/one.py, cell In [2], `1 / 0`: ZeroDivisionError: division by zero"
        in message
    )
    assert notebooks(project) == before


def test_parameters_reach_the_chapters_that_declare_them(project, tmp_path):
    source = project / "book" / "one.py"
    assert refresh(source, [], {"size": 3, "other": 1}, tmp_path) == "executed"
    assert "one 63" in source.with_suffix(".ipynb").read_text()
    assert refresh(source, [], {"size": 3}, tmp_path) == "up to date"
    replace(source, "Some prose.", "Other prose.")
    assert refresh(source, [], {"size": 3}, tmp_path) == "text updated"
    notebook = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    assert "one 63" in str(notebook.cells[-1].outputs)
    assert "size = 3" in str([cell.source for cell in notebook.cells])


def test_an_unknown_parameter_is_refused_with_those_that_exist():
    with pytest.raises(
        ChapterError, match="no chapter has the parameter momentum"
    ) as error:
        check_parameters(chapters(ROOT), {"momentum": 1})
    assert "batch_size, epochs, lr, seed" in str(error.value)


@pytest.mark.parametrize(
    "argument", ["EPOCHS", "EPOCHS=", "EPOCHS=many", "EPOCHS=__import__('os')"]
)
def test_a_value_that_is_no_number_is_refused(argument):
    assert parse(["EPOCHS=3", "LR=1e-3"]) == {"epochs": 3, "lr": 1e-3}
    with pytest.raises(ChapterError, match="NAME=NUMBER"):
        parse([argument])


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        (["MOMENTUM=1"], 2, "no chapter has the parameter momentum"),
        ([], 2, "no parameter is given"),
        (["EPOCHS=-1"], 1, "epochs = -1 is not allowed: give a whole number"),
    ],
)
def test_what_if_refuses_and_leaves_the_book_alone(settings, code, text):
    before = notebooks(ROOT)
    command = [sys.executable, "-m", "ext.what_if", *settings]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == code
    assert text in " ".join((done.stdout + done.stderr).split())
    assert notebooks(ROOT) == before


CHAPTERS = [pytest.param(source, id=source.stem) for source in chapters(ROOT)]


@pytest.mark.parametrize("source", CHAPTERS)
def test_the_committed_notebook_is_of_its_source(source):
    config = yaml.safe_load((ROOT / "_config.yml").read_text())["sphinx"]["config"]
    notebook = jupytext.read(source)
    stored = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    watched = [ROOT / path for path in config["chapters_watch"]]
    assert stored.metadata.lenet5.digest == digest(notebook, watched, {})
    cells = [(cell.cell_type, cell.source) for cell in stored.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in notebook.cells]
    counts = [cell.execution_count for cell in stored.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
