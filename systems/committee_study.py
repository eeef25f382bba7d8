"""The runs of the committees: the columns of 2012, and the members of ours."""

import functools
import time
from dataclasses import replace
from pathlib import Path

from lenet5 import checkpoint, data, draws
from lenet5.compiler import cpuinfo
from lenet5.exact import ExactEngine
from lenet5.train import checksum
from systems import columns, study
from systems.columns import VIEWS, Column, ColumnEngine
from systems.committee import Member, MemberEngine

HELD_BACK = 6_000  # the last of the training images: what is open is chosen on them
COLUMNS = (
    "run column seed judged_on epochs misread_presented misread seconds weights machine"
).split()
ENGINES = {Column: ColumnEngine, Member: MemberEngine}
FIRST = Column("as given")
PUBLISHED = [replace(FIRST, name=f"W{width}", width=width) for width in VIEWS if width]
PUBLISHED.append(FIRST)
COLUMN_CHOICES = (
    replace(FIRST, name="as chosen"),
    replace(FIRST, name="half of each range", rotation=7.5, scale=0.075, elastic=18.0),
    replace(FIRST, name="no elastic", elastic=0.0),
    replace(FIRST, name="elastic alone", rotation=0.0, scale=0.0, shift=0.0),
    replace(FIRST, name="shifts of two pixels", shift=2.0),
)


def jobs(wanted, seeds, judged_on: str) -> dict[str, tuple]:
    """The arguments of :func:`run` by the name of each run, seed by seed."""
    return study.jobs(
        wanted, seeds, judged_on, functools.partial(facts, type(wanted[0]))
    )


def facts(kind: type, judged_on: str) -> list[str]:
    """What decides a run besides the column and the seed: data, code and library."""
    engine, splits = ENGINES[kind], study.splits(judged_on, HELD_BACK)
    code = checkpoint.hash_code(*engine.CODE)
    return [data.checksum(*splits), code, engine.LIBRARY]


def run(column: Column, seed: int, judged_on: str, known: list[str]) -> tuple:
    """Train a column or a member; its row, and its weights.

    Raises
    ------
    Lenet5Error
        If the worker has other code or data, or does not pass the exact engine's trial.
    """
    ExactEngine(draws.initial_weights(0))  # for its trial of the machine
    study.check(known, facts(type(column), judged_on))
    train, judge = study.splits(judged_on, HELD_BACK)
    started, engine = time.process_time(), ENGINES[type(column)](column, seed)
    presented = " ".join(map(str, columns.train(engine, train)))
    found = engine.probabilities(columns.view(judge.images, column.width))
    misread = int((found.argmax(axis=1) != judge.labels).sum())
    seconds, weights = round(time.process_time() - started, 1), engine.weights
    row = [study.name(column, seed, known), column.name, seed, judged_on, column.epochs]
    row += [presented, misread, seconds, checksum(weights), cpuinfo("model name")]
    return row, weights


def receive(folder: Path, run: str, result: tuple) -> list[list]:
    """Keep the weights of what the test images judged; its rows."""
    row, weights = result
    _, column, seed, judged_on, *_ = row
    if judged_on == "test":
        folder.mkdir(exist_ok=True)
        path = folder / f"{column}-{seed}.safetensors".replace(" ", "-")
        kept = {"run": run, "column": column, "seed": seed}
        checkpoint.save_arrays(path, weights, kept)
    return [row]
