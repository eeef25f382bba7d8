"""Files of arrays and of checksums: what was written comes back, and no damage passes."""

import contextlib
import datetime
import hashlib
import os
import pickle
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from bytes_of_files import flipped
from exact import UserError
from lenet5 import RECORD, files
from lenet5.files import (
    SUMS,
    check_sums,
    dates,
    load_arrays,
    save_arrays,
    write_sums,
)
from lenet5.parameters import load_weights
from report_network import NETWORK


def test_any_bit_of_a_file_of_arrays_counts(tmp_path):
    path, step = tmp_path / "arrays", np.array(3, np.float32)
    arrays = {"step": step, "b": np.arange(3, dtype=np.float32), "a": np.eye(2)}
    save_arrays(path, arrays, {"history": [[0, 2.5]]})
    accepted = []
    for changed in flipped(path.read_bytes(), 800):
        path.write_bytes(changed)
        with contextlib.suppress(UserError):
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
    with pytest.raises(UserError, match="weights is damaged or no safetensors"):
        load_weights(tmp_path / "weights")


@pytest.mark.parametrize("change", ["name", "missing", "shape", "scalar", "dtype"])
def test_weights_of_another_network_are_refused_by_name(tmp_path, change):
    tensors = load_file(RECORD / "model.safetensors")
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
    with pytest.raises(UserError, match=wanted.get(change, "dense3.bias")):
        load_weights(tmp_path / "weights")


def test_weights_from_elsewhere_are_read(tmp_path):
    recorded = load_file(RECORD / "model.safetensors")
    save_file(recorded, tmp_path / "weights", metadata={"format": "pt"})
    weights, network = load_weights(tmp_path / "weights")
    assert network == NETWORK
    assert weights.keys() == recorded.keys()
    assert all(np.array_equal(weights[name], recorded[name]) for name in weights)


def test_a_pickle_is_not_executed(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "executed"),))

    (tmp_path / "weights").write_bytes(pickle.dumps({"conv1.weight": Bomb()}))
    with pytest.raises(UserError, match="no safetensors"):
        load_weights(tmp_path / "weights")
    assert not (tmp_path / "executed").exists()


def test_the_checksums_cover_whatever_is_in_the_folder(tmp_path):
    folder = tmp_path
    (folder / "seeds.csv").write_text("seed,epoch,test_error\n0,20,1.08\n")
    for name in ("seeds.csv.77.partial", "ladder.partial.csv"):
        (folder / name).write_text("left by a process that was killed")
    write_sums(folder)
    check_sums(folder)
    assert "partial" not in (folder / SUMS).read_text()
    assert "  seeds.csv\n" in (folder / SUMS).read_text()
    for changed in flipped((folder / "seeds.csv").read_bytes()):
        (folder / "seeds.csv").write_bytes(changed)
        with pytest.raises(UserError, match=r"seeds\.csv is not as"):
            check_sums(folder)
    (folder / "seeds.csv").unlink()
    with pytest.raises(UserError, match=r"seeds\.csv is missing"):
        check_sums(folder)


def test_the_checksums_cover_the_folders_below(tmp_path):
    below = tmp_path / "columns"
    below.mkdir()
    (tmp_path / "columns.csv").write_text("a table")
    (below / "one").write_bytes(b"weights")
    write_sums(tmp_path)
    check_sums(tmp_path)
    names = [line[66:] for line in (tmp_path / SUMS).read_text().splitlines()]
    assert names == ["columns.csv", "columns/one"]
    for changed in flipped(b"weights"):
        (below / "one").write_bytes(changed)
        with pytest.raises(UserError, match=r"columns.one is not as"):
            check_sums(tmp_path)
    (below / "one").unlink()
    with pytest.raises(UserError, match=r"columns.one is missing"):
        check_sums(tmp_path)


def test_the_record_is_as_its_checksums_have_it():
    check_sums(RECORD)
    sums = (RECORD / SUMS).read_text()
    for path in RECORD.rglob("*"):
        if path.is_file() and path.name != SUMS:
            assert f"  {path.relative_to(RECORD).as_posix()}\n" in sums


# -- days ------------------------------------------------------------------------------


@pytest.fixture
def today(monkeypatch):
    """A function that sets the day."""

    def set_day(text: str) -> None:
        class Clock(datetime.datetime):
            @classmethod
            def now(cls, zone=None):
                assert zone is datetime.UTC
                return cls.fromisoformat(f"{text}T23:59:59+00:00")

        monkeypatch.setattr(files, "datetime", Clock)

    return set_day


def days(folder) -> dict[str, str]:
    """The day of each file that a list has, whose checksums are those of the files."""
    found = {}
    for line, day in dates(folder).items():
        digest, name = line.rstrip("\n").split("  ")
        content = (folder / name).read_bytes()
        assert digest == hashlib.sha256(content).hexdigest(), name
        found[name] = day
    return found


def test_a_file_keeps_its_day_until_its_bytes_change(tmp_path, today):
    names = ["B.csv", "a.csv", "run/config.json", "run/model"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    today("2001-02-03")
    write_sums(tmp_path)
    assert days(tmp_path) == {}  # a run of this machine has no days
    write_sums(tmp_path, dated=True)
    assert days(tmp_path) == dict.fromkeys(names, "2001-02-03")
    sealed = (tmp_path / SUMS).read_bytes()

    today("2004-05-06")
    for name in names:  # as a training does that gives the same bytes
        (tmp_path / name).write_text(name, encoding="utf-8")
    for passing in (
        "run/SHA256SUMS",
        "run/.hidden",
        "a.csv.77.partial",
        "b.partial.csv",
    ):
        (tmp_path / passing).touch()
    write_sums(tmp_path)
    assert sealed == (tmp_path / SUMS).read_bytes()

    (tmp_path / "a.csv").write_text("other", encoding="utf-8")
    (tmp_path / "run" / "model").rename(tmp_path / "run" / "new")
    write_sums(tmp_path)
    check_sums(tmp_path)
    assert days(tmp_path) == {
        "B.csv": "2001-02-03",
        "a.csv": "2004-05-06",
        "run/config.json": "2001-02-03",
        "run/new": "2004-05-06",
    }


def test_damaged_days_are_those_of_today(tmp_path, today):
    """As a merge leaves them whose conflict nobody has resolved."""
    for name in ("a", "b"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    today("2001-02-03")
    write_sums(tmp_path, dated=True)
    day, first, second = (tmp_path / SUMS).read_text(encoding="utf-8").splitlines()
    damaged = f"{day}\n<<<<<<< ours\n{first}\n=======\n{second[:-3]}\n>>>>>>> theirs\n"
    (tmp_path / SUMS).write_text(damaged, encoding="utf-8")
    today("2004-05-06")
    write_sums(tmp_path)
    assert days(tmp_path) == {"a": "2001-02-03", "b": "2004-05-06"}


def test_the_record_says_of_each_of_its_files_when_it_changed(tmp_path):
    """Sealed again, it says the same."""
    of = days(RECORD)
    assert len(of) > 40
    listed = {"SHA256SUMS"}
    paths = [path for path in RECORD.rglob("*") if path.is_file()]
    names = {path.relative_to(RECORD).as_posix() for path in paths}
    assert of.keys() == {name for name in names if name.split("/")[-1] not in listed}
    assert all(f"{datetime.date.fromisoformat(day)}" == day for day in of.values())
    copied = shutil.copytree(RECORD, tmp_path / "record")
    write_sums(copied)
    for name in listed:
        assert (copied / name).read_bytes() == (RECORD / name).read_bytes()
