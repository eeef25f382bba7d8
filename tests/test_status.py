"""The status page: what was executed, how long it took, with which versions."""

import json
import platform
import subprocess
import sys
import time
from importlib.metadata import version

import nbformat
import pytest
from conftest import JUPYTER_BOOK, ROOT, copy_project, soup

from ext.chapters import LOG, executions


def rows(html, table: str) -> dict[str, list[str]]:
    """A table of the status page, by its first column."""
    page = soup(html / "book" / "status.html")
    lines = page.select(f"#{table} tbody tr")
    cells = [
        [cell.get_text(strip=True) for cell in line.select("td")] for line in lines
    ]
    return {first: rest for first, *rest in cells}


def test_each_chapter_is_listed_with_its_cells(book):
    listed = list(rows(book, "tab-chapters").values())
    notebooks = list((ROOT / "book").glob("*.ipynb"))
    assert len(listed) == len(notebooks)
    for cells, state, seconds in listed:
        done, of, all_ = cells.split()
        assert (done, of) == (all_, "of")
        assert (state, seconds) == ("stored outputs of this code", "–")


def test_the_versions_are_those_of_this_python(book):
    listed = rows(book, "tab-environment")
    assert listed["Python"] == [platform.python_version()]
    for name in ("torch", "jupyter-book", "matplotlib"):
        assert listed[name] == [version(name)]


def test_a_duration_is_shown_for_the_code_that_ran(tmp_path):
    project = copy_project(tmp_path / "project")
    notebook = nbformat.read(project / "book" / "results.ipynb", as_version=4)
    stamp = {"finished": "2020-04-01 12:00 UTC"}
    ours = {
        "chapter": "results",
        "seconds": 12.3,
        "digest": notebook.metadata.lenet5.digest,
    }
    other = {"chapter": "dataset", "seconds": 45.6, "digest": "of other code"}
    (project / LOG).parent.mkdir()
    (project / LOG).write_text(
        "".join(json.dumps(x | stamp) + "\n" for x in (ours, other))
    )
    command = [JUPYTER_BOOK, "build", project]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    listed = rows(project / "_build" / "html", "tab-chapters")
    assert listed["Results"][1:] == ["executed 2020-04-01 12:00 UTC", "12.3"]
    assert listed["Dataset"][2] == "–"


@pytest.fixture
def tiny(tmp_path):
    """A book of one chapter that sleeps."""
    (tmp_path / "_config.yml").write_text("sphinx: {config: {chapters_watch: []}}\n")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: nap\n")
    (tmp_path / "nap.py").write_text("# %%\nimport time\ntime.sleep(0.5)\n")
    return tmp_path


def test_an_execution_is_timed_in_the_log_and_not_in_the_notebook(tiny):
    start = time.perf_counter()
    command = [sys.executable, "-m", "ext.chapters"]
    for _ in range(2):
        env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tiny)}
        done = subprocess.run(
            command, cwd=tiny, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    took = time.perf_counter() - start
    last = executions(tiny)["nap"]
    assert 0.5 <= last["seconds"] <= took
    assert len((tiny / LOG).read_text().splitlines()) == 2
    assert "seconds" not in (tiny / "nap.ipynb").read_text()
