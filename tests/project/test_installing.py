"""Which Python may make the environment, and that what is imported is installed and pinned."""

import ast
import importlib.metadata
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest

from built import ROOT
from small_books import need
from tools.check_python import fault

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FIRST, ABOVE = map(int, re.findall(r"3\.(\d+)", PROJECT["project"]["requires-python"]))


PACKAGES = ("exact", "lenet5", "networks", "studies")


def normal(name: str) -> str:
    """A package's name as an index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    """The versions of the packages in a file of requirements."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if "==" in line]
    return {normal(name): version for name, version in pairs}


def imported(*folders: str) -> set[str]:
    """The packages, by their names on an index, that the Python files of folders import."""
    ours = {*PACKAGES, "looks", "tools", "exhibits", "benchmarks", "sphinx_chapters"}
    package = ROOT / "sphinx-chapters"
    for folder in (
        package / "tests" / "shared",
        package / "example",
        ROOT / "tests" / "shared",
    ):
        ours |= {path.stem for path in folder.glob("*.py")}
    modules = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    modules.add(node.module)
    roots = {module.partition(".")[0] for module in modules}
    packages = importlib.metadata.packages_distributions()
    foreign = roots - ours - set(sys.stdlib_module_names)
    return {normal(packages[root][0]) for root in foreign}


# --------------------------------------------------------------------- which Python


@pytest.mark.parametrize("minor", range(FIRST, ABOVE))
def test_the_versions_of_pyproject_may(minor):
    assert fault((3, minor), lambda name: True, ROOT) is None


@pytest.mark.parametrize(
    ("version", "missing", "reason"),
    [
        ((3, FIRST - 1), "", f"Python 3.{FIRST - 1} is too old"),
        ((3, ABOVE), "", f"for Python 3.{ABOVE} some of the pinned packages have no"),
        ((3, FIRST), "venv", f"apt-get install python3.{FIRST}-venv"),
        ((3, FIRST), "ensurepip", f"apt-get install python3.{FIRST}-venv"),
    ],
)
def test_any_other_is_refused_in_a_line_with_the_reason(version, missing, reason):
    line = fault(version, lambda name: name != missing, ROOT)
    assert reason in line
    assert f"PYTHON=python3.{ABOVE - 2}" in line
    assert "\n" not in line


def make(folder, *arguments):
    command = [need("make", "make"), "-C", folder, "verify", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def bare(tmp_path):
    """What make reads before it installs anything."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "check_python.py", tmp_path / "tools")
    return tmp_path


def test_make_says_that_a_python_is_not_found(bare):
    done = make(bare, "PYTHON=python3.99")
    assert done.returncode != 0
    assert "make: python3.99 is not found" in done.stdout
    assert not (bare / ".venv").exists()


def test_make_says_that_a_python_lacks_venv(bare):
    python = bare / "python"
    blocked = "import sys; sys.modules['ensurepip'] = None; import runpy; "
    run = "sys.argv[:] = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    command = shlex.join([sys.executable, "-c", blocked + run])
    python.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    python.chmod(0o755)
    done = make(bare, f"PYTHON={python}")
    assert done.returncode != 0
    assert "has no module venv, or none with pip" in done.stderr
    assert not (bare / ".venv").exists()


# --------------------------------------------------------------------- what is installed


def test_all_that_is_imported_is_pinned():
    folders = (*PACKAGES, "book", "looks", "tools", "sphinx-chapters", "tests")
    assert imported(*folders) - set(pins("requirements.txt")) == set()


def test_the_package_declares_what_it_imports():
    declared = {normal(name) for name in PROJECT["project"]["dependencies"]}
    optional = PROJECT["project"]["optional-dependencies"]["cluster"]
    assert imported(*PACKAGES) == (declared | set(optional)) - {"ziglang"}
    assert "ziglang" in declared  # which runs as a program


def test_requirements_and_constraints_agree():
    constraints = pins("constraints.txt")
    for name, version in pins("requirements.txt").items():
        assert constraints[name] == version


@pytest.mark.parametrize("version", [(3, FIRST, 0), (3, ABOVE - 1, 0)])
def test_every_pinned_package_takes_the_first_and_the_last_python(version):
    """A stable Debian keeps an early 3.11: a package that asks for 3.11.5 is none for it."""
    refused = []
    for name in pins("constraints.txt"):
        try:
            asked = importlib.metadata.metadata(name).get("Requires-Python", "")
        except importlib.metadata.PackageNotFoundError:
            continue  # it is for other systems
        for sign, bound in re.findall(r"(>=|<)\s*([\d.]+)", asked):
            numbers = tuple(map(int, bound.split(".")))
            if (version >= numbers) != (sign == ">="):
                refused.append(f"{name} {asked}")
    assert refused == []


def test_the_readme_says_what_each_package_is_for():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| package | use |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines()[2:]]
    named = {normal(name.strip()) for row in rows for name in row.split(",")}
    assert set(pins("requirements.txt")) == named
