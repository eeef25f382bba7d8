"""The runs of a table: which they are, who judges them, and how they are read again."""

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exact import UserError
from lenet5 import RECORD, data
from lenet5.provenance import Provenance
from networks.lenet1998.rungs import BEST
from studies import committee, ladder, record, runs
from studies.__main__ import main
from studies.runs import PARTS, name_of, splits

STUDIES = [maker.study for maker in record.MAKERS if maker.study]


# -------------------------------------------------------------------------- what judges


def test_held_back_images_are_no_training_images(mnist):
    train, judge = splits("held back")
    assert (len(train.labels), len(judge.labels)) == (55_000, 5_000)
    assert np.array_equal(np.concatenate([train.images, judge.images]), mnist[0].images)
    assert splits("test") == mnist


def test_every_training_image_is_held_back_in_one_part(mnist):
    images = mnist[0].images
    judged = []
    for part in [*PARTS, "held back"]:
        train, judge = splits(part)
        assert len(train.labels) == 55_000
        judged.append(judge.images)
    assert np.array_equal(np.concatenate(judged), images)
    train, _ = splits(PARTS[1])
    around = [*range(4_990, 5_000), *range(10_000, 10_010)]
    assert np.array_equal(train.images[4_990:5_010], images[around])


# ------------------------------------------------------------------- what a study is of


def test_a_run_is_named_by_its_settings_and_not_by_what_they_are_called():
    made_by = Provenance("data", "behaviour")
    name = name_of(BEST, 0, made_by)
    assert name_of(replace(BEST, name="another"), 0, made_by) == name
    others = {
        name_of(replace(BEST, passes=21), 0, made_by),
        name_of(BEST, 1, made_by),
        name_of(BEST, 0, Provenance("other data", "behaviour")),
        name_of(BEST, 0, Provenance("data", "other behaviour")),
        name_of(BEST, 0, Provenance("data", "behaviour", "a library")),
    }
    assert len(others | {name}) == 6


def test_a_study_is_every_network_with_every_seed_before_every_judge(small):
    networks = (BEST, replace(BEST, name="short", passes=1))
    judges = ("held back", PARTS[0])
    study = replace(
        ladder.STUDY, networks=networks, seeds=range(2, 4), judged_on=judges
    )
    wanted = []
    for judged_on in judges:
        for seed in (2, 3):
            wanted += [(network, seed, judged_on) for network in networks]
    jobs = study.jobs()
    assert [arguments[:3] for arguments in jobs.values()] == wanted
    for name, (network, seed, judged_on, made_by) in jobs.items():
        assert made_by.data == data.checksum(*splits(judged_on))
        assert name == name_of(network, seed, made_by)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.table)
def test_the_record_has_every_run_of_these_engines_and_data(study):
    text = (RECORD / study.table).read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["run"] for row in rows] == [*study.jobs()]
    assert list(rows[0]) == list(study.kind.columns)


# --------------------------------------------------------------------- how it is read


CHOICES = pd.read_csv(RECORD / "committee-choices.csv", keep_default_na=False)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of members, whose table a test writes, in a record of its own."""
    monkeypatch.setattr(runs, "RECORD", tmp_path)
    return replace(committee.CHOICES_STUDY, table="x.csv")


def test_the_rows_of_some_networks_are_read(study, tmp_path):
    CHOICES.to_csv(tmp_path / "x.csv", index=False)
    pd.testing.assert_frame_equal(study.read(), CHOICES)
    chosen = study.read([study.networks[0]])
    assert chosen.to_dict("records") == CHOICES[
        CHOICES.column == study.networks[0].name
    ].to_dict("records")
    assert len(chosen) == 2


def test_rows_are_read_whatever_library_trained_them(study, tmp_path, monkeypatch):
    """Another release of PyTorch names other runs, and they are read the same way."""
    monkeypatch.setattr("torch.__version__", "9.9+elsewhere")
    table = CHOICES.assign(library="torch 2.99.0")
    checksum = data.checksum(*splits("held back", committee.HELD_BACK))
    choices = {choice.name: choice for choice in committee.CHOICES}
    for at, row in table.iterrows():
        made_by = Provenance(checksum, row.behaviour, row.library)
        table.loc[at, "run"] = name_of(choices[row.column], row.seed, made_by)
    assert not set(table.run) & set(CHOICES.run)
    table.to_csv(tmp_path / "x.csv", index=False)
    same = ["column", "seed", "misread"]
    assert study.read()[same].equals(CHOICES[same])


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"run": "f" * 16}, "is of other settings or data"),
        ({"seed": 7}, "is of other settings or data"),
        ({"library": "torch 9.9"}, "is of other settings or data"),
        ({"behaviour": "0-f"}, "is of other settings or data"),
        ({"judged_on": "test"}, "is of other settings or data"),
        ({"column": "another"}, "has no runs of 'as chosen'"),
    ],
)
def test_a_row_that_is_not_what_it_says_is_refused(study, tmp_path, changes, why):
    CHOICES.assign(**changes).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(UserError, match=why) as raised:
        study.read()
    assert "make committee" in str(raised.value)


def test_rows_of_an_engine_that_computed_otherwise_are_refused(monkeypatch):
    monkeypatch.setattr(committee, "MEMBER_BEHAVIOUR", "2")
    with pytest.raises(UserError, match="engine that computes otherwise: make it"):
        committee.CHOICES_STUDY.read()


# -------------------------------------------------------------------- how it is made


def test_a_place_that_cannot_be_written_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["committee", "--out", str(tmp_path / "file" / "x.csv")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("studies: cannot read or write")
    assert main(["committee", "--out", str(tmp_path / "x")]) == 1
    assert "name the table" in capsys.readouterr().err
