# ruff: noqa: F401 (fixtures are imported)
"""Many seeds of the recipe: on a pool of processes, on a real Dask cluster, in this process.

A run that fails, a worker that is killed or of another version: the others go on.
"""

import os
import shutil
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from distributed import Client, LocalCluster

import lenet5.run
from exact import UserError
from lenet5 import RECORD, Config
from lenet5.__main__ import main
from lenet5.files import check_sums, write_sums
from lenet5.run import Run
from made_studies import CONFIGS, Here, files, options, places, sequential, table
from studies import seeds
from studies.seeds import NEEDED, replicate

METRICS = ["epoch", "train_loss", "train_error", "test_loss", "test_error", "weights"]
REFUSED = "the worker has another engine, library or data: give it this version"


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
    """The folder of a study that two processes have made."""
    folder = tmp_path_factory.mktemp("study")
    progress = replicate(CONFIGS, pool, splits=small, **places(folder))
    assert progress.table == folder / "seeds.csv"
    assert sorted(progress.done, key=CONFIGS.index) == CONFIGS
    assert progress.failed == {}
    return folder


# ------------------------------------------------------------------- runs and their table


def test_parallel_runs_are_the_sequential_ones_byte_for_byte(study, sequential):
    assert len(files(sequential)) == 5 * len(CONFIGS)
    assert files(study / "runs") == files(sequential)
    assert sorted(path.name for path in study.iterdir()) == ["runs", "seeds.csv"]


def test_the_table_holds_each_epoch_of_each_run_once(study, sequential):
    rows = table(study / "seeds.csv")
    assert list(rows[0]) == NEEDED
    runs = [Run.load(path.parent) for path in sequential.glob("*/config.json")]
    settings = ["seed", "epochs", "batch_size", "lr", "engine", "device"]
    wanted = []
    for run in sorted(runs, key=lambda run: run.config.seed):
        of_run = [run.config.seed, 2, 128, 3e-4, "exact", "cpu"]
        for metrics in run.history:
            cells = [*of_run, *metrics, run.fingerprint]
            wanted.append([str(cell) for cell in cells])
    names = [*settings, *METRICS, "fingerprint"]
    assert [[row[name] for name in names] for row in rows] == wanted
    assert all(float(row["seconds"]) > 0 for row in rows)
    assert {row["machine"] for row in rows} == {runs[0].environment["cpu"]}
    assert {row["behaviour"] for row in rows} == {runs[0].environment["behaviour"]}


def test_a_table_has_a_column_for_what_a_run_has_changed(small, tmp_path):
    """And none for what all runs had before there was the setting."""
    settings = {"epochs": 1, "engine": "torch"}
    configs = [
        Config(network="9N", **settings),
        Config(network="5C7-MP3", schedule="linear", **settings),
        Config(seed=1, **settings),
    ]
    progress = replicate(configs, Here(), splits=small, **places(tmp_path))
    assert progress.failed == {}
    rows = table(tmp_path / "seeds.csv")
    assert list(rows[0]) == [
        *["seed", "network", "epochs", "batch_size", "lr", "schedule"],
        *["engine", "device", *METRICS, "seconds"],
        *["fingerprint", "behaviour", "library", "machine"],
    ]
    found = [(row["seed"], row["network"], row["schedule"]) for row in rows[::2]]
    report = configs[2].network
    assert found == [
        ("0", "5C7-MP3", "linear"),
        ("0", "9N", "constant"),
        ("1", report, "constant"),
    ]
    for row in rows:
        name = row["fingerprint"]
        run = Run.load(tmp_path / "runs" / name)
        assert run.fingerprint == name
        assert run.config.network == row["network"]
        assert run.history[int(row["epoch"])].weights == row["weights"]
    with pytest.raises(UserError, match="has a column 'network', which these runs do"):
        replicate(configs[2:], Here(), splits=small, **places(tmp_path))


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
    before = {}
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".lock":
            before[path] = path.stat().st_mtime_ns
    replicate(CONFIGS, Here(), splits=small, **places(tmp_path))
    for path, time in before.items():
        assert path.stat().st_mtime_ns == time
    rows = table(tmp_path / "seeds.csv")
    assert {row["seconds"] for row in rows} == {""}
    trained = table(study / "seeds.csv")
    assert [row["weights"] for row in rows] == [row["weights"] for row in trained]


def full(*task):
    raise OSError(28, "No space left on device")


def test_a_table_is_replaced_when_no_run_is_missing(study, small, tmp_path):
    """An interrupted study leaves the recorded table, and goes on where it stood."""

    def stop_seed_1(timed, work, config, *arguments):
        if config.seed == 1:
            return full, work, config, *arguments
        return timed, work, config, *arguments

    out = tmp_path / "seeds.csv"
    out.write_text(",".join(NEEDED) + "\n")
    write_sums(tmp_path)
    before = files(tmp_path.parent)
    first = replicate(CONFIGS, Here(stop_seed_1), splits=small, **places(tmp_path))
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

    def on_run(progress):
        seen.append((len(progress.done), len(progress.seconds)))

    replicate(CONFIGS, Here(), splits=small, on_run=on_run, **places(tmp_path))
    assert seen == [(1, 1), (2, 2), (3, 3)]


def test_a_worker_on_another_disk_sends_its_run(
    small, sequential, tmp_path, monkeypatch
):
    monkeypatch.setattr(seeds, "RUNS", tmp_path / "there")
    elsewhere = Here(lambda *task: (*task[:-1], tmp_path / "no such folder"))
    replicate(CONFIGS, elsewhere, splits=small, **places(tmp_path))
    assert files(tmp_path / "runs") == files(tmp_path / "there") == files(sequential)


def test_a_cluster_trains_the_same_bytes(cluster, small, sequential, tmp_path):
    with Client(cluster) as client:
        executor = client.get_executor(pure=False)
        progress = replicate(CONFIGS, executor, splits=small, **places(tmp_path))
    assert progress.failed == {}
    assert files(tmp_path / "runs") == files(sequential)


def test_the_command_trains_on_a_cluster(cluster, tmp_path, capsys):
    command = ["replicate", "--seeds", "0-1", "--grid", "epochs=0"]
    command += options(tmp_path, "--scheduler", cluster)
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out == f"2 done, 2 of them now, 0 failed: {tmp_path / 'seeds.csv'}\n"
    assert "2 of 2 done, 0 running, 0 failed, 0:00:00 left" in said.err
    assert [row["seed"] for row in table(tmp_path / "seeds.csv")] == ["0", "1"]


# ----------------------------------------------------------------------- what may go wrong


class Sabotaged(ProcessPoolExecutor):
    """One process, in which the training of a seed comes to grief after an epoch."""

    def __init__(self, mischief, seed):
        super().__init__(1, get_context("spawn"))
        self.mischief = mischief
        self.seed = seed

    def submit(self, *task):
        config = task[2]
        if config.seed == self.seed:
            task = self.mischief, *task
        return super().submit(*task)


def after_an_epoch(act, function, *arguments):
    """On a worker: train, and act on the engine when one epoch is written."""
    train = lenet5.run.train

    def troubled(config, train_split, test_split, engine, history, on_epoch):
        def acting(engine, history):
            on_epoch(engine, history)
            if len(history) == 2:
                act(engine)

        if len(history) == 2:
            act(engine)
        return train(config, train_split, test_split, engine, history, acting)

    lenet5.run.train = troubled
    try:
        return function(*arguments)
    finally:
        lenet5.run.train = train


def spoil(engine):
    state = engine.state()
    state["floats"][0, -1] = np.nan
    engine.restore(state)


def kill_this_process(_):
    os.kill(os.getpid(), signal.SIGKILL)


def spoiled(*task):
    return after_an_epoch(spoil, *task)


def killed(*task):
    return after_an_epoch(kill_this_process, *task)


def test_a_failed_run_is_noted_and_the_others_go_on(small, tmp_path, sequential):
    configs = [CONFIGS[0], Config(seed=13, epochs=3), *CONFIGS[1:]]
    for attempt in range(2):  # the second goes on from the checkpoint of the first
        with Sabotaged(spoiled, seed=13) as executor:
            progress = replicate(configs, executor, splits=small, **places(tmp_path))
        assert progress.failed.keys() == {configs[1]}
        assert "the loss is nan at epoch 2" in progress.failed[configs[1]], attempt
        assert progress.table == tmp_path / "seeds.partial.csv"
        assert files(tmp_path / "runs").items() >= files(sequential).items()
        assert {row["seed"] for row in table(progress.table)} == {"0", "1", "2"}


def test_a_killed_worker_is_reported_and_the_study_goes_on(small, tmp_path, sequential):
    with Sabotaged(killed, seed=1) as executor:
        progress = replicate(CONFIGS, executor, splits=small, **places(tmp_path))
    assert progress.done == CONFIGS[:1]
    assert progress.failed.keys() == {*CONFIGS[1:]}
    assert "terminated abruptly" in progress.failed[CONFIGS[1]]
    progress = replicate(CONFIGS, Here(), splits=small, **places(tmp_path))
    assert progress.failed == {}
    assert files(tmp_path / "runs") == files(sequential)
    rows = [row for row in table(progress.table) if row["seed"] == "1"]
    assert [row["seconds"] == "" for row in rows] == [True, True, False]


def test_a_worker_with_other_code_or_data_is_told(small, tmp_path):
    def renamed(timed, work, config, _, *arguments):
        return timed, work, config, "another", *arguments

    progress = replicate(CONFIGS, Here(renamed), splits=small, **places(tmp_path))
    assert progress.failed.keys() == {*CONFIGS}
    assert {*progress.failed.values()} == {REFUSED}
    assert files(tmp_path) == {}


# --------------------------------------------------------------------- reading the table


def test_a_table_is_read_seed_by_seed_and_epoch_by_epoch(study):
    rows = table(study / "seeds.csv")
    found = seeds.read(study / "seeds.csv")
    assert len(found.table) == len(rows) == 9
    assert [run["seed"] for run in found.runs] == [0, 1, 2]
    assert {run["library"] for run in found.runs} == {""}  # and no missing number
    for row in rows:
        if row["epoch"] == "0":
            continue
        seed, epoch = int(row["seed"]), int(row["epoch"])
        assert found.losses.loc[seed, epoch] == float(row["test_loss"])
        error = pytest.approx(float(row["test_error"]))
        assert found.errors.loc[seed, epoch] == error
    assert list(found.errors.columns) == [1, 2]
    assert found.final.tolist() == found.errors[2].tolist()
    assert found.best.tolist() == np.minimum(found.errors[1], found.errors[2]).tolist()


def test_the_record_is_read_by_default():
    found = seeds.read()
    assert found.errors.shape == (200, 20)
    assert len(found.runs) == len(found.final) == 200
    in_torch = seeds.read(RECORD / "seeds-torch.csv")
    assert in_torch.errors.shape == (20, 20)


@pytest.mark.parametrize("content", [None, "", "\0", "seed,epoch\n0,1\n"])
def test_a_damaged_table_is_named(tmp_path, content):
    path = tmp_path / "seeds.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=r"seeds\.csv .*damaged"):
        seeds.read(path)
