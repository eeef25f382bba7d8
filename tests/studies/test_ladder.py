"""The study of the ladder: killed and taken up again; and what the record holds of it."""

import csv
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from distributed import LocalCluster

from built import ROOT
from exact import UserError
from exact.arrays import checksum
from lenet5 import RECORD
from lenet5.provenance import Provenance
from networks.lenet1998.rungs import BEST, RAW, RUNGS, SCALES
from studies import ladder

# One pass each; the third cannot be trained.
SHORT = """
import sys
from dataclasses import replace
from networks.lenet1998.rungs import BEST, RAW
from studies import __main__ as command
from studies import ladder, record

rungs = [replace(rung, passes=1) for rung in (BEST, RAW)]
if sys.argv[1] == "3":
    rungs.append(replace(BEST, name="impossible", passes=1, one_rate=1e300))
study = replace(ladder.STUDY, networks=tuple(rungs), seeds=range(2))
record.MAKERS = [record.Maker("ladder", ("ladder.csv",), "", (), "", study=study)]
if __name__ == "__main__":
    sys.exit(command.main(["ladder", *sys.argv[2:]]))
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a study in a process group of its own."""
    script = tmp_path / "short.py"
    script.write_text(SHORT)

    def start(out, *options, rungs=2):
        line = [sys.executable, script, str(rungs), "--out", out, *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(line, env=environment, start_new_session=True, **pipes)

    return start


def table(path) -> list[dict]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def untimed(rows) -> list[dict]:
    return [row | {"seconds": ""} for row in rows]


def only_job(rung, seed: int, study=ladder.STUDY) -> tuple[str, tuple]:
    """The name and the arguments of one run of a study."""
    alone = replace(study, networks=(rung,), seeds=range(seed, seed + 1))
    ((name, arguments),) = alone.jobs().items()
    return name, arguments


def train(arguments) -> dict:
    """The row of a run that is trained here, as a table has it."""
    (row,) = ladder.train(*arguments)
    return dict(zip(ladder.COLUMNS, map(str, row), strict=True))


@pytest.mark.long
def test_a_study_that_was_killed_goes_on_where_it_stood(start, tmp_path):
    out, partial = tmp_path / "ladder.csv", tmp_path / "ladder.partial.csv"
    process = start(out, "--workers", "1")
    assert "1 of 4 done" in process.stderr.readline()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    (first,) = table(partial)
    assert not out.exists()
    process = start(out)
    output, _ = process.communicate()
    assert (process.returncode, partial.exists()) == (0, False)
    assert output.startswith("4 done, 3 of them now, 0 failed")
    rows = table(out)
    made = [(row["rung"], row["seed"]) for row in rows]
    in_order = [(BEST.name, "0"), (RAW.name, "0"), (BEST.name, "1"), (RAW.name, "1")]
    assert made == in_order
    assert rows[0] == first  # with its seconds: it was not run again
    name, arguments = only_job(replace(RAW, passes=1), 1)
    alone = train(arguments)
    assert untimed([alone]) == untimed(rows[3:])
    assert alone["run"] == name


@pytest.mark.long
def test_a_run_that_fails_is_named_and_does_not_stop_the_others(start, tmp_path):
    process = start(tmp_path / "ladder.csv", rungs=3)
    output, errors = process.communicate()
    assert process.returncode == 1
    assert output.startswith("4 done, 4 of them now, 2 failed")
    assert "impossible: a weight is not finite after pass 1" in errors
    assert len(table(tmp_path / "ladder.partial.csv")) == 4


@pytest.mark.long
def test_a_cluster_gives_the_rows_of_this_machine(start, tmp_path):
    one_thread_each = {"n_workers": 2, "threads_per_worker": 1}
    with LocalCluster(dashboard_address=":0", **one_thread_each) as cluster:
        address = cluster.scheduler_address
        process = start(tmp_path / "there.csv", "--scheduler", address)
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert start(tmp_path / "here.csv").wait() == 0
    there = untimed(table(tmp_path / "there.csv"))
    assert there == untimed(table(tmp_path / "here.csv"))


def test_a_worker_of_another_version_is_refused():
    _, (rung, seed, judged_on, _) = only_job(BEST, 0)
    wanted = Provenance("other data", "other engine")
    with pytest.raises(UserError, match="give it this version"):
        ladder.train(rung, seed, judged_on, wanted)


def test_a_machine_that_breaks_the_promise_is_refused(monkeypatch):
    _, arguments = only_job(BEST, 0)
    broken = "networks.lenet1998.tried.trial"
    monkeypatch.setattr(broken, lambda rung, library: "other bytes")
    with pytest.raises(UserError, match="breaks the engine's promise"):
        ladder.train(*arguments)


def test_the_scale_is_the_one_that_the_held_back_parts_choose():
    """Each part counts as much as another, whatever its number of seeds."""
    errors = {}
    for name in ("ladder-parts.csv", "ladder-scales.csv"):
        for row in table(RECORD / name):
            of_part = errors.setdefault((row["rung"], row["judged_on"]), [])
            of_part.append(int(row["misread"].split()[-1]))
    means = {}
    for rung in SCALES:
        parts = [np.mean(x) for (name, _), x in errors.items() if name == rung.name]
        assert len(parts) == 12
        means[rung] = np.mean(parts)
    assert min(means, key=means.get).scale == BEST.scale
    read = ladder.read_parts()  # in %
    for rung, mean in means.items():
        assert read[rung.name].mean() == pytest.approx(100 * mean / 5000)


def test_the_tuned_rate_is_the_one_that_the_images_held_back_choose():
    """Its test errors stand beside those of the same recipe, trained on as few images."""
    held_back, of_test = {}, {}
    for row in table(RECORD / "variations.csv"):
        name = row["variation"]
        held_back.setdefault(name, []).append(int(row["misread"].split()[-1]))
        of_test.setdefault(name, []).append(int(row["misread_test"]) / 100)
    rates = [
        "rate 1e-4",
        "rate 1e-3",
        "rate 3e-3",
        "falling rate",
        "rate 1e-3, falling",
    ]
    best = min(rates, key=lambda name: np.mean(held_back[name]))
    untuned, tuned = ladder.read_tuned()
    assert untuned.errors.tolist() == pytest.approx(of_test["the recipe"])
    assert tuned.errors.tolist() == pytest.approx(of_test[best])
    assert tuned.updates == 20 * 430  # of 128 of 55,000 images, and a short batch


def test_the_network_shown_is_a_run_of_the_ladder_and_reads_as_recorded(mnist):
    engine, facts = ladder.read_network()
    rows = {row["run"]: row for row in table(RECORD / "ladder.csv")}
    row = rows[facts["run"]]
    assert (row["rung"], row["seed"]) == (BEST.name, str(facts["seed"]))
    assert checksum(engine.weights) == row["weights"]
    misread = engine.mistakes(mnist[1])
    misread_train = engine.mistakes(mnist[0])
    assert misread == int(row["misread"].split()[-1])
    assert misread_train == int(row["misread_train"])
    assert facts["misread"] == row["misread"]
    assert facts["misread_train"][-1] == misread_train


def test_the_network_shown_is_made_so(small, tmp_path, monkeypatch):
    """On few images, in two passes: its file holds what a run of the study computes."""
    monkeypatch.setattr("lenet5.data.load", lambda: small)
    short = replace(BEST, passes=2)
    path = tmp_path / "lenet1998.safetensors"
    ladder.keep_network(path, short, 3)
    engine, facts = ladder.read_network(path)
    name, arguments = only_job(short, 3)
    row = train(arguments)
    assert (facts["run"], facts["seed"]) == (name, 3)
    assert facts["misread"] == row["misread"]
    assert len(facts["misread_train"]) == 2
    assert str(facts["misread_train"][-1]) == row["misread_train"]
    assert checksum(engine.weights) == row["weights"]


@pytest.mark.long
def test_a_recorded_run_trained_again_gives_the_recorded_row():
    name, arguments = only_job(RUNGS[-1], 2)
    again = train(arguments)
    rows = {row["run"]: row for row in table(RECORD / "ladder.csv")}
    kept = {"seconds": "", "machine": ""}
    assert again | kept == rows[name] | kept
