"""The rooms of the house: who imports whom."""

import ast

import pytest
from built import ROOT

ROOMS = {
    "lenet5": sorted((ROOT / "lenet5").rglob("*.py")),
    "systems": sorted((ROOT / "systems").rglob("*.py")),
    "exhibits": sorted((ROOT / "book" / "exhibits").rglob("*.py")),
    "chapters": sorted((ROOT / "book").glob("*.py")),
    "ext": sorted((ROOT / "ext").rglob("*.py")),
}
MAY_IMPORT = {
    "lenet5": {"lenet5"},
    "systems": {"systems", "lenet5"},
    "exhibits": {"exhibits", "systems", "lenet5"},
    "chapters": {"exhibits", "systems", "lenet5"},
    "ext": {"ext"},
}
OURS = {"lenet5", "systems", "exhibits", "ext", "tests", "benchmarks"}


def imported(source: str) -> set[str]:
    """The packages that a source names in its imports, wherever they stand in it."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_one_way(room):
    for path in ROOMS[room]:
        names = imported(path.read_text(encoding="utf-8")) & OURS
        assert names <= MAY_IMPORT[room], path


def test_an_import_is_found_wherever_it_stands():
    source = "def f():\n    from ext.book import a\n    import lenet5.run as b\n"
    assert imported(source) == {"ext", "lenet5"}


def test_torch_stands_in_the_definitions_alone():
    users = [
        path.relative_to(ROOT).as_posix()
        for paths in ROOMS.values()
        for path in paths
        if imported(path.read_text(encoding="utf-8")) & {"torch", "torchvision"}
    ]
    # It compares how PyTorch rounds in two ways, and asks it which these are.
    facts = {"book/exhibits/rounding.py"}
    systems = {"lenet1998.py", "column2012.py", "committee.py"}
    definitions = {"lenet5/model.py", *(f"systems/{name}" for name in systems)}
    assert set(users) - facts == definitions
