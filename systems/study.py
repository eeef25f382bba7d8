"""The ladder's runs: every rung with many seeds, and the choices made before."""

import dataclasses
import hashlib
import json
import math
import time
from pathlib import Path

import numpy as np

from lenet5 import Config, Lenet5Error, checkpoint, data, draws
from lenet5.compiler import cpuinfo
from lenet5.data import Split
from lenet5.exact import ExactEngine
from lenet5.train import checksum
from systems import recipe
from systems.held_back import HELD_BACK, hold_back
from systems.ladder import Ladder

TRAINING, TEST = 60_000, 10_000  # images of MNIST
# The parts before them, as large: together they hold every training image back once.
PARTS = [f"part {1 + i}" for i in range(TRAINING // HELD_BACK - 1)]
COLUMNS = (
    "run rung seed judged_on passes parameters updates misread_presented misread_train "
    "misread seconds weights machine"
).split()


def facts(judged_on: str) -> list[str]:
    """Checksums of the data and the code that decide a run besides rung and seed."""
    return [data.checksum(*splits(judged_on)), code_hash()]


def jobs(rungs, seeds, judged_on: str, facts=facts) -> dict[str, tuple]:
    """The arguments of :func:`run` by the name of each run, seed by seed."""
    known = facts(judged_on)
    return {
        name(rung, seed, known): (rung, seed, judged_on, known)
        for seed in seeds
        for rung in rungs
    }


def name(rung, seed: int, known: list[str]) -> str:
    """Of a run, 16 hexadecimal digits: a hash of all that decides its numbers."""
    choices = dataclasses.asdict(rung) | {"name": ""}
    return hashlib.sha256(json.dumps([choices, seed, *known]).encode()).hexdigest()[:16]


def code_hash() -> str:
    """SHA-256 of the kernel and the recipe that decide a run besides its rung.

    The draws and Adam's rate and batch are the report's own: changed, they make another
    report as well.
    """
    return checkpoint.hash_code(*Ladder.CODE)


def check(known: list[str], here: list[str]) -> None:
    """Raise Lenet5Error if a worker's facts are not those of the study."""
    if known != here:
        raise Lenet5Error("the worker has other code or data: give it this version")


def splits(judged_on: str, held_back: int = HELD_BACK) -> tuple[Split, Split]:
    """Training images, and those that judge.

    These are the ``test`` images, or so many of training: the last (``held back``), or
    one of ``PARTS``.
    """
    train, test = data.load()
    if judged_on == "test":
        return train, test
    start = PARTS.index(judged_on) * held_back if judged_on in PARTS else None
    return hold_back(train, held_back, start)


def run(rung, seed: int, judged_on: str, known: list[str], on_pass=None) -> list[list]:
    """Train a network; its row.

    ``on_pass`` is called with the engine and the training split after each pass.

    Raises
    ------
    Lenet5Error
        If a weight is not finite, if the worker has other code or data, or if it does not
        pass the exact engine's trial.
    """
    ExactEngine(draws.initial_weights(0))  # for its trial of the machine
    train, judge = splits(judged_on)
    check(known, facts(judged_on))
    started = time.thread_time()  # a Dask worker runs several, a thread each
    engine, presented, misread = Ladder(rung, seed), [], []
    for mistakes in recipe.train(rung, seed, engine, train):
        presented.append(mistakes)
        if not all(np.isfinite(array).all() for array in engine.weights.values()):
            when = f"after pass {len(presented)}"
            raise Lenet5Error(f"{rung.name}: a weight is not finite {when}")
        misread.append(engine.mistakes(judge))
        if on_pass:
            on_pass(engine, train)
    of_train, seconds = engine.mistakes(train), time.thread_time() - started
    images = len(train.labels)
    updates = rung.passes * (images if rung.online else -(-images // Config.batch_size))
    row = [name(rung, seed, known), rung.name, seed, judged_on, rung.passes]
    row += [parameters(rung), updates, _list(presented), of_train, _list(misread)]
    return [[*row, round(seconds, 1), checksum(engine.weights), cpuinfo("model name")]]


def receive(_: Path, run: str, rows: list) -> list[list]:
    """The rows of a run; of its weights their checksum is kept."""
    return rows


def parameters(rung) -> int:
    """Trained numbers of a network: connections that C3 lacks are none."""
    shapes = recipe.parameter_shapes(rung).values()
    missing = 25 * int((~recipe.connections(rung)).sum())
    return sum(map(math.prod, shapes)) - missing


def multiply_adds(rung) -> int:
    """Products of weights that reading one image takes."""
    side = rung.side
    places = {"c1": (side - 4) ** 2, "s2": (side // 2 - 2) ** 2}
    places |= {"c3": (side // 2 - 6) ** 2, "s4": (side // 4 - 3) ** 2}
    shapes = recipe.parameter_shapes(rung)
    products = {
        name: math.prod(shape) * places.get(name[:2], 1)
        for name, shape in shapes.items()
        if name.endswith("weight")
    }
    products["c3.weight"] = 25 * int(recipe.connections(rung).sum()) * places["c3"]
    return sum(products.values()) + 840 * rung.radial


def publish(rung, seed: int, path: Path) -> None:
    """Train one network, and keep its weights and what a pass by pass account needs."""
    misread_train = []

    def on_pass(engine, train) -> None:
        misread_train.append(engine.mistakes(train))
        weights.update(engine.weights)

    weights: dict[str, np.ndarray] = {}
    ((job, arguments),) = jobs([rung], [seed], "test").items()
    row = dict(zip(COLUMNS, run(*arguments, on_pass)[0], strict=True))
    kept = {"run": job, "seed": seed, "misread": row["misread"]}
    checkpoint.save_arrays(path, weights, kept | {"misread_train": misread_train})
    checkpoint.seal(path.parent)


def _list(numbers) -> str:
    """Of each pass, in one cell of the table."""
    return " ".join(map(str, numbers))
