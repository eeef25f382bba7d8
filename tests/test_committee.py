"""The committees' networks in training, and their runs."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT
from distributed import LocalCluster
from PIL import Image

from lenet5 import RECORD, Lenet5Error
from lenet5.checkpoint import load_arrays
from lenet5.train import checksum
from systems import columns, committee, committee_study, study
from systems.__main__ import COMMITTEE, main
from systems.committee import Member, MemberEngine

SYSTEMS = [
    replace(committee_study.FIRST, width=20, epochs=2),
    Member("as given", width=20, epochs=2),
]

SHORT = """
import sys
from systems import __main__ as command
from systems.committee import Member
members = [Member("W20", width=20, epochs=1)]
command.STUDIES["committee"] = command.committee_study, members, range(2), ["test"], ""
if __name__ == "__main__":
    sys.exit(command.main(["committee", *sys.argv[1:]]))
"""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("system", SYSTEMS, ids=["column", "member"])
def test_a_run_is_a_row_and_its_weights(small, monkeypatch, tmp_path, system):
    monkeypatch.setattr("lenet5.data.load", lambda: small)
    ((name, arguments),) = committee_study.jobs([system], [4], "test").items()
    result = committee_study.run(*arguments)
    (row,) = committee_study.receive(tmp_path / "kept", name, result)
    row = dict(zip(committee_study.COLUMNS, row, strict=True))
    weights, facts = load_arrays(tmp_path / "kept" / "as-given-4.safetensors")
    assert facts == {"run": name, "column": "as given", "seed": 4}
    found = committee_study.probabilities(weights, columns.view(small[1].images, 20))
    read = found.argmax(axis=1)
    wrong = [
        place for place in range(len(read)) if read[place] != small[1].labels[place]
    ]
    assert row["misread"] == " ".join(f"{place}:{read[place]}" for place in wrong)
    assert row["run"] == name
    assert len(row["misread_presented"].split()) == 2
    again = dict(
        zip(committee_study.COLUMNS, committee_study.run(*arguments)[0], strict=True)
    )
    assert again | {"seconds": 0} == row | {"seconds": 0}


def test_threads_of_one_worker_give_the_networks_of_one_thread(small, monkeypatch):
    monkeypatch.setattr("lenet5.data.load", lambda: small)
    short = replace(SYSTEMS[1], epochs=1)
    jobs = committee_study.jobs([short], range(2), "test").values()
    made = []
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            results = pool.map(lambda job: committee_study.run(*job), jobs)
            made.append([checksum(weights) for _, weights in results])
    assert made[0] == made[1]


@pytest.mark.parametrize("system", SYSTEMS, ids=["column", "member"])
def test_a_worker_of_another_version_is_refused(system):
    with pytest.raises(Lenet5Error, match="give it this version"):
        committee_study.run(system, 0, "test", study.Provenance("other data", "other"))


def test_columns_and_members_are_the_published_views():
    widths = {column.name: column.width for column in committee_study.PUBLISHED}
    views = {f"W{width}": width for width in (10, 12, 14, 16, 18, 20)}
    assert widths == views | {"as given": 0}
    members = {member.name: member.width for member in committee_study.VOTERS}
    assert members == {"as given": 0, "W20": 20, "W14": 14}


def test_a_member_learns_and_reads_in_any_portion(small):
    split, _ = small
    images = columns.view(split.images, 0)
    engine = MemberEngine(Member(epochs=12), 1)
    *_, last = columns.train(engine, split)
    assert last < 30
    whole = engine.probabilities(images)
    assert np.array_equal(whole[:7], engine.probabilities(images[:7]))
    assert (whole.argmax(axis=1) != split.labels).sum() < 30


def test_a_member_has_the_stated_shapes():
    network, shape = committee.Network(), (2, 1, 29, 29)
    sides = []
    x = torch.zeros(shape)
    for layer in network:
        x = layer(x)
        sides.append(tuple(x.shape[1:]))
    assert sides == [
        (16, 27, 27), (32, 13, 13), (48, 13, 13), (64, 6, 6), (96, 4, 4), (192,), (10,)
    ]  # fmt: skip
    assert sum(p.numel() for p in network.parameters()) == 103_962


def test_the_committee_reads_pictures_of_digits(mnist, tmp_path, capsys):
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for path, image in zip(paths, mnist[1].images, strict=False):
        Image.fromarray(image[0]).save(path)
    missing = tmp_path / "none.png"
    assert main(["predict", *map(str, paths), str(missing)]) == 1
    out, err = capsys.readouterr()
    votes = 15
    assert out.splitlines() == [
        f"{path}: {label} ({votes} of {votes} votes)"
        for path, label in zip(paths, mnist[1].labels, strict=False)
    ]
    assert err.count("\n") == 1
    assert str(missing) in err


def test_a_committee_that_lacks_a_network_says_so(tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(COMMITTEE, tmp_path / "committee")
    (folder / "W14-4.safetensors").unlink()
    monkeypatch.setattr("systems.__main__.COMMITTEE", folder)
    assert main(["predict", "digit.png"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "W14-4.safetensors is missing" in line


def test_a_place_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["committee", "--out", str(tmp_path / "file" / "x.csv")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("systems: cannot read or write")
    assert main(["committee", "--out", str(tmp_path / "x")]) == 1
    assert "name the table" in capsys.readouterr().err


@pytest.mark.parametrize("table", ["columns.csv", "committee.csv"])
def test_kept_weights_misread_what_their_row_says(mnist, table):
    row = pd.read_csv(RECORD / table).iloc[-1]
    path = committee_study.file((RECORD / table).with_suffix(""), row.column, row.seed)
    weights, facts = load_arrays(path)
    assert facts["run"] == row.run
    images, labels = mnist[1]
    seen = columns.view(images, committee_study.WIDTHS[row.column])
    read = committee_study.probabilities(weights, seen).argmax(axis=1)
    wrong = {f"{place}:{read[place]}" for place in np.flatnonzero(read != labels)}
    assert wrong == set(row.misread.split())
    assert 0 < len(wrong) < 100


@pytest.mark.long
def test_a_cluster_gives_the_networks_of_this_machine(tmp_path):
    (tmp_path / "short.py").write_text(SHORT)

    def study(out, *options):
        line = [
            sys.executable,
            tmp_path / "short.py",
            "--out",
            tmp_path / out,
            *options,
        ]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(line, env=environment, check=True)
        rows = pd.read_csv(tmp_path / out).drop(columns="seconds").to_dict("records")
        weights = [
            path.read_bytes() for path in sorted((tmp_path / out[:-4]).iterdir())
        ]
        return rows, weights

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        there = study("there.csv", "--scheduler", cluster.scheduler_address)
    assert there == study("here.csv")
    assert len(there[1]) == 2
