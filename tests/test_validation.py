"""The run with a validation split, its record, and its parts that must stay apart."""

import pytest
import torch

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.train import Metrics, train
from lenet5.validation import at_lowest, experiment, hold_back, read


def test_nothing_is_lost_or_seen_twice(small):
    fit, validation = hold_back(small[0], 100)
    assert (len(fit.labels), len(validation.labels)) == (500, 100)
    assert torch.equal(torch.cat([fit.images, validation.images]), small[0].images)
    assert torch.equal(torch.cat([fit.labels, validation.labels]), small[0].labels)


@pytest.mark.parametrize("images", [0, 600, -1])
def test_an_empty_side_is_refused(small, images):
    with pytest.raises(ValueError, match="hold back"):
        hold_back(small[0], images)


def test_the_stored_metrics_are_those_of_three_splits(small, tmp_path):
    config = Config(epochs=2)
    experiment(config, *small, tmp_path / "run", images=100)
    run, epochs = read(tmp_path / "run")
    # Training twice with either split as the measured one is the same training.
    fit, validation = hold_back(small[0], 100)
    on_validation = train(config, fit, validation).history
    on_test = train(config, fit, small[1]).history
    assert run.history == on_validation
    for row, validated, tested in zip(epochs, on_validation, on_test, strict=True):
        assert (
            Metrics(
                row["epoch"],
                row["train_loss"],
                row["train_error"],
                row["validation_loss"],
                row["validation_error"],
            )
            == validated
        )
        assert (row["test_loss"], row["test_error"]) == tested[3:]


def test_a_missing_or_misfit_test_history_is_named(small, tmp_path):
    experiment(Config(epochs=1), *small, tmp_path / "run", images=100)
    path = tmp_path / "run" / "test.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(Lenet5Error, match=r"test\.csv.*epochs"):
        read(tmp_path / "run")
    path.unlink()
    with pytest.raises(Lenet5Error, match=r"test\.csv"):
        read(tmp_path / "run")


def test_of_equal_epochs_the_first_is_chosen_and_never_the_untrained_one():
    epochs = [{"epoch": i, "e": e} for i, e in enumerate([0.0, 3.0, 1.0, 1.0])]
    assert at_lowest(epochs, "e")["epoch"] == 2


def test_the_first_epoch_of_the_record_comes_out_again(mnist):
    run, epochs = read()
    fit, validation = hold_back(mnist[0])
    again = train(Config(epochs=1, threads=run.config.threads), fit, validation)
    # Rounding differs among machines; over one epoch it moves the loss by about 1 %.
    for row, stored in zip(again.history, epochs, strict=False):
        assert row.test_loss == pytest.approx(stored["validation_loss"], rel=0.05)
    assert again.history[0].test_error == pytest.approx(
        epochs[0]["validation_error"], abs=0.1
    )


def test_the_recorded_weights_have_the_recorded_test_error(mnist):
    from lenet5.train import evaluate

    run, epochs = read()
    loss, error = evaluate(run.model, mnist[1])
    assert error == pytest.approx(epochs[-1]["test_error"], abs=0.02)
    assert loss == pytest.approx(epochs[-1]["test_loss"], rel=1e-4)
