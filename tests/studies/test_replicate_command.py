"""The command ``replicate``: what it asks for, what it says, and how it ends early."""

import itertools
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from built import ROOT
from lenet5 import Config
from lenet5.__main__ import main
from lenet5.run import load_or_train
from made_studies import options, table
from studies import seeds
from studies.jobs import Progress


def test_the_exit_code_tells_of_a_failed_run(mnist, tmp_path, capsys):
    load_or_train(Config(seed=1, epochs=0), mnist, runs=tmp_path / "runs", record=None)
    damaged = next((tmp_path / "runs").glob("*/history.csv"))
    damaged.write_text("epoch\n")
    partial, grid = tmp_path / "seeds.partial.csv", ["--grid", "epochs=0"]
    for asked_for, done in (("1", 0), ("1-2", 1)):
        command = ["replicate", "--seeds", asked_for, *grid, "--workers", "1"]
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
        return Progress(0, out)

    monkeypatch.setattr(seeds, "replicate", collect)
    assert main(["replicate", *arguments]) == 0
    return set(configs)


def test_seeds_and_grid_are_crossed(monkeypatch):
    seeds = {Config(seed=seed) for seed in (1, 2, 3, 7)}
    assert asked(monkeypatch, "--seeds", "7,1-3,2") == seeds
    grid = ["lr=1e-4,3e-4", "batch_size=64,128", "epochs=3", "--grid", "engine=torch"]
    assert asked(monkeypatch, "--seeds", "0-1", "--grid", *grid) == {
        Config(epochs=3, batch_size=batch_size, lr=lr, seed=seed, engine="torch")
        for batch_size, lr, seed in itertools.product((64, 128), (1e-4, 3e-4), (0, 1))
    }


def test_settings_that_are_texts_are_crossed_too(monkeypatch):
    lines = ["6C5-MP2-16C5-MP2-120N-84N", "20C4-MP2-40C5-MP3-150N"]
    grid = [f"network={','.join(lines)}", "activation=tanh,relu", "optimizer=sgd"]
    assert asked(monkeypatch, "--seeds", "0", "--grid", *grid) == {
        Config(network=line, activation=activation, optimizer="sgd")
        for line, activation in itertools.product(lines, ("tanh", "relu"))
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "one"], "'one' is not like 0-29 or 0,3,7-9"),
        (["--seeds", "1-"], "'1-' is not like 0-29"),
        (["--seeds", "1,,2"], "'1,,2' is not like 0-29"),
        (["--seeds=-1"], "'-1' is not like 0-29"),
        (
            ["--grid", "rate=1"],
            "there is no setting 'rate': give network, activation, optimizer, epochs",
        ),
        (["--grid", "lr=fast"], "'fast' is not allowed for lr: give numbers"),
        (["--grid", "lr"], "'' is not allowed for lr: give numbers"),
        (["--grid", "epochs=1.5"], "'1.5' is not allowed for epochs: give numbers"),
        (["--grid", "lr=1e-4,11"], "lr = 11.0 is not allowed"),
        (["--grid", "lr=1e-4", "lr=3e-4"], "lr is given twice"),
        (["--grid", "seed=1,2"], "seed is given twice"),
        (["--grid", "network=9N,6C9"], "'6C9' has a kernel of side 9: write nCk"),
        (["--grid", "network=6C5 -9N"], "'6C5 ' is no layer: write nCk"),
        (["--grid", "network="], "'' is no layer: write nCk"),
        (["--grid", "activation=tanh,sine"], "'sine' is not allowed: give relu | tanh"),
        (["--grid", "network=9N", "network=8N"], "network is given twice"),
        (["--workers", "many"], "'many' is not a whole number from 1"),
        (["--workers", "0"], "'0' is not a whole number from 1"),
        (["--workers=-5"], "'-5' is not a whole number from 1"),
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
    code = """
import sys
from lenet5.__main__ import main
try:
    main(["replicate", "--help"])
finally:
    print({"numpy", "distributed"} & {*sys.modules})
"""
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, cwd=ROOT, text=True).splitlines()
    assert said[0].startswith("usage: python -m lenet5 replicate")
    assert said[-1] == "set()"
