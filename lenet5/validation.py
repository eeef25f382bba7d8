"""What a real validation split would have changed: 5,000 training images held back."""

import csv
import io
from pathlib import Path

from lenet5 import Lenet5Error, environment
from lenet5.config import Config
from lenet5.data import Split, checksum, load
from lenet5.files import write_whole
from lenet5.run import RECORD, Run
from lenet5.train import State, evaluate, resolve, train

HELD_BACK = 5000
FOLDER = RECORD / "validation"
COLUMNS = ("epoch", "test_loss", "test_error")


def hold_back(split: Split, images: int = HELD_BACK) -> tuple[Split, Split]:
    """Part a training split in two: the last ``images`` images become validation.

    Parameters
    ----------
    split : Split
        N images.
    images : int

    Returns
    -------
    fit, validation : Split
        N - ``images`` and ``images`` images, in the order of the file.

    Raises
    ------
    ValueError
        If nothing would be left on either side.
    """
    if not 0 < images < len(split.labels):
        raise ValueError(
            f"cannot hold back {images} of {len(split.labels)} images: give 1 or more, "
            "and leave some"
        )
    parts = zip(*(tensor.tensor_split([-images]) for tensor in split), strict=True)
    fit, validation = (Split(*part) for part in parts)
    return fit, validation


def experiment(
    config: Config, split: Split, test: Split, folder: Path, images: int = HELD_BACK
) -> None:
    """Train with a validation split, measure on the test split too, and write both.

    The folder becomes a run like any other, whose ``history.csv`` names the validation
    split's metrics ``test_*``. Beside it, ``test.csv`` holds those of the test split.

    Parameters
    ----------
    config : Config
    split, test : Split
        The training split, of which ``images`` are held back, and the test split.
    folder : Path
    images : int

    Raises
    ------
    Lenet5Error
        If the loss is not finite.
    OSError
        If the folder cannot be written.
    """
    config = resolve(config)
    fit, validation = hold_back(split, images)
    rows = []

    def measure(state: State) -> None:
        on_device = Split(*(tensor.to(config.device) for tensor in test))
        rows.append((len(rows), *evaluate(state.model, on_device)))

    state = train(config, fit, validation, on_epoch=measure)
    facts = environment.describe(config, checksum(fit, validation))
    Run(config, state.history, state.model, facts).save(folder)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    write_whole(folder / "test.csv", text.getvalue().encode())


def read(folder: Path = FOLDER) -> tuple[Run, list[dict[str, float]]]:
    """The recorded experiment: its run, and the losses and errors of each epoch.

    Returns
    -------
    run : Run
    epochs : list of dict
        ``epoch``, ``train_loss``, ``train_error``, ``validation_loss``,
        ``validation_error``, ``test_loss`` (nats), ``test_error`` (%).

    Raises
    ------
    Lenet5Error
        If a file is missing or damaged, or the two histories do not fit together.
    """
    run = Run.load(folder)
    path = Path(folder) / "test.csv"
    try:
        rows = list(csv.DictReader(path.read_text().splitlines()))
        tested = [{name: float(row[name]) for name in COLUMNS} for row in rows]
        if [row["epoch"] for row in tested] != [row.epoch for row in run.history]:
            raise ValueError("its epochs are not those of history.csv")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Lenet5Error(
            f"{path} is missing or damaged ({error}): restore it with git, or run "
            "make validation"
        ) from error
    return run, [
        {name.replace("test_", "validation_"): value for name, value in pair}
        | {"test_loss": row["test_loss"], "test_error": row["test_error"]}
        for pair, row in zip(
            (metrics._asdict().items() for metrics in run.history), tested, strict=True
        )
    ]


def at_lowest(epochs: list[dict[str, float]], name: str) -> dict[str, float]:
    """The epoch from 1 on at which a measure is lowest; of equals, the first."""
    return min(epochs[1:], key=lambda row: row[name])


if __name__ == "__main__":
    experiment(Config(), *load(), FOLDER)
