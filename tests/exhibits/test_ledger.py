"""The ledger of claims and the verdicts: complete, and never without a test."""

import ast
import dataclasses
import inspect

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml

import made_up
from built import ROOT
from exact import UserError
from exhibits.audit import findings
from exhibits.audit.findings import (
    CORRECTED,
    FAILS,
    HOLDS,
    TESTS,
    UNTESTED,
    Finding,
    Findings,
    count_verdicts,
    failures,
    find_all,
)
from exhibits.audit.published import System, systems
from exhibits.audit.tables import BADGES, claim_rows
from exhibits.ledger import Claim, read_ledger
from exhibits.predictions import Predictions
from lenet5 import DATA
from lenet5.config import report_config
from lenet5.run import Run

# What the original states and can be checked, so that no claim is dropped in silence.
STATED = """image-size grey total splits classes class-size validation lenet5 convolutions
pools dense relu adam learning-rate loss epochs accuracy loss-axis random-examples
replication mcdnn best hardware julia""".split()


def test_every_statement_is_in_the_ledger_and_has_one_test_of_its_own():
    assert list(read_ledger().claims) == STATED
    assert list(TESTS) == STATED
    (tests,) = [
        node
        for node in ast.parse(inspect.getsource(findings)).body
        if isinstance(node, ast.ClassDef) and node.name == "Findings"
    ]
    methods = [node.name for node in tests.body if isinstance(node, ast.FunctionDef)]
    assert methods == [name.replace("-", "_") for name in STATED]


def copy_ledger(path, change):
    content = yaml.safe_load((ROOT / "book" / "claims.yml").read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_claim_without_a_test_and_a_test_without_a_claim_stop_the_table(
    tmp_path, evidence, monkeypatch
):
    fewer = read_ledger(
        copy_ledger(tmp_path / "fewer.yml", lambda c: c["claims"].pop(3))
    )
    with pytest.raises(UserError, match="splits has no claim"):
        find_all(dataclasses.replace(evidence, ledger=fewer))
    monkeypatch.delitem(TESTS, "adam")
    with pytest.raises(UserError, match="adam has no test"):
        find_all(evidence)


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
    claim = Claim("a", "It is so.", "there", "a look", shown="fig-a")
    badge = f"{{bdg-{BADGES[verdict]}}}`{verdict}`"
    line = (badge, "It is so.", " ({numref}`fig-a`)", "a look", "there")
    assert claim_rows({"a": claim}, {"a": finding}) == [line]


def test_what_fails_stands_on_top_and_what_holds_at_the_end():
    found = {"a": Finding(True, ""), "b": Finding(None, ""), "c": Finding(False, "")}
    found |= {"d": Finding(False, "", True), "e": Finding(False, "")}
    claims = {name: Claim(name, name, "", "") for name in found}
    assert [line[1] for line in claim_rows(claims, found)] == ["c", "e", "d", "b", "a"]
    assert failures(found) == ["c", "e"]


def test_verdicts_are_counted():
    found = {"a": Finding(True, ""), "b": Finding(None, ""), "c": Finding(True, "")}
    counted = {HOLDS: 2, CORRECTED: 0, FAILS: 0, UNTESTED: 1}
    assert count_verdicts(found) == counted


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
    with pytest.raises(UserError, match=message):
        read_ledger(copy_ledger(tmp_path / "claims.yml", change))


@pytest.mark.parametrize(
    "text", ["", "claims:\n", "- a\n", "claims: [x: {y}\n", "a: \0"]
)
def test_an_empty_or_broken_ledger_is_told_in_one_line(tmp_path, text):
    path = tmp_path / "claims.yml"
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        read_ledger(path)
    message = str(raised.value)
    assert message.startswith(f"{path} is missing or damaged (")
    assert "\n" not in message
    assert "NoneType" not in message


def test_a_missing_ledger_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.yml"):
        read_ledger(tmp_path / "none.yml")


@pytest.fixture
def evidence(mnist) -> Findings:
    """A run that misreads the first 110 test images, and has learned nothing."""
    facts = {"image_shape": [1, 28, 28], "classes": 10}
    facts |= {"data_sha256": "", "behaviour": ""}
    run = Run(report_config(), [], made_up.WEIGHTS, facts)
    wrong = np.arange(10_000) < 110
    labels = mnist[1].labels
    read = Predictions(
        mnist[1].images, labels, (labels + wrong) % 10, np.ones(10_000), wrong
    )
    return Findings(run, read, pd.read_csv(DATA / "original.csv"))


# What each test must find, read off the facts by hand.
EXPECTED = {
    "image-size": (HOLDS, "28×28"),
    "grey": (HOLDS, "1 channel"),
    "total": (HOLDS, "70,000"),
    "splits": (HOLDS, "60,000 and 10,000"),
    "classes": (HOLDS, "10"),
    "class-size": (CORRECTED, "from 5,421 to 6,742; 6,000 on average"),
    "validation": (CORRECTED, "0 images are in neither split"),
    "lenet5": (CORRECTED, "44,426 parameters, not 60,000; layers of the sizes [6, 16,"),
    "convolutions": (HOLDS, "2"),
    "pools": (HOLDS, "2"),
    "dense": (HOLDS, "3"),
    "relu": (CORRECTED, "4 of 5: the last gives logits"),
    "adam": (HOLDS, "our run ends at 1.10 % error, the plotted one at 1.20 %"),
    "learning-rate": (HOLDS, "our run ends at 1.10 % error"),
    "loss": (HOLDS, "2.3032 against 2.3026"),
    "epochs": (HOLDS, "20 values"),
    "accuracy": (FAILS, "98.80 % plotted, 98.90 % ours"),
    "loss-axis": (CORRECTED, "0.865 as drawn, 0.998 moved"),
    "random-examples": (FAILS, "they are the first nine"),
    "replication": (CORRECTED, "110 mistakes against 120, p = 0.51; no seed"),
    "mcdnn": (HOLDS, "0.23 % error"),
    "best": (CORRECTED, "number 1 in 2012, number 3 in 2020"),
    "hardware": (UNTESTED, ""),
    "julia": (UNTESTED, ""),
}


def test_each_test_finds_what_the_facts_say(evidence):
    found = find_all(evidence)
    for name, (verdict, text) in EXPECTED.items():
        assert (found[name].verdict, found[name].text[: len(text)]) == (verdict, text)


def test_a_run_that_ends_elsewhere_is_no_evidence_for_the_recipe(evidence):
    wrong = np.arange(10_000) < 300
    predictions = evidence.predictions._replace(wrong=wrong)
    evidence = dataclasses.replace(evidence, predictions=predictions)
    found = find_all(evidence)
    names = ("adam", "learning-rate", "replication")
    assert {found[name].verdict for name in names} == {FAILS}


def test_other_systems_stand_beside_ours(evidence):
    ours, original, *others = systems(evidence)
    assert (ours.mistakes, original.mistakes) == (110, 120)
    assert [system.mistakes for system in others] == [95, 80, 23, 21, 16, 9]
    line = ("98.90", "98.68 to 99.09", "no, last epoch", "")
    assert ours.row(0.05) == ("this report", "2026", *line)
    name, *_, against = original.row(0.05)
    assert name == "the original, as plotted {cite:p}`mejia2020`"
    assert against == "within noise, p = 0.507"
    far = System("far", "2000", "", "no", 10, 10_000, 1e-9)
    assert far.row(0.05)[-1] == "differs, p < 0.001"


def test_the_chapter_shows_the_findings():
    notebook = nbformat.read(ROOT / "book" / "audit.ipynb", as_version=4)
    text = next(
        output["data"]["text/markdown"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if ":name: tab-claims" in output.get("data", {}).get("text/markdown", "")
    )
    text = text.replace("\u00a0", " ")
    lines = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")]
    found = {cells[1]: cells[0].partition("`")[2].strip("`") for cells in lines}
    claims = read_ledger().claims
    shown = {name: found[claim.claim] for name, claim in claims.items()}
    assert shown == {name: verdict for name, (verdict, _) in EXPECTED.items()}
