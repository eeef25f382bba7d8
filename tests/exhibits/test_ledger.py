"""The ledger of claims and the verdicts: complete, and never without a test."""

import ast
import dataclasses
import inspect

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

import made_up
from built import ROOT
from exact import UserError
from exhibits.audit import findings
from exhibits.audit.findings import (
    CONSISTENT,
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
    in_powers,
)
from exhibits.audit.published import System, systems
from exhibits.audit.tables import BADGES, claim_rows
from exhibits.ledger import Claim, read_ledger
from exhibits.predictions import Predictions
from lenet5 import DATA
from lenet5.config import report_config
from lenet5.run import Run
from studies.intervals import difference

# What the original states and can be checked, so that no claim is dropped in silence.
STATED = """image-size grey total splits classes class-size dataset-figure validation lenet5
convolutions pools dense relu architecture adam learning-rate loss epochs accuracy loss-axis
random-examples source replication improvement mcdnn best hardware julia""".split()


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
        (Finding(True, "", could_fail=False), CONSISTENT),
        (Finding(False, "", could_fail=False), FAILS),
        (Finding(False, "", True), CORRECTED),
        (Finding(False, ""), FAILS),
        (Finding(None, ""), UNTESTED),
    ],
)
def test_the_verdict_follows_from_the_finding(finding, verdict):
    assert finding.verdict == verdict
    claim = Claim("a", "It is so.", "there", "text", "a look", shown="fig-a")
    badge = f"{{bdg-{BADGES[verdict]}}}`{verdict}`"
    where = "there (text)"
    line = (badge, "It is so.", " ({numref}`fig-a`)", "a look", where)
    assert claim_rows({"a": claim}, {"a": finding}) == [line]


def test_what_fails_stands_on_top_and_what_holds_at_the_end():
    found = {"a": Finding(True, ""), "b": Finding(None, ""), "c": Finding(False, "")}
    found |= {"d": Finding(False, "", True), "e": Finding(False, "")}
    found["f"] = Finding(True, "", could_fail=False)
    claims = {name: Claim(name, name, "", "", "") for name in found}
    order = [line[1] for line in claim_rows(claims, found)]
    assert order == ["c", "e", "d", "b", "f", "a"]
    assert failures(found) == ["c", "e"]


def test_verdicts_are_counted():
    found = {"a": Finding(True, ""), "b": Finding(None, ""), "c": Finding(True, "")}
    found["d"] = Finding(True, "", could_fail=False)
    counted = {HOLDS: 2, CORRECTED: 0, CONSISTENT: 1, FAILS: 0, UNTESTED: 1}
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
    claim = Claim("a", "", "", "", "", value, tolerance)
    assert claim.agrees(near)
    assert not claim.agrees(far)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["claims"].append(c["claims"][0]), "image-size twice"),
        (lambda c: c["literature"].append(c["literature"][0]), "lenet5 twice"),
        (lambda c: c["claims"][0].pop("test"), "test"),
        (lambda c: c["claims"][0].pop("stands"), "stands"),
        (lambda c: c.pop("recipe"), "recipe"),
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
    # Twenty seeds that begin at 4 to 6 % and end at 1.05 to 1.25 %, and other rates.
    steps = np.linspace(0, 1, 20)
    seeds = pd.DataFrame({1: 4 + 2 * steps, 20: 1.05 + 0.2 * steps})
    rates = {1e-3: pd.Series([3.0, 3.5]), 1e-4: pd.Series([9.0, 10.0])}
    return Findings(run, read, pd.read_csv(DATA / "original.csv"), seeds, rates)


# What each test must find, read off the facts by hand.
EXPECTED = {
    "image-size": (HOLDS, "28×28"),
    "grey": (HOLDS, "1 channel"),
    "total": (HOLDS, "70,000"),
    "splits": (HOLDS, "60,000 and 10,000"),
    "classes": (HOLDS, "10"),
    "class-size": (CORRECTED, "from 5,421 to 6,742; 6,000 on average"),
    "dataset-figure": (HOLDS, "all 100 are found among the training images"),
    "validation": (CORRECTED, "there was no separate validation set"),
    "lenet5": (CORRECTED, "44,426 parameters, not 60,000; layers of the sizes [6, 16,"),
    "convolutions": (HOLDS, "2"),
    "pools": (HOLDS, "2"),
    "dense": (HOLDS, "3"),
    "relu": (CORRECTED, "4 of 5: the last gives logits"),
    "architecture": (HOLDS, "5×5 (6), 5×5 (16), 120, 84, 10"),
    "adam": (
        CONSISTENT,
        "our run ends at an error of 1.10 %, the plotted one at 1.20 %",
    ),
    "learning-rate": (
        HOLDS,
        "4.79 % is plotted after the first epoch; runs have 9.00 to 10.00 % at 10⁻⁴, "
        "4.00 to 6.00 % at 3·10⁻⁴, 3.00 to 3.50 % at 10⁻³",
    ),
    "loss": (HOLDS, "2.3032 against 2.3026"),
    "epochs": (HOLDS, "20 values"),
    "accuracy": (FAILS, "the plot ends at 98.80 %, an error of 1.20 %; ours is 1.10 %"),
    "loss-axis": (CORRECTED, "0.865 as drawn, 0.998 moved; reruns have 0.996 or more"),
    "random-examples": (FAILS, "they are the first nine"),
    "source": (HOLDS, "12 runs were made with it"),
    "replication": (
        CORRECTED,
        "the reruns end +0.028 points from our seeds on average",
    ),
    "improvement": (CORRECTED, "it is the error that they lower, from 0.95 to 0.09 %"),
    "mcdnn": (HOLDS, "0.23 % error"),
    "best": (CONSISTENT, "2 of the 6 systems listed here had fewer mistakes"),
    "hardware": (UNTESTED, ""),
    "julia": (HOLDS, "it ran in Julia 1.5.3 with Flux 0.10.4"),
}


def test_each_test_finds_what_the_facts_say(evidence):
    found = find_all(evidence)
    for name, (verdict, text) in EXPECTED.items():
        assert (found[name].verdict, found[name].text[: len(text)]) == (verdict, text)


@pytest.mark.parametrize(
    ("listing", "fails"),
    [
        ("6C5-MP2-16C5-120N-84N", ["pools"]),
        ("6C5-MP2-16C3-MP2-120N-84N", ["architecture"]),
        ("6C5-MP2-120N-84N", ["lenet5", "convolutions", "pools", "architecture"]),
        ("6C5-MP2-16C5-MP2-84N", ["lenet5", "dense", "architecture"]),
    ],
)
def test_a_listing_of_another_network_speaks_against_what_the_text_says(
    evidence, listing, fails
):
    facts = evidence.ledger.facts | {
        "listing": {"network": listing, "activation": "relu"}
    }
    ledger = evidence.ledger._replace(facts=facts)
    found = find_all(dataclasses.replace(evidence, ledger=ledger))
    of_layers = ["lenet5", "convolutions", "pools", "dense", "relu", "architecture"]
    assert [name for name in of_layers if found[name].verdict == FAILS] == fails


def test_our_network_is_that_of_the_printed_listing(evidence):
    assert evidence.listed == evidence.run.network


def test_a_run_that_ends_elsewhere_is_no_evidence_for_the_optimiser(evidence):
    wrong = np.arange(10_000) < 300
    predictions = evidence.predictions._replace(wrong=wrong)
    evidence = dataclasses.replace(evidence, predictions=predictions)
    assert find_all(evidence)["adam"].verdict == FAILS


@pytest.mark.parametrize("rate", [1e-3, 1e-4])
def test_a_rate_that_begins_like_the_plot_leaves_the_claimed_one_open(evidence, rate):
    rates = evidence.rates | {rate: pd.Series([4.5, 5.0])}
    found = find_all(dataclasses.replace(evidence, rates=rates))
    assert found["learning-rate"].verdict == FAILS


def test_seeds_that_end_far_from_the_reruns_replicate_nothing(evidence):
    found = find_all(dataclasses.replace(evidence, seeds=evidence.seeds + 0.2))
    assert found["replication"].verdict == FAILS
    assert "end −0.172 points" in found["replication"].text


def test_an_equal_mean_of_few_runs_is_no_equivalence(evidence):
    """The interval must lie within the margin, and not the difference alone."""
    final = evidence.reruns.errors.iloc[:2].copy()
    final.iloc[:, -1] = [1.05, 1.25]
    evidence = dataclasses.replace(
        evidence, reruns=evidence.reruns._replace(errors=final)
    )
    assert evidence.rerun_difference == pytest.approx(0)
    # Welch 1947, written out.
    first, second = final.iloc[:, -1], evidence.final_of_seeds
    parts = [sample.var() / len(sample) for sample in (first, second)]
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(sample) - 1)
        for part, sample in zip(parts, (first, second), strict=True)
    )
    half = stats.t.ppf(0.975, freedom) * sum(parts) ** 0.5
    assert evidence.rerun_interval == pytest.approx((-half, half))
    assert find_all(evidence)["replication"].verdict == FAILS


def test_a_digit_that_is_not_found_speaks_against_the_figure(evidence):
    places = evidence.places.copy()
    places.loc[7, "correlation"] = 0.6
    found = find_all(dataclasses.replace(evidence, places=places))
    assert found["dataset-figure"].verdict == FAILS


def test_rates_are_written_in_powers():
    assert [in_powers(rate) for rate in (0.0003, 0.001, 1e-4)] == [
        "3·10⁻⁴",
        "10⁻³",
        "10⁻⁴",
    ]


def test_other_systems_stand_beside_ours(evidence):
    ours, plotted, *others = systems(evidence)
    assert (ours.mistakes, plotted.mistakes) == (110, 120)
    assert [system.mistakes for system in others] == [95, 80, 23, 21, 16, 9]
    seeds = pd.Series([1.09, 1.1, 1.15])
    line = ("1.10", "0.91 to 1.32", "no, last epoch", "2", "")
    assert ours.row(seeds) == ("our run", "2026", *line)
    name, *_, as_good, against = plotted.row(seeds)
    assert as_good == "3"
    assert name == "2020 report, as plotted {cite:p}`mejia2020`"
    # The largest of seven, which Holm's method leaves where the next one was.
    assert against == f"{plotted.p_value:.3f}"
    far = System("far", "2000", "", "no", 10, 10_000, 1e-9)
    assert far.row(seeds)[-1] == "< 0.001"


def test_the_tests_against_others_are_adjusted_for_their_number(evidence):
    """Holm 1979: the i-th smallest of m, times m - i + 1, and never below one before it."""
    ours, *others = systems(evidence)
    single = np.array(
        [difference(ours.mistakes, system.mistakes, 10_000) for system in others]
    )
    order = np.argsort(single)
    raised = np.maximum.accumulate(single[order] * np.arange(len(single), 0, -1))
    expected = np.minimum(raised, 1)
    assert [others[place].p_value for place in order] == pytest.approx(expected)


def test_the_recipe_that_the_ledger_finds_in_the_program_is_ours():
    recipe = {entry["what"]: entry["program"] for entry in read_ledger().recipe}
    config = report_config()
    assert recipe["epochs"] == str(config.epochs)
    assert recipe["batches"].startswith(f"{config.batch_size} images")
    assert recipe["batches"].endswith(f"has {60_000 % config.batch_size}")


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
