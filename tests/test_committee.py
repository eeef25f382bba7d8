"""The committees' networks in training, and their runs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lenet5 import Lenet5Error
from lenet5.checkpoint import load_arrays
from systems import columns, committee, committee_study
from systems.committee import Member, MemberEngine

SYSTEMS = [
    replace(committee_study.FIRST, width=20, epochs=2),
    Member("as given", width=20, epochs=2),
]


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
    engine = committee_study.ENGINES[type(system)](system, 4, weights)
    found = engine.probabilities(columns.view(small[1].images, 20)).argmax(axis=1)
    assert row["misread"] == (found != small[1].labels).sum()
    assert row["run"] == name
    assert len(row["misread_presented"].split()) == 2
    again = dict(
        zip(committee_study.COLUMNS, committee_study.run(*arguments)[0], strict=True)
    )
    assert again | {"seconds": 0} == row | {"seconds": 0}


@pytest.mark.parametrize("system", SYSTEMS, ids=["column", "member"])
def test_a_worker_of_another_version_is_refused(system):
    with pytest.raises(Lenet5Error, match="give it this version"):
        committee_study.run(system, 0, "test", ["other data", "other code"])


def test_columns_and_members_are_the_published_views():
    widths = {column.name: column.width for column in committee_study.PUBLISHED}
    views = {f"W{width}": width for width in (10, 12, 14, 16, 18, 20)}
    assert widths == views | {"as given": 0}


def test_a_member_learns_and_reads_in_any_portion(small):
    split, _ = small
    images = columns.view(split.images, 0)
    engine = MemberEngine(Member(epochs=12), 1)
    *_, last = columns.train(engine, split)
    assert last < 30
    whole = engine.probabilities(images)
    assert np.abs(whole[:7] - engine.probabilities(images[:7])).max() < 1e-5
    assert (whole.argmax(axis=1) != split.labels).sum() < 30


def test_a_member_has_the_stated_shapes():
    network, shape = committee.Network(), (2, 1, 29, 29)
    sides = []
    x = torch.zeros(shape)
    for layer in network:
        x = layer(x)
        sides.append(tuple(x.shape[1:]))
    assert sides == [
        (32, 27, 27), (32, 13, 13), (48, 13, 13), (64, 6, 6), (96, 4, 4), (192,), (10,)
    ]  # fmt: skip
    assert sum(p.numel() for p in network.parameters()) == 108_746
