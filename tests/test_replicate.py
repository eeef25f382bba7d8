"""Studies: on a pool of processes, on a real Dask cluster, and in this process."""

import csv
import itertools
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context

import numpy as np
import pytest
from conftest import ROOT
from distributed import Client, LocalCluster

import lenet5.replicate
from lenet5 import Config
from lenet5.__main__ import main
from lenet5.checkpoint import check_sums, seal
from lenet5.replicate import COLUMNS, Study, replicate, run_jobs, workers
from lenet5.run import Run, load_or_train

CONFIGS = [Config(seed=seed, epochs=2) for seed in range(3)]


class Here(Executor):
    """Runs at once, in this process, what ``change`` makes of a task."""

    def __init__(self, change=lambda *task: task):
        self.change, self.trained = change, []

    def submit(self, *task):
        self.trained.append(task[2])  # after what times it, and what trains
        function, *arguments = self.change(*task)
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


class Sabotaged(ProcessPoolExecutor):
    """One process, in which the training of a seed comes to grief after an epoch."""

    def __init__(self, mischief, seed):
        super().__init__(1, get_context("spawn"))
        self.mischief, self.seed = mischief, seed

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


def spoiled(*task):
    return after_an_epoch(spoil, *task)


def killed(*task):
    return after_an_epoch(lambda _: os.kill(os.getpid(), signal.SIGKILL), *task)


def full(*task):
    raise OSError(28, "No space left on device")


def files(folder) -> dict[str, bytes]:
    """What the runs in a folder are made of."""
    paths = [path.relative_to(folder) for path in folder.glob("*/*") if path.is_file()]
    return {str(path): (folder / path).read_bytes() for path in paths}


def table(path) -> list[dict]:
    return list(csv.DictReader(path.read_text().splitlines()))


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
def sequential(small, tmp_path_factory):
    """The same runs trained one after the other in this process."""
    runs = tmp_path_factory.mktemp("sequential")
    for config in CONFIGS:
        load_or_train(config, small, runs=runs)
    return runs


@pytest.fixture(scope="module")
def study(pool, small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    where = {"out": folder / "seeds.csv", "runs": folder / "runs"}
    done = replicate(CONFIGS, pool, splits=small, **where)
    assert done.table == folder / "seeds.csv"
    assert (sorted(done.done, key=CONFIGS.index), done.failed) == (CONFIGS, {})
    return folder


def places(folder):
    return {"out": folder / "seeds.csv", "runs": folder / "runs"}


def test_parallel_runs_are_the_sequential_ones_byte_for_byte(study, sequential):
    assert len(files(sequential)) == 5 * len(CONFIGS)
    assert files(study / "runs") == files(sequential)
    assert sorted(path.name for path in study.iterdir()) == ["runs", "seeds.csv"]


def test_the_table_holds_each_epoch_of_each_run_once(study, sequential):
    rows = table(study / "seeds.csv")
    assert tuple(rows[0]) == COLUMNS
    runs = [Run.load(path.parent) for path in sequential.glob("*/config.json")]
    wanted = [
        (run.config.seed, 2, 128, 3e-4, "exact", *metrics, run.fingerprint)
        for run in sorted(runs, key=lambda run: run.config.seed)
        for metrics in run.history
    ]
    names = [name for name in COLUMNS if name not in ("seconds", "machine")]
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


def test_a_failed_run_is_noted_and_the_others_go_on(small, tmp_path, sequential):
    configs = [CONFIGS[0], Config(seed=13, epochs=3), *CONFIGS[1:]]
    for attempt in range(2):  # the second goes on from the checkpoint of the first
        with Sabotaged(spoiled, seed=13) as executor:
            study = replicate(configs, executor, splits=small, **places(tmp_path))
        assert study.failed.keys() == {configs[1]}
        assert "the loss is nan at epoch 2" in study.failed[configs[1]], attempt
        assert study.table == tmp_path / "seeds.partial.csv"
        assert files(tmp_path / "runs").items() >= files(sequential).items()
        assert {row["seed"] for row in table(study.table)} == {"0", "1", "2"}


def test_a_killed_worker_is_reported_and_the_study_goes_on(small, tmp_path, sequential):
    with Sabotaged(killed, seed=1) as executor:
        study = replicate(CONFIGS, executor, splits=small, **places(tmp_path))
    assert (study.done, study.failed.keys()) == (CONFIGS[:1], {*CONFIGS[1:]})
    assert "terminated abruptly" in study.failed[CONFIGS[1]]
    study = replicate(CONFIGS, Here(), splits=small, **places(tmp_path))
    assert study.failed == {}
    assert files(tmp_path / "runs") == files(sequential)
    rows = [row for row in table(study.table) if row["seed"] == "1"]
    assert [row["seconds"] == "" for row in rows] == [True, True, False]


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


def test_a_worker_with_other_code_or_data_is_told(small, tmp_path):
    other = Here(lambda f, g, config, name, *x: (f, g, config, "another", *x))
    study = replicate(CONFIGS, other, splits=small, **places(tmp_path))
    assert study.failed.keys() == {*CONFIGS}
    assert {*study.failed.values()} == {
        "the worker has other code or data: give it this version"
    }
    assert files(tmp_path) == {}


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


def options(folder, *more):
    return [*more, "--runs", f"{folder / 'runs'}", "--out", f"{folder / 'seeds.csv'}"]


def test_the_command_trains_on_a_cluster(cluster, tmp_path, capsys):
    command = ["replicate", "--seeds", "0-1", "--grid", "epochs=0"]
    command += options(tmp_path, "--scheduler", cluster)
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out == f"2 done, 2 of them now, 0 failed: {tmp_path / 'seeds.csv'}\n"
    assert "2 of 2 done, 0 running, 0 failed, 0:00:00 left" in said.err
    assert [row["seed"] for row in table(tmp_path / "seeds.csv")] == ["0", "1"]


def test_the_exit_code_tells_of_a_failed_run(mnist, tmp_path, capsys):
    load_or_train(Config(seed=1, epochs=0), mnist, runs=tmp_path / "runs", record=None)
    damaged = next((tmp_path / "runs").glob("*/history.csv"))
    damaged.write_text("epoch\n")
    partial, grid = tmp_path / "seeds.partial.csv", ["--grid", "epochs=0"]
    for seeds, done in (("1", 0), ("1-2", 1)):
        command = ["replicate", "--seeds", seeds, *grid, "--workers", "1"]
        assert main([*command, *options(tmp_path)]) == 1
        said = capsys.readouterr()
        assert said.out == f"{done} done, {done} of them now, 1 failed: {partial}\n"
        assert partial.exists()
    assert f"seed=1, engine='exact', device='cpu'): {damaged} is not as" in said.err
    assert not (tmp_path / "seeds.csv").exists()


@pytest.mark.parametrize("event", ["Ctrl-C", "the client is killed"])
def test_a_study_that_ends_early_leaves_no_process_and_what_has_finished(
    event, tmp_path
):
    command = [sys.executable, "-m", "lenet5", "replicate", "--seeds", "0"]
    command += options(tmp_path, "--grid", "epochs=0,9000", "--workers", "2")
    process = subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        line = process.stderr.readline()
        assert line.startswith("1 of 2 done, 1 running, 0 failed, ")
        if event == "Ctrl-C":
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        else:
            process.kill()
        said = process.stderr.read()  # ends when no worker holds it any more
        if event == "Ctrl-C":
            assert process.wait() == 130
            assert said.startswith("lenet5: interrupted")
            assert said.count("\n") == 1
        rows = table(tmp_path / "seeds.partial.csv")
        assert [row["epochs"] for row in rows] == ["0"]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def asked(monkeypatch, *arguments):
    """The configs that a command line stands for."""
    configs = []

    def collect(given, executor, *, out, **_):
        configs.extend(given)
        return Study(0, [], {}, [], out)

    monkeypatch.setattr(lenet5.replicate, "replicate", collect)
    assert main(["replicate", *arguments]) == 0
    return set(configs)


def test_seeds_and_grid_are_crossed(monkeypatch):
    seeds = {Config(seed=seed) for seed in (1, 2, 3, 7)}
    assert asked(monkeypatch, "--seeds", "7,1-3,2") == seeds
    grid = ["lr=1e-4,3e-4", "batch_size=64,128", "epochs=3", "--grid", "engine=torch"]
    assert asked(monkeypatch, "--seeds", "0-1", "--grid", *grid) == {
        Config(3, batch_size, lr, seed, "torch")
        for batch_size, lr, seed in itertools.product((64, 128), (1e-4, 3e-4), (0, 1))
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "one"], "argument --seeds: invalid"),
        (["--grid", "rate=1"], "unexpected keyword argument 'rate'"),
        (["--grid", "lr=fast"], "argument --grid: invalid"),
        (["--grid", "lr=1e-4,11"], "lr = 11.0 is not allowed"),
        (["--grid", "lr=1e-4", "lr=3e-4"], "lr is given twice"),
        (["--grid", "seed=1,2"], "seed is given twice"),
        (["--workers", "many"], "argument --workers: invalid"),
    ],
)
def test_a_study_asked_wrongly_ends_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["replicate", *arguments])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_a_file_that_is_no_table_is_left_alone(tmp_path, capsys):
    (tmp_path / "seeds.csv").write_text("a,b\n1,2\n")
    assert main(["replicate", "--seeds", "0", *options(tmp_path)]) == 1
    assert "seeds.csv is no table of a study" in capsys.readouterr().err
    assert (tmp_path / "seeds.csv").read_text() == "a,b\n1,2\n"


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, capsys, monkeypatch):
    command = ["replicate", "--scheduler", "nonsense://host", *options(tmp_path)]
    assert main(command) == 1
    assert "no Dask scheduler at nonsense://host" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(command) == 1
    assert "install lenet5[cluster]" in capsys.readouterr().err


def test_help_loads_neither_numpy_nor_dask():
    code = (
        "import lenet5.__main__, sys; print({'numpy', 'distributed'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=ROOT, text=True) == "set()\n"
