"""How chapters are executed, on a sample book: what runs again, and what a failure leaves."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from made_chapters import (
    BOTH,
    notebooks,
    project,  # noqa: F401, a fixture
    replace,
    to_be_executed,
    update_said,
)
from small_books import PACKAGE, SAMPLE, build, executed, soup, succeed
from sphinx_chapters.book import Book, BookError, build_lock, report_cause
from sphinx_chapters.build import JUPYTER_BOOK
from sphinx_chapters.update import LOG, executions, update


def test_nothing_is_executed_when_nothing_changed(project):
    before = notebooks(project)
    assert update_said(project) == []
    assert notebooks(project) == before


def test_changed_code_executes_that_chapter_alone(project):
    replace(project / "text" / "one.py", "size * 21", "size * 22")
    before = notebooks(project)
    assert update_said(project) == [
        "chapter text/one: to be executed, since its code has changed",
        "chapter text/one: executed",
    ]
    assert notebooks(project)["two.ipynb"] == before["two.ipynb"]
    assert b"one 44" in notebooks(project)["one.ipynb"]


def test_a_notebook_from_elsewhere_renews_its_numbers_on_other_pages(project):
    """As when it comes by git, executed by another person."""
    page = project / "_build" / "html" / "text" / "two.html"
    assert "Some prose, and 42." in soup(page).get_text()
    replace(project / "text" / "one.py", "size * 21, display", "size * 50, display")
    update(Book.read(project))
    assert executed(succeed(build(project))) == []
    assert "Some prose, and 100." in soup(page).get_text()


def test_a_changed_watched_file_of_any_type_and_depth_executes_all(project):
    for ignored in ("assets/__pycache__/rules.pyc", "assets/.hidden"):
        (project / ignored).parent.mkdir(exist_ok=True)
        (project / ignored).touch()
    assert update_said(project) == []
    (project / "assets" / "deep" / "data.bin").write_bytes(b"\xff")
    assert to_be_executed(update_said(project)) == {
        name: "assets has changed" for name in BOTH
    }
    (project / "notes.txt").write_text("other\n")
    assert to_be_executed(update_said(project)) == {
        name: "notes.txt has changed" for name in BOTH
    }
    (project / "notes.txt").unlink()
    with pytest.raises(BookError, match="there is no notes"):
        update_said(project)


def test_changed_prose_executes_nothing_and_is_in_the_page(project):
    replace(project / "text" / "one.py", "Some prose.", "Better prose.")
    log = (project / LOG).read_text()
    assert executed(succeed(build(project))) == []
    page = (project / "_build" / "html" / "text" / "one.html").read_text()
    assert "Better prose." in page
    assert "one 42" in page
    assert (project / LOG).read_text() == log


def test_two_executions_give_the_same_bytes_and_are_timed_in_the_log(project):
    before = notebooks(project)
    command = [sys.executable, "-m", "sphinx_chapters", "run"]
    env = os.environ | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)
    assert executed(succeed(done)) == BOTH
    assert notebooks(project) == before
    assert b"seconds" not in before["one.ipynb"]
    assert len((project / LOG).read_text().splitlines()) == 4
    assert executions(project)["text/one"]["seconds"] > 0
    assert sorted(path.name for path in (project / "text").iterdir()) == [
        "one.ipynb",
        "one.py",
        "two.ipynb",
        "two.py",
    ]  # and no socket


def test_a_cell_that_raises_is_the_last_line_and_loses_nothing(project):
    before = notebooks(project)
    replace(project / "text" / "one.py", "print(", "1 / 0\nprint(")
    done = build(project)
    assert done.returncode != 0
    wanted = "text/one.py, line 10, cell In [2], `1 / 0`: ZeroDivisionError: division by zero"
    story = "_build/errors/text/one.txt"
    last = f"Book failed: {wanted} (the traceback is in {story})"
    assert done.stderr.splitlines()[-1] == last
    assert "----> 1 1 / 0" in (project / story).read_text()
    assert notebooks(project) == before


def test_what_cannot_be_written_is_named_in_one_line(capsys):
    error = RuntimeError("look above")
    error.__cause__ = PermissionError(13, "Permission denied", "_build/html")
    report_cause(RuntimeError, error, None)
    [line] = capsys.readouterr().err.splitlines()
    assert "Permission denied: '_build/html'" in line
    assert "writable" in line
    report_cause(RuntimeError, RuntimeError("a fault of the program"), None)
    assert "a fault of the program" in capsys.readouterr().err


def test_a_second_build_says_that_it_waits_and_then_builds(project):
    with build_lock(project):
        env = os.environ | {"BOOK_BUILD_HOLDS": "", "PYTHONUNBUFFERED": "1"}
        command = [*JUPYTER_BOOK, "build", project]
        second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
        lines = iter(second.stdout.readline, "")
        assert any(line.startswith("Another build of this book is") for line in lines)
    assert "build succeeded" in second.communicate()[0]
    assert second.returncode == 0


# -- the pages of the sample -----------------------------------------------------------


def test_the_app_runs_on_its_page_and_no_other(sample, browser):
    html = sample / "_build" / "html"
    page = browser.new_page()
    page.goto((html / "index.html").as_uri())
    page.wait_for_function("document.querySelector('#tool').textContent === 'bytes'")
    assert page.evaluate("document.querySelector('#mark').naturalWidth") == 9
    colour = page.evaluate("getComputedStyle(document.querySelector('#tool')).color")
    page.close()
    assert colour == "rgb(1, 2, 3)"
    holders = [
        path.stem for path in html.rglob("*.html") if "apps/" in path.read_text()
    ]
    assert holders == ["index"]
    page = (html / "index.html").read_text()
    for name in ("first", "second"):
        assert (html / "_static" / "apps" / "tool" / f"{name}.bin.js").is_file()
        assert f"{name}.bin" not in page


def scripts_of(page: Path) -> list[str]:
    """The scripts of apps that a page loads, in their order."""
    sources = [tag["src"].partition("?")[0] for tag in soup(page).select("script[src]")]
    return [source for source in sources if "/apps/" in source]


def test_scripts_are_loaded_in_the_order_of_their_tags(project, browser):
    """A script of a name that comes last in the alphabet must be first, and then not."""
    html = project / "tool" / "tool.html"
    page = project / "_build" / "html" / "index.html"
    (project / "tool" / "z").mkdir()
    (project / "tool" / "z" / "words.js").write_text("var words = 'loaded';\n")
    (project / "tool" / "tool.js").write_text("tool.textContent = words;\n")
    first = '<script defer src="z/words.js"></script>\n'
    second = '<script defer src="tool.js"></script>\n'
    replace(html, second, first + second)
    succeed(build(project))
    folder = "_static/apps/tool"
    data = f"{folder}/data.bin.js"
    both = [f"{folder}/z/words.js", f"{folder}/tool.js"]
    assert scripts_of(page) == [data, *both]
    tab = browser.new_page()
    tab.goto(page.as_uri())
    tab.wait_for_function("document.querySelector('#tool').textContent === 'loaded'")
    tab.close()
    replace(html, first + second, second + first)
    succeed(build(project))
    assert scripts_of(page) == [data, *reversed(both)]


def test_what_a_page_needs_later_is_there_and_not_loaded(project):
    html = project / "_build" / "html"
    (project / "tool" / "z").mkdir()
    words = "tool.textContent = 'loaded'"
    (project / "tool" / "z" / "more.js").write_text(words, encoding="utf-8")
    (project / "tool" / "more.css").write_text("#tool { color: red }")
    replace(
        project / "tool" / "tool.html",
        '<p id="tool">',
        '<script type="later" src="z/more.js"></script>\n'
        '<link rel="later" href="more.css">\n<p id="tool">',
    )
    succeed(build(project))
    page = html / "index.html"
    assert "more" not in " ".join(scripts_of(page))
    assert "more.css" not in page.read_text(encoding="utf-8")
    folder = html / "_static" / "apps" / "tool"
    assert (folder / "z" / "more.js").read_text(encoding="utf-8") == words
    assert (folder / "more.css").is_file()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '<p id="tool">',
            '<script type="later" src="b.js"></script>\n<p id="tool">',
            "tool.html names b.js, and there is no such file",
        ),
        ("tool.js", "tools.js", "tool.html names tools.js, and there is no such file"),
        ("tool.css", "a.css", "tool.html names a.css, and there is no such file"),
        ("tool.js", "../text/one.py", "names ../text/one.py, and there is no such"),
        ('<script defer src="tool.js"></script>\n', "", "does not name tool.js"),
        ('<link rel="stylesheet" href="tool.css">\n', "", "does not name tool.css"),
        ("<script defer src", "<script src", 'write <script src="tool.js"> on a line'),
        ("</script>\n", "</script>", 'write <script defer src="tool.js"> on a'),
        ("img/mark.svg", "mark.svg", "names mark.svg, and there is no such file"),
        ("<link rel", "<link class='x' rel", "write <link class='x' rel="),
    ],
)
def test_an_order_that_is_not_of_the_files_ends_the_build(project, old, new, words):
    replace(project / "tool" / "tool.html", old, new)
    last = build(project).stderr.splitlines()[-1]
    assert last.startswith("Book failed: index, app: ")
    assert words in last


@pytest.mark.parametrize("change", ["renamed", "new", "new in a folder", "no page"])
def test_a_file_that_comes_or_goes_is_noticed_in_the_next_build(project, change):
    """Though no file that the page knows has changed."""
    tool = project / "tool"
    if change == "renamed":
        (tool / "tool.js").rename(tool / "main.js")
        words = "tool.html names tool.js, and there is no such file"
    elif change == "new":
        (tool / "more.js").touch()
        words = "tool.html does not name more.js"
    elif change == "new in a folder":
        (tool / "worker").mkdir()
        (tool / "worker" / "more.js").touch()
        words = "tool.html does not name worker/more.js"
    else:
        (tool / "tool.html").rename(tool / "index.html")
        words = "there is no tool.html in the folder tool"
    last = build(project).stderr.splitlines()[-1]
    assert last.startswith(f"Book failed: index, app: {words}")


def test_a_script_that_an_option_names_needs_no_tag(project):
    """As one for a worker, which the app loads itself."""
    (project / "tool" / "worker").mkdir()
    (project / "tool" / "worker" / "more.js").write_text("more")
    replace(project / "index.md", ":later: ", ":later: tool/worker/more.js ")
    succeed(build(project))
    html = project / "_build" / "html"
    assert (html / "_static" / "apps" / "tool" / "more.js.js").is_file()
    assert "more.js" not in " ".join(scripts_of(html / "index.html"))


def test_an_app_without_its_data_ends_the_build(project):
    (project / "assets" / "deep" / "data.bin").rename(project / "assets" / "data.bin")
    done = build(project, "--all")
    assert done.returncode != 0
    assert "index, app: there is no" in done.stderr.splitlines()[-1]


def test_a_figure_has_its_origin(sample):
    html = sample / "_build" / "html"
    page = soup(html / "text" / "one.html")
    assert page.select_one("figure .legend .provenance").get_text() == "from one alone"
    assert page.select_one("figure .provenance code").get_text() == "one"


def test_the_status_says_when_the_code_ran_and_for_how_long(project):
    lines = [json.loads(line) for line in (project / LOG).read_text().splitlines()]
    two, one = lines
    two["digest"] = "of other code"
    (project / LOG).write_text(f"{json.dumps(one)}\n{json.dumps(two)}\n")
    succeed(build(project))
    page = soup(project / "_build" / "html" / "index.html")
    rows = page.select("#tab-chapters tbody tr")
    cells = [[cell.get_text(strip=True) for cell in row("td")] for row in rows]
    time = f"executed {one['finished']}"
    assert sorted(cells) == [
        ["Chapter one", "3 of 3", time, f"{one['seconds']:.1f}"],
        ["Chapter two", "3 of 3", "stored outputs of this code", "–"],
    ]
    assert "jupyter-book" in page.select_one("p.built-with").get_text()


def test_the_status_says_when_a_file_last_changed_as_far_as_that_is_known(project):
    def listed() -> dict[str, str]:
        succeed(build(project))
        page = soup(project / "_build" / "html" / "index.html")
        rows = [row("td") for row in page.select("#tab-record tbody tr")]
        return {row[0].get_text(): row[1].get_text() for row in rows}

    assert listed()["notes.txt"] == "2001-02-03"
    assert listed()["requirements.txt"] == "not known"
    (project / "notes.txt").write_text("other\n")
    assert listed()["notes.txt"] == "not known"


# -- print -----------------------------------------------------------------------------


def test_without_tex_one_line_names_what_to_install(project):
    env = {"PATH": str(project), "PYTHONPATH": str(PACKAGE)}  # neither TeX nor apt-get
    shutil.rmtree(project / "_build")

    def run(*options: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "sphinx_chapters", "pdf", *options]
        return subprocess.run(
            command, cwd=project, env=env, capture_output=True, text=True
        )

    done = run()
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert "latexmk" in line
    assert run("--if-possible").returncode == 0
    assert not (project / "_build").exists()


def test_the_extensions_know_nothing_of_this_book():
    sources = [*PACKAGE.glob("sphinx_chapters/*.py"), *PACKAGE.glob("*.md")]
    assert len(sources) > 10
    words = ("lenet", "mnist", "digit", "exhibits")
    for path in sources:
        text = path.read_text(encoding="utf-8").lower()
        assert [word for word in words if word in text] == [], path.name
    assert "lenet" not in str(SAMPLE).lower()
