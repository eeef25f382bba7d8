"""What a cell puts out: the same twice, kept where it should be, refused where it lies."""

import json
import logging
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest

from sphinx_chapters.__main__ import main
from sphinx_chapters.book import Book, BookError
from sphinx_chapters.chapter import Chapter
from sphinx_chapters.outputs import as_seen, join_streams, settle
from tiny_books import outputs, said_by_update, write_book

VARYING = """\
# %%
import sys, time, warnings
for number in range(3):
    print("out", number, flush=True)
    print("err", number, file=sys.stderr, flush=True)
    time.sleep(0.05)

# %%
warnings.warn("mind this")

# %%
print(object())
print({"a", "b", "c", "d"})
lambda x: x

# %%
for step in range(3):
    print(f"\\rstep {step}", end="")
print()

# %%
print("before")
display("shown")
print("after")
"""


def text_of(output) -> str:
    return output["text"] if output["output_type"] == "stream" else str(output["data"])


def test_two_executions_give_the_same_bytes_whatever_is_printed(tmp_path):
    book = write_book(tmp_path, a=VARYING)
    said_by_update(book)
    before = (tmp_path / "a.ipynb").read_bytes()
    said_by_update(book, force=True)
    assert (tmp_path / "a.ipynb").read_bytes() == before
    streams, warned, objects, steps, shown = outputs(book, "a")
    assert [text_of(one) for one in streams] == [
        "out 0\nout 1\nout 2\n",
        "err 0\nerr 1\nerr 2\n",
    ]
    assert re.match(r"In \[2\]:1: UserWarning: mind this\n", text_of(warned[0]))
    assert "<object object at 0x…>" in text_of(objects[0])
    assert "__main__.<lambda>" in text_of(objects[1])
    assert text_of(steps[0]) == "step 2\n"
    texts = [text_of(one) for one in shown]
    assert (texts[0], texts[2]) == ("before\n", "after\n")  # around what is shown


def test_streams_are_joined_only_between_other_outputs():
    def stream(name, text):
        return nbformat.v4.new_output("stream", name=name, text=text)

    figure = nbformat.v4.new_output("display_data", data={"text/plain": "x"})
    pieces = [stream("stderr", "1"), stream("stdout", "2"), stream("stderr", "3")]
    joined = join_streams([*pieces, figure, stream("stdout", "4")])
    assert [one.get("text") for one in joined] == ["2", "13", None, "4"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\rb\nc", "b\nc"),
        ("\rstep 1\rstep 2\n", "step 2\n"),
        ("of Windows\r\nor not\n", "of Windows\nor not\n"),
        ("unfinished\r", ""),
        ("x" * 10**6, "x" * 10**6),  # at once
    ],
)
def test_of_a_line_that_is_drawn_over_the_last_is_kept(text, seen):
    assert as_seen(text) == seen


def test_what_is_too_long_is_cut_with_a_warning(tmp_path, caplog):
    book = write_book(tmp_path, a="# %%\nprint('x' * 5000)\n\n# %%\n'y' * 200\n")
    book = Book(tmp_path, {**book.settings, "chapters_longest_output": 100})
    with caplog.at_level(logging.WARNING):
        Chapter.read(book, tmp_path / "a.py").refresh(run=True)
    [[printed], [shown]] = outputs(book, "a")
    assert printed.text.startswith("x" * 100 + "\n… (cut here: 5,001 characters)")
    assert "a.py, cell In [1]: it puts out 5,001 characters" in caplog.text
    assert "(cut here: 202 characters)" in shown.data["text/plain"]


TAGS = """\
# %% tags=["skip-execution"]
print("skipped")

# %% tags=["raises-exception"]
1 / 0

# %%
print("on")
"""


def test_tags_that_decide_outputs_are_heeded_and_belong_to_the_digest(tmp_path):
    book = write_book(tmp_path, a=TAGS)
    said_by_update(book)
    skipped, raised, last = outputs(book, "a")
    assert skipped == []
    assert raised[0].ename == "ZeroDivisionError"
    assert last[0].text == "on\n"
    source = tmp_path / "a.py"
    source.write_text(TAGS.replace(' tags=["skip-execution"]', ""), encoding="utf-8")
    assert said_by_update(book) == [
        "chapter a: to be executed, since its code has changed",
        "chapter a: executed",
    ]
    assert outputs(book, "a")[0][0].text == "skipped\n"
    source.write_text(TAGS.replace(' tags=["skip-execution"]', ' tags=["hide-input"]'))
    assert said_by_update(book) == ["chapter a: text updated"]


def test_changed_outputs_are_not_taken_for_those_of_the_code(tmp_path):
    """By hand, or by a merge that kept cells of one branch and the digest of the other."""
    book = write_book(tmp_path, a="# %%\nfirst = 1\nprint('first', first)\n")
    said_by_update(book)
    notebook = tmp_path / "a.ipynb"
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(text.replace("first 1", "first 10"), encoding="utf-8")
    wanted = "its outputs are not those that were stored"
    assert said_by_update(book)[0] == f"chapter a: to be executed, since {wanted}"
    assert notebook.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"cells": 3}',
        '{"cells": [], "metadata": {}, "nbformat": 4}',
        "<<<<<<< ours\n",
    ],
)
def test_a_notebook_that_is_none_is_made_again(tmp_path, content):
    book = write_book(tmp_path, a="# %%\nprint(1)\n")
    (tmp_path / "a.ipynb").write_text(content, encoding="utf-8")
    chapter = Chapter.read(book, tmp_path / "a.py")
    assert chapter.stale_since() in (
        "its notebook cannot be read",
        "its notebook does not say what made it",
    )


# -- what goes wrong in a cell ---------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (
            "# a comment\n\ndef f():\n    1 / 0\n\nf()",
            r"a.py, line 7, cell In \[1\], `f\(\)`: ZeroDivisionError: division by zero",
        ),
        ("x = 1\nassert False", r"a.py, line 3, cell In \[1\], `assert False`: Asser"),
        (
            "import sys\nsys.exit(3)",
            r"a.py, line 2, cell In \[1\]: SystemExit: 3",
        ),
        (
            "import sys\nsys.exit()",
            r"a.py, line 2, cell In \[1\]: SystemExit \(",
        ),
        ("exit(3)", r"a.py, line 2, cell In \[1\]: it asks the kernel to exit"),
        ("quit()", r"a.py, line 2, cell In \[1\]: it asks the kernel to exit"),
        ("import os\nos._exit(3)", r"a.py, line 2, cell In \[1\]: its kernel died"),
        ("def f(:", r"a.py, line 2, cell In \[1\], `def f\(:`: SyntaxError"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path, code, wanted):
    book = write_book(tmp_path, a=f"# %%\n{code}\n\n# %%\nprint('later')\n")
    with pytest.raises(BookError, match=wanted) as told:
        said_by_update(book)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "a.ipynb").exists()


def test_a_fault_within_a_module_is_told_by_the_line_of_the_chapter(tmp_path):
    (tmp_path / "helper.py").write_text("def f():\n    raise ValueError('no')\n")
    book = write_book(tmp_path, a="# %%\nimport helper\n\nhelper.f()\n")
    wanted = r"`helper.f\(\)`: ValueError: no, in helper.py, line 2 \(the"
    with pytest.raises(BookError, match=wanted):
        said_by_update(book)
    traceback = (tmp_path / "_build" / "errors" / "a.txt").read_text(encoding="utf-8")
    assert "helper.py" in traceback
    assert "\x1b" not in traceback


PICTURE = """\
# %% save_as="figures/a.svg"
display({"image/svg+xml": "<svg/>", "text/plain": "a"}, raw=True)
print("done")
"""


def test_a_picture_is_saved_into_a_folder_that_is_made(tmp_path):
    book = write_book(tmp_path, a=PICTURE)
    said_by_update(book)
    assert (tmp_path / "figures" / "a.svg").read_text(encoding="utf-8") == "<svg/>"
    (tmp_path / "figures" / "a.svg").unlink()
    assert said_by_update(book) == []
    assert (tmp_path / "figures" / "a.svg").exists()


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        (
            'display({"image/svg+xml": "<svg/>", "text/plain": "a"}, raw=True)',
            "x = 1",
            "SVG",
        ),
        ("figures/a.svg", "../a.svg", "lies outside the book"),
    ],
)
def test_a_picture_that_cannot_be_saved_does_not_lose_the_outputs(
    tmp_path, old, new, wanted
):
    folder = tmp_path / "book"
    folder.mkdir()
    book = write_book(folder, a=PICTURE.replace(old, new))
    with pytest.raises(BookError, match=rf"a.py, cell In \[1\], save_as: .*{wanted}"):
        said_by_update(book)
    assert outputs(book, "a")[0][-1].text == "done\n"
    assert not (tmp_path / "a.svg").exists()


WIDGET = """\
# %%
import hashlib
from ipywidgets import IntSlider
print(hashlib.md5(b"").hexdigest())
IntSlider(5)
"""


def test_the_state_of_widgets_is_kept_and_steady(tmp_path):
    pytest.importorskip("ipywidgets")
    book = write_book(tmp_path, a=WIDGET)
    said_by_update(book)
    before = (tmp_path / "a.ipynb").read_bytes()
    state = json.loads(before)["metadata"]["widgets"]
    models = state["application/vnd.jupyter.widget-state+json"]["state"]
    [printed, shown] = outputs(book, "a")[0]
    assert printed.text == "d41d8cd98f00b204e9800998ecf8427e\n"
    view = shown.data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] in models
    said_by_update(book, force=True)
    assert (tmp_path / "a.ipynb").read_bytes() == before
    (tmp_path / "a.py").write_text(f"# %% [markdown]\n# More.\n\n{WIDGET}")
    assert said_by_update(book) == ["chapter a: text updated"]
    assert (
        json.loads((tmp_path / "a.ipynb").read_bytes())["metadata"]["widgets"] == state
    )


def test_a_chapter_that_hides_a_module_of_python_is_named(tmp_path):
    book = write_book(tmp_path, random="# %%\nprint(1)\n")
    with pytest.raises(BookError, match=r"random\.py hides Python's own module random"):
        said_by_update(book)


# -- the source ------------------------------------------------------------------------


SWALLOWED = '''\
# %% [markdown]
# # A chapter
x = 1

# %% [markdown]
"""
A text in a string
may hold anything.
"""

# %%
print(2)
'''


def test_code_in_a_text_cell_is_named(tmp_path, caplog):
    book = write_book(tmp_path, a=SWALLOWED)
    assert Chapter.read(book, tmp_path / "a.py").swallowed_code() == [3]
    with caplog.at_level(logging.WARNING):
        said_by_update(book)
    assert "a.py, line 3: code in a text cell" in caplog.text


def test_a_source_in_another_encoding_is_named(tmp_path):
    book = write_book(tmp_path, a="# %%\nprint(1)\n")
    (tmp_path / "a.py").write_bytes("# %%\nprint('é')\n".encode("latin-1"))
    with pytest.raises(BookError, match=r"a.py, line 2: save it in UTF-8"):
        Chapter.read(book, tmp_path / "a.py")


def test_a_system_that_does_not_read_names_is_told(tmp_path, monkeypatch):
    book = write_book(tmp_path, a="# %%\nprint(1)\n")
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    with pytest.raises(BookError, match="set PYTHONUTF8=1"):
        said_by_update(book)


HEAD = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Mine
#     language: {language}
#     name: {name}
# ---

# %%
import os
print(os.environ.get("MINE"))
"""


def test_a_kernel_named_otherwise_is_used_or_refused(tmp_path, monkeypatch):
    kernel = tmp_path / "share" / "kernels" / "mine"
    kernel.mkdir(parents=True)
    argv = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {
        "argv": argv,
        "display_name": "Mine",
        "language": "python",
        "env": {"MINE": "yes"},
    }
    (kernel / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    book = write_book(tmp_path, a=HEAD.format(language="python", name="mine"))
    said_by_update(book)
    assert outputs(book, "a")[0][0].text == "yes\n"
    for head, wanted in (
        (HEAD.format(language="python", name="none"), "no kernel none"),
        (HEAD.format(language="R", name="ir"), "its kernel is of R"),
    ):
        (tmp_path / "a.py").write_text(head)
        with pytest.raises(BookError, match=wanted):
            said_by_update(book)


@pytest.mark.parametrize("end", ["", "x" * 200_000, "/x" * 100_000])
def test_a_long_text_without_spaces_takes_no_time(end):
    """As an SVG with a picture in it. Looking from each character on would take minutes."""
    text = f"/a/folder/ipykernel_12/345.py:1: UserWarning {end}"
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("", outputs=[output])]
    )
    book = Book(Path("."), {"chapters_longest_output": 10**6})
    settle(book, Path("a.py"), notebook)
    assert notebook.cells[0].outputs[0].text == f"In [1]:1: UserWarning {end}"


# -- chapters check --------------------------------------------------------------------


def check(book: Book, capsys, monkeypatch, *options: str) -> tuple[int, list[str]]:
    monkeypatch.chdir(book.root)
    status = main(["check", *options])
    return status, capsys.readouterr().out.splitlines()


def test_check_finds_what_is_not_of_the_code(tmp_path, capsys, monkeypatch):
    book = write_book(tmp_path, a="# %%\nprint(1)\n", b="# %%\nprint(2)\n")
    said_by_update(book)
    status, lines = check(book, capsys, monkeypatch)
    assert (status, len(lines)) == (0, 1)
    (tmp_path / "a.py").write_text("# %%\nprint(3)\n\n# %% [markdown]\n# Text\ny = 1\n")
    (tmp_path / "b.ipynb").rename(tmp_path / "old.ipynb")
    assert check(book, capsys, monkeypatch) == (
        1,
        [
            "a.py: its outputs are out of date, since its code has changed",
            "a.py, line 6: code in a text cell",
            "b.py: its outputs are out of date, since it has no notebook yet",
            "old.ipynb: its source is gone: rename it with its .py, or remove it",
        ],
    )
    assert check(book, capsys, monkeypatch, "b")[1] == [
        "b.py: its outputs are out of date, since it has no notebook yet"
    ]


def test_check_says_which_cell_varies_and_overwrites_nothing(
    tmp_path, capsys, monkeypatch
):
    # A name that is put together, so that nobody sees what is read.
    writes = "# %%\nfrom pathlib import Path\nPath('x' + '.txt').write_text('new')\n"
    varies = "# %%\nprint(1)\n\n# %%\nimport os\nprint('process', os.getpid())\n"
    reads = "# %%\nfrom pathlib import Path\nprint(Path('x' + '.txt').read_text())\n"
    book = write_book(tmp_path, a=writes, b=varies, c=reads)
    said_by_update(book)
    (tmp_path / "x.txt").write_text("by hand")
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}
    status, lines = check(book, capsys, monkeypatch, "--execute")
    assert status == 1
    [fault] = [line for line in lines if not line.startswith("chapter ")]
    assert re.match(
        r"b.py, line 5, cell In \[2\]: its stdout has `process \d+` and, executed anew,"
        r" `process \d+`",
        fault,
    )
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.*")} == before
    assert (
        check(book, capsys, monkeypatch, "--execute", "c")[0] == 1
    )  # x.txt is by hand
    assert os.getcwd() == str(tmp_path)
