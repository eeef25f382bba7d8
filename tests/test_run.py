"""A run on disk: named, written whole, read back exactly, refused when a bit is wrong."""

import ast
import contextlib
import itertools
import json
import os
import pickle
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import lenet5.run
from lenet5 import Config, Lenet5Error, checkpoint
from lenet5.checkpoint import (
    SUMS,
    check_sums,
    code_hash,
    load_arrays,
    load_weights,
    save_arrays,
    seal,
)
from lenet5.data import Split
from lenet5.run import FILES, RECORD, Run, describe, fingerprint, load_or_train

CONFIG = Config(epochs=2)


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def flipped(content, places=60):
    """Copies of some bytes with a bit wrong, at places all over them."""
    dice, bits = random.Random(0), 8 * len(content)
    for bit in sorted(dice.sample(range(bits), min(places, bits))):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


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
        ("torch", (2, 31, 45), 1),
    ],
)
def test_other_images_and_classes_are_stored_and_read_again(
    tmp_path, monkeypatch, engine, shape, classes
):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, *shape), np.uint8)
    labels = generator.integers(0, max(1, classes - 1), 60, np.int32)
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
    assert found == shape
    assert all(np.array_equal(weights[name], run.weights[name]) for name in weights)
    if engine == "exact":
        assert again.engine().measure(splits[1])[1] == run.history[-1].test_error


def test_images_that_are_too_small_are_refused_before_the_start(tmp_path):
    tiny = Split(np.zeros((4, 1, 8, 8), np.uint8), np.zeros(4, np.int32))
    with pytest.raises(Lenet5Error, match="16 pixels or more"):
        load_or_train(CONFIG, (tiny, tiny), runs=tmp_path / "runs", record=None)
    assert not (tmp_path / "runs").exists()


# --------------------------------------------------------------------------- damage


@pytest.mark.parametrize("name", [SUMS, *FILES])
def test_a_flipped_bit_in_any_file_of_a_run_is_noticed(folder, name):
    content = (folder / name).read_bytes()
    for changed in flipped(content, 400 if name == SUMS else 60):
        (folder / name).write_bytes(changed)
        with pytest.raises(Lenet5Error, match=str(folder)) as error:
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
    with pytest.raises(Lenet5Error, match=str(folder)) as error:
        Run.load(folder)
    assert damage != "missing" or f"{path} is missing" in str(error.value)


def test_a_stored_run_that_is_damaged_is_not_answered_from(folder, made, small):
    runs = folder.parent
    folder = folder.rename(runs / made[0].fingerprint)
    for name in FILES:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1])
        with pytest.raises(Lenet5Error, match=name):
            load_or_train(CONFIG, small, runs=runs, record=None)
        (folder / name).write_bytes(content)


def test_weights_that_are_not_those_of_the_history_are_refused(made, tmp_path):
    weights = {name: array.copy() for name, array in made[0].weights.items()}
    weights["dense3.bias"][0] += 1
    replace(made[0], weights=weights).save(tmp_path)
    with pytest.raises(Lenet5Error, match="not those of its history"):
        Run.load(tmp_path)


def test_a_run_of_an_earlier_version_is_refused_in_words(folder):
    config = json.loads((folder / "config.json").read_text()) | {"threads": 2}
    (folder / "config.json").write_text(json.dumps(config))
    seal(folder)
    with pytest.raises(Lenet5Error, match="of another version"):
        Run.load(folder)


def test_any_bit_of_a_file_of_arrays_counts(tmp_path):
    path, step = tmp_path / "arrays", np.array(3, np.float32)
    arrays = {"step": step, "b": np.arange(3, dtype=np.float32), "a": np.eye(2)}
    save_arrays(path, arrays, {"history": [[0, 2.5]]})
    accepted = []
    for changed in flipped(path.read_bytes(), 800):
        path.write_bytes(changed)
        with contextlib.suppress(Lenet5Error):
            accepted.append(load_arrays(path))
    assert len(accepted) < 20
    for found, facts in accepted:  # the mark of our own is gone: a file from elsewhere
        assert facts == {}
        assert found.keys() == arrays.keys()
        assert all(np.array_equal(found[name], arrays[name]) for name in arrays)


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "none": np.zeros((0, 3), np.float32),
        "one": np.array(3, np.int64),
        "turned": np.arange(6.0).reshape(2, 3).T,
    }
    for _ in range(2):
        save_arrays(tmp_path / "arrays", arrays, {"a": 1, "b": [0.1, None]})
        found, facts = load_arrays(tmp_path / "arrays")
        assert facts == {"a": 1, "b": [0.1, None]}
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype
            assert found[name].shape == array.shape
            assert np.array_equal(found[name], array)


BF16 = b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
BF16 = len(BF16).to_bytes(8, "little") + BF16 + b"\0\0"


@pytest.mark.parametrize("content", [b"", b"\0" * 50, b"PK no safetensors" * 10, BF16])
def test_what_is_no_safetensors_file_is_named(tmp_path, content):
    (tmp_path / "weights").write_bytes(content)
    with pytest.raises(Lenet5Error, match="weights is damaged or no safetensors"):
        load_weights(tmp_path / "weights")


@pytest.mark.parametrize("change", ["name", "missing", "shape", "scalar", "dtype"])
def test_weights_of_another_network_are_refused_by_name(made, tmp_path, change):
    tensors = load_file(made[1] / "model.safetensors")
    bias = tensors.pop("dense3.bias")
    if change == "name":
        tensors |= {"dense3.bias": bias, "extra": bias}
    elif change == "shape":
        tensors["dense3.bias"] = bias[:9]
    elif change == "scalar":
        tensors["dense3.bias"] = np.zeros((), np.float32)
    elif change == "dtype":
        tensors["dense3.bias"] = bias.astype(float)
    save_file(tensors, tmp_path / "weights")
    wanted = {"name": "extra", "shape": "dense3.weight", "scalar": "dense3.bias"}
    with pytest.raises(Lenet5Error, match=wanted.get(change, "dense3.bias")):
        load_weights(tmp_path / "weights")


def test_weights_from_elsewhere_are_read(made, tmp_path):
    save_file(made[0].weights, tmp_path / "weights", metadata={"format": "pt"})
    weights, shape = load_weights(tmp_path / "weights")
    assert shape == (1, 28, 28)
    assert list(weights) == list(made[0].weights)


def test_a_pickle_is_not_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    (tmp_path / "weights").write_bytes(pickle.dumps({"conv1.weight": Bomb()}))
    with pytest.raises(Lenet5Error, match="no safetensors"):
        load_weights(tmp_path / "weights")
    assert not (tmp_path / "executed").exists()


def test_the_checksums_cover_whatever_else_is_in_the_folder(folder):
    (folder / "seeds.csv").write_text("seed,epoch,test_error\n0,20,1.08\n")
    for name in ("seeds.csv.77.partial", "ladder.partial.csv"):
        (folder / name).write_text("left by a process that was killed")
    seal(folder)
    check_sums(folder)
    assert "partial" not in (folder / SUMS).read_text()
    assert "  seeds.csv\n" in (folder / SUMS).read_text()
    for changed in flipped((folder / "seeds.csv").read_bytes()):
        (folder / "seeds.csv").write_bytes(changed)
        with pytest.raises(Lenet5Error, match=r"seeds\.csv is not as"):
            check_sums(folder)
    (folder / "seeds.csv").unlink()
    with pytest.raises(Lenet5Error, match=r"seeds\.csv is missing"):
        check_sums(folder)


# --------------------------------------------------------------------------- the name


def test_the_name_follows_config_data_and_code(small, tmp_path, monkeypatch):
    def name(config=CONFIG, splits=small):
        return fingerprint(config, describe(config, splits))

    settings = {"epochs": 3, "batch_size": 64, "lr": 1e-3, "seed": 1, "engine": "torch"}
    names = {name()} | {name(replace(CONFIG, **{k: v})) for k, v in settings.items()}
    shorter = Split(small[0].images[:599], small[0].labels[:599])
    names |= {name(splits=(shorter, small[1])), name(splits=(small[0], shorter))}
    monkeypatch.setattr(checkpoint, "code_hash", lambda engine: "changed")
    names.add(name())
    assert len(names) == 9
    assert all(len(each) == 16 for each in names)


def test_the_machine_and_the_number_of_threads_are_not_in_the_name(made):
    facts = {"cpu": "another", "system": "another", "python": "4.0", "threads": 64}
    other = replace(made[0], environment=made[0].environment | facts)
    assert other.fingerprint == made[0].fingerprint


def test_the_version_of_torch_is_in_the_name_of_its_runs_alone(small):
    config = replace(CONFIG, engine="torch")
    facts = describe(config, small)
    assert {"torch", "cpu_capability", "threads", "gpu"} < facts.keys()
    other = facts | {"torch": "9.9"}
    assert fingerprint(config, facts) != fingerprint(config, other)
    assert "torch" not in describe(CONFIG, small)


def test_a_whole_number_and_its_float_name_one_run():
    assert Config(lr=1) == Config(lr=1.0)
    assert repr(Config(lr=1)) == repr(Config(lr=1.0))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of the package's source, of which the code's hash is taken."""
    copy = tmp_path / "lenet5"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(checkpoint.PACKAGE, copy, ignore=ignored)
    monkeypatch.setattr(checkpoint, "PACKAGE", copy)
    return copy


def both_hashes():
    return {engine: code_hash(engine) for engine in ("exact", "torch")}


def without_docstrings(text):
    """The source as Python writes it from its syntax tree, with other docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            if ast.get_docstring(node) is None:
                node.body.insert(0, ast.parse("'''New.'''").body[0])
            else:
                node.body[0].value.value = "Another text."
    return ast.unparse(tree)


def test_comments_docstrings_and_layout_do_not_change_the_hash_of_the_code(package):
    before = both_hashes()
    for name in set(itertools.chain(*checkpoint.SOURCES.values())):
        text = (package / name).read_text()
        if name.endswith(".py"):
            text = "# a comment\n" + without_docstrings(text)
        else:
            text = text.replace(";\n", "; // a comment\n\n").replace("    ", "\t")
            text = "/* a comment\n * of lines */" + text
        (package / name).write_text(text)
    assert both_hashes() == before
    (package / "run.py").write_text("anything")
    assert both_hashes() == before


@pytest.mark.parametrize(
    ("name", "old", "new", "engines"),
    [
        ("draws.py", "math.sqrt(6", "math.sqrt(7", {"exact", "torch"}),
        ("train.py", "epoch > 0", "epoch > 1", {"exact", "torch"}),
        (
            "exact.py",
            "def steps",
            "def stops",
            set(),
        ),  # its trial holds it to the kernel
        ("model.py", "kernel_size=5", "kernel_size=3", {"torch"}),
        ("kernel.c", "0.9", "0.8", {"exact"}),
    ],
)
def test_a_change_of_the_code_changes_it(package, name, old, new, engines):
    before = both_hashes()
    text = (package / name).read_text()
    assert old in text
    (package / name).write_text(text.replace(old, new))
    after = both_hashes()
    assert {each for each in before if before[each] != after[each]} == engines


@pytest.mark.parametrize("engine", ["exact", "torch"])
def test_the_hash_covers_all_that_an_engine_and_the_loop_import(engine):
    besides = {"lenet5", "lenet5.data"}  # the config and the data are in the name
    besides.add("lenet5.compiler")  # whose work the engine tries before it starts
    sources = checkpoint.SOURCES[engine]
    imported = set()
    for name in sources:
        if name.endswith(".py"):
            for node in ast.walk(ast.parse((checkpoint.PACKAGE / name).read_text())):
                if isinstance(node, ast.ImportFrom) and node.module == "lenet5":
                    names = {f"lenet5.{alias.name}" for alias in node.names}
                    imported |= {each for each in names if each.islower()}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(node.module)
    ours = {each for each in imported if each.startswith("lenet5")} - besides
    assert ours <= {f"lenet5.{name.removesuffix('.py')}" for name in sources}


def test_the_record_is_a_run_of_this_code():
    check_sums(RECORD)
    run = Run.load(RECORD)
    assert run.config == Config()
    assert run.environment["code_sha256"] == code_hash("exact")
    assert len(run.history) == 21
    assert 98.5 <= 100 - run.history[-1].test_error <= 99.3
    assert "seeds.csv" in (RECORD / SUMS).read_text()
