"""The runs of the ladder: every rung with many seeds, and the choices made before."""

import math
import time
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import numpy as np
import pandas as pd

from exact import UserError
from exact.arrays import checksum
from exact.compiler import CACHE
from lenet5 import RECORD, behaviour, data, files
from lenet5.config import report_config
from lenet5.data import HELD_BACK, TEST, TRAINING, Split
from lenet5.provenance import Provenance
from networks import PACKAGE
from networks.lenet1998 import parameters, schedule
from networks.lenet1998.engine import (
    RungEngine,
    build_name,
    reading_memory,
    webassembly,
)
from networks.lenet1998.rungs import BESIDE, BEST, CHOICES, RUNGS, SCALES, Rung
from networks.lenet1998.tried import for_rung
from studies import runs, seeds, variations
from studies.intervals import mean_interval
from studies.runs import Kind, Study, as_cell

COLUMNS = (
    "run", "rung", "seed", "judged_on", "passes", "parameters", "updates",
    "misread_presented", "misread_train", "misread", "seconds", "weights",
    "behaviour", "library", "machine",
)  # fmt: skip
NETWORK = RECORD / "lenet1998.safetensors"
REPORT_CONFIG = report_config()  # whose network and batches the last rungs have


def behaviour_of(rung: Rung) -> str:
    """The pinned behaviour of the engine that trains a rung."""
    return behaviour.pinned(PACKAGE, build_name(rung))


def provenance(rung: Rung, data_sha256: str) -> Provenance:
    """What a run of a rung that is trained here would come from."""
    return Provenance(data_sha256, behaviour_of(rung))


def train(
    rung: Rung, seed: int, judged_on: str, expected: Provenance, on_pass=None
) -> list[list]:
    """Train a network; its row.

    Parameters
    ----------
    rung : Rung
    seed : int
    judged_on : str
        See :func:`studies.runs.splits`.
    expected : Provenance
        What the study asks for, and the worker should have.
    on_pass : callable, optional
        Called with the engine and the training split after each pass.

    Raises
    ------
    UserError
        If a weight is not finite, if the worker has another engine or other data, or if
        it does not pass the engine's trial.
    """
    train_split, judge = runs.splits(judged_on)
    here = provenance(rung, data.checksum(train_split, judge))
    runs.check_provenance(expected, here)
    started = time.thread_time()  # a Dask worker runs several, a thread each
    engine = for_rung(rung, seed)
    presented = []  # misread in each pass, as the patterns were presented
    misread = []  # after it, of the images that judge
    for mistakes in schedule.train(rung, seed, engine, train_split):
        presented.append(mistakes)
        check_finite(engine, len(presented))
        misread.append(engine.mistakes(judge))
        if on_pass:
            on_pass(engine, train_split)
    misread_train = engine.mistakes(train_split)
    seconds = time.thread_time() - started
    row = [
        runs.name_of(rung, seed, expected),
        rung.name,
        seed,
        judged_on,
        rung.passes,
        parameters.count(rung),
        count_updates(rung, len(train_split.labels)),
        as_cell(presented),
        misread_train,
        as_cell(misread),
        round(seconds, 1),
        checksum(engine.weights),
    ]
    row += runs.made_by(expected)
    return [row]


def check_finite(engine: RungEngine, passes: int) -> None:
    """Raise UserError if a weight is not finite after so many passes."""
    for array in engine.weights.values():
        if not np.isfinite(array).all():
            raise UserError(
                f"{engine.rung.name}: a weight is not finite after pass {passes}"
            )


def count_updates(rung: Rung, images: int) -> int:
    """How often a run moves the weights: after each image, or after each batch."""
    if rung.online:
        return rung.passes * images
    return rung.passes * count_batches(images)


def count_batches(images: int) -> int:
    """The batches of a pass by Adam; the last may be short."""
    return math.ceil(images / REPORT_CONFIG.batch_size)


KIND = Kind(
    label="rung",
    columns=COLUMNS,
    held_back=HELD_BACK,
    provenance=provenance,
    behaviour_of=behaviour_of,
    train=train,
    receive=runs.keep_nothing,
    command="make ladder",
)
CHOICES_STUDY = Study(
    "ladder-choices.csv", KIND, tuple(CHOICES), range(3), runs.ON_LAST
)
SCALES_STUDY = Study("ladder-scales.csv", KIND, tuple(SCALES), range(15), runs.ON_LAST)
PARTS_STUDY = Study("ladder-parts.csv", KIND, tuple(SCALES), range(3), runs.PARTS)
STUDY = Study("ladder.csv", KIND, (*RUNGS, *BESIDE), range(30), runs.ON_TEST)


def keep_network(path: Path = NETWORK, rung: Rung = BEST, seed: int = 0) -> None:
    """Train one network, and keep its weights and what a pass by pass account needs."""
    misread_train = []
    weights: dict[str, np.ndarray] = {}

    def on_pass(engine: RungEngine, train_split: Split) -> None:
        misread_train.append(engine.mistakes(train_split))
        weights.update(engine.weights)

    study = Study(STUDY.table, KIND, (rung,), range(seed, seed + 1), runs.ON_TEST)
    ((name, arguments),) = study.jobs().items()  # a study of one run
    (row,) = train(*arguments, on_pass)
    misread = row[COLUMNS.index("misread")]
    metadata = {
        "run": name,
        "seed": seed,
        "misread": misread,
        "misread_train": misread_train,
    }
    files.save_arrays(path, weights, metadata)
    files.write_sums(path.parent)


def read_network(path: Path = NETWORK) -> tuple[RungEngine, dict]:
    """The network of 1998 that the book shows, and the metadata stored with its weights."""
    weights, metadata = files.load_arrays(path)
    return for_rung(BEST, metadata["seed"], weights), metadata


def kernel_of_page() -> Path:
    """The kernel of that network of 1998 in WebAssembly."""
    return webassembly(BEST)


def memory_of_page() -> Path:
    """The memory with which that kernel reads: see :func:`reading_memory` of the engine."""
    weights, metadata = files.load_arrays(NETWORK)
    memory = reading_memory(BEST, metadata["seed"], weights)
    CACHE.mkdir(exist_ok=True)
    path = CACHE / "lenet1998.memory"
    files.write_whole(path, memory)
    return path


class Step(NamedTuple):
    """A step of the ladder: a rung, or the report's network, and its runs.

    ``errors`` are in % of the images that judge, after the last pass, by seed;
    ``passes`` the same after each pass, a row a seed; ``seconds`` of the median run on
    the ``machine`` that made most of the runs.
    """

    name: str
    errors: pd.Series
    passes: pd.DataFrame
    of_train: float
    parameters: int
    multiply_adds: int
    updates: int
    seconds: float
    machine: str

    @property
    def mean(self) -> float:
        """Of the errors, %."""
        return fmean(self.errors)

    @property
    def interval(self) -> tuple[float, float]:
        """The t interval of the mean, %."""
        return mean_interval(self.errors)


def read(study: Study, rungs=None) -> list[Step]:
    """The runs of a study, or of some of its rungs, rung by rung.

    Raises
    ------
    UserError
        If a run is of other data or another engine, or a rung has none.
    """
    table = study.read(rungs)
    judged = TEST  # images
    trained = TRAINING
    if study.judged_on != runs.ON_TEST:
        judged = HELD_BACK
        trained = TRAINING - HELD_BACK
    steps = []
    for rung in rungs or study.networks:
        rows = table[table.rung == rung.name].set_index("seed").sort_index()
        counts = rows.misread.str.split(expand=True).astype(int)
        passes = 100 * counts / judged
        seconds, machine = usual_cost(rows)
        step = Step(
            name=rung.name,
            errors=passes.iloc[:, -1],
            passes=passes,
            of_train=100 * fmean(rows.misread_train) / trained,
            parameters=parameters.count(rung),
            multiply_adds=count_multiply_adds(rung),
            updates=int(rows.updates.iloc[0]),
            seconds=seconds,
            machine=machine,
        )
        steps.append(step)
    return steps


def read_report() -> Step:
    """The last step: the report's own runs, with which the book's numbers are made."""
    report = seeds.read()
    trained = report.table[report.table.epoch == report.table.epoch.max()]
    by_run = report.table.groupby(["seed", "machine"], as_index=False)
    seconds, machine = usual_cost(by_run.seconds.sum())
    rung = RUNGS[-1]  # the same network, by another engine
    return Step(
        name="the 2020 recipe",
        errors=report.final,
        passes=report.errors,
        of_train=fmean(trained.train_error),
        parameters=parameters.count(rung),
        multiply_adds=count_multiply_adds(rung),
        updates=REPORT_CONFIG.epochs * count_batches(TRAINING),
        seconds=seconds,
        machine=machine,
    )


def read_tuned() -> tuple[Step, Step]:
    """The recipe of the report, and the best of it where only the rate is another.

    Which rate is best, the images held back say (:mod:`studies.variations`). Both networks
    have learned from the other training images only, so they are compared with each other
    and not with the rungs, which have seen all. The errors are of the test images.

    Raises
    ------
    UserError
        If a run is of other data or another engine, or a variation has none.
    """
    outcomes = variations.read()
    tuned = variations.best(outcomes, variations.OF_RATE)
    return (
        _as_step(f"the 2020 recipe, on {HELD_BACK:,} images fewer", outcomes[0]),
        _as_step("the same, its rate tuned", tuned),
    )


def _as_step(name: str, outcome: variations.Outcome) -> Step:
    """A variation of the recipe as a step; of its test errors only the last are known."""
    batches = count_batches(TRAINING - HELD_BACK)
    return Step(
        name=name,
        errors=outcome.test,
        passes=outcome.test.to_frame(),
        of_train=outcome.of_train,
        parameters=outcome.parameters,
        multiply_adds=outcome.multiply_adds,
        updates=REPORT_CONFIG.epochs * batches,
        seconds=outcome.seconds,
        machine=outcome.machine,
    )


def read_parts() -> pd.DataFrame:
    """The errors of each scale when each twelfth of the training images is held back, %.

    A row a part, a column a choice by its name; each is the mean of its seeds.
    """
    rows = pd.concat([PARTS_STUDY.read(), SCALES_STUDY.read()])
    last = rows.misread.str.split().str[-1].astype(int)
    rows["error"] = 100 * last / HELD_BACK
    return rows.pivot_table("error", "judged_on", "rung")


def count_multiply_adds(rung: Rung) -> int:
    """Products that reading one image takes, of weights and of radial basis units."""
    from lenet5.costs import multiply_adds
    from networks.lenet1998.definition import LeNet

    of_weights = multiply_adds(LeNet(rung), (1, rung.side, rung.side))
    of_radial_units = 10 * 84 if rung.radial else 0  # a square for each value of a code
    return of_weights + of_radial_units


def usual_cost(rows: pd.DataFrame) -> tuple[float, str]:
    """The seconds of the median run on the machine that made most of some runs, and it."""
    machine = rows.machine.mode()[0]
    seconds = rows[rows.machine == machine].seconds
    return seconds.median(), machine
