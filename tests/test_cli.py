"""The command line, as a person and as a program use it."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from conftest import ROOT
from PIL import Image

from lenet5.data import MD5
from lenet5.data import ROOT as DATA
from lenet5.run import RECORD, Run


def lenet5(*arguments):
    command = [sys.executable, "-m", "lenet5", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "--help"], ["predict", "--help"]]
)
def test_help_needs_no_torch(arguments):
    code = (
        "import sys\n"
        "from lenet5.__main__ import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as end:\n"
        "    assert end.code == 0 and not {'torch', 'numpy', 'pandas'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "usage: python -m lenet5" in done.stdout


def test_train_options_mirror_the_config():
    text = " ".join(lenet5("train", "--help").stdout.split())
    for option in (
        "--epochs",
        "--batch-size",
        "--lr",
        "--seed",
        "--threads",
        "--device",
    ):
        assert option in text
    assert "a whole number from 1 to 60000 (default 128)" in text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["train", "--lr", "-1"],
            "lr = -1.0 is not allowed: give a number from 0 to 10",
        ),
        (["train", "--epochs", "many"], "invalid int value: 'many'"),
        (["train", "--device", "tpu"], "give auto | cpu | cuda"),
        (["train", "--momentum", "0.9"], "unrecognized arguments: --momentum"),
        (["predict"], "required: IMAGE"),
        (["fly"], "invalid choice: 'fly'"),
    ],
)
def test_a_wrong_question_exits_with_2(arguments, text):
    done = lenet5(*arguments)
    assert done.returncode == 2
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_train_prints_a_line_an_epoch_and_json_for_programs(tmp_path):
    first = lenet5(
        "train", "--epochs", 0, "--runs", tmp_path, "--out", tmp_path / "out"
    )
    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("epoch 0/0  test loss 2.3")
    run = Run.load(tmp_path / "out")
    assert str(tmp_path / run.fingerprint) in first.stdout
    again = lenet5("train", "--epochs", 0, "--runs", tmp_path, "--json")
    assert json.loads(again.stdout)["test_loss"] == run.history[0].test_loss


def test_evaluate_agrees_with_the_record():
    done = lenet5("evaluate", "--json")
    assert done.returncode == 0, done.stderr
    last = Run.load(RECORD).history[-1]
    result = json.loads(done.stdout)
    assert result["test_error"] == pytest.approx(last.test_error, abs=0.02)
    assert result["train_loss"] == pytest.approx(last.train_loss, rel=1e-4)
    from_file = lenet5("evaluate", RECORD / "model.safetensors")
    assert f"error {last.test_error:.2f} %" in from_file.stdout


def test_predict_reads_good_files_and_names_bad_ones(mnist, tmp_path):
    good, bad = tmp_path / "seven.png", tmp_path / "bad.png"
    Image.fromarray((255 * mnist[1].images[0, 0]).byte().numpy()).resize((90, 90)).save(
        good
    )
    bad.write_bytes(b"no image")
    done = lenet5("predict", good, bad, tmp_path / "none.png")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{good}: 7 (")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "lenet5",
        "lenet5",
    ]
    assert str(bad) in done.stderr
    as_json = json.loads(lenet5("predict", good, "--json").stdout)
    assert as_json["digit"] == 7
    assert sum(as_json["probabilities"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_run_that_is_not_there_is_named(command, tmp_path):
    arguments = (
        ["--run", tmp_path / "none", "x.png"]
        if command == "predict"
        else [tmp_path / "none"]
    )
    done = lenet5(command, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"lenet5: {tmp_path / 'none'} is missing")
    assert done.stderr.count("\n") == 1


def test_damaged_data_end_a_training_with_one_line(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in MD5:
        (raw / name).write_bytes((DATA / "MNIST" / "raw" / name).read_bytes()[:-1])
    done = lenet5(
        "train", "--epochs", 1, "--data", tmp_path, "--runs", tmp_path / "runs"
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "is damaged: expected MD5" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_on_a_terminal_it_shows_a_bar(tmp_path):
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    command = [
        sys.executable,
        "-m",
        "lenet5",
        "train",
        "--epochs",
        "1",
        "--runs",
        str(tmp_path),
    ]
    process = subprocess.Popen(
        command, stderr=terminal, stdout=subprocess.PIPE, cwd=ROOT
    )
    os.close(terminal)
    shown = b""
    while part := read(main):
        shown += part
    assert process.wait() == 0
    text = shown.decode()
    assert "epoch 1/1" in text
    assert "images/s" in text
    assert "error" in text


def read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # the other side is closed
        return b""
