"""The study of the committees: their networks in training, and their runs."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from distributed import LocalCluster

from built import ROOT
from exact import UserError
from exact.arrays import checksum
from lenet5 import RECORD
from lenet5.files import load_arrays
from lenet5.provenance import Provenance
from networks.committee import WIDTHS, read_view, weights_file
from networks.member.members import Member
from networks.views import view
from studies import committee

NETWORKS = [
    replace(committee.AS_GIVEN, width=20, epochs=2),
    Member("as given", width=20, epochs=2),
]

SHORT = """
import sys
from dataclasses import replace
from networks.column2012.columns import Column
from studies import __main__ as command
from studies import committee, record

# A column and no member: an epoch of PyTorch takes minutes where bfloat16 is emulated.
columns = (Column("W20", width=20, epochs=1),)
study = replace(committee.STUDY, networks=columns, seeds=range(2))
files = ("committee.csv", "committee/")
record.MAKERS = [record.Maker("committee", files, "", (), "", study=study)]
if __name__ == "__main__":
    sys.exit(command.main(["committee", *sys.argv[1:]]))
"""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def jobs(network, seeds: range) -> dict[str, tuple]:
    """The arguments of the runs of one network, by their names."""
    return replace(committee.STUDY, networks=(network,), seeds=seeds).jobs()


def as_dict(row: list) -> dict:
    return dict(zip(committee.COLUMNS, row, strict=True))


@pytest.mark.parametrize("network", NETWORKS, ids=["column", "member"])
def test_a_run_is_a_row_and_its_weights(small, monkeypatch, tmp_path, network):
    monkeypatch.setattr("lenet5.data.load", lambda: small)
    ((name, arguments),) = jobs(network, range(4, 5)).items()
    result = committee.train(*arguments)
    (row,) = committee.receive(tmp_path / "kept", name, result)
    row = as_dict(row)
    weights, facts = load_arrays(tmp_path / "kept" / "as-given-4.safetensors")
    assert facts == {"run": name, "column": "as given", "seed": 4}
    read = read_view(weights, view(small[1].images, 20)).argmax(axis=1)
    wrong = []
    for place, label in enumerate(small[1].labels):
        if read[place] != label:
            wrong.append(f"{place}:{read[place]}")
    assert row["misread"] == " ".join(wrong)
    assert row["run"] == name
    assert len(row["misread_presented"].split()) == 2
    again, _ = committee.train(*arguments)
    assert as_dict(again) | {"seconds": 0} == row | {"seconds": 0}


def test_threads_of_one_worker_give_the_networks_of_one_thread(small, monkeypatch):
    monkeypatch.setattr("lenet5.data.load", lambda: small)
    short = replace(NETWORKS[1], epochs=1)
    wanted = jobs(short, range(2)).values()
    made = []
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            results = pool.map(lambda job: committee.train(*job), wanted)
            made.append([checksum(weights) for _, weights in results])
    assert made[0] == made[1]


@pytest.mark.parametrize("network", NETWORKS, ids=["column", "member"])
def test_a_machine_that_breaks_the_promise_is_refused(small, monkeypatch, network):
    """A member too: the column's engine distorts its images."""
    monkeypatch.setattr("lenet5.data.load", lambda: small)
    ((_, arguments),) = jobs(network, range(1)).items()
    broken = "networks.column2012.tried.trial"
    monkeypatch.setattr(broken, lambda library: "other bytes")
    with pytest.raises(UserError, match="breaks the engine's promise"):
        committee.train(*arguments)


@pytest.mark.parametrize("network", NETWORKS, ids=["column", "member"])
def test_a_worker_of_another_version_is_refused(network):
    wanted = Provenance("other data", "other")
    with pytest.raises(UserError, match="give it this version"):
        committee.train(network, 0, "test", wanted)


def test_columns_and_members_are_the_published_views():
    widths = {column.name: column.width for column in committee.PUBLISHED}
    views = {f"W{width}": width for width in (10, 12, 14, 16, 18, 20)}
    assert widths == WIDTHS == views | {"as given": 0}
    members = {member.name: member.width for member in committee.VOTERS}
    assert members == {"as given": 0, "W20": 20, "W14": 14}


@pytest.mark.parametrize("table", ["columns.csv", "committee.csv"])
def test_kept_weights_misread_what_their_row_says(mnist, table):
    row = pd.read_csv(RECORD / table).iloc[-1]
    folder = (RECORD / table).with_suffix("")
    weights, facts = load_arrays(weights_file(folder, row.column, row.seed))
    assert facts["run"] == row.run
    images, labels = mnist[1]
    read = read_view(weights, view(images, WIDTHS[row.column])).argmax(axis=1)
    wrong = {f"{place}:{read[place]}" for place in np.flatnonzero(read != labels)}
    assert wrong == set(row.misread.split())
    assert 0 < len(wrong) < 100


@pytest.mark.long
def test_a_cluster_gives_the_networks_of_this_machine(tmp_path):
    script = tmp_path / "short.py"
    script.write_text(SHORT)

    def study(name, *options):
        """The rows and the weights that a study of that name leaves."""
        out = tmp_path / f"{name}.csv"
        line = [sys.executable, script, "--out", out, *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(line, env=environment, check=True)
        # A column has no library, and an empty text is not a missing number.
        table = pd.read_csv(out, keep_default_na=False)
        rows = table.drop(columns="seconds").to_dict("records")
        weights = sorted((tmp_path / name).iterdir())
        return rows, [path.read_bytes() for path in weights]

    one_thread_each = {"n_workers": 2, "threads_per_worker": 1}
    with LocalCluster(dashboard_address=":0", **one_thread_each) as cluster:
        there = study("there", "--scheduler", cluster.scheduler_address)
    assert there == study("here")
    assert len(there[1]) == 2
