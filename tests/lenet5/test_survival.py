"""A run that is killed, starved or asked for twice ends in the same bytes or a clear line."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import train_small
from built import ROOT
from bytes_of_files import contents, flipped
from lenet5 import Config
from lenet5.run import load_or_train

CONFIG = Config(epochs=3)


# --------------------------------------------------------------------- processes that die


def start(runs: Path, *arguments: object) -> subprocess.Popen:
    script = ROOT / "tests" / "shared" / "train_small.py"
    command = [sys.executable, script, runs, *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, **pipes)


def finish(process: subprocess.Popen, code: int = 0) -> list[str]:
    """The lines that it printed."""
    out, err = process.communicate()
    assert process.returncode == code, err
    return out.splitlines()


def epochs(*numbers: int) -> list[str]:
    return [f"epoch {number}" for number in numbers]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """The bytes of the child's run when nothing happens to it."""
    runs = tmp_path_factory.mktemp("unbroken")
    run = load_or_train(train_small.CONFIG, train_small.small(), runs=runs, record=None)
    return contents(runs / run.fingerprint)


def test_a_run_killed_twice_gives_the_same_bytes_with_other_threads(unbroken, tmp_path):
    killed = finish(
        start(tmp_path, 1, "steps", 6), -signal.SIGKILL
    )  # in the third epoch
    assert killed == epochs(0, 1, 2)
    killed = finish(start(tmp_path, 2, "fsync", 3), -signal.SIGKILL)
    assert killed == epochs(3, 4)
    assert list(tmp_path.rglob("checkpoint.*.partial")) != []
    *ended, done = finish(start(tmp_path, 3))
    assert ended == epochs(5, 6, 7, 8)
    assert contents(tmp_path / done.split()[-1]) == unbroken
    assert list(tmp_path.rglob("*.partial")) == []


def test_two_processes_asked_for_one_run_make_it_once(unbroken, tmp_path):
    outputs = [finish(process) for process in (start(tmp_path, 1), start(tmp_path, 2))]
    assert sorted("epoch 8" in out for out in outputs) == [False, True]
    names = {out[-1] for out in outputs}
    assert len(names) == 1
    assert contents(tmp_path / names.pop().split()[-1]) == unbroken


# --------------------------------------------------------------------- every moment of it


class KilledError(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def kill_at(monkeypatch):
    """Have the process end before its n-th write, rename or removal, and at no other."""

    def arm(moment):
        count = 0

        def dying(name, call):
            def step(*arguments, **options):
                nonlocal count
                count += 1
                if count > moment:  # what is cleaned up on the way out, no kill would
                    return None
                if count < moment:
                    return call(*arguments, **options)
                if name == "fsync":
                    os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
                raise KilledError

            return step

        monkeypatch.setattr(os, "fsync", dying("fsync", os.fsync))
        monkeypatch.setattr(os, "replace", dying("replace", os.replace))
        monkeypatch.setattr(shutil, "rmtree", dying("rmtree", shutil.rmtree))
        monkeypatch.setattr(Path, "unlink", lambda *arguments, **options: None)

    yield arm
    monkeypatch.undo()


def go_on(small, runs, **options):
    """The epochs measured anew, and the bytes of the finished run."""
    measured = []
    run = load_or_train(
        CONFIG,
        small,
        runs=runs,
        record=None,
        on_epoch=lambda engine, history: measured.append(len(history) - 1),
        **options,
    )
    return measured, contents(runs / run.fingerprint)


@pytest.fixture(scope="module")
def expected(small, tmp_path_factory):
    return go_on(small, tmp_path_factory.mktemp("expected"))[1]


def test_a_run_killed_at_any_moment_of_its_writing_gives_the_same_bytes(
    small, tmp_path, expected, kill_at, monkeypatch
):
    """Killed at its first write, at its second and so on, until none is left to kill it."""
    to_measure = CONFIG.epochs + 1  # one before the first epoch and one after each
    for moment in itertools.count(1):
        runs = tmp_path / f"{moment}"
        kill_at(moment)
        try:
            measured, result = go_on(small, runs, threads=1)
        except KilledError:
            killed = True
        else:
            killed = False
        monkeypatch.undo()
        if not killed:
            break
        measured, result = go_on(small, runs, threads=2)
        assert result == expected, moment
        # It goes on where it was, so that a later kill leaves no more to do.
        assert len(measured) <= to_measure, moment
        to_measure = len(measured)
        assert measured == list(
            range(CONFIG.epochs + 1 - to_measure, CONFIG.epochs + 1)
        )
    assert result == expected  # by the one that was not killed
    assert to_measure == 0
    assert moment > 2 * (CONFIG.epochs + 1)  # a checkpoint is flushed, and renamed


class StopError(Exception):
    """Ends a training in mid-run."""


@pytest.fixture
def stopped(small, tmp_path):
    """A folder with a run that was stopped after its second epoch, and its checkpoint."""

    def stop(engine, history):
        if len(history) == 3:
            raise StopError

    with pytest.raises(StopError):
        load_or_train(CONFIG, small, runs=tmp_path, record=None, on_epoch=stop)
    (checkpoint,) = tmp_path.glob("*.partial/checkpoint")
    return tmp_path, checkpoint


def test_a_stopped_run_goes_on_from_its_last_epoch(stopped, small, expected):
    assert go_on(small, stopped[0]) == ([3], expected)


def test_a_fresh_run_starts_from_its_first_step(stopped, small, expected):
    runs, checkpoint = stopped
    assert go_on(small, runs, fresh=True) == ([0, 1, 2, 3], expected)
    assert not checkpoint.exists()


@pytest.mark.parametrize("damage", ["cut", "empty", "zeros", "from elsewhere"])
def test_a_damaged_checkpoint_is_named_and_the_run_starts_again(
    stopped, small, expected, damage
):
    runs, checkpoint = stopped
    content = checkpoint.read_bytes()
    if damage == "from elsewhere":
        save_file({"conv1.weight": np.zeros(3)}, checkpoint)
    else:
        cut = {"cut": content[:-100], "empty": b"", "zeros": b"\0" * 50}
        checkpoint.write_bytes(cut[damage])
    with pytest.warns(UserWarning, match=f"{checkpoint} is damaged"):
        assert go_on(small, runs) == ([0, 1, 2, 3], expected)


def test_a_flipped_bit_of_a_checkpoint_is_noticed(stopped, small, expected):
    runs, checkpoint = stopped
    name = checkpoint.parent.name.removesuffix(".partial")
    for changed in flipped(checkpoint.read_bytes(), 12):
        shutil.rmtree(runs / name, ignore_errors=True)
        checkpoint.parent.mkdir(exist_ok=True)
        checkpoint.write_bytes(changed)
        with pytest.warns(UserWarning, match=f"{checkpoint} is damaged"):
            assert go_on(small, runs) == ([0, 1, 2, 3], expected)


def test_a_run_of_the_torch_engine_goes_on_too(small, tmp_path):
    config = Config(epochs=2, engine="torch")

    def stop(engine, history):
        if len(history) == 2:
            raise StopError

    options = {"config": config, "splits": small, "record": None}
    with pytest.raises(StopError):
        load_or_train(runs=tmp_path / "stopped", on_epoch=stop, **options)
    measured = []
    broken = load_or_train(
        runs=tmp_path / "stopped",
        on_epoch=lambda engine, history: measured.append(history[-1].epoch),
        **options,
    )
    assert measured == [2]
    whole = load_or_train(runs=tmp_path / "whole", **options)
    assert broken.history == whole.history
