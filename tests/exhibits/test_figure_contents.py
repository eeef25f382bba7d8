# ruff: noqa: F401 (fixtures are imported)
"""The figures say what the data, the runs and the network say."""

import base64
import json

import numpy as np
import pytest
from scipy.stats import binned_statistic

import all_figures as figures
import made_up
from exact.network import Network
from exhibits import style
from exhibits.predictions import Predictions
from exhibits.results import prose
from made_up import read


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def lines(axes) -> dict[str, np.ndarray]:
    """The points of each line that is in the legend."""
    return {line.get_label(): line.get_xydata() for line in axes.lines}


# -- data and network ------------------------------------------------------------------


def test_the_architecture_is_read_off_the_description():
    maps, dense = figures.architecture(made_up.NETWORK).axes
    shapes = [label.split("\n")[0] for label in texts(maps)]
    assert shapes == ["1×28×28", "6×24×24", "6×12×12", "16×8×8", "16×4×4"]
    assert texts(dense) == ["120   dense, ReLU", "84   dense, ReLU", "10   dense"]
    assert [bar.get_width() for bar in dense.patches] == [120, 84, 10]
    other = Network(made_up.NETWORK.notation, "relu", (3, 32, 40), 7)
    maps, dense = figures.architecture(other).axes
    assert texts(maps)[1] == "6×28×36\nconvolution\n5×5, ReLU"
    assert texts(dense)[-1] == "7   dense"


def test_the_grid_holds_each_image_in_its_place(mnist):
    images = mnist[0].images[:100]
    sheet = figures.digits(images).axes[0].images[0].get_array()
    assert sheet.shape == (280, 280)
    np.testing.assert_array_equal(sheet[84:112, 196:224], images[37, 0])


def test_the_kernels_stand_in_the_sheet_as_in_the_weights():
    first, second = figures.filters(made_up.WEIGHTS, made_up.NETWORK).axes[:4:2]
    sheet = first.images[0].get_array()
    np.testing.assert_array_equal(sheet[:, 6:11], made_up.WEIGHTS["conv1.weight"][1, 0])
    sheet = second.images[0].get_array()
    # Row 3, column 2: what the third map of the second layer takes from the fourth.
    np.testing.assert_array_equal(
        sheet[18:23, 12:17], made_up.WEIGHTS["conv2.weight"][2, 3]
    )
    low, high = second.images[0].get_clim()
    assert low == -high


def test_the_maps_of_each_layer_are_drawn_and_the_logits_are_bars(mnist):
    image = mnist[1].images[0]
    activations = made_up.activations(made_up.NETWORK, made_up.WEIGHTS, image)
    figure = figures.feature_maps(image, activations, made_up.NETWORK)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[0] == "image"
    assert titles[1] == "convolution, ReLU: 6×24×24"
    assert titles[-1] == "logits"
    sheet = figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(sheet[:, 25:49], activations["relu1"][1])
    heights = [bar.get_height() for bar in figure.axes[-1].patches]
    np.testing.assert_allclose(heights, activations["dense3"], atol=5e-4)


# -- one run ---------------------------------------------------------------------------


def test_the_answer_puts_both_runs_among_the_seeds_and_the_reruns():
    figure = figures.answer(
        made_up.HISTORY, made_up.ORIGINAL, made_up.SEEDS, made_up.RERUNS, "our run"
    )
    (axes,) = figure.axes
    bands = []
    for collection in axes.collections:
        points = collection.get_paths()[0].vertices
        first = points[points[:, 0] == 1][:, 1]
        bands += [first.min(), first.max()]
    assert bands == pytest.approx([2.9, 3.1, 2.91, 3.09])
    ours = lines(axes)["our run"]
    np.testing.assert_array_equal(ours, [(1, 6.5), (2, 3.5), (3, 2.0)])
    np.testing.assert_allclose(lines(axes)["2020 report, as plotted"][-1], (20, 1.2))
    reruns = [
        line.get_xydata().tolist()
        for line in axes.lines
        if line.get_color() == style.RERUN["color"]
    ]
    assert reruns == [[[1, 3.2], [2, 1.2], [3, 1.1]], [[1, 2.8], [2, 1.1], [3, 1.0]]]
    assert "its program, run again 2 times" in lines(axes)


def test_convergence_draws_the_plotted_series_where_they_belong():
    figure = figures.convergence(made_up.HISTORY, made_up.ORIGINAL, "our run")
    loss, error = figure.axes
    plotted = lines(loss)["2020 report, moved back one epoch"]
    assert len(plotted) == 20
    assert plotted[0] == pytest.approx((0, 2.3032))
    ours = lines(loss)["our run, test images"]
    np.testing.assert_array_equal(ours[:, 1], made_up.HISTORY.test_loss)
    np.testing.assert_allclose(lines(error)["2020 report, as plotted"][-1], (20, 1.2))
    ours = lines(error)["our run, test images"]
    np.testing.assert_array_equal(ours, [(1, 6.5), (2, 3.5), (3, 2.0)])
    assert "90.0 %" in texts(error)[0]


def test_errata_draws_the_plotted_loss_twice():
    (axes,) = figures.errata(made_up.HISTORY, made_up.ORIGINAL, "our run").axes
    drawn, moved = (
        lines(axes)[f"2020 report, {how}"] for how in ("as drawn", "moved back one")
    )
    np.testing.assert_array_equal(drawn[:, 0], moved[:, 0] + 1)
    np.testing.assert_array_equal(drawn[:, 1], made_up.ORIGINAL.loss)
    np.testing.assert_array_equal(
        lines(axes)["our run"][:, 1], made_up.HISTORY.test_loss
    )


# -- what is read ----------------------------------------------------------------------


def test_predictions_mark_the_wrong_ones(read):
    figure = figures.examples(read, range(4))
    titles = [axes.title for axes in figure.axes if axes.images]
    assert [title.get_text() for title in titles] == ["7", "2", "1", "3 (is 0)"]
    assert [t.get_fontweight() for t in titles] == ["normal"] * 3 + ["bold"]
    (title, *_) = [axes.get_title() for axes in figures.examples(read, [3], True).axes]
    assert title == "3 (is 0)\n97.00 %"


def test_the_atlas_holds_every_mistake_and_frames_the_labels_in_doubt(read):
    for doubted, frames in (([3], 1), ([0], 0)):
        figure = figures.atlas(read, doubted)
        (axes,) = [axes for axes in figure.axes if axes.images]
        assert axes.get_title() == "0→3\n97"
        np.testing.assert_array_equal(axes.images[0].get_array(), read.images[3, 0])
        assert len(axes.patches) == frames


def test_the_surest_mistakes_and_the_errors_of_classes_are_counted():
    labels = np.array([0, 1, 1, 2, 2, 2, *range(3, 10)])
    guesses = labels.copy()
    guesses[[1, 3, 4]] = 7, 7, 8
    sure = np.linspace(0.5, 0.99, len(labels))
    images = np.zeros((len(labels), 1, 28, 28), np.uint8)
    read = Predictions(images, labels, guesses, sure, guesses != labels)
    assert read.mistakes == 3
    assert read.surest_mistakes(2).tolist() == [4, 3]
    assert read.confusion()[2].tolist() == [0, 0, 1, 0, 0, 0, 0, 1, 1, 0]
    assert read.class_errors()[:3] == pytest.approx([0, 50, 200 / 3])


def test_the_mistakes_that_confidences_promise_are_those_of_independent_tries():
    confidence = np.array([0.5, 0.75, 1.0, 1.0], np.float32)
    wrong = np.array([True, False, False, False])
    nothing = np.zeros(4, int)
    read = Predictions(np.zeros((4, 28, 28)), nothing, nothing, confidence, wrong)
    mean, deviation = read.promised_mistakes()
    assert mean == pytest.approx(0.75)
    assert deviation == pytest.approx((0.5 * 0.5 + 0.75 * 0.25) ** 0.5)
    assert read.promised_mistakes(0.6)[0] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("mistakes", "said"),
    [(30, "it is overconfident"), (15, "chance explains"), (2, "too little")],
)
def test_a_network_is_overconfident_only_beyond_chance(mistakes, said):
    assert prose.trust((16.0, 4.0), mistakes).endswith(said)


def test_the_calibration_error_is_the_mean_gap_between_confidence_and_truth():
    draw = np.random.default_rng(5)
    confidence = draw.uniform(0.1, 1, 2000)
    wrong = draw.uniform(size=2000) > confidence**2
    confidence[:3] = 1.0  # the end of the last bin
    zeros = np.zeros(2000, int)
    read = Predictions(zeros, zeros, zeros, confidence, wrong)
    # Guo and others 2017, equation 3, by SciPy's own bins.
    edges = np.linspace(0, 1, 11)
    sure, right = (
        binned_statistic(confidence, values, "mean", edges).statistic
        for values in (confidence, ~wrong)
    )
    counts = binned_statistic(confidence, confidence, "count", edges).statistic
    gaps = np.nan_to_num(np.abs(sure - right))
    expected = 100 * np.average(gaps, weights=counts)
    assert read.calibration_error(bins=10) == pytest.approx(expected)
    assert read.calibration_error(bins=10) > 1


def test_samples_hold_the_pixels_of_the_file(read):
    (sample,) = json.loads(read.samples([2]))
    assert (sample["label"], sample["index"]) == (1, 2)
    assert base64.b64decode(sample["pixels"]) == read.images[2].tobytes()


def test_confusion_writes_every_count():
    (axes,) = figures.confusion(made_up.MATRIX).axes
    assert texts(axes) == [str(count) for count in range(100)]
    assert np.diagonal(axes.images[0].get_array()).tolist() == [0] * 10


# -- many runs -------------------------------------------------------------------------


def test_final_errors_stack_upwards_and_the_other_sample_hangs_down():
    (axes,) = figures.final_errors(
        made_up.FINAL, 1.1, [1.0, 1.0], (1.0, 1.3), made_up.MARKS
    ).axes
    up, down = (lines(axes)[name] for name in ("one seed", "one seed in PyTorch"))
    assert up.tolist() == [[1.1, 1], [1.1, 2], [1.2, 1]]
    assert down.tolist() == [[1.0, -1], [1.0, -2]]
    assert lines(axes)["our run"].tolist() == [[1.1, 1]]
    assert lines(axes)["LeNet-5 (1998)"][0, 0] == 0.95


def test_errors_by_digit_put_equal_ones_side_by_side():
    (axes,) = figures.errors_by_digit(made_up.BY_DIGIT, 0).axes
    nought, one = (line.get_xydata() for line in axes.lines[:2])
    np.testing.assert_allclose(nought, [[-0.08, 1], [0, 1], [0.08, 1]])
    np.testing.assert_allclose(one, [[1, 1.5], [0.96, 2], [1.04, 2]])
    np.testing.assert_allclose(lines(axes)["our run"][:, 1], made_up.BY_DIGIT[0])
    np.testing.assert_allclose(lines(axes)["mean"][1], (1, 5.5 / 3), atol=1e-5)


def test_parting_draws_each_pair_once():
    (axes,) = figures.parting(made_up.ROUNDING).axes
    assert list(lines(axes)) == ["exact – a", "exact – b", "a – b"]
    assert lines(axes)["a – b"].tolist() == [[0, 0], [1, 1], [2, 2]]
