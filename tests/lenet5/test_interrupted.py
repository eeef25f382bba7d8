"""A command that trains meets a full disk, a folder that it may not write, and Ctrl-C."""

import errno
import os
import signal

import pytest

from lenet5 import data
from lenet5.__main__ import main

# --------------------------------------------------------------------- disks and Ctrl-C


@pytest.fixture
def train(small, monkeypatch):
    """The command that trains, on few images."""
    monkeypatch.setattr(data, "load", lambda root: small)
    return lambda runs: main(["train", "--epochs", "2", "--runs", str(runs)])


def test_a_disk_that_takes_no_more_ends_with_one_line_and_no_half_file(
    train, tmp_path, monkeypatch, capsys
):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert train(tmp_path) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"lenet5: cannot read or write {tmp_path}")
    assert "No space left on device" in error
    assert not any(
        path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()
    )


def test_a_runs_folder_that_cannot_be_written_is_named(train, tmp_path, capsys):
    (tmp_path / "runs").write_text("a file, where a folder is wanted")
    assert train(tmp_path / "runs") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(tmp_path / "runs") in error


def test_ctrl_c_ends_with_one_line_and_keeps_what_is_finished(
    train, tmp_path, monkeypatch, capsys
):
    fsync, flushed = os.fsync, []

    def interrupted(descriptor):
        fsync(descriptor)
        flushed.append(descriptor)
        if len(flushed) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "fsync", interrupted)
    assert train(tmp_path) == 130
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("epoch")] == [
        "lenet5: interrupted; what is finished is kept, the same command goes on"
    ]
    monkeypatch.setattr(os, "fsync", fsync)
    assert train(tmp_path) == 0
    assert [line[:9] for line in capsys.readouterr().err.splitlines()] == [
        "epoch 1/2",
        "epoch 2/2",
    ]
