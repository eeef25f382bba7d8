"""The rooms of the house: who imports whom."""

import ast

import pytest

from built import ROOT

ROOMS = {
    "exact": sorted((ROOT / "exact").rglob("*.py")),
    "lenet5": sorted((ROOT / "lenet5").rglob("*.py")),
    "networks": sorted((ROOT / "networks").rglob("*.py")),
    "studies": sorted((ROOT / "studies").rglob("*.py")),
    "exhibits": sorted((ROOT / "book" / "exhibits").rglob("*.py")),
    "chapters": sorted((ROOT / "book").glob("*.py")),
    "looks": sorted((ROOT / "looks").rglob("*.py")),
    "tools": sorted((ROOT / "tools").rglob("*.py")),
    "sphinx_chapters": sorted((ROOT / "sphinx-chapters/sphinx_chapters").rglob("*.py")),
}
# Each room imports those after it alone. Nothing of the report is in how its pages look;
# sphinx_chapters is for any book, and knows none; exhibits are displayed by its part for
# authors. Tools see everything.
IN_ORDER = ("chapters", "exhibits", "studies", "networks", "lenet5", "exact")
# The command lines stand on top of the house. Nothing may import them but one another.
COMMAND_LINES = {ROOT / "lenet5" / "__main__.py", ROOT / "studies" / "__main__.py"}
TOOL = "sphinx_chapters"
OURS = {*IN_ORDER, "looks", "tools", TOOL, "tests", "benchmarks"}


def imported(source: str) -> set[str]:
    """The modules that a source names in its imports, wherever they stand in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return names


def packages(path) -> set[str]:
    """The packages that a file imports."""
    names = imported(path.read_text(encoding="utf-8"))
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("room", IN_ORDER)
def test_imports_point_one_way(room):
    may_import = set(IN_ORDER[IN_ORDER.index(room) :])
    if room == "exhibits":
        may_import.add(TOOL)
    for path in ROOMS[room]:
        if path not in COMMAND_LINES:
            assert packages(path) & OURS <= may_import, path


@pytest.mark.parametrize("room", ["looks", TOOL])
def test_looks_and_the_tool_know_nothing_of_the_report(room):
    assert ROOMS[room]
    for path in ROOMS[room]:
        assert packages(path) & OURS <= {room, TOOL}, path


def test_nothing_imports_a_command_line_but_another():
    for paths in ROOMS.values():
        for path in paths:
            if path not in COMMAND_LINES:
                names = imported(path.read_text(encoding="utf-8"))
                assert not any(name.endswith("__main__") for name in names), path


def test_no_test_imports_another():
    tests = sorted((ROOT / "tests").rglob("*.py"))
    names_of_tests = {path.stem for path in tests if path.stem.startswith("test_")}
    assert len(names_of_tests) > 50
    for path in tests:
        assert not packages(path) & names_of_tests, path


def test_an_import_is_found_wherever_it_stands():
    source = (
        "def f():\n    from sphinx_chapters.book import a\n    import lenet5.run as b\n"
    )
    assert imported(source) == {"sphinx_chapters.book", "lenet5.run"}


def test_torch_stands_in_the_definitions_alone():
    users = set()
    for paths in ROOMS.values():
        for path in paths:
            if packages(path) & {"torch", "torchvision"}:
                users.add(path.relative_to(ROOT).as_posix())
    assert users == {
        "lenet5/costs.py",  # it counts what a definition does
        "lenet5/model.py",
        "networks/column2012/definition.py",
        "networks/lenet1998/definition.py",
        "networks/member/definition.py",
        # It compares how PyTorch rounds in two ways, and asks it which these are.
        "studies/rounding.py",
    }
