"""The figures say what the data and the model say."""

import io

import numpy as np
import pandas as pd
import pytest

from lenet5 import figures, network_figures
from lenet5.data import ROOT
from lenet5.model import LeNet5
from lenet5.style import style

ORIGINAL = pd.read_csv(ROOT / "original.csv")
HISTORY = pd.DataFrame(
    {
        "epoch": range(4),
        "train_loss": [2.3, 0.2, 0.1, 0.05],
        "test_loss": [2.3, 0.21, 0.11, 0.07],
        "train_error": [90.0, 6.0, 3.0, 1.0],
        "test_error": [90.0, 6.5, 3.5, 2.0],
    }
)


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_architecture_is_read_off_the_model():
    labels = texts(network_figures.architecture(LeNet5()))
    assert [label.split("\n")[0] for label in labels] == [
        *("1×28×28", "6×24×24", "6×12×12", "16×8×8", "16×4×4", "120", "84", "10"),
    ]
    other = texts(network_figures.architecture(LeNet5((3, 32, 40), 7)))
    assert other[1].startswith("6×28×36")
    assert other[-1] == "7"


def test_the_grid_holds_each_image_in_its_place(mnist):
    images = mnist[0].images[:100]
    sheet = figures.digits(images).axes[0].images[0].get_array()
    assert sheet.shape == (280, 280)
    np.testing.assert_array_equal(sheet[84:112, 196:224], images[37, 0])


def test_convergence_draws_the_published_series_where_they_belong():
    loss, error = figures.convergence(HISTORY, ORIGINAL).axes
    lines = {line.get_label(): line.get_xydata() for line in loss.lines}
    published = lines["original, moved back one epoch"]
    assert published[0, 0] == 0
    assert published[0, 1] == pytest.approx(np.log(2.3032))
    assert len(published) == 20
    np.testing.assert_allclose(
        lines["this report, test images"][:, 1], np.log(HISTORY.test_loss)
    )
    lines = {line.get_label(): line.get_xydata() for line in error.lines}
    np.testing.assert_allclose(lines["original, as published"][-1], (20, 1.2))
    np.testing.assert_array_equal(lines["this report, test images"][:, 0], [1, 2, 3])


def test_predictions_marks_the_wrong_ones(mnist):
    figure = figures.predictions(mnist[1].images[:4], list("7213"), [0, 0, 0, 1])
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == list("7213")
    assert [axes.title.get_fontweight() for axes in shown] == ["normal"] * 3 + ["bold"]


def test_confusion_writes_every_count():
    matrix = np.arange(100).reshape(10, 10)
    assert texts(figures.confusion(matrix)) == [str(count) for count in range(100)]


def test_class_bars_writes_every_value():
    figure = figures.class_bars(np.array([1200, 34]), "images", 600, "average")
    assert texts(figure) == ["1,200", "34"]
    assert [bar.get_height() for bar in figure.axes[0].patches] == [1200, 34]


@pytest.mark.parametrize("name", ["svg", "pdf"])
def test_a_figure_is_the_same_bytes_each_time(name):
    drawings = []
    for _ in range(2):
        file = io.BytesIO()
        with style():
            undated = {"svg": "Date", "pdf": "CreationDate"}[name]
            figure = figures.convergence(HISTORY, ORIGINAL)
            figure.savefig(file, format=name, metadata={undated: None})
        drawings.append(file.getvalue())
    assert drawings[0] == drawings[1]


def test_the_type_is_legible():
    for figure in (
        network_figures.architecture(LeNet5()),
        figures.convergence(HISTORY, ORIGINAL),
    ):
        sizes = [text.get_fontsize() for axes in figure.axes for text in axes.texts]
        assert min(sizes) >= 8
