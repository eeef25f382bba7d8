"""What a real validation split would have changed: 5,000 training images held back.

The same training is measured twice, on the images held back and on the test images. As a
command, ``python -m exhibits.validation``, it stores both runs in ``record/``.
"""

import pandas as pd

from lenet5 import Config
from lenet5.checkpoint import seal
from lenet5.data import Split, load
from lenet5.run import RECORD, Run, load_or_train
from systems.held_back import HELD_BACK, hold_back


def two_runs(
    config: Config, train: Split, test: Split, images: int = HELD_BACK, **options
) -> list[Run]:
    """The training measured on the images held back, and on the test images."""
    fit, validating = hold_back(train, images)
    measured = (validating, test)
    return [load_or_train(config, (fit, split), **options) for split in measured]


def two_measures(config: Config) -> tuple[Run, pd.DataFrame]:
    """The run measured on the images held back, and both test errors by epoch, %."""
    runs = two_runs(config, *load())
    validated, tested = (pd.DataFrame(run.history[1:]) for run in runs)
    assert validated.weights.equals(tested.weights), "the two are not one training"
    errors = {"validation": validated.test_error, "test": tested.test_error}
    return runs[0], pd.DataFrame(errors).set_index(validated.epoch)


def choices(errors: pd.DataFrame) -> dict[str, int]:
    """The epoch that each way to choose takes; of equals the first."""
    lowest = {f"lowest on {name}": int(errors[name].idxmin()) for name in errors}
    return {"last": int(errors.index[-1])} | lowest


if __name__ == "__main__":
    held_back, tested = two_runs(Config(), *load(), fresh=True)
    held_back.save(RECORD / "validation")
    tested.save(RECORD / "validation-test")
    seal(RECORD)
