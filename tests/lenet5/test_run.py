"""A run on disk: named, written whole, read back exactly, refused when a bit is wrong."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

import lenet5.run
from bytes_of_files import contents, flipped
from exact import UserError
from lenet5 import RECORD, Config, behaviour, engines
from lenet5.config import report_config
from lenet5.data import Split
from lenet5.files import (
    SUMS,
    check_sums,
    write_sums,
)
from lenet5.parameters import load_weights
from lenet5.run import FILES, Run, describe, load_or_train, name_of
from report_network import for_images

CONFIG = Config(epochs=2)


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    """A finished run and its folder."""
    runs = tmp_path_factory.mktemp("runs")
    run = load_or_train(CONFIG, small, runs=runs, record=None)
    return run, runs / run.fingerprint


@pytest.fixture
def folder(made, tmp_path):
    """A copy of it, to be damaged."""
    return shutil.copytree(made[1], tmp_path / "run")


@pytest.fixture
def no_training(monkeypatch):
    def fail(*arguments):
        raise AssertionError("it trains")

    monkeypatch.setattr(lenet5.run, "train", fail)


# --------------------------------------------------------------------------- made and read


def test_a_run_is_read_back_exactly(made):
    run, folder = made
    assert sorted(contents(folder)) == sorted([SUMS, *FILES])
    again = Run.load(folder)
    assert (again.config, again.history) == (CONFIG, run.history)
    assert again.environment == run.environment
    assert list(again.weights) == list(run.weights)
    assert all(
        np.array_equal(again.weights[name], run.weights[name]) for name in run.weights
    )
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [
        folder.name
    ]


def test_a_run_reads_images_by_the_exact_engine(made, small):
    run, folder = made
    loss, error = Run.load(folder).engine().measure(small[1])
    assert (loss, error) == (run.history[-1].test_loss, run.history[-1].test_error)


@pytest.mark.usefixtures("no_training")
def test_what_was_made_is_read(made, small, tmp_path):
    run, folder = made
    again = load_or_train(CONFIG, small, runs=folder.parent, record=None)
    assert again.history == run.history
    for place in ("", "validation", "another"):
        record = tmp_path / f"record{place}"
        run.save(record / place)
        again = load_or_train(CONFIG, small, runs=tmp_path / "none", record=record)
        assert again.history == run.history
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("no_training")
@pytest.mark.parametrize("changes", [{"config": Config(epochs=3)}, {"fresh": True}])
def test_another_run_and_a_fresh_one_are_trained(made, small, changes):
    arguments = {"config": CONFIG, "runs": made[1].parent, "record": made[1]} | changes
    with pytest.raises(AssertionError, match="it trains"):
        load_or_train(splits=small, **arguments)


def test_training_anew_gives_the_same_bytes_with_any_number_of_threads(
    made, small, tmp_path
):
    before = contents(made[1])
    for threads in (1, 3):
        run = load_or_train(
            CONFIG, small, runs=tmp_path, record=made[1], fresh=True, threads=threads
        )
        assert contents(tmp_path / run.fingerprint) == before


@pytest.mark.parametrize(
    ("engine", "shape", "classes"),
    [
        ("exact", (3, 32, 32), 100),
        ("torch", (1, 16, 16), 12),
        ("torch", (2, 31, 45), 2),
    ],
)
def test_other_images_and_classes_are_stored_and_read_again(
    tmp_path, monkeypatch, engine, shape, classes
):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, *shape), np.uint8)
    labels = generator.integers(0, classes - 1, 60, np.int32)
    splits = Split(images, labels), Split(images, labels.copy())
    splits[1].labels[0] = classes - 1  # which the training split does not show
    config = Config(epochs=1, engine=engine)
    run = load_or_train(config, splits, runs=tmp_path, record=None)
    assert run.weights["dense3.bias"].shape == (classes,)
    monkeypatch.setattr(lenet5.run, "train", None)
    again = load_or_train(config, splits, runs=tmp_path, record=None)
    assert again.history == run.history
    assert again.environment["image_shape"] == list(shape)
    weights, found = load_weights(tmp_path / run.fingerprint / "model.safetensors")
    assert found == again.network == for_images(shape, classes)
    assert all(np.array_equal(weights[name], run.weights[name]) for name in weights)
    if engine == "exact":
        assert again.engine().measure(splits[1])[1] == run.history[-1].test_error


def test_images_that_are_too_small_are_refused_before_the_start(tmp_path):
    tiny = Split(np.zeros((4, 1, 8, 8), np.uint8), np.array([0, 1, 0, 1], np.int32))
    with pytest.raises(UserError, match="only 2×2 pixels come to it"):
        load_or_train(CONFIG, (tiny, tiny), runs=tmp_path / "runs", record=None)
    assert not (tmp_path / "runs").exists()


# --------------------------------------------------------------------------- damage


@pytest.mark.parametrize("name", [SUMS, *FILES])
def test_a_flipped_bit_in_any_file_of_a_run_is_noticed(folder, name):
    content = (folder / name).read_bytes()
    for changed in flipped(content, 400 if name == SUMS else 60):
        (folder / name).write_bytes(changed)
        with pytest.raises(UserError, match=str(folder)) as error:
            Run.load(folder)
        assert "\n" not in str(error.value)
    (folder / name).write_bytes(content)
    Run.load(folder)


@pytest.mark.parametrize("name", [SUMS, *FILES])
@pytest.mark.parametrize("damage", ["missing", "truncated", "empty"])
def test_a_damaged_run_is_refused_by_name(folder, name, damage):
    path = folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else -20])
    with pytest.raises(UserError, match=str(folder)) as error:
        Run.load(folder)
    assert damage != "missing" or f"{path} is missing" in str(error.value)


def test_a_stored_run_that_is_damaged_is_not_answered_from(folder, made, small):
    runs = folder.parent
    folder = folder.rename(runs / made[0].fingerprint)
    for name in FILES:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1])
        with pytest.raises(UserError, match=name):
            load_or_train(CONFIG, small, runs=runs, record=None)
        (folder / name).write_bytes(content)


def test_weights_that_are_not_those_of_the_history_are_refused(made, tmp_path):
    weights = {name: array.copy() for name, array in made[0].weights.items()}
    weights["dense3.bias"][0] += 1
    replace(made[0], weights=weights).save(tmp_path)
    with pytest.raises(UserError, match="not those of its history"):
        Run.load(tmp_path)


def test_a_run_of_an_earlier_version_is_refused_in_words(folder):
    config = json.loads((folder / "config.json").read_text()) | {"threads": 2}
    (folder / "config.json").write_text(json.dumps(config))
    write_sums(folder)
    with pytest.raises(UserError, match="of another version"):
        Run.load(folder)


@pytest.mark.parametrize(
    "change", [{"classes": None}, {"image_shape": 28}, {"image_shape": [1, 2, 2]}]
)
def test_an_environment_that_fits_no_network_is_refused_in_words(folder, change):
    path = folder / "environment.json"
    environment = json.loads(path.read_text()) | change
    path.write_text(json.dumps(environment))
    write_sums(folder)
    with pytest.raises(UserError) as caught:
        Run.load(folder)
    assert "\n" not in str(caught.value)
    del environment["classes"]
    path.write_text(json.dumps(environment))
    write_sums(folder)
    with pytest.raises(UserError, match="of another version: 'classes'"):
        Run.load(folder)


# --------------------------------------------------------------------------- the name


def test_the_name_follows_config_data_and_behaviour(small, monkeypatch):
    def name(config=CONFIG, splits=small):
        return name_of(config, engines.provenance(config, splits))

    settings = {"epochs": 3, "batch_size": 64, "lr": 1e-3, "seed": 1, "engine": "torch"}
    names = {name()} | {name(replace(CONFIG, **{k: v})) for k, v in settings.items()}
    shorter = Split(small[0].images[:599], small[0].labels[:599])
    names |= {name(splits=(shorter, small[1])), name(splits=(small[0], shorter))}
    monkeypatch.setattr(behaviour, "pinned", lambda package, engine: "changed")
    names.add(name())
    assert len(names) == 9
    assert all(len(each) == 16 for each in names)


def test_the_machine_and_the_number_of_threads_are_not_in_the_name(made):
    facts = {"cpu": "another", "system": "another", "python": "4.0", "threads": 64}
    other = replace(made[0], environment=made[0].environment | facts)
    assert other.fingerprint == made[0].fingerprint


def test_the_release_of_torch_is_in_the_name_of_its_runs_alone(small, monkeypatch):
    config = replace(CONFIG, engine="torch")

    def name(version, config=config):
        monkeypatch.setattr(torch, "__version__", version)
        return name_of(config, engines.provenance(config, small))

    assert name("2.13.0+cpu") == name("2.13.0+cu130") == name("2.13.0")
    assert name("2.14.0+cpu") != name("2.13.0+cpu")
    assert name("2.14.0", CONFIG) == name("2.13.0+cpu", CONFIG)
    facts = describe(config, small, engines.provenance(config, small))
    assert {"library", "torch", "cpu_capability", "threads", "gpu"} < facts.keys()
    assert facts["library"] == "torch 2.13.0"
    described = describe(CONFIG, small, engines.provenance(CONFIG, small))
    assert not {"library", "torch"} & described.keys()


def test_a_whole_number_and_its_float_name_one_run():
    assert Config(lr=1) == Config(lr=1.0)
    assert repr(Config(lr=1)) == repr(Config(lr=1.0))


def test_the_record_is_a_run_of_this_code():
    check_sums(RECORD)
    run = Run.load(RECORD)
    assert run.config == report_config()
    assert run.environment["behaviour"] == behaviour.pinned(engines.PACKAGE, "exact")
    assert len(run.history) == 21
    assert 98.5 <= 100 - run.history[-1].test_error <= 99.3
    assert "seeds.csv" in (RECORD / SUMS).read_text()
