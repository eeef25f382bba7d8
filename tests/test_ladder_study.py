"""``make ladder``: many runs, killed and taken up again; and what the record holds of it."""

import csv
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import ROOT
from distributed import LocalCluster

from lenet5 import Lenet5Error
from lenet5.checkpoint import load_arrays
from lenet5.train import checksum
from systems import __main__ as command
from systems import study
from systems.ladder import Ladder
from systems.rungs import BEST, RAW, RUNGS, SCALES

# One pass each; the third cannot be trained.
SHORT = """
import sys
from dataclasses import replace
from systems import __main__ as command
from systems.rungs import BEST, RAW
rungs = [replace(rung, passes=1) for rung in (BEST, RAW)]
rungs += [replace(BEST, name="impossible", passes=1, one_rate=1e300)] * (sys.argv[1] == "3")
command.STUDIES["ladder"] = command.study, rungs, range(2), ["test"], sys.argv[2]
if __name__ == "__main__":
    sys.exit(command.main(["ladder", *sys.argv[3:]]))
"""


@pytest.fixture
def start(tmp_path):
    """A function that starts a study in a process group of its own."""
    script = tmp_path / "short.py"
    script.write_text(SHORT)

    def start(out, *options, rungs=2):
        line = [sys.executable, script, str(rungs), out, *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(line, env=environment, start_new_session=True, **pipes)

    return start


def table(path) -> list[dict]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def untimed(rows) -> list[dict]:
    return [row | {"seconds": ""} for row in rows]


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
    assert [(row["rung"], row["seed"]) for row in rows] == [
        (rung.name, seed) for seed in "01" for rung in (BEST, RAW)
    ]
    assert rows[0] == first  # with its seconds: it was not run again
    rung = replace(RAW, passes=1)
    ((name, arguments),) = study.jobs([rung], [1], "test").items()
    alone = dict(zip(study.COLUMNS, map(str, study.run(*arguments)[0]), strict=True))
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
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        process = start(
            tmp_path / "there.csv", "--scheduler", cluster.scheduler_address
        )
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert start(tmp_path / "here.csv").wait() == 0
    there, here = (untimed(table(tmp_path / f"{x}.csv")) for x in ("there", "here"))
    assert there == here


def test_a_worker_of_another_version_is_refused():
    ((_, (rung, seed, judged_on, _)),) = study.jobs([BEST], [0], "test").items()
    with pytest.raises(Lenet5Error, match="give it this version"):
        study.run(rung, seed, judged_on, study.Provenance("other data", "other engine"))


def test_a_machine_that_breaks_the_promise_is_refused(monkeypatch):
    ((_, arguments),) = study.jobs([BEST], [0], "test").items()
    monkeypatch.setattr("systems.ladder.trial", lambda rung: "other bytes")
    with pytest.raises(Lenet5Error, match="breaks the engine's promise"):
        study.run(*arguments)


def test_held_back_images_are_no_training_images(mnist):
    train, judge = study.splits("held back")
    assert (len(train.labels), len(judge.labels)) == (55_000, 5_000)
    assert np.array_equal(np.concatenate([train.images, judge.images]), mnist[0].images)
    assert study.splits("test") == mnist


def test_every_training_image_is_held_back_in_one_part(mnist):
    images, judged = mnist[0].images, []
    for part in [*study.PARTS, "held back"]:
        train, judge = study.splits(part)
        assert len(train.labels) == 55_000
        judged.append(judge.images)
    assert np.array_equal(np.concatenate(judged), images)
    train, _ = study.splits(study.PARTS[1])
    assert np.array_equal(
        train.images[4_990:5_010],
        images[[*range(4_990, 5_000), *range(10_000, 10_010)]],
    )


@pytest.mark.parametrize("name", command.STUDIES)
def test_the_record_has_every_run_of_these_engines_and_data(name):
    rows = table(ROOT / "record" / command.STUDIES[name][-1])
    assert [row["run"] for row in rows] == [*command.jobs(name)]


def test_the_scale_is_the_one_that_the_held_back_parts_choose():
    errors = {}
    for file in ("ladder-parts.csv", "ladder-scales.csv"):
        for row in table(ROOT / "record" / file):
            part = errors.setdefault((row["rung"], row["judged_on"]), [])
            part.append(int(row["misread"].split()[-1]))
    means = {
        rung: np.mean(
            [np.mean(x) for (name, _), x in errors.items() if name == rung.name]
        )
        for rung in SCALES
    }
    assert min(means, key=means.get).scale == BEST.scale


def test_the_published_network_is_a_run_of_the_ladder_and_reads_as_recorded(mnist):
    weights, facts = load_arrays(ROOT / "record" / "lenet1998.safetensors")
    rows = {row["run"]: row for row in table(ROOT / "record" / "ladder.csv")}
    row = rows[facts["run"]]
    assert (row["rung"], row["seed"]) == (BEST.name, str(facts["seed"]))
    engine = Ladder(BEST, facts["seed"], weights)
    assert checksum(engine.weights) == row["weights"]
    counts = engine.mistakes(mnist[1]), engine.mistakes(mnist[0])
    assert counts == (int(row["misread"].split()[-1]), int(row["misread_train"]))
    assert facts["misread"] == row["misread"]
    assert facts["misread_train"][-1] == counts[1]


@pytest.mark.long
def test_a_recorded_run_trained_again_gives_the_recorded_row():
    rung, seed = RUNGS[-1], 2
    ((name, arguments),) = study.jobs([rung], [seed], "test").items()
    again = dict(zip(study.COLUMNS, map(str, study.run(*arguments)[0]), strict=True))
    rows = {row["run"]: row for row in table(ROOT / "record" / "ladder.csv")}
    kept = {"seconds": "", "machine": ""}
    assert again | kept == rows[name] | kept
