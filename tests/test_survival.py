"""A run that is killed, starved or asked for twice ends in the same bytes or a clear line."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from safetensors.torch import load_file, save_file
from test_run import contents

from lenet5.config import Config
from lenet5.run import load_or_train

SCRIPT = ROOT / "tests" / "train_small.py"
CONFIG = Config(epochs=3, device="cpu")


def start(runs: Path, *arguments: str) -> subprocess.Popen:
    command = [sys.executable, SCRIPT, runs, *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The bytes of the child's run when nothing happens to it, and its length in seconds."""
    runs = tmp_path_factory.mktemp("unbroken")
    process = start(runs)
    process.stdout.readline()
    started = time.monotonic()
    fingerprint = finish(process).split()[-1]
    return contents(runs / fingerprint), time.monotonic() - started


@pytest.mark.parametrize("throw", range(20))
def test_a_run_killed_at_random_moments_gives_the_same_bytes(unbroken, tmp_path, throw):
    expected, seconds = unbroken
    dice, kills = random.Random(throw), 0
    for _ in range(3):
        process = start(tmp_path)
        assert process.stdout.readline() == "loaded\n"
        time.sleep(dice.uniform(0, 0.45 * seconds))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills >= 2
    fingerprint = finish(start(tmp_path)).split()[-1]
    assert contents(tmp_path / fingerprint) == expected


@pytest.mark.parametrize("moment", [1, 3, 9, 10, 12])
def test_a_run_killed_while_it_writes_gives_the_same_bytes(unbroken, tmp_path, moment):
    # Writes 1 to 9 are checkpoints, 10 to 13 the files of the finished run.
    process = start(tmp_path, str(moment))
    out, _ = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert "done" not in out
    assert list(tmp_path.rglob("*.partial")) != []
    out = finish(start(tmp_path))
    epochs = [
        int(line.split()[1]) for line in out.splitlines() if line.startswith("epoch")
    ]
    assert epochs == list(range(moment - 1, 9))  # it goes on, and does not start again
    assert contents(tmp_path / out.split()[-1]) == unbroken[0]
    assert list(tmp_path.rglob("*.partial")) == []


def test_two_processes_asked_for_one_run_make_it_once(unbroken, tmp_path):
    outputs = [finish(process) for process in (start(tmp_path), start(tmp_path))]
    assert sorted("epoch 8" in out for out in outputs) == [False, True]
    fingerprints = {out.split()[-1] for out in outputs}
    assert len(fingerprints) == 1
    assert contents(tmp_path / fingerprints.pop()) == unbroken[0]


class StopTrainingError(Exception):
    """Ends a training in mid-run."""


def stop_after(epoch):
    def on_epoch(state):
        if len(state.history) == epoch + 1:
            raise StopTrainingError

    return on_epoch


@pytest.fixture
def stopped(small, tmp_path):
    """A run stopped after its second epoch: its folder, and the two checkpoints, newest first."""
    with pytest.raises(StopTrainingError):
        load_or_train(CONFIG, small, runs=tmp_path, on_epoch=stop_after(2))
    checkpoints = sorted(tmp_path.rglob("epoch-*.safetensors"), reverse=True)
    assert [path.name for path in checkpoints] == [
        f"epoch-0000{n}.safetensors" for n in (2, 1)
    ]
    return tmp_path, checkpoints


def go_on(small, runs):
    epochs = []
    run = load_or_train(
        CONFIG,
        small,
        runs=runs,
        on_epoch=lambda state: epochs.append(len(state.history) - 1),
    )
    return epochs, contents(runs / run.fingerprint)


@pytest.fixture(scope="module")
def expected(small, tmp_path_factory):
    return go_on(small, tmp_path_factory.mktemp("expected"))[1]


def test_a_stopped_run_goes_on_from_its_last_epoch(stopped, small, expected):
    assert go_on(small, stopped[0]) == ([3], expected)


@pytest.mark.parametrize(
    "damage", ["truncated", "empty", "other run", "renamed", "shape"]
)
def test_a_damaged_checkpoint_is_set_aside_for_the_one_before(
    stopped, small, expected, damage
):
    runs, (newest, _) = stopped
    if damage == "truncated":
        newest.write_bytes(newest.read_bytes()[:-100])
    elif damage == "empty":
        newest.write_bytes(b"")
    else:
        tensors = load_file(newest)
        fingerprint = newest.parent.name.removesuffix(".checkpoints")
        if damage == "renamed":
            tensors["model.other"] = tensors.pop("model.layers.conv1.weight")
        elif damage == "shape":
            tensors["adam.exp_avg.layers.conv1.bias"] = torch.zeros(5)
        else:
            fingerprint = "0" * 16
        save_file(tensors, newest, metadata={"fingerprint": fingerprint})
    with pytest.warns(UserWarning, match="set aside"):
        epochs, result = go_on(small, runs)
    assert epochs == [2, 3]
    assert result == expected


def test_without_a_good_checkpoint_it_starts_again(stopped, small, expected):
    runs, checkpoints = stopped
    for path in checkpoints:
        path.write_bytes(b"\0" * 50)
    with pytest.warns(UserWarning, match="set aside"):
        epochs, result = go_on(small, runs)
    assert (epochs, result) == ([0, 1, 2, 3], expected)


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "lenet5", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        **options,
    )


FULL_DISK = """
import resource, signal, sys
from lenet5 import data, run
from lenet5.__main__ import main
splits = data.load()
run.load_data = lambda root: splits
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(main(["train", "--epochs", "1", "--runs", sys.argv[1]]))
"""


def test_a_disk_that_takes_no_more_ends_with_one_line_and_no_half_file(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"lenet5: cannot read or write {tmp_path}")
    assert not any(
        path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_runs_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file, where a folder is wanted")
    done = command("train", "--epochs", 0, "--runs", tmp_path / "runs")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert str(tmp_path / "runs") in done.stderr


def test_ctrl_c_ends_with_one_line_and_keeps_what_is_finished(tmp_path):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "lenet5",
            "train",
            "--epochs",
            "50",
            "--runs",
            str(tmp_path),
        ],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr.readline().startswith("epoch 0/50")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if not line.startswith("epoch")] == [
        "lenet5: interrupted; finished epochs are kept, the same command goes on from them"
    ]
    assert list(tmp_path.rglob("epoch-00000.safetensors")) != []
