"""What matters: the recipe of the report with one thing changed, with the same seeds each.

A network trains on the training images but the last, which are held back and judge it
after each epoch. The test images judge it once, when its training has ended: whoever
compares variations chooses by what is held back, and may then read what came of it.
"""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

import pandas as pd

from exact.arrays import checksum
from lenet5 import Config, behaviour, data, engines
from lenet5.config import report_config
from lenet5.data import HELD_BACK, TEST, TRAINING, Split
from lenet5.provenance import Provenance
from lenet5.train import train_epoch
from studies import runs
from studies.comparisons import Difference, pooled, verdict
from studies.intervals import holm, mean_interval
from studies.runs import Kind, Study, as_cell

COLUMNS = (
    "run", "variation", "seed", "judged_on", "network", "activation", "optimizer",
    "batch_size", "lr", "schedule", "epochs", "parameters", "multiply_adds",
    "misread_train", "misread", "misread_test", "seconds", "weights",
    "behaviour", "library", "machine",
)  # fmt: skip


@dataclass(frozen=True)
class Variation:
    """A recipe with a name, by its settings as a run's files have them."""

    name: str
    settings: dict[str, Any]

    def config(self, seed: int) -> Config:
        """The config of a run with a seed."""
        return Config.from_settings(self.settings | {"seed": seed})


def vary(name: str, **changes) -> Variation:
    """The report's recipe with some settings changed."""
    return Variation(name, report_config(**changes).settings())


RECIPE = vary("the recipe")
OF_NETWORK = {"network", "activation"}
OF_RATE = {"lr", "schedule"}
# Adam's usual rate is 1e-3, that of SGD with momentum 0.01: with Adam's it hardly moves.
VARIATIONS = (
    RECIPE,
    vary("maps halved", network="3C5-MP2-8C5-MP2-120N-84N"),
    vary("maps doubled", network="12C5-MP2-32C5-MP2-120N-84N"),
    vary("kernels of 3", network="6C3-MP2-16C3-MP2-120N-84N"),
    vary("kernels of 7", network="6C7-MP2-16C7-MP2-120N-84N"),
    vary("one convolution", network="6C5-MP2-120N-84N"),
    vary("no convolution", network="120N-84N"),
    vary("average pools", network="6C5-AP2-16C5-AP2-120N-84N"),
    vary("tanh", activation="tanh"),
    vary("hidden layers halved", network="6C5-MP2-16C5-MP2-60N-42N"),
    vary("hidden layers doubled", network="6C5-MP2-16C5-MP2-240N-168N"),
    vary("no hidden layer", network="6C5-MP2-16C5-MP2"),
    vary("SGD at 0.01", optimizer="sgd", lr=0.01),
    vary("batches of 32", batch_size=32),
    vary("batches of 512", batch_size=512),
    vary("rate 1e-4", lr=1e-4),
    vary("rate 1e-3", lr=1e-3),
    vary("rate 3e-3", lr=3e-3),
    vary("falling rate", schedule="linear"),
    vary("rate 1e-3, falling", lr=1e-3, schedule="linear"),
)


def config_of(name: str) -> Config:
    """The config of the variation of a name, with seed 0."""
    (variation,) = [each for each in VARIATIONS if each.name == name]
    return variation.config(seed=0)


def changed(name: str) -> set[str]:
    """The settings that the variation of a name has otherwise than the recipe."""
    theirs = RECIPE.config(seed=0)
    ours = config_of(name)
    names = {field.name for field in dataclasses.fields(Config)}
    return {name for name in names if getattr(ours, name) != getattr(theirs, name)}


def behaviour_of(variation: Variation) -> str:
    """The pinned behaviour of the engine that trains a variation."""
    pin = engines.pin_of(variation.config(seed=0))
    return behaviour.pinned(engines.PACKAGE, pin)


def provenance(variation: Variation, data_sha256: str) -> Provenance:
    """What a run of a variation that is trained here would come from."""
    return Provenance(data_sha256, behaviour_of(variation))


class Start(NamedTuple):
    """A run before its first step: it trains on one core."""

    config: Config
    engine: Any
    train_split: Split
    judge: Split  # the images that it is judged by


def begin(
    variation: Variation, seed: int, judged_on: str, expected: Provenance
) -> Start:
    """The start of a run.

    Raises
    ------
    UserError
        If the worker has another engine or other data than expected, or does not pass the
        engine's trial.
    """
    train_split, judge = runs.splits(judged_on)
    here = provenance(variation, data.checksum(train_split, judge))
    runs.check_provenance(expected, here)
    config = variation.config(seed)
    network = engines.network_of(config, train_split.images.shape[1:], classes=10)
    engine = engines.make(config, network, threads=1)
    return Start(config, engine, train_split, judge)


def train(
    variation: Variation, seed: int, judged_on: str, expected: Provenance
) -> list[list]:
    """Train a network on one core; its row.

    Raises
    ------
    UserError
        If the loss is not finite; and see :func:`begin`.
    """
    started = time.thread_time()
    config, engine, train_split, judge = begin(variation, seed, judged_on, expected)
    _, test = data.load()
    misread = []
    for epoch in range(1, config.epochs + 1):
        train_epoch(config, train_split, engine, epoch)
        misread.append(mistakes(engine, judge))
    seconds = time.thread_time() - started
    row = [
        runs.name_of(variation, seed, expected),
        variation.name,
        seed,
        judged_on,
        config.network,
        config.activation,
        config.optimizer,
        config.batch_size,
        config.lr,
        config.schedule,
        config.epochs,
        engine.network.parameters,
        engine.network.multiply_adds,
        mistakes(engine, train_split),
        as_cell(misread),
        mistakes(engine, test),
        round(seconds, 1),
        checksum(engine.weights),
    ]
    row += runs.made_by(expected)
    return [row]


def mistakes(engine, split: Split) -> int:
    """How many images of a split are misread."""
    _, error = engine.measure(split)
    return round(error / 100 * len(split.labels))


KIND = Kind(
    label="variation",
    columns=COLUMNS,
    held_back=HELD_BACK,
    provenance=provenance,
    behaviour_of=behaviour_of,
    train=train,
    receive=runs.keep_nothing,
    command="python -m studies variations",
)
SEEDS = range(20)
STUDY = Study("variations.csv", KIND, VARIATIONS, SEEDS, runs.ON_LAST)


class Outcome(NamedTuple):
    """What came of a variation: errors in %, one a seed."""

    name: str
    network: str
    parameters: int
    multiply_adds: int
    of_train: float  # mean error of the images trained on, %
    held_back: pd.Series
    test: pd.Series
    seconds: float  # of the median run, on one core of the machine that made most
    machine: str

    @property
    def interval(self) -> tuple[float, float]:
        """The t interval of the mean error of the images held back, %."""
        return mean_interval(self.held_back)


def error_after(rows: pd.DataFrame, place: int) -> pd.Series:
    """Errors of the images held back, by the row, %.

    Parameters
    ----------
    rows : DataFrame
        Of the study's table.
    place : int
        Of the epoch: 0 is after the first, -1 after the last.
    """
    misread = rows.misread.astype(str).str.split().str[place].astype(int)
    return 100 * misread / HELD_BACK


def read() -> list[Outcome]:
    """The study, variation by variation.

    Raises
    ------
    UserError
        If a run is of other data or another engine, or a variation has none.
    """
    table = STUDY.read()
    outcomes = []
    for variation in VARIATIONS:
        rows = table[table.variation == variation.name]
        rows = rows.set_index("seed").sort_index()
        usual = rows[rows.machine == rows.machine.mode()[0]]
        outcome = Outcome(
            name=variation.name,
            network=rows.network.iloc[0],
            parameters=int(rows.parameters.iloc[0]),
            multiply_adds=int(rows.multiply_adds.iloc[0]),
            of_train=100 * fmean(rows.misread_train) / (TRAINING - HELD_BACK),
            held_back=error_after(rows, -1),
            test=100 * rows.misread_test / TEST,
            seconds=usual.seconds.median(),
            machine=usual.machine.iloc[0],
        )
        outcomes.append(outcome)
    return outcomes


def after_first_epoch(name: str) -> pd.Series:
    """Errors of the images held back after the first epoch of a variation, by the seed, %."""
    table = STUDY.read()
    rows = table[table.variation == name].set_index("seed").sort_index()
    return error_after(rows, 0)


class Compared(NamedTuple):
    """A variation beside the recipe: differences in points, of the same seeds.

    The images held back decide: ``corrected`` is the p-value there, by Holm's method for
    all variations together, and ``verdict`` what it says. ``test`` is what came of it.
    """

    outcome: Outcome
    held_back: Difference
    test: Difference
    corrected: float
    verdict: (
        str  # better, worse or cannot be told, than the recipe on the images held back
    )


def compare(outcomes: Sequence[Outcome]) -> list[Compared]:
    """Each variation against the recipe, which is the first.

    Raises
    ------
    UserError
        If there are fewer than two seeds, or a variation lacks one of them.
    """
    others = outcomes[1:]
    held_back = pooled(pd.DataFrame({each.name: each.held_back for each in outcomes}))
    on_test = pooled(pd.DataFrame({each.name: each.test for each in outcomes}))
    corrected = holm([difference.p_value for difference in held_back])
    compared = []
    rows = zip(others, held_back, on_test, corrected, strict=True)
    for other, difference, test, p_value in rows:
        word = verdict(difference, p_value)
        compared.append(Compared(other, difference, test, p_value, word))
    return compared


def best(outcomes: Sequence[Outcome], settings: set[str]) -> Outcome:
    """Of the variations that change only some settings, the best on the images held back.

    The recipe itself is not one of them.

    Parameters
    ----------
    outcomes : sequence of Outcome
    settings : set of str
        Such as ``OF_RATE``.
    """
    allowed = []
    for outcome in outcomes:
        of_outcome = changed(outcome.name)
        if of_outcome and of_outcome <= settings:
            allowed.append(outcome)
    return min(allowed, key=lambda outcome: outcome.held_back.mean())
