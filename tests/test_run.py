"""A run on disk: written whole, read back exactly, refused when damaged."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from lenet5 import Lenet5Error, environment
from lenet5.config import Config
from lenet5.data import Split
from lenet5.model import LeNet5
from lenet5.run import RECORD, SUMS, Run, load_or_train, load_weights

CONFIG = Config(epochs=2, device="cpu")
FILES = ["config.json", "environment.json", "history.csv", "model.safetensors"]


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    """A finished run and its folder."""
    runs = tmp_path_factory.mktemp("runs")
    run = load_or_train(CONFIG, small, runs=runs)
    return run, runs / run.fingerprint


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it, to be damaged."""
    made[0].save(tmp_path / "run")
    return tmp_path / "run"


def test_a_run_is_read_back_exactly(made):
    run, folder = made
    assert sorted(contents(folder)) == [SUMS, *FILES]
    again = Run.load(folder)
    assert again.config == run.config == CONFIG
    assert again.history == run.history
    assert again.environment == run.environment
    pairs = zip(again.model.parameters(), run.model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert list(folder.parent.glob("*.partial")) == []
    assert list(folder.parent.glob("*.checkpoints")) == []


def test_two_trainings_from_scratch_give_the_same_bytes(made, small, tmp_path):
    run = load_or_train(CONFIG, small, runs=tmp_path)
    assert contents(tmp_path / run.fingerprint) == contents(made[1])


def test_a_finished_run_is_not_trained_again(made, small):
    def fail(state):
        raise AssertionError("trained again")

    again = load_or_train(CONFIG, small, runs=made[1].parent, on_epoch=fail)
    assert again.history == made[0].history


def test_the_fingerprint_follows_config_data_and_code(
    made, small, tmp_path, monkeypatch
):
    names = {made[0].fingerprint}
    other_data = (Split(small[0].images[:599], small[0].labels[:599]), small[1])
    for config, splits in ((replace(CONFIG, seed=1), small), (CONFIG, other_data)):
        names.add(
            load_or_train(replace(config, epochs=0), splits, runs=tmp_path).fingerprint
        )
    monkeypatch.setattr(environment, "code_hash", lambda: "changed")
    names.add(
        load_or_train(replace(CONFIG, epochs=0), small, runs=tmp_path).fingerprint
    )
    assert len(names) == 4


def test_the_code_hash_covers_what_training_imports(tmp_path, monkeypatch):
    package = tmp_path / "lenet5"
    package.mkdir()
    for path in environment.PACKAGE.glob("*.py"):
        (package / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(environment, "PACKAGE", package)
    before = environment.code_hash()
    (package / "figures.py").write_text("# changed")
    assert environment.code_hash() == before
    for name in environment.NUMERICAL:
        (package / name).write_bytes((package / name).read_bytes() + b"# changed\n")
        assert environment.code_hash() != before
        before = environment.code_hash()
    listed = {f"lenet5.{name.removesuffix('.py')}" for name in environment.NUMERICAL}
    code = "import sys, lenet5.train; print(*(m for m in sys.modules if m.startswith('lenet5.')))"
    imported = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    # What they use besides: the config, which the fingerprint holds, and file handling.
    besides = {"lenet5.config", "lenet5.files", "lenet5.torchvision_operators"}
    assert set(imported.stdout.split()) == listed | besides


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty"])
def test_a_damaged_run_is_refused_by_name(folder, name, damage):
    path = folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else -20])
    with pytest.raises(
        Lenet5Error, match=r"missing|damaged|is not a run|holds \d+ rows"
    ) as error:
        Run.load(folder)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize("change", ["name", "missing", "shape", "dtype"])
def test_weights_of_another_network_are_refused_by_name(folder, change):
    path = folder / "model.safetensors"
    tensors = load_file(path)
    weight = tensors.pop("layers.dense3.weight")
    if change == "name":
        tensors |= {"layers.dense3.weight": weight, "layers.extra": weight.clone()}
    elif change == "shape":
        tensors["layers.dense3.weight"] = weight[:9].contiguous()
    elif change == "dtype":
        tensors["layers.dense3.weight"] = weight.double()
    save_file(tensors, path)
    wanted = "layers.extra is unknown" if change == "name" else "layers.dense3.weight"
    with pytest.raises(Lenet5Error, match=wanted):
        load_weights(path)


def test_a_pickle_is_not_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    torch.save({"layers.conv1.weight": Bomb()}, tmp_path / "model.safetensors")
    with pytest.raises(Lenet5Error, match="not a safetensors file"):
        load_weights(tmp_path / "model.safetensors")
    assert not (tmp_path / "executed").exists()


def test_the_environment_names_what_decides_the_bits(made):
    facts = json.loads((made[1] / "environment.json").read_text())
    assert facts["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert facts["torch"] == torch.__version__
    assert facts["threads"] == CONFIG.threads
    assert {"cpu", "blas", "python", "data_sha256", "code_sha256"} < facts.keys()


def test_the_record_is_a_run_of_this_code():
    run = Run.load(RECORD)
    assert replace(run.config, device="auto") == Config()
    assert run.environment["code_sha256"] == environment.code_hash()
    assert len(run.history) == 21
    assert 98.5 <= 100 - run.history[-1].test_error <= 99.3
    assert sum(p.numel() for p in run.model.parameters()) == 44_426
    assert type(run.model) is LeNet5
