"""The ladder's runs: every rung with many seeds, and the choices made before."""

import dataclasses
import hashlib
import json
import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lenet5 import Config, Lenet5Error, behaviour, checkpoint, data
from lenet5.compiler import cpuinfo
from lenet5.data import Split
from lenet5.train import checksum
from systems import ladder, recipe
from systems.held_back import HELD_BACK, hold_back
from systems.ladder import Ladder

TRAINING, TEST = 60_000, 10_000  # images of MNIST
# The parts before them, as large: together they hold every training image back once.
PARTS = [f"part {1 + i}" for i in range(TRAINING // HELD_BACK - 1)]
COLUMNS = (
    "run rung seed judged_on passes parameters updates misread_presented misread_train "
    "misread seconds weights behaviour library machine"
).split()


class Provenance(NamedTuple):
    """What decides the numbers of a run besides its system and its seed."""

    data: str  # SHA-256 of the images and labels that train and judge
    behaviour: str  # of the engine, see lenet5.behaviour
    library: str = ""  # and its release, where a library trains


def behaviour_of(rung) -> str:
    """The pinned behaviour of the engine that trains a rung."""
    return behaviour.pinned(ladder.PACKAGE, ladder.build_name(rung))


def provenance(rung, data_sha256: str) -> Provenance:
    """What a run of a rung that is trained here would come from."""
    return Provenance(data_sha256, behaviour_of(rung))


def jobs(
    systems, seeds, judged_on: str, provenance=provenance, held_back: int = HELD_BACK
) -> dict[str, tuple]:
    """The arguments of :func:`run` by the name of each run, seed by seed."""
    data_sha256 = data.checksum(*splits(judged_on, held_back))
    by_system = [(system, provenance(system, data_sha256)) for system in systems]
    wanted = {}
    for seed in seeds:
        for system, made_by in by_system:
            run_name = name(system, seed, made_by)
            wanted[run_name] = (system, seed, judged_on, made_by)
    return wanted


def name(system, seed: int, made_by: Provenance) -> str:
    """Of a run, 16 hexadecimal digits: a hash of all that decides its numbers.

    These are the settings of the system (what it is called is none of them), the seed, the
    data and the behaviour of the engine; of the machine and of the source nothing.
    """
    settings = dataclasses.asdict(system) | {"name": ""}
    text = json.dumps([settings, seed, *made_by])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check(wanted: Provenance, here: Provenance) -> None:
    """Raise Lenet5Error if a worker is not what the study asks for."""
    if wanted != here:
        raise Lenet5Error(
            "the worker has another engine, library or data: give it this version"
        )


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


def run(
    rung, seed: int, judged_on: str, made_by: Provenance, on_pass=None
) -> list[list]:
    """Train a network; its row.

    ``on_pass`` is called with the engine and the training split after each pass.

    Raises
    ------
    Lenet5Error
        If a weight is not finite, if the worker has another engine or other data, or if
        it does not pass the engine's trial.
    """
    train, judge = splits(judged_on)
    check(made_by, provenance(rung, data.checksum(train, judge)))
    started = time.thread_time()  # a Dask worker runs several, a thread each
    network, presented, misread = Ladder(rung, seed), [], []
    for mistakes in recipe.train(rung, seed, network, train):
        presented.append(mistakes)
        if not all(np.isfinite(array).all() for array in network.weights.values()):
            when = f"after pass {len(presented)}"
            raise Lenet5Error(f"{rung.name}: a weight is not finite {when}")
        misread.append(network.mistakes(judge))
        if on_pass:
            on_pass(network, train)
    of_train, seconds = network.mistakes(train), time.thread_time() - started
    images = len(train.labels)
    updates = rung.passes * (images if rung.online else -(-images // Config.batch_size))
    row = [name(rung, seed, made_by), rung.name, seed, judged_on, rung.passes]
    row += [parameters(rung), updates, _list(presented), of_train, _list(misread)]
    row += [round(seconds, 1), checksum(network.weights)]
    row += [made_by.behaviour, made_by.library, cpuinfo("model name")]
    return [row]


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

    def on_pass(network, train) -> None:
        misread_train.append(network.mistakes(train))
        weights.update(network.weights)

    weights: dict[str, np.ndarray] = {}
    ((job, arguments),) = jobs([rung], [seed], "test").items()
    row = dict(zip(COLUMNS, run(*arguments, on_pass)[0], strict=True))
    kept = {"run": job, "seed": seed, "misread": row["misread"]}
    checkpoint.save_arrays(path, weights, kept | {"misread_train": misread_train})
    checkpoint.seal(path.parent)


def _list(numbers) -> str:
    """Of each pass, in one cell of the table."""
    return " ".join(map(str, numbers))
