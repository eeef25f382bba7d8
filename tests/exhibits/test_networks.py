"""The book follows from the network: figures, tables and words of many of the family."""

import json
import math
from collections import OrderedDict

import numpy as np
import pytest
import torch
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from torch import nn

import all_figures as figures
import made_up
from exact import UserError
from exact.network import Network
from exhibits import edition, implementation, train
from exhibits.layers import describe, first_kernels, layer_table, listed, steps
from exhibits.results import prose
from exhibits.results.prose import compare_errors, compare_shapes, subject
from exhibits.style import drawing
from lenet5.config import REPORT, Config, report_config
from lenet5.costs import multiply_adds
from lenet5.model import ScaledTanh, sequential
from lenet5.parameters import initial_weights
from lenet5.run import Run

FAMILY = pytest.mark.parametrize(
    "network", made_up.FAMILY, ids=lambda each: f"{each.notation} {each.activation}"
)


def image_for(network: Network) -> np.ndarray:
    size = math.prod(network.image_shape)
    pixels = np.random.default_rng(0).integers(0, 256, size, np.uint8)
    return pixels.reshape(network.image_shape)


def figures_of(network: Network) -> dict:
    """The three figures that show a network, by name."""
    weights = initial_weights(3, network)
    image = image_for(network)
    activations = made_up.activations(network, weights, image)
    return {
        "architecture": figures.architecture(network),
        "filters": figures.filters(weights, network),
        "feature_maps": figures.feature_maps(image, activations, network),
    }


# -- the layers, against PyTorch -------------------------------------------------------


@FAMILY
def test_the_layers_are_counted_as_pytorch_has_them(network):
    model = sequential(network)
    rows = layer_table(network)
    assert [row.name for row in rows] == [name for name, _ in model.named_children()]
    values = torch.zeros(1, *network.image_shape)
    for row, layer in zip(rows, model, strict=True):
        values = layer(values)
        assert row.shape == tuple(values.shape[1:])
        assert row.parameters == sum(part.numel() for part in layer.parameters())
    counted = sum(row.multiply_adds for row in rows)
    assert counted == multiply_adds(model, network.image_shape)
    assert counted == network.multiply_adds


@FAMILY
def test_a_step_shows_the_values_behind_its_activation(network):
    names = [layer.name for layer in network.layers]
    shown = steps(network)
    for step in shown:
        following = names[names.index(step.output) + 1 :]
        assert not following or not following[0].startswith(("relu", "tanh"))
    assert [step.output for step in shown][-1] == names[-1]
    assert shown[-1].activation == ""


@FAMILY
def test_the_first_kernels_are_the_weights_of_the_first_layer(network):
    weights = initial_weights(3, network)
    kernels = first_kernels(network, weights)
    first = next(iter(weights.values()))
    assert kernels.ravel().tolist() == first.ravel().tolist()
    assert kernels.ndim == 4


# -- the listing -----------------------------------------------------------------------


@FAMILY
def test_the_listing_of_a_network_makes_it(network):
    listing = implementation.written_out(network)
    assert max(len(line) for line in listing.splitlines()) <= 88
    names = {"nn": nn, "OrderedDict": OrderedDict, "ScaledTanh": ScaledTanh}
    body = "\n".join(f"    {line}" for line in listing.splitlines())
    exec(f"def define():\n{body}", names)
    assert str(names["define"]()) == str(sequential(network))


def test_the_listing_of_the_report_is_the_one_in_the_source():
    listing = implementation.listing(report_config(), made_up.NETWORK)
    assert listing == implementation.written_out(made_up.NETWORK)
    # Another recipe has the same network, and another activation has not.
    assert implementation.listing(report_config(epochs=1), made_up.NETWORK) == listing
    tanh = Config(network=REPORT, activation="tanh")
    other = implementation.listing(tanh, Network(REPORT, "tanh"))
    assert other == listing.replace("relu", "tanh").replace("nn.ReLU", "ScaledTanh")


# -- the figures -----------------------------------------------------------------------


def off(figure) -> list[Text]:
    """The numbers of ticks that lie beyond the end of an axis and are not drawn."""
    labels = []
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks() + axis.get_minor_ticks():
            if not low <= tick.get_loc() <= high:
                labels += [tick.label1, tick.label2]
    return labels


@FAMILY
@pytest.mark.parametrize("name", ["architecture", "filters", "feature_maps"])
def test_no_word_of_a_figure_is_cut_off_or_lies_on_another(network, name):
    figure = figures_of(network)[name]
    canvas = FigureCanvasAgg(figure)
    with drawing():
        canvas.draw()
    whole = figure.bbox
    words = []
    not_drawn = off(figure)
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and text not in not_drawn:
            words.append((text.get_text(), text.get_window_extent()))
    assert words
    for text, box in words:
        assert box.x0 >= whole.x0 - 1, text
        assert box.y0 >= whole.y0 - 1, text
        assert box.x1 <= whole.x1 + 1, text
        assert box.y1 <= whole.y1 + 1, text
    for place, (text, box) in enumerate(words):
        for other, other_box in words[place + 1 :]:
            assert not box.shrunk(0.9, 0.9).overlaps(other_box.shrunk(0.9, 0.9)), (
                text,
                other,
            )


@FAMILY
def test_the_architecture_shows_every_layer_with_its_shape(network):
    *rows, dense = figures.architecture(network).axes
    labels = [text.get_text() for axes in rows for text in axes.texts]
    shapes = ["×".join(map(str, network.image_shape))]
    for layer in network.layers:
        if layer.kind in ("convolution", "max pool", "average pool"):
            shapes.append("×".join(map(str, layer.shape)))
    assert [label.split("\n")[0] for label in labels] == shapes
    units = [stage.outputs for stage in network.stages if not stage.is_convolution]
    assert [bar.get_width() for bar in dense.patches] == units
    sheets = sum(len(axes.patches) for axes in rows)
    shown = [min(40, int(shape.split("×")[0])) for shape in shapes]
    assert sheets == sum(shown)


@FAMILY
def test_the_kernels_shown_are_those_of_the_weights(network):
    weights = initial_weights(3, network)
    figure = figures.filters(weights, network)
    sheets = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    convolutions = [stage for stage in network.stages if stage.is_convolution]
    assert len(sheets) == max(1, len(convolutions))
    first = first_kernels(network, weights)
    height, width = first.shape[2:]
    corner = np.asarray(sheets[0][:height, :width])
    np.testing.assert_array_equal(corner, first[0, 0])
    for sheet, stage in zip(sheets[1:], convolutions[1:], strict=True):
        kernels = weights[f"{stage.name}.weight"]
        step = stage.kernel + 1
        if stage.channels > 1:  # column 2, row 1
            second = sheet[: stage.kernel, step : step + stage.kernel]
            np.testing.assert_array_equal(second, kernels[1, 0])
    for text in [part.get_suptitle() for part in figure.subfigs]:
        assert ("no convolution" in text) == (not convolutions)


def test_rows_of_kernels_go_on_and_say_with_which():
    network = Network("20C4-MP2-40C5-MP3-150N", "tanh")
    weights = initial_weights(3, network)
    first, second = figures.filters(weights, network).axes[:4:2]
    assert [label.get_text() for label in first.get_yticklabels()] == ["1", "11"]
    assert len(first.get_xticks()) == 10
    eleventh = first.images[0].get_array()[5:9, :4]
    np.testing.assert_array_equal(eleventh, weights["conv1.weight"][10, 0])
    assert [label.get_text() for label in second.get_yticklabels()][-1] == "8"


@FAMILY
def test_the_maps_shown_are_what_the_layers_make(network):
    weights = initial_weights(3, network)
    image = image_for(network)
    activations = made_up.activations(network, weights, image)
    figure = figures.feature_maps(image, activations, network)
    shown = steps(network)[:-1]
    assert len(figure.axes) == len(shown) + 2
    for axes, step in zip(figure.axes[1:-1], shown, strict=True):
        values = activations[step.output]
        title = axes.get_title(loc="left")
        assert title.startswith(f"{step.name}: {'×'.join(map(str, values.shape))}")
        assert ("the first" in title) == (values.ndim == 3 and len(values) > 48)
        sheet = axes.images[0].get_array()
        if values.ndim == 3:
            height, width = values.shape[1:]
            np.testing.assert_array_equal(sheet[:height, :width], values[0])
        else:
            np.testing.assert_array_equal(sheet[0], values)
        # Nothing is paler than paper: values below zero are seen too.
        assert axes.images[0].get_clim()[0] == min(0, values.min())
    bars = [bar.get_height() for bar in figure.axes[-1].patches]
    np.testing.assert_allclose(bars, list(activations.values())[-1], atol=5e-4)


# -- words -----------------------------------------------------------------------------


def test_what_a_network_is_made_of_is_said_in_words():
    said = {
        REPORT: "two convolutions with kernels of 5×5 pixels, each followed by "
        "max-pooling of 2×2, and three dense layers, which turn 256 values into 10",
        "800N": "no convolution and two dense layers, which turn 784 values into 10",
        "12C7-AP3": "one convolution with kernels of 7×7 pixels, followed by averaging of "
        "3×3, and one dense layer, which turns 588 values into 10",
        "4C3-4C5-MP2": "two convolutions with kernels of 3×3 and 5×5 pixels, one of them "
        "followed by max-pooling of 2×2, and one dense layer, which turns 484 values into "
        "10",
        "4C3-AP2-4C5-AP3": "two convolutions with kernels of 3×3 and 5×5 pixels, each "
        "followed by averaging of 2×2 or 3×3, and one dense layer, which turns 36 values "
        "into 10",
        "4C3-4C3-9N": "two convolutions with kernels of 3×3 pixels, without pooling, and "
        "two dense layers, which turn 2,304 values into 10",
    }
    for notation, words in said.items():
        assert describe(Network(notation)) == words
    assert listed("abc") == "a, b and c"
    assert listed("a") == "a"


def test_what_the_kernels_are_is_said_in_words():
    assert "the two convolutions" in prose.learned(made_up.NETWORK)
    assert "combine six maps" in prose.learned(made_up.NETWORK)
    assert "no convolution" in prose.learned(Network("800N"))
    assert "one convolution" in prose.learned(Network("4C3"))
    three = Network("4C3-4C3-4C3")
    assert "the three convolutions" in prose.learned(three)
    assert prose.kernels(three) == "The learned kernels of the convolutions"
    assert prose.kernels(Network("800N")).startswith("The learned weights of units")


def run_of(config: Config) -> Run:
    network = Network(config.network, config.activation)
    facts = {"image_shape": [1, 28, 28], "classes": 10}
    return Run(config, [], initial_weights(config.seed, network), facts)


def test_the_recipe_stands_beside_the_original_s():
    rows = {
        name: cells
        for name, *cells in implementation.recipe_rows(run_of(report_config()))
    }
    differ = {name for name, (original, ours) in rows.items() if original != str(ours)}
    assert differ == {"seed"}
    config = Config(
        network="800N",
        activation="tanh",
        optimizer="sgd",
        epochs=4,
        lr=0.01,
        schedule="linear",
        seed=5,
    )
    rows = {name: ours for name, _, ours in implementation.recipe_rows(run_of(config))}
    assert rows["network"] == "800N"
    assert rows["activation"] == "a tanh, scaled as in 1998"
    assert rows["optimiser"] == "SGD, momentum 0.9"
    assert rows["schedule"] == "linear, to 0.0025"
    assert rows["initial weights"] == "Glorot uniform, zero biases"


# -- the page that trains --------------------------------------------------------------


def test_the_page_is_told_what_each_setting_may_be():
    offered = json.loads(train.settings_of_page())
    entries = {entry.pop("name"): entry for entry in offered}
    assert entries["network"] == {
        "label": "Network",
        "kind": "network",
        "default": REPORT,
    }
    assert entries["activation"] == {
        "label": "Activation",
        "kind": "choice",
        "choices": ["relu", "tanh", "none"],
        "default": "relu",
    }
    whole = {"label": "Epochs", "kind": "whole", "from": 0, "to": 10_000}
    assert entries["epochs"] == whole | {"default": Config().epochs}
    assert (entries["lr"]["kind"], entries["lr"]["to"]) == ("number", 10)
    assert entries["seed"]["default"] == 0
    for entry in entries.values():
        assert entry["label"].lower() in train.labels_in_words()


# -- words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ([], "there is no mistake"),
        ([(5, 3)], "the most frequent mistake is a 5 read as a 3, once"),
        (
            [(5, 3), (5, 3), (9, 4), (9, 4), (0, 1)],
            "the most frequent mistakes are a 5 read as a 3 and a 9 read as a 4, twice each",
        ),
    ],
)
def test_mistakes_that_are_equally_frequent_are_all_named(pairs, words):
    matrix = np.diag(np.full(10, 900))
    for label, read in pairs:
        matrix[label, read] += 1
    assert prose.most_frequent(matrix) == words


# -- editions --------------------------------------------------------------------------


def test_an_edition_says_what_it_has_otherwise():
    ours = report_config()
    assert edition.is_report(ours)
    assert edition.name_of(ours) == "our run"
    assert edition.differences(ours) == ""
    assert subject(ours) == "our run"
    assert edition.describe_network(ours, made_up.NETWORK).startswith("It has two")
    other = report_config(network="800N", epochs=2)
    assert edition.name_of(other) == "this edition"
    words = f"network = 800N and epochs = 2, where the report has {REPORT} and 20"
    assert edition.differences(other) == words
    assert subject(other) == f"this edition ({words})"
    said = edition.describe_network(other, Network("800N"))
    assert said.startswith("The network of this edition, 800N with ReLU, has no conv")
    assert said.endswith(f"{describe(made_up.NETWORK)}.")
    assert compare_shapes(other) != compare_shapes(ours)
    # Another recipe makes no other network.
    assert edition.has_report_network(report_config(epochs=2))
    assert not edition.has_report_network(report_config(activation="none"))


def test_a_note_stands_on_the_pages_of_an_edition_alone(monkeypatch):
    shown = []
    monkeypatch.setattr(edition, "display", lambda text: shown.append(text.data))
    edition.show_note(report_config())
    assert shown == []
    edition.show_note(report_config(network="800N"))
    (note,) = shown
    assert note.startswith(":::{note}\nThis edition has network = 800N, where")
    assert "*Our* run, network and figures are this edition's" in note


def test_a_page_of_the_record_alone_says_so_in_an_edition(monkeypatch):
    shown = []
    monkeypatch.setattr(edition, "display", lambda text: shown.append(text.data))
    edition.show_note_of_record(report_config())
    assert shown == []
    edition.show_note_of_record(report_config(network="800N"))
    (note,) = shown
    assert note.startswith(":::{note}\nThis edition has network = 800N, where")
    assert "*our run* and *our network* are the report's all the same" in note


def test_figures_and_tables_call_an_edition_by_its_name(mnist):
    history = made_up.HISTORY
    (answer,) = figures.answer(
        history, made_up.ORIGINAL, made_up.SEEDS, made_up.RERUNS, "mine"
    ).axes
    assert "mine" in [line.get_label() for line in answer.lines]
    for drawn in (
        figures.convergence(history, made_up.ORIGINAL, "mine"),
        figures.errata(history, made_up.ORIGINAL, "mine"),
    ):
        for axes in drawn.axes:
            labels = [line.get_label() for line in axes.lines]
            assert {"mine", "mine, test images"} & set(labels)
            assert not any("our run" in label for label in labels)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network": "6C5-X"}, "'X' is no layer"),
        ({"network": "50C7-MP3-50C7-MP3"}, "conv2 would leave empty maps"),
        ({"network": "900000N-900N"}, "parameters: give"),
        ({"activation": "gelu"}, r"activation = 'gelu' is not allowed: give relu"),
        ({"optimizer": "lbfgs"}, "optimizer"),
        ({"schedule": "cosine"}, "schedule"),
        ({"lr": 20.0}, "lr"),
    ],
)
def test_what_no_edition_can_be_is_refused_in_words(settings, words):
    assert edition.check(network="800N", epochs=2) == Config(network="800N", epochs=2)
    with pytest.raises(ValueError, match=words):
        edition.check(**settings)


def test_a_sentence_says_how_far_the_training_images_were_learned():
    assert compare_errors(0.5, 1.1).startswith("far below that on the test images")
    assert compare_errors(1.0, 1.1) == "below that on the test images"
    assert compare_errors(1.2, 1.1).startswith("not below")


def test_an_optimiser_that_the_definition_does_not_make_is_named():
    with pytest.raises(UserError, match="no optimiser 'lbfgs'"):
        implementation.optimiser_name("lbfgs")
