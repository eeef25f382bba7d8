"""What is written down for somebody who checks the project: codecheck.yml.

The rules are those that CODECHECK's own programs check, by the numbers that its register has
given them: https://github.com/codecheckers/register, ``rules-1.0.yml``.
"""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from built import ROOT
from studies.record import MAKERS
from tools.codecheck import FILE, manifest, text_of
from tools.project import author_names

# What the specification has the codechecker write, section "Codecheck metadata".
OF_THE_CHECK = ("codechecker", "report", "summary", "check_time", "certificate")
PLACEHOLDER = re.compile("FIXME|TODO|XXXXX|placeholder|YYYY", re.IGNORECASE)


def faults(text: str) -> list[str]:
    """The rules that a file breaks, of those that hold before the check."""
    broken = []
    if text.splitlines()[0] != "---":
        broken.append("CC-CFG-002 explicit-document")
    content = yaml.safe_load(text)
    items = content.get("manifest")
    if not items:
        return [*broken, "CC-CFG-004 manifest-present"]
    files = [item.get("file", "") for item in items]
    if not all(files):
        broken.append("CC-CFG-005 manifest-item-file")
    if any(re.search(r"^(/|~|[A-Za-z]:)|(^|/)\.\.(/|$)", name) for name in files):
        broken.append("CC-CFG-006 manifest-path-relative")
    if not all(item.get("comment") for item in items):
        broken.append("CC-CFG-007 manifest-item-comment")
    if content.get("version") != "https://codecheck.org.uk/spec/config/1.0/":
        broken.append("CC-CFG-015 version-known")
    paper = content.get("paper", {})
    if not paper.get("title"):
        broken.append("CC-CFG-017 paper-title")
    authors = paper.get("authors")
    if not authors or not all(author.get("name") for author in authors):
        broken.append("CC-CFG-019 paper-author-name")
    if PLACEHOLDER.search(yaml.safe_dump(content)):
        broken.append("CC-CFG-023 no-placeholder-values")
    return broken


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / FILE).read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path):
    """What the file is made of, to be changed."""
    for name in ("CITATION.cff", "_toc.yml", "_config.yml", "index.md"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "book").mkdir()
    for path in ROOT.glob("book/*.py"):
        shutil.copy(path, tmp_path / "book")
    (tmp_path / "record").symlink_to(ROOT / "record")
    return tmp_path


def test_the_file_is_what_the_project_says_today(text):
    assert text == text_of(ROOT), "write it anew: make codecheck"


def test_the_file_follows_the_specification(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("there", "other", "rule"),
    [
        ("---\n", "%YAML 1.1\n---\n", "002"),
        ("manifest:", "files:", "004"),
        ("- file: book/answer.svg", "- name: book/answer.svg", "005"),
        ("file: book/answer.svg", "file: ../book/answer.svg", "006"),
        ("comment: the members of the committee", "note: the members", "007"),
        ("config/1.0/", "config/1.x/", "015"),
        ("  title: ", "  titel: ", "017"),
        ("- name: The authors", "- nom: The authors", "019"),
        ("The committee", "FIXME", "023"),
    ],
)
def test_a_fault_would_be_found(text, there, other, rule):
    assert there in text
    assert [line[7:10] for line in faults(text.replace(there, other, 1))] == [rule]


def test_nobody_is_said_to_have_checked(text):
    assert not set(OF_THE_CHECK) & set(yaml.safe_load(text))


def test_every_file_of_the_manifest_is_there():
    for name in manifest(ROOT):
        assert (ROOT / name).is_file(), name


def test_the_manifest_holds_every_notebook_and_every_table_that_a_command_makes():
    names = set(manifest(ROOT))
    notebooks = {f"book/{path.name}" for path in ROOT.glob("book/*.ipynb")}
    tables = {f"record/{path.name}" for path in ROOT.glob("record/*.csv")}
    made_by_nothing = {
        f"record/{name}"
        for maker in MAKERS
        if not maker.command
        for name in maker.files
    }
    assert notebooks <= names
    assert tables - names == made_by_nothing != set()
    assert {"book/answer.svg", "record/validation/history.csv"} <= names


def test_a_comment_names_the_file_and_its_command():
    comments = manifest(ROOT)
    assert comments["book/committee.ipynb"] == "The committee (make reproduce)"
    assert comments["record/seeds.csv"].endswith("(python -m studies seeds, an hour)")


def test_what_a_codechecker_adds_stays_and_what_the_project_says_is_renewed(project):
    """Through the command itself."""
    checked = {
        "codechecker": [{"name": "A. Checker"}],
        "summary": "It ran.",
        "paper": {},
    }
    (project / FILE).write_text(yaml.safe_dump(checked), encoding="utf-8")
    chapter = project / "book" / "committee.py"
    source = chapter.read_text(encoding="utf-8")
    chapter.write_text(source.replace("# # The committee", "# # The vote"), "utf-8")
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.codecheck"]
    done = subprocess.run(command, cwd=project, env=env)
    assert done.returncode == 0
    content = yaml.safe_load((project / FILE).read_text(encoding="utf-8"))
    assert content["codechecker"] == [{"name": "A. Checker"}]
    assert content["summary"] == "It ran."
    assert content["paper"]["title"].startswith("LeNet-5")
    assert {
        "file": "book/committee.ipynb",
        "comment": "The vote (make reproduce)",
    } in content["manifest"]


def test_persons_and_groups_have_their_names():
    person = {"given-names": "Ada", "family-names": "Lovelace"}
    cited = {"authors": [{"name": "A group"}, person, {"family-names": "Plato"}]}
    assert author_names(cited) == ["A group", "Ada Lovelace", "Plato"]
