# ruff: noqa: F401, F811 (fixtures are imported)
"""Studies: on a pool of processes, on a real Dask cluster, and in this process."""

import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from distributed import Client, LocalCluster
from studies import CONFIGS, Here, files, options, places, sequential, table

import lenet5.replicate
from lenet5.__main__ import main
from lenet5.checkpoint import check_sums, seal
from lenet5.replicate import COLUMNS, replicate, run_jobs, workers
from lenet5.run import Run


def full(*task):
    raise OSError(28, "No space left on device")


@pytest.fixture(scope="module")
def pool():
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def cluster():
    quiet = {"dashboard_address": ":0", "memory_limit": 0}
    with LocalCluster(n_workers=2, threads_per_worker=1, **quiet) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def study(pool, small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    where = {"out": folder / "seeds.csv", "runs": folder / "runs"}
    done = replicate(CONFIGS, pool, splits=small, **where)
    assert done.table == folder / "seeds.csv"
    assert (sorted(done.done, key=CONFIGS.index), done.failed) == (CONFIGS, {})
    return folder


def test_parallel_runs_are_the_sequential_ones_byte_for_byte(study, sequential):
    assert len(files(sequential)) == 5 * len(CONFIGS)
    assert files(study / "runs") == files(sequential)
    assert sorted(path.name for path in study.iterdir()) == ["runs", "seeds.csv"]


def test_the_table_holds_each_epoch_of_each_run_once(study, sequential):
    rows = table(study / "seeds.csv")
    assert tuple(rows[0]) == COLUMNS
    runs = [Run.load(path.parent) for path in sequential.glob("*/config.json")]
    wanted = [
        (run.config.seed, 2, 128, 3e-4, "exact", "cpu", *metrics, run.fingerprint)
        for run in sorted(runs, key=lambda run: run.config.seed)
        for metrics in run.history
    ]
    made_by = ("behaviour", "library", "machine")
    names = [name for name in COLUMNS if name not in ("seconds", *made_by)]
    found = [tuple(row[name] for name in names) for row in rows]
    assert found == [tuple(map(str, row)) for row in wanted]
    assert all(float(row["seconds"]) > 0 for row in rows)
    assert {row["machine"] for row in rows} == {runs[0].environment["cpu"]}


def has_torch() -> bool:
    return "torch" in sys.modules


def test_a_worker_of_the_exact_engine_loads_no_torch(study, pool):
    assert not any(pool.submit(has_torch).result() for _ in range(4))


def test_a_run_that_a_table_holds_is_not_trained_again(study, small, tmp_path):
    """So another machine, whose runs/ is empty, writes the same table with its seconds."""
    shutil.copy(study / "seeds.csv", tmp_path)
    executor = Here()
    replicate(CONFIGS, executor, splits=small, **places(tmp_path))
    assert executor.trained == []
    same = (tmp_path / "seeds.csv").read_bytes() == (study / "seeds.csv").read_bytes()
    assert same


def test_a_stored_run_is_read_and_not_trained_again(study, sequential, tmp_path, small):
    shutil.copytree(sequential, tmp_path / "runs")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    replicate(CONFIGS, Here(), splits=small, **places(tmp_path))
    for path, time in before.items():
        assert (
            path.is_dir() or path.suffix == ".lock" or path.stat().st_mtime_ns == time
        )
    rows = table(tmp_path / "seeds.csv")
    assert {row["seconds"] for row in rows} == {""}
    assert [row["weights"] for row in rows] == [
        row["weights"] for row in table(study / "seeds.csv")
    ]


def test_a_table_is_replaced_when_no_run_is_missing(study, small, tmp_path):
    """An interrupted study leaves the published table, and goes on where it stood."""
    out = tmp_path / "seeds.csv"
    out.write_text(",".join(COLUMNS) + "\n")
    seal(tmp_path)
    before = files(tmp_path.parent)
    stopped = Here(lambda f, g, c, *x: (full if c.seed == 1 else f, g, c, *x))
    first = replicate(CONFIGS, stopped, splits=small, **places(tmp_path))
    assert first.failed == {CONFIGS[1]: "[Errno 28] No space left on device"}
    assert first.table == tmp_path / "seeds.partial.csv"
    assert files(tmp_path.parent).items() >= before.items()
    kept = table(first.table)
    assert [row["seed"] for row in kept] == ["0"] * 3 + ["2"] * 3

    shutil.rmtree(tmp_path / "runs")
    executor = Here()
    assert replicate(CONFIGS, executor, splits=small, **places(tmp_path)).table == out
    assert executor.trained == [CONFIGS[1]]
    assert [row for row in table(out) if row["seed"] != "1"] == kept
    assert not first.table.exists()
    check_sums(tmp_path, ["seeds.csv"])


def test_progress_is_told_when_a_run_ends(small, tmp_path):
    seen = []
    replicate(
        CONFIGS,
        Here(),
        splits=small,
        on_run=lambda study: seen.append((len(study.done), len(study.seconds))),
        **places(tmp_path),
    )
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_a_worker_on_another_disk_sends_its_run(
    small, sequential, tmp_path, monkeypatch
):
    monkeypatch.setattr(lenet5.replicate, "RUNS", tmp_path / "there")
    elsewhere = Here(lambda *task: (*task[:-1], tmp_path / "no such folder"))
    replicate(CONFIGS, elsewhere, splits=small, **places(tmp_path))
    assert files(tmp_path / "runs") == files(tmp_path / "there") == files(sequential)


def squares(number, count):
    """On a worker: the rows of a run of another study."""
    if number == 13:
        raise ValueError("13 brings ill luck")
    return [[f"run {number}", i, number**2 + i] for i in range(count)]


def test_any_study_goes_the_same_way(tmp_path):
    out = tmp_path / "squares.csv"
    form = {"out": out, "columns": ("run", "row", "square"), "key": "run"}
    form["length"] = lambda number, count: count
    jobs = {f"run {number}": (number, 2) for number in (9, 13, 4)}
    (tmp_path / "SHA256SUMS").touch()
    out.write_text(
        "run,row,square\nrun 9,0,81\nrun 13,0,cut\nrun 4,0,of before\nrun 4,1,of before\n"
    )
    with workers(None, 2) as (executor, width):
        assert width == 2
        study = run_jobs(jobs, squares, executor, **form)
    assert (sorted(study.done), study.table.name) == (
        ["run 4", "run 9"],
        "squares.partial.csv",
    )
    assert study.failed == {"run 13": "13 brings ill luck"}
    assert [row["run"][4:] for row in table(study.table)] == ["9", "9", "4", "4"]
    jobs["run 14"] = jobs.pop("run 13")[0] + 1, 1
    study = run_jobs(jobs, squares, Here(), **form)
    assert (study.failed, study.table) == ({}, out)
    rows = [f"{row['run']}: {row['square']}" for row in table(out)]
    assert rows == [
        *("run 9: 81", "run 9: 82", "run 4: of before", "run 4: of before"),
        "run 14: 196",
    ]
    check_sums(tmp_path, ["squares.csv"])


def test_a_cluster_trains_the_same_bytes(cluster, small, sequential, tmp_path):
    with Client(cluster) as client:
        executor = client.get_executor(pure=False)
        study = replicate(CONFIGS, executor, splits=small, **places(tmp_path))
    assert study.failed == {}
    assert files(tmp_path / "runs") == files(sequential)


def test_the_command_trains_on_a_cluster(cluster, tmp_path, capsys):
    command = ["replicate", "--seeds", "0-1", "--grid", "epochs=0"]
    command += options(tmp_path, "--scheduler", cluster)
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out == f"2 done, 2 of them now, 0 failed: {tmp_path / 'seeds.csv'}\n"
    assert "2 of 2 done, 0 running, 0 failed, 0:00:00 left" in said.err
    assert [row["seed"] for row in table(tmp_path / "seeds.csv")] == ["0", "1"]
