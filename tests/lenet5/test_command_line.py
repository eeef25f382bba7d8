"""The command line, as a person and as a program use it."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from built import ROOT
from exact.network import Network
from lenet5 import Config, data
from lenet5.__main__ import main
from lenet5.config import NETWORK_EXAMPLE, REPORT, SETTINGS
from lenet5.files import save_arrays
from lenet5.parameters import describe_network, initial_weights, load_weights
from lenet5.run import Run, load_or_train


@pytest.fixture(scope="module")
def run(small, tmp_path_factory):
    """The folder of a run that reads its training images well."""
    runs = tmp_path_factory.mktemp("runs")
    config = Config(epochs=15, lr=3e-3)
    return runs / load_or_train(config, small, runs=runs, record=None).fingerprint


@pytest.fixture
def digit(small, tmp_path):
    """A training image of a label as a PNG of 90×90 pixels."""
    row = small[0].labels.tolist().index(7)
    image = Image.fromarray(small[0].images[row, 0])
    image.resize((90, 90)).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


@pytest.fixture
def lenet5(capsys):
    """Run a command here; its exit code, what it printed, and what it complained of."""

    def call(*arguments):
        try:
            code = main(list(map(str, arguments)))
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return call


WITHOUT = """
import sys
from lenet5.__main__ import main
for command in ([], ["train"], ["replicate"], ["predict"]):
    try:
        main([*command, "--help"])
    except SystemExit as end:
        assert end.code == 0
print("help:", *sorted({"numpy", "torch"} & sys.modules.keys()))
run, runs, image = sys.argv[1:]
codes = [main(["train", "--epochs", "0", "--runs", runs]), main(["evaluate", run])]
codes += [main(["predict", "--run", run, image]), main(["verify", run, "--record", run])]
# SciPy finds the pieces of ink in a picture; what is slower is not needed.
slow = {"torch", "torchvision", "pandas", "matplotlib", "distributed"}
print("codes:", *codes, *sorted(slow & sys.modules.keys()))
"""


def test_help_loads_no_numpy_and_the_exact_engine_no_torch(run, tmp_path, digit):
    command = [sys.executable, "-c", WITHOUT, run, tmp_path / "runs", digit]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "usage: python -m lenet5 train" in done.stdout
    assert "help:\n" in done.stdout
    assert done.stdout.splitlines()[-1] == "codes: 0 0 0 0"


def test_train_options_mirror_the_config(lenet5):
    code, out, _ = lenet5("train", "--help")
    text = " ".join(out.split())
    assert code == 0
    for setting in SETTINGS:
        assert f"{setting.option} {setting.name.upper()}" in text
    assert f"a line such as {NETWORK_EXAMPLE} (default {REPORT})" in text
    assert "after each layer but the last: relu | tanh | none (default relu)" in text
    assert "images in a step: a whole number from 1 to 60000 (default 128)" in text
    assert "exact | torch (default exact)" in text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("train --lr -1", "lr = -1.0 is not allowed: give a number from 0 to 10"),
        ("train --epochs many", "invalid int value: 'many'"),
        ("train --device tpu", "give cpu | cuda"),
        ("train --device cuda", "needs engine = 'torch'"),
        ("train --network 6C9", "'6C9' has a kernel of side 9: write nCk for n maps"),
        ("train --network 9N-6C5", "'6C5' stands after a dense layer: write nCk"),
        ("train --network 9999999999N", "'9999999999N' is no layer: write nCk"),
        ("train --network", "--network: expected one argument"),
        ("train --activation sine", "'sine' is not allowed: give relu | tanh | none"),
        ("train --optimizer lbfgs", "give adam | sgd"),
        ("train --schedule cosine", "give constant | linear"),
        ("verify --record a --against b", "not allowed with argument --record"),
        ("train --threads 0", "--threads: give a whole number from 1"),
        ("train --momentum 0.9", "unrecognized arguments: --momentum"),
        ("predict", "required: IMAGE"),
        ("fly", "invalid choice: 'fly'"),
        ("", "required: COMMAND"),
    ],
)
def test_a_wrong_question_exits_with_2(lenet5, arguments, text):
    code, out, error = lenet5(*arguments.split())
    assert (code, out) == (2, "")
    assert text in error.splitlines()[-1]


@pytest.fixture
def few_images(small, monkeypatch):
    monkeypatch.setattr(data, "load", lambda root: small)


@pytest.mark.usefixtures("few_images")
def test_train_prints_a_line_an_epoch_and_json_for_programs(lenet5, tmp_path):
    command = ["train", "--epochs", 0, "--runs", tmp_path]
    code, out, error = lenet5(*command, "--threads", 1, "--out", tmp_path / "out")
    run = Run.load(tmp_path / "out")
    assert code == 0
    assert error.startswith("epoch 0/0  test loss 2.3")
    assert out.startswith(f"test error {run.history[0].test_error:.2f} %, loss 2.3")
    assert out.endswith(f"after epoch 0: run {run.fingerprint}\n")
    assert Run.load(tmp_path / run.fingerprint).history == run.history
    last = {"fingerprint": run.fingerprint, **run.history[0]._asdict()}
    code, out, error = lenet5(*command, "--json")
    assert (code, json.loads(out), error) == (0, last, "")  # it is stored
    code, out, error = lenet5(*command, "--json", "--fresh")
    epoch, end = map(json.loads, out.splitlines())
    assert (code, epoch | {"fingerprint": run.fingerprint}, error) == (0, end, "")
    assert end == last


@pytest.mark.usefixtures("few_images")
def test_evaluate_measures_a_folder_and_a_file(lenet5, run, small):
    code, out, error = lenet5("evaluate", run, "--json")
    assert (code, error) == (0, "")
    expected = []
    for split in small:
        expected += Run.load(run).engine().measure(split)
    assert list(json.loads(out).values()) == expected
    assert list(json.loads(out)) == [
        "train_loss",
        "train_error",
        "test_loss",
        "test_error",
    ]
    code, out, _ = lenet5("evaluate", run / "model.safetensors")
    train, test = out.splitlines()
    assert train == f"train  loss {expected[0]:.4f}  error {expected[1]:.2f} %"
    assert test == f"test   loss {expected[2]:.4f}  error {expected[3]:.2f} %"


def test_predict_reads_good_files_and_names_bad_ones(lenet5, run, digit):
    bad, none = digit.with_name("bad.png"), digit.with_name("none.png")
    bad.write_bytes(b"no image")
    code, text, error = lenet5("predict", "--run", run, bad, digit, none)
    assert code == 1
    assert text.startswith(f"{digit}: 7 (")
    assert [line.split()[1] for line in error.splitlines()] == [str(bad), str(none)]
    code, out, error = lenet5("predict", "--run", run, digit, "--json")
    answer = json.loads(out)
    assert (code, answer["image"], answer["digit"], error) == (0, str(digit), 7, "")
    sure = max(answer["probabilities"]) >= 0.9
    assert answer["unsure"] is not sure
    assert ("ask the committee with --committee" in text) is not sure
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-12)
    assert max(answer["probabilities"]) == answer["probabilities"][7]


@pytest.mark.parametrize("digit", [True, False])
def test_predict_names_the_committee_where_it_is_unsure(lenet5, tmp_path, digit):
    """A stroke is a one; a cross is no digit."""
    picture = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(picture).line((80, 20, 20, 80), fill=0, width=8)
    if not digit:
        ImageDraw.Draw(picture).line((20, 20, 80, 80), fill=0, width=8)
    path = tmp_path / "picture.png"
    picture.save(path)
    code, out, error = lenet5("predict", path)
    assert (code, error) == (0, "")
    if digit:
        assert out.startswith(f"{path}: 1 (")
    assert ("unsure; ask the committee with --committee" in out) is not digit


OTHER = "--network 5C5-MP3-9N --activation tanh --optimizer sgd --schedule linear"
OTHER = [*OTHER.split(), "--lr", 0.05, "--epochs", 12, "--batch-size", 32]


@pytest.fixture(scope="module")
def other(small, tmp_path_factory):
    """The folder of a run of another network, trained by the command."""
    folder = tmp_path_factory.mktemp("other")
    with pytest.MonkeyPatch.context() as change:
        change.setattr(data, "load", lambda root: small)
        command = ["train", *OTHER, "--runs", folder / "runs", "--out", folder / "out"]
        assert main([str(word) for word in command]) == 0
    return folder / "out"


@pytest.mark.usefixtures("few_images")
def test_another_network_is_trained_stored_and_read_again(
    lenet5, other, small, digit, tmp_path
):
    run = Run.load(other)
    assert (
        run.config.settings().items()
        > {
            "network": "5C5-MP3-9N",
            "activation": "tanh",
            "optimizer": "sgd",
            "schedule": "linear",
        }.items()
    )
    assert load_weights(other / "model.safetensors")[1] == run.network
    again = [*OTHER, "--runs", other.parent / "runs", "--json"]
    code, out, error = lenet5("train", *again)
    assert (code, error) == (0, "")  # it is stored
    assert json.loads(out)["fingerprint"] == run.fingerprint
    last = run.history[-1]
    assert last.train_error < 10  # it learns
    for place in (other, other / "model.safetensors"):
        code, out, error = lenet5("evaluate", place, "--json")
        assert (code, error) == (0, "")
        measured = [last.train_loss, last.train_error, last.test_loss, last.test_error]
        assert list(json.loads(out).values()) == measured
        code, out, error = lenet5("predict", digit, "--run", place)
        assert (code, error) == (0, "")
        assert out.startswith(f"{digit}: 7 (")


@pytest.mark.usefixtures("few_images")
def test_a_network_too_large_for_the_images_is_named_before_a_training(
    lenet5, tmp_path
):
    line = "6C5-MP2-16C5-MP2-16C5-9N"
    code, out, error = lenet5("train", "--network", line, "--runs", tmp_path / "runs")
    assert (code, out) == (1, "")
    assert error.startswith(
        f"lenet5: {line}: conv3 would leave empty maps, since only 4"
    )
    assert error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_a_network_for_other_images_reads_no_digit(lenet5, digit, tmp_path):
    network = Network("9N", image_shape=(3, 32, 32))
    path = tmp_path / "colour.safetensors"
    save_arrays(path, initial_weights(0, network), describe_network(network))
    for command in (["evaluate", path], ["predict", digit, "--run", path]):
        code, out, error = lenet5(*command)
        assert (code, out) == (1, "")
        assert error.startswith(
            f"lenet5: {path} reads images of shape (3, 32, 32), and"
        )
        assert error.count("\n") == 1


def test_verify_says_that_nothing_is_recorded_of_another_network(lenet5, other):
    code, out, error = lenet5("verify", other)
    assert (code, error) == (3, "")
    word, *details = out.splitlines()
    assert word == "nothing recorded"
    assert f"  network differs: 5C5-MP3-9N here, {REPORT} in our run" in details
    assert "--against" in details[-1]


@pytest.mark.usefixtures("few_images")
def test_verify_compares_two_runs_of_it(lenet5, other, tmp_path):
    again = ["train", *OTHER, "--runs", tmp_path, "--out", tmp_path / "again"]
    assert lenet5(*again, "--threads", 1)[0] == 0
    code, out, error = lenet5("verify", tmp_path / "again", "--against", other)
    assert (code, error) == (0, "")
    assert out.splitlines()[0] == "bit-identical"
    assert lenet5(*again, "--seed", 1)[0] == 0
    code, out, error = lenet5("verify", tmp_path / "again", "--against", other)
    assert (code, error) == (1, "")
    assert out.splitlines() == [
        "different",
        "  the first epoch that differs is 0",
        "  seed differs: 1 here, 0 there",
    ]
    code, out, error = lenet5("verify", other, "--against", tmp_path / "none")
    assert (code, out) == (1, "")
    assert error.startswith(f"lenet5: {tmp_path / 'none'}")


@pytest.mark.parametrize("command", ["evaluate", "predict x.png --run", "verify"])
def test_a_run_that_is_not_there_is_named(lenet5, command, tmp_path):
    code, out, error = lenet5(*command.split(), tmp_path / "none")
    assert (code, out) == (1, "")
    assert error.startswith(f"lenet5: {tmp_path / 'none'}")
    assert "is missing" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["evaluate", "predict x.png --run", "verify"])
@pytest.mark.parametrize("name", ["model.safetensors", "history.csv"])
def test_a_run_with_a_flipped_bit_is_not_answered_from(
    lenet5, run, command, name, tmp_path
):
    shutil.copytree(run, tmp_path / "run")
    content = bytearray((tmp_path / "run" / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / "run" / name).write_bytes(content)
    places = [tmp_path / "run"]
    if name == "model.safetensors" and command != "verify":
        places.append(tmp_path / "run" / name)
    for place in places:
        code, out, error = lenet5(*command.split(), place)
        assert (code, out) == (1, "")
        assert error.startswith(f"lenet5: {tmp_path / 'run' / name}")
        assert error.count("\n") == 1


def test_damaged_data_end_a_training_with_one_line(lenet5, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    shutil.copytree(data.DATA / "MNIST" / "raw", raw)
    (raw / "t10k-labels-idx1-ubyte.gz").write_bytes(b"damaged")
    command = ["train", "--epochs", 1, "--data", tmp_path, "--runs", tmp_path / "runs"]
    code, out, error = lenet5(*command)
    assert (code, out) == (1, "")
    assert "t10k-labels-idx1-ubyte.gz is damaged: its MD5 is" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_as_a_command_it_exits_with_the_code(tmp_path):
    command = [sys.executable, "-m", "lenet5", "evaluate", tmp_path / "none"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


@pytest.fixture
def installed(tmp_path):
    """A function that runs a command of the package copied out of its clone."""
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("exact", "lenet5", "networks", "studies"):
        shutil.copytree(ROOT / package, tmp_path / "site" / package, ignore=ignored)

    def run(folder, *command):
        return subprocess.run(
            [sys.executable, "-m", "lenet5", *command],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
            capture_output=True,
            text=True,
        )

    return run


def test_an_installed_package_finds_the_clone_in_which_it_runs(installed, tmp_path):
    clone = tmp_path / "clone"
    clone.mkdir()
    for folder in ("data", "record"):
        (clone / folder).symlink_to(ROOT / folder)
    done = installed(clone, "verify", "record")
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "bit-identical")


def test_an_installed_package_elsewhere_says_where_to_run_it(installed, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for command in (["predict", "digit.png"], ["evaluate"], ["train", "--epochs", "0"]):
        done = installed(elsewhere, *command)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert str(elsewhere) in line
        assert "in a clone of the project" in line
