"""The lists of misread images: they are of the recorded runs, and no others are taken."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from exact import UserError
from lenet5 import RECORD
from lenet5.model import sequential, take_weights
from lenet5.run import Run
from studies import mistakes, runs, seeds
from studies.mistakes import Mistakes
from studies.variations import vary

ROWS = list(csv.DictReader((RECORD / "mistakes.csv").read_text().splitlines()))
# Three networks that read eleven images, of each digit one, and another of a 2.
LABELS = np.array([0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9])
READ = np.tile(LABELS, (3, 1))
READ[1:, 1] = 7
READ[1:, 3] = 3
READ[2, 0] = 6
MADE_UP = Mistakes([0, 1, 2], READ != LABELS, READ, LABELS)


def row(**changes) -> dict:
    """The first row of the record, with some cells changed."""
    first = ROWS[0] | changes
    return first | {"seed": int(first["seed"])}


# -- only the recorded runs ------------------------------------------------------------


def test_the_record_has_the_first_seeds_one_after_the_other():
    assert [int(row["seed"]) for row in ROWS] == [*mistakes.SEEDS]
    assert len(ROWS) >= 20


def test_the_rows_of_the_record_are_its_runs():
    study = seeds.read()
    last = study.table[study.table.epoch == 20].set_index("seed")
    for recorded in ROWS:
        seed = int(recorded["seed"])
        mistakes.check_same_run(recorded | {"seed": seed})
        assert recorded["weights"] == last.weights[seed]
        assert len(recorded["misread"].split()) / 100 == pytest.approx(
            study.final[seed]
        )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"weights": "0" * 64}, "weights of seed 0 are not those of record/seeds.csv"),
        ({"seed": "1"}, "weights of seed 1 are not those of record/seeds.csv"),
        ({"seed": "200"}, "has no seed 200: train it first"),
        ({"misread": "1:2 3:4"}, "seed 0 misreads 2 test images here and 112 in"),
    ],
)
def test_a_row_that_is_not_of_the_recorded_run_is_refused(changes, why):
    with pytest.raises(UserError, match=why):
        mistakes.check_same_run(row(**changes))


def test_a_training_that_ends_elsewhere_gives_no_row():
    """One epoch in place of twenty: the weights are another run's."""
    short = vary("one epoch", epochs=1)
    study = replace(mistakes.STUDY, networks=(short,), seeds=range(1))
    (arguments,) = study.jobs().values()
    with pytest.raises(UserError, match="it is another run"):
        mistakes.train(*arguments)


@pytest.mark.parametrize(
    ("column", "value"), [("weights", "f" * 64), ("misread", "1:2")]
)
def test_a_table_that_was_changed_is_not_read(tmp_path, monkeypatch, column, value):
    changed = [row | {column: value} if row["seed"] == "3" else row for row in ROWS]
    with open(tmp_path / "mistakes.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, ROWS[0])
        writer.writeheader()
        writer.writerows(changed)
    monkeypatch.setattr(runs, "RECORD", tmp_path)
    with pytest.raises(UserError, match="seed 3"):
        mistakes.read()


# -- what they hold --------------------------------------------------------------------


def test_the_images_are_those_that_our_network_misreads(mnist):
    """By the definition in PyTorch, from the weights of the record."""
    run = Run.load(RECORD)
    model = sequential(run.network)
    take_weights(model, run.weights)
    images, labels = mnist[1]
    with torch.inference_mode():
        digits = model(torch.tensor(images).float() / 255).argmax(1).numpy()
    found = mistakes.read()
    ours = found.seeds.index(run.config.seed)
    assert np.array_equal(found.read[ours], digits)
    assert np.array_equal(
        np.flatnonzero(found.wrong[ours]), np.flatnonzero(digits != labels)
    )


def test_each_network_misreads_what_it_reads_otherwise():
    found = mistakes.read()
    assert np.array_equal(found.wrong, found.read != found.labels)
    assert found.wrong.shape == (len(ROWS), 10_000)


def test_mistakes_are_counted_by_network_image_and_digit():
    assert MADE_UP.counts.tolist() == [0, 2, 3]
    assert MADE_UP.by_image.tolist() == [1, 2, 0, 2, *[0] * 7]
    assert MADE_UP.by_class[:, :3].tolist() == [[0, 0, 0], [0, 100, 50], [100, 100, 50]]
    counts = MADE_UP.confusions()
    assert counts.sum() == 33
    assert (counts[2, 0, 6], counts[1, 2, 3], counts[1, 2, 2]) == (1, 1, 1)
    assert counts[0].trace() == 11
