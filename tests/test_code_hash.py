"""A run's code is known by a hash that comments, docstrings and layout do not change."""

import ast
import itertools
import shutil

import pytest

from lenet5 import checkpoint
from lenet5.checkpoint import (
    code_hash,
)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package's source, of which the code's hash is taken."""
    copy = tmp_path / "lenet5"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(checkpoint.PACKAGE, copy, ignore=ignored)
    monkeypatch.setattr(checkpoint, "PACKAGE", copy)
    return copy


def both_hashes():
    return {engine: code_hash(engine) for engine in ("exact", "torch")}


def without_docstrings(text):
    """The source as Python writes it from its syntax tree, with other docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            if ast.get_docstring(node) is None:
                node.body.insert(0, ast.parse("'''New.'''").body[0])
            else:
                node.body[0].value.value = "Another text."
    return ast.unparse(tree)


def test_comments_docstrings_and_layout_do_not_change_the_hash_of_the_code(package):
    before = both_hashes()
    for name in set(itertools.chain(*checkpoint.SOURCES.values())):
        text = (package / name).read_text()
        if name.endswith(".py"):
            text = "# a comment\n" + without_docstrings(text)
        else:
            text = text.replace(";\n", "; // a comment\n\n").replace("    ", "\t")
            text = "/* a comment\n * of lines */" + text
        (package / name).write_text(text)
    assert both_hashes() == before
    (package / "run.py").write_text("anything")
    assert both_hashes() == before


@pytest.mark.parametrize(
    ("name", "old", "new", "engines"),
    [
        ("draws.py", "math.sqrt(6", "math.sqrt(7", {"exact", "torch"}),
        ("train.py", "epoch > 0", "epoch > 1", {"exact", "torch"}),
        (
            "exact.py",
            "def steps",
            "def stops",
            set(),
        ),  # its trial holds it to the kernel
        ("model.py", "kernel_size=5", "kernel_size=3", {"torch"}),
        ("kernel.c", "0.9", "0.8", {"exact"}),
    ],
)
def test_a_change_of_the_code_changes_it(package, name, old, new, engines):
    before = both_hashes()
    text = (package / name).read_text()
    assert old in text
    (package / name).write_text(text.replace(old, new))
    after = both_hashes()
    assert {each for each in before if before[each] != after[each]} == engines


@pytest.mark.parametrize("engine", ["exact", "torch"])
def test_the_hash_covers_all_that_an_engine_and_the_loop_import(engine):
    besides = {"lenet5", "lenet5.data"}  # the config and the data are in the name
    besides.add("lenet5.compiler")  # whose work the engine tries before it starts
    sources = checkpoint.SOURCES[engine]
    imported = set()
    for name in sources:
        if name.endswith(".py"):
            for node in ast.walk(ast.parse((checkpoint.PACKAGE / name).read_text())):
                if isinstance(node, ast.ImportFrom) and node.module == "lenet5":
                    names = {f"lenet5.{alias.name}" for alias in node.names}
                    imported |= {each for each in names if each.islower()}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module)
    ours = {each for each in imported if each.startswith("lenet5")} - besides
    assert ours <= {f"lenet5.{name.removesuffix('.py')}" for name in sources}
