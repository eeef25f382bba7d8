"""The data of the 2020 report: its program run again, and its figure of digits."""

import numpy as np
import pandas as pd
import pytest

from exact import UserError
from exhibits.dataset_figure import close_calls, images_at, read_places
from exhibits.reruns import read_reruns
from lenet5 import DATA

# Read off the table by hand: the first and the last run, after the last epoch.
ENDS = {"none": 1.35}


def test_every_rerun_is_whole():
    reruns = read_reruns()
    assert reruns.errors.shape == reruns.losses.shape == (12, 21)
    assert list(reruns.errors.columns) == list(range(21))
    assert reruns.final["none"] == ENDS["none"]
    assert reruns.errors.loc["none", 1] == 5.77
    assert reruns.losses.loc["none", 1] == 0.1915
    assert reruns.errors[0].between(80, 98).all()  # untrained
    assert reruns.losses[0].between(2.25, 2.35).all()


def test_loss_and_error_of_a_rerun_belong_to_one_epoch():
    table = pd.read_csv(DATA / "rerun.csv", dtype={"seed": str})
    together, late = [], []
    for _, run in table.groupby("seed"):
        errors, losses = run.test_error.to_numpy(), run.test_loss.to_numpy()
        together.append(np.corrcoef(losses[1:], errors[1:])[0, 1])
        late.append(np.corrcoef(losses[:-1], errors[1:])[0, 1])
    reruns = read_reruns()
    np.testing.assert_allclose(np.sort(reruns.correlations()), np.sort(together))
    np.testing.assert_allclose(np.sort(reruns.correlations(late=1)), np.sort(late))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text.replace("test_error", "x"),
        lambda text: "\n".join(text.splitlines()[:-1]),
        lambda text: text + text.splitlines()[-1] + "\n",
    ],
    ids=["empty", "a column", "an epoch less", "an epoch twice"],
)
def test_a_damaged_table_is_named(tmp_path, damage):
    path = tmp_path / "rerun.csv"
    path.write_text(damage((DATA / "rerun.csv").read_text()))
    with pytest.raises(UserError, match=r"rerun\.csv .*restore it with git"):
        read_reruns(path)


def test_the_hundred_digits_are_those_of_the_files(mnist):
    train, test = mnist
    places = read_places()
    assert len(places) == 100
    assert not places.duplicated(["split", "index"]).any()
    labels = {"train": train.labels, "test": test.labels}
    for place in places.itertuples():
        assert labels[place.split][place.index] == place.label
    images = images_at(places, train, test)
    assert images.shape == (100, 1, 28, 28)
    np.testing.assert_array_equal(images[13, 0], train.images[9102, 0])
    assert (places.correlation >= places.runner_up).all()


def test_the_grid_reads_row_by_row_as_the_picture_does():
    labels = "".join(map(str, read_places().label))
    assert labels.startswith("36817966916757863485")
    assert labels.endswith("7128769861")


def test_close_calls_are_those_whose_runner_up_is_near():
    places = pd.DataFrame(
        {"correlation": [0.9, 0.9, 0.9], "runner_up": [0.89, 0.8, 0.9]}
    )
    assert close_calls(places) == 2


def test_a_damaged_list_of_places_is_named(tmp_path):
    path = tmp_path / "dataset-grid.csv"
    path.write_text("row,column\n0,0\n")
    with pytest.raises(UserError, match=r"dataset-grid\.csv .*restore it with git"):
        read_places(path)
