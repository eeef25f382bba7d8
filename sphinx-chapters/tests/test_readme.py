"""What README says of commands and settings is so; its chapter is built in test_init.py."""

import re

import pytest

from small_books import PACKAGE
from sphinx_chapters.__main__ import parser
from sphinx_chapters.book import DEFAULTS

README = (PACKAGE / "README.md").read_text(encoding="utf-8")
NOTHING = {"none": ([], ""), "no check": ("",)}


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without its own."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_each_setting_has_the_default_that_is_said():
    said = {row[0].strip("`"): row[-1].strip("`") for row in rows("Settings")}
    for name, default in DEFAULTS.items():
        words = str(default).replace("'", '"')
        assert said[name] == words or default in NOTHING[said[name]]
    assert {name for name in said if name.startswith("chapters_")} == set(DEFAULTS)


def test_each_command_is_there(capsys):
    said = [row[0].strip("`").split()[1] for row in rows("Commands")]
    with pytest.raises(SystemExit):
        parser().parse_args(["--help"])
    help_text = capsys.readouterr().out
    known = re.findall(r"^ {4}([a-z-]+) ", help_text, flags=re.MULTILINE)
    assert sorted(known) == sorted(said)


def test_each_file_of_the_package_is_accounted_for():
    said = re.findall(
        r"`(\w+\.py)`",
        " ".join(
            row[0] for row in rows("What is left to other tools, and what is done here")
        ),
    )
    files = {path.name for path in (PACKAGE / "sphinx_chapters").glob("*.py")}
    assert set(said) == files - {"__init__.py", "__main__.py", "files.py"}
