"""The ledger of claims and the verdicts: complete, and never without a test."""

import ast

import jupytext
import nbformat
import pytest
import yaml
from conftest import ROOT

from lenet5 import Lenet5Error
from lenet5.ledger import CORRECTED, FAILS, HOLDS, UNTESTED, Claim, Finding, read, table

# What the original states and can be checked, so that no claim is dropped in silence.
STATED = """image-size grey total splits classes class-size validation lenet5 convolutions
pools dense relu adam learning-rate loss epochs accuracy loss-axis random-examples
replication mcdnn best hardware julia""".split()


def ids_with_a_test(source: str) -> list[str]:
    """The ids of the claims that the chapter's code tests."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "findings":
            return [ast.literal_eval(key) for key in node.value.keys]
    return []


def chapter() -> str:
    cells = jupytext.read(ROOT / "book" / "audit.py").cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def test_every_statement_is_in_the_ledger_and_tested_in_the_chapter():
    assert list(read().claims) == STATED
    assert ids_with_a_test(chapter()) == STATED


def copy_ledger(path, change):
    content = yaml.safe_load((ROOT / "book" / "claims.yml").read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_claim_without_a_test_and_a_test_without_a_claim_stop_the_table(tmp_path):
    claims = read().claims
    findings = {name: Finding(True, "so it is") for name in claims}
    assert len(table(claims, findings)) == len(claims)
    fewer = read(copy_ledger(tmp_path / "fewer.yml", lambda c: c["claims"].pop(3)))
    with pytest.raises(Lenet5Error, match="splits has no claim"):
        table(fewer.claims, findings)
    del findings["adam"]
    with pytest.raises(Lenet5Error, match="adam has no test"):
        table(claims, findings)


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [
        (Finding(True, "", True), HOLDS),
        (Finding(False, "", True), CORRECTED),
        (Finding(False, ""), FAILS),
        (Finding(None, ""), UNTESTED),
    ],
)
def test_the_verdict_follows_from_the_finding(finding, verdict):
    assert finding.verdict == verdict
    claim = Claim("a", "It is so.", "there", "a look")
    assert table({"a": claim}, {"a": finding})[0][1] == f"*{verdict}*"


@pytest.mark.parametrize(
    ("value", "tolerance", "near", "far"),
    [
        (90, 0.5, 90.4, 98.8),
        ([28, 28], 0, (28, 28), (28, 27)),
        ([28, 28], 0, [28, 28], [28]),
        ("Adam", 0, "Adam", "SGD"),
        (20, 0, 20, 21),
    ],
)
def test_a_finding_agrees_within_the_tolerance(value, tolerance, near, far):
    claim = Claim("a", "", "", "", value, tolerance)
    assert claim.agrees(near)
    assert not claim.agrees(far)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["claims"].append(c["claims"][0]), "image-size twice"),
        (lambda c: c["literature"].append(c["literature"][0]), "lenet5 twice"),
        (lambda c: c["claims"][0].pop("test"), "test"),
        (lambda c: c["claims"][0].update(verdict="holds"), "verdict"),
        (lambda c: c.pop("facts"), "facts"),
    ],
)
def test_a_bad_ledger_is_refused(tmp_path, change, message):
    with pytest.raises(Lenet5Error, match=message):
        read(copy_ledger(tmp_path / "claims.yml", change))


def test_a_missing_ledger_is_named(tmp_path):
    with pytest.raises(Lenet5Error, match=r"none\.yml"):
        read(tmp_path / "none.yml")


def test_the_chapter_shows_the_verdicts_that_the_facts_demand():
    """Read off the facts by hand, for those claims that no training can change."""
    notebook = nbformat.read(ROOT / "book" / "audit.ipynb", as_version=4)
    text = next(
        output["data"]["text/markdown"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if ":name: tab-claims" in output.get("data", {}).get("text/markdown", "")
    )
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    found = {row[0].strip("| "): row[1].strip("* ") for row in rows}
    expected = {
        "total": HOLDS,
        "class-size": CORRECTED,
        "relu": CORRECTED,
        "validation": CORRECTED,
        "accuracy": FAILS,
        "random-examples": FAILS,
        "hardware": UNTESTED,
        "loss": HOLDS,
        "mcdnn": HOLDS,
        "best": CORRECTED,
    }
    claims = read().claims
    assert {name: found[claims[name].claim] for name in expected} == expected
