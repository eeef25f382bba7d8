"""Studies on a real Dask cluster of two processes."""

import csv
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import ROOT
from distributed import Client, LocalCluster

import lenet5.run
from lenet5 import Lenet5Error
from lenet5.__main__ import main
from lenet5.config import Config
from lenet5.replicate import Silent, replicate
from lenet5.run import Run, load_or_train
from lenet5.table import COLUMNS
from lenet5.worker import Data

OPTIONS = {"threads_per_worker": 1, "dashboard_address": ":0", "memory_limit": 0}


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, **OPTIONS) as cluster:
        yield cluster


def files(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.glob("*/*")
        if path.suffix != ".safetensors" or path.name == "model.safetensors"
    }


def table(path) -> list[dict]:
    return list(csv.DictReader(path.read_text().splitlines()))


def untimed(path) -> list[dict]:
    return [row | {"seconds": None} for row in table(path)]


RUN_FILES = (
    "SHA256SUMS",
    "config.json",
    "environment.json",
    "history.csv",
    "model.safetensors",
)
CONFIGS = [Config(seed=seed, epochs=2, threads=1) for seed in range(3)]


@pytest.fixture(scope="module")
def sequential(small, tmp_path_factory):
    """The same runs trained one after the other in this process."""
    runs = tmp_path_factory.mktemp("sequential")
    for config in CONFIGS:
        load_or_train(config, small, runs=runs)
    return runs


@pytest.fixture(scope="module")
def study(cluster, small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    done = replicate(
        CONFIGS,
        small,
        out=folder / "seeds.csv",
        runs=folder / "runs",
        scheduler=cluster.scheduler_address,
    )
    assert done.failed == {}
    assert len(done.done) == len(CONFIGS)
    return folder


def test_parallel_runs_are_the_sequential_ones_byte_for_byte(study, sequential):
    assert len(files(sequential)) == len(RUN_FILES) * len(CONFIGS)
    assert files(study / "runs") == files(sequential)


def test_the_table_holds_each_epoch_of_each_run_once(study, sequential):
    rows = table(study / "seeds.csv")
    assert tuple(rows[0]) == COLUMNS
    runs = {
        run.fingerprint: run
        for run in map(Run.load, (f.parent for f in sequential.glob("*/config.json")))
    }
    wanted = [
        (str(run.config.seed), *map(repr, metrics))
        for run in sorted(runs.values(), key=lambda run: run.config.seed)
        for metrics in run.history
    ]
    metrics = ("epoch", "train_loss", "train_error", "test_loss", "test_error")
    assert [(r["seed"], *(r[name] for name in metrics)) for r in rows] == wanted
    for row in rows:
        assert int(row["seed"]) == runs[row["fingerprint"]].config.seed
        assert (row["threads"], row["epochs"]) == ("1", "2")
        assert float(row["seconds"]) > 0
        assert row["machine"].startswith(runs[row["fingerprint"]].environment["cpu"])


class NothingToTrain(Silent):
    def __init__(self, configs):
        raise AssertionError(f"{configs} would be trained again")


def test_a_study_that_is_there_trains_nothing_and_writes_the_same_table(study, small):
    before = (study / "seeds.csv").read_bytes()
    done = replicate(
        CONFIGS,
        small,
        out=study / "seeds.csv",
        runs=study / "runs",
        progress=NothingToTrain,
    )
    assert len(done.done) == len(CONFIGS)
    assert (study / "seeds.csv").read_bytes() == before


def test_a_resumed_study_trains_only_what_is_missing(cluster, small, study, tmp_path):
    shutil.copytree(study / "runs", tmp_path / "runs")
    gone = table(study / "seeds.csv")[-1]["fingerprint"]
    shutil.rmtree(tmp_path / "runs" / gone)
    seen = []

    class Seen(Silent):
        def __init__(self, configs):
            seen.extend(configs)

    replicate(
        CONFIGS,
        small,
        out=tmp_path / "seeds.csv",
        runs=tmp_path / "runs",
        scheduler=cluster.scheduler_address,
        progress=Seen,
    )
    assert seen == [gone]
    assert files(tmp_path / "runs") == files(study / "runs")
    assert untimed(tmp_path / "seeds.csv") == untimed(study / "seeds.csv")


def test_a_worker_receives_the_data_once(cluster, small, study):
    def held(dask_worker):
        return [id(p) for name, p in dask_worker.plugins.items() if "lenet5" in name]

    with Client(cluster) as client:
        before = client.run(held)
        assert {len(plugins) for plugins in before.values()} == {1}
        client.register_plugin(Data(small))
        assert client.run(held) == before


def test_a_killed_worker_s_run_goes_on_elsewhere_and_ends_the_same(
    cluster, small, tmp_path
):
    configs = [Config(seed=seed, epochs=12, threads=1) for seed in (5, 6)]
    epochs, killed = [], []

    class Killer(Silent):
        def __init__(self, missing):
            self.victim = next(iter(missing))

        def on_epoch(self, name, epoch):
            if name == self.victim:
                epochs.append(epoch)
                if epoch == 4 and not killed:
                    pid = owner(tmp_path / "runs", name)
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)

    study = replicate(
        configs,
        small,
        out=tmp_path / "seeds.csv",
        runs=tmp_path / "runs",
        scheduler=cluster.scheduler_address,
        progress=Killer,
    )
    assert killed
    assert len(study.done) == 2
    started_again = epochs.index(0, epochs.index(4))
    assert min(epochs[started_again + 1 :]) > 4
    for config in configs:
        load_or_train(config, small, runs=tmp_path / "sequential")
    assert files(tmp_path / "runs") == files(tmp_path / "sequential")
    assert len(table(tmp_path / "seeds.csv")) == 2 * 13


def owner(runs, name) -> int:
    """The process that holds the lock of a run."""
    lock = os.stat(runs / f"{name}.lock")
    for line in Path("/proc/locks").read_text().splitlines():
        fields = line.split()
        if fields[1] == "FLOCK" and fields[5].endswith(f":{lock.st_ino}"):
            return int(fields[4])
    raise AssertionError(f"nobody trains {name}")


def poison(seed: int) -> None:
    """On a worker: the weights of this seed become NaN after the first epoch."""
    train = lenet5.run.train

    def poisoned(config, *splits, on_epoch, **options):
        def spoil(state):
            on_epoch(state)
            if config.seed == seed and len(state.history) == 2:
                next(state.model.parameters()).data.fill_(float("nan"))

        return train(config, *splits, on_epoch=spoil, **options)

    lenet5.run.train = poisoned


def test_a_run_whose_loss_is_not_finite_is_noted_and_the_others_go_on(
    small, tmp_path, sequential
):
    configs = [CONFIGS[0], Config(seed=13, epochs=3, threads=1), *CONFIGS[1:]]
    with LocalCluster(n_workers=2, **OPTIONS) as cluster:
        with Client(cluster) as client:
            client.run(poison, 13)
        study = replicate(
            configs,
            small,
            out=tmp_path / "seeds.csv",
            runs=tmp_path / "runs",
            scheduler=cluster.scheduler_address,
        )
    ((failed, reason),) = study.failed.items()
    assert failed.seed == 13
    assert "the loss is nan at epoch 2" in reason
    assert files(tmp_path / "runs").items() >= files(sequential).items()
    rows = [row for row in table(tmp_path / "seeds.csv") if row["seed"] == "13"]
    assert [row["epoch"] for row in rows] == ["0", "1", "2"]
    assert [row["test_error"] == "" for row in rows] == [False, False, True]


def test_a_worker_that_shares_no_disk_sends_its_run(
    small, sequential, tmp_path, monkeypatch
):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (there / "runs").write_text("no folder can be made where this file stands")
    monkeypatch.chdir(here)
    with LocalCluster(n_workers=0, dashboard_address=":0") as cluster:
        command = [sys.executable, "-m", "distributed.cli.dask_worker"]
        command += [cluster.scheduler_address, "--nthreads", "1", "--no-dashboard"]
        worker = subprocess.Popen(command, cwd=there, stderr=subprocess.DEVNULL)
        try:
            study = replicate(
                CONFIGS[:1],
                small,
                out=here / "seeds.csv",
                runs=(here / "runs").relative_to(here),
                scheduler=cluster.scheduler_address,
            )
        finally:
            worker.terminate()
            worker.wait(30)
    assert study.failed == {}
    assert len(files(here / "runs")) == len(RUN_FILES)
    assert files(here / "runs").items() <= files(sequential).items()


def test_a_worker_with_other_code_is_refused(cluster, small):
    plugin = Data(small)
    plugin.code = "another"
    plugin.name = "lenet5-another"
    with Client(cluster) as client:
        with pytest.raises(Lenet5Error, match="install the client's versions"):
            client.register_plugin(plugin)
        client.unregister_worker_plugin(plugin.name)


def test_a_scheduler_that_does_not_answer_is_named(small, tmp_path):
    with pytest.raises(Lenet5Error, match="no Dask scheduler answers at nonsense://"):
        replicate(
            CONFIGS,
            small,
            out=tmp_path / "t.csv",
            runs=tmp_path,
            scheduler="nonsense://host",
        )


def test_ctrl_c_keeps_what_has_finished(tmp_path):
    command = [sys.executable, "-m", "lenet5", "replicate", "--seeds", "0"]
    command += ["--grid", "epochs=0,9000", "--runs", tmp_path / "runs"]
    command += ["--workers", "2", "--out", tmp_path / "seeds.csv"]
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        line = process.stderr.readline()
        assert line.startswith("1 of 2 done, 1 running, 0 failed")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        rest = process.stderr.read()  # ends when no worker holds it any more
        assert process.wait(60) == 130, rest
        assert "lenet5: interrupted" in rest
        assert "Traceback" not in rest
        assert [row["epochs"] for row in table(tmp_path / "seeds.csv")] == ["0"]
        assert len(files(tmp_path / "runs")) == len(RUN_FILES)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_the_exit_code_tells_of_a_failed_run(tmp_path, capsys):
    options = ["--set", "epochs=0", "--runs", str(tmp_path / "runs")]
    options += ["--out", str(tmp_path / "seeds.csv")]
    assert main(["replicate", "--seeds", "1", *options]) == 0
    damaged = next((tmp_path / "runs").glob("*/history.csv"))
    damaged.write_text("epoch\n")
    assert main(["replicate", "--seeds", "1", *options]) == 1
    printed = capsys.readouterr()
    assert "0 runs done, 1 failed" in printed.out
    assert f"{damaged} holds 0 rows" in printed.err
