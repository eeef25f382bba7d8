"""Which files decide a chapter's outputs, read off its code and that of its modules."""

import jupytext
import pytest

from sphinx_chapters.book import Book, BookError, NotThereError
from sphinx_chapters.dependencies import dependencies

CONFIG = "sphinx: {config: {chapters_watch: [%s], chapters_modules: [%s]}}\n"
TOC = "format: jb-book\nroot: index\nchapters: [{file: text/one}]\n"


@pytest.fixture
def found(tmp_path):
    """A function: the dependencies of a chapter with this code, beside these files."""

    def find(code: str, files: dict[str, str], watch="", modules=".") -> set[str]:
        files = {"_config.yml": CONFIG % (watch, modules), "_toc.yml": TOC} | files
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        source = tmp_path / "text" / "one.py"
        source.parent.mkdir(exist_ok=True)
        source.write_text(f"# %%\n{code}\n", encoding="utf-8")
        found = dependencies(Book.read(tmp_path), source, jupytext.read(source))
        assert list(found) == sorted(found)
        return set(found)

    return find


# -- imports ---------------------------------------------------------------------------

PROJECT = {
    "a/__init__.py": "",
    "a/b.py": "from a import d\n",
    "a/d.py": "",
    "a/e/__init__.py": "from . import f\nfrom ..b import name\n",
    "a/e/f.py": "",
    "a/e/g.py": "from .f import name\n",
    "a/star.py": "from a.e import *\n",
    "a/far.py": "def later():\n    import a.d\n",
    "a/loaded.py": "from importlib import import_module\nimport_module('a.d')\n",
    "a/typed.py": "if TYPE_CHECKING:\n    from a.d import D\n",
    "a/others.py": "import numpy, a.native\nfrom yaml.nothing import x\n",
    "loose/c.py": "import one_file\n",
    "one_file.py": "",
    "text/near.py": "",
    "text/one_file.py": "",
}
A, D, B = "a/__init__.py", "a/d.py", "a/b.py"
E = {A, D, B, "a/e/__init__.py", "a/e/f.py"}


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("import numpy\nx = 1", set()),
        ("import a", {A}),
        ("import a.b", {A, B, D}),
        ("import a.d as x, numpy", {A, D}),
        ("from a import b", {A, B, D}),
        ("from a import nothing", {A}),
        ("from a.b import name", {A, B, D}),
        ("from a.e import name", E),
        ("from a.e.g import name", E | {"a/e/g.py"}),
        ("from a import star", E | {"a/star.py", "a/e/g.py"}),
        ("from a.d import *", {A, D}),
        ("def f():\n    from a import far", {A, "a/far.py", D}),
        ("from a import loaded", {A, "a/loaded.py", D}),
        ("from a import typed", {A, "a/typed.py", D}),
        ("from a import others", {A, "a/others.py"}),
        ("import loose.c", {"loose/c.py", "text/one_file.py"}),
        ("import near, nowhere", {"text/near.py"}),
        ("%matplotlib inline\nimport a.d", {A, D}),
        ("%%time\nimport a.d", {A, D}),
        ("import a.d\n\n# %%\nthis is no Python", {A, D}),
    ],
)
def test_imports_are_followed_as_python_follows_them(found, code, wanted):
    assert found(code, PROJECT) == wanted


def test_modules_are_found_where_the_settings_say(found):
    files = {"lib/m.py": "", "m.py": ""}
    assert found("import m", files, modules="lib, .") == {"lib/m.py"}
    assert found("import m", files, modules="., lib") == {"m.py"}
    assert found("import m", files, modules="") == set()
    with pytest.raises(
        NotThereError, match=r"chapters_modules: there is no folder other"
    ):
        found("import m", files, modules="other")


@pytest.mark.parametrize(
    ("content", "words"),
    [("x = 1\nx = = 2\n", "m/wrong.py, line 2: "), ("x = '\0'\n", "m/wrong.py")],
)
def test_a_module_that_is_no_python_is_named(found, content, words):
    with pytest.raises(BookError, match=words):
        found("from m import wrong", {"m/wrong.py": content})
    assert found("from m import right", {"m/right.py": ""}) == {"m/right.py"}


# -- other files -----------------------------------------------------------------------

FILES = {
    "p/__init__.py": "",
    "p/engine.py": "SOURCE = Path(__file__).with_name('engine.c')\n",
    "p/engine.c": '#include <math.h>\n  # include "deep/lanes.h"\n#include "none.h"\n',
    "p/deep/lanes.h": '#include "../common.h"\n',
    "p/common.h": "",
    "p/deep/table.csv": "",
    "p/reader.py": "open('p/deep/table.csv')\n",
    "p/all.py": "Path(__file__).parent.glob('data/*.json')\n",
    "p/claims.py": "'first.json'\n",
    "p/data/first.json": "",
    "p/plain.py": "",
    "p/text.py": "'plain.py'\n",
    "p/.hidden": "",
    "p/__pycache__/plain.pyc": "",
    "other/__init__.py": "",
    "other/engine.c": "",
}
P = "p/__init__.py"
C = {"p/engine.c", "p/deep/lanes.h", "p/common.h"}


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("import p.plain", {P, "p/plain.py"}),
        ("import p.engine", {P, "p/engine.py", *C}),
        ("import p.reader", {P, "p/reader.py", "p/deep/table.csv"}),
        ("import p.claims", {P, "p/claims.py", "p/data/first.json"}),
        ("import p.all", {P, "p/all.py", "p/data/first.json"}),
        ("import p.text", {P, "p/text.py", "p/plain.py"}),
        ("import p\n(p.__path__[0] + '/engine.c', 'engine.c')", {P, *C}),
        ("x = 'engine.c'", set()),
    ],
)
def test_a_file_beside_modules_belongs_to_those_that_name_it(found, code, wanted):
    assert found(code, FILES) == wanted


def test_a_file_that_no_module_names_belongs_to_all_who_import_the_package(found):
    files = FILES | {"p/unnamed.bin": "", "p/sub/m.py": "", "p/sub/own.bin": ""}
    assert found("import p", files) == {P, "p/unnamed.bin"}
    of_sub = {P, "p/unnamed.bin", "p/sub/m.py", "p/sub/own.bin"}
    assert found("import p.sub.m", files) == of_sub
    assert found("import other", FILES) == {"other/__init__.py", "other/engine.c"}
    # A draft beside them that is no Python names nothing, and is in nobody's way.
    files |= {"p/draft.py": "'unnamed.bin' =\n"}
    assert found("import p", files) == {P, "p/unnamed.bin"}


def test_a_module_in_no_package_has_the_files_that_it_names(found):
    files = {"tools.py": "open('tools.csv')\n", "tools.csv": "", "README": ""}
    assert found("import tools", files) == {"tools.py", "tools.csv"}


def test_links_that_lead_back_are_followed_once(found, tmp_path):
    files = {"p/__init__.py": "", "outside/data.bin": ""}
    found("import p", files)
    (tmp_path / "p" / "linked").symlink_to(tmp_path / "outside")
    (tmp_path / "p" / "back").symlink_to(tmp_path / "p")
    assert found("import p", files) == {P, "p/linked/data.bin"}


# -- what is named ---------------------------------------------------------------------


def test_a_chapter_names_files_for_itself_and_the_book_for_all(found):
    files = {"all.csv": "", "text/own.csv": "", "data/a.csv": "", "data/b.csv": ""}
    code = "1\n\n# %% depends={}\n2"
    named = code.format('["own.csv", "/data", "../all.csv"]')
    assert found(named, files) == {"text/own.csv", "data", "all.csv"}
    assert found("1", files, watch="all.csv, data") == {"all.csv", "data"}
    with pytest.raises(NotThereError, match=r"text/one.py, depends: there is no o.csv"):
        found(code.format('["o.csv"]'), files)
    with pytest.raises(NotThereError, match=r"chapters_watch: there is no none"):
        found("1", files, watch="none")


@pytest.mark.parametrize("change", ["content", "name", "more", "less"])
def test_the_checksum_of_a_folder_is_of_all_that_is_in_it(tmp_path, change):
    folder = tmp_path / "data" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "_config.yml").write_text(CONFIG % ("data", "."), encoding="utf-8")
    (folder / "a").write_bytes(b"a")
    (folder / "b").write_bytes(b"b")

    def checksum() -> str:
        notebook = jupytext.reads("# %%\n1\n", "py:percent")
        source = tmp_path / "one.py"
        return dependencies(Book.read(tmp_path), source, notebook)["data"]

    before = checksum()
    (folder / ".hidden").touch()
    assert checksum() == before
    if change == "content":
        (folder / "a").write_bytes(b"b")
    elif change == "name":
        (folder / "a").rename(folder / "c")
    elif change == "more":
        (folder / "c").touch()
    else:
        (folder / "a").unlink()
    assert checksum() != before


def test_files_that_a_chapter_names_in_its_code_are_seen(found):
    files = {"data/a.csv": "1", "text/b.csv": "2", "text/c.csv": "3"}
    code = """
from pathlib import Path
Path("../data/a.csv").read_text()
open("b.csv")
Path("..") / "data" / "a.csv"
"/etc/hostname", "no such file", "one.py"
"""
    assert found(code, files) == {"data/a.csv", "text/b.csv"}
    tagged = 'Path("c.csv").write_text("")\n\n# %% writes=["c.csv"]\n'
    assert found(tagged, files) == set()
