"""What a real validation split would have changed: 5,000 training images held back.

The same training is measured twice, on the images held back and on the test images.
"""

import pandas as pd

from lenet5 import RECORD, Config
from lenet5.config import report_config
from lenet5.data import HELD_BACK, Split, hold_back, load
from lenet5.files import write_sums
from lenet5.run import Run, load_or_train
from studies import variations
from studies.variations import vary

# Folders of record/: the run measured on the images held back, and on the test images.
VALIDATED = "validation"
TESTED = "validation-test"


def two_runs(
    config: Config, train: Split, test: Split, images: int = HELD_BACK, **options
) -> tuple[Run, Run]:
    """The training measured on the images held back, and on the test images.

    ``options`` are those of :func:`lenet5.run.load_or_train`.
    """
    fit, validating = hold_back(train, images)
    validated = load_or_train(config, (fit, validating), **options)
    tested = load_or_train(config, (fit, test), **options)
    return validated, tested


def two_measures(config: Config) -> tuple[Run, pd.DataFrame]:
    """The run measured on the images held back, and both test errors by epoch, %."""
    train, test = load()
    run, tested = two_runs(config, train, test)
    ours = pd.DataFrame(run.history[1:])
    theirs = pd.DataFrame(tested.history[1:])
    assert ours.weights.equals(theirs.weights), "the two are not one training"
    errors = {"validation": ours.test_error, "test": theirs.test_error}
    return run, pd.DataFrame(errors).set_index(ours.epoch)


def choices(errors: pd.DataFrame) -> dict[str, int]:
    """The epoch that each way to choose takes; of equals the first."""
    chosen = {"last": int(errors.index[-1])}
    for name in errors:
        chosen[f"lowest on {name}"] = int(errors[name].idxmin())
    return chosen


def many_seeds() -> pd.DataFrame:
    """The errors on the images held back of every recorded seed of the recipe, %.

    A row a seed and a column an epoch from 1: the runs of :mod:`studies.variations` that
    change nothing, of which the first is the run of :func:`two_runs`.

    Raises
    ------
    UserError
        If the table holds no such runs, or they are of other data or another engine.
    """
    table = variations.STUDY.read([vary("the recipe")]).set_index("seed").sort_index()
    counts = table.misread.str.split(expand=True).astype(int)
    counts.columns = range(1, counts.shape[1] + 1)
    return 100 * counts / HELD_BACK


def make() -> None:
    """Train both runs, and write them."""
    train, test = load()
    validated, tested = two_runs(report_config(), train, test, fresh=True)
    validated.save(RECORD / VALIDATED)
    tested.save(RECORD / TESTED)
    write_sums(RECORD)
