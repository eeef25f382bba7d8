"""The runs of the committees: the columns of 2012, and the members of ours."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from lenet5 import behaviour, checkpoint, cores, data
from lenet5.compiler import cpuinfo
from lenet5.train import checksum
from systems import columns, members, study
from systems.columns import VIEWS, Column, ColumnEngine
from systems.members import Member

# Of the members' training, which is PyTorch's: raise it when a change makes it another.
MEMBER_BEHAVIOUR = "1"
HELD_BACK = 6_000  # the last of the training images: what is open is chosen on them
COLUMNS = (
    "run column seed judged_on epochs misread_presented misread seconds weights "
    "behaviour library machine"
).split()
FIRST = Column("as given")
PUBLISHED = [replace(FIRST, name=f"W{width}", width=width) for width in VIEWS if width]
PUBLISHED.append(FIRST)
WIDTHS = {column.name: column.width for column in PUBLISHED}
VOTERS = [Member(name, width=WIDTHS[name]) for name in ("as given", "W20", "W14")]
CHOSEN = Member("as chosen", epochs=10)
MEMBER_CHOICES = (
    CHOSEN,
    replace(
        CHOSEN,
        name="half of each range",
        rotation=6.0,
        scale=0.075,
        shift=1.0,
        elastic=10.0,
    ),
    replace(CHOSEN, name="no elastic", elastic=0.0),
    replace(
        CHOSEN,
        name="the column's ranges",
        rotation=15.0,
        shift=1.0,
        elastic=36.0,
        smoothness=6.0,
    ),
    replace(CHOSEN, name="W20", width=20),
    replace(CHOSEN, name="W14", width=14),
)

# The threads of a Dask worker share PyTorch's random numbers.
one_at_a_time = threading.Lock()


def jobs(wanted, seeds, judged_on: str) -> dict[str, tuple]:
    """The arguments of :func:`run` by the name of each run, seed by seed."""
    return study.jobs(wanted, seeds, judged_on, provenance, HELD_BACK)


def behaviour_of(column: Column) -> str:
    """The behaviour that trains a column or a member.

    A column's engine has a pinned one. A member is trained by PyTorch, whose code has a
    number in place of it, on images that the column's engine distorts.
    """
    distorts = behaviour.pinned(columns.PACKAGE, columns.ENGINE)
    if isinstance(column, Member):
        return f"{MEMBER_BEHAVIOUR}-{distorts}"
    return distorts


def provenance(column: Column, data_sha256: str) -> study.Provenance:
    """What a run that is trained here would come from; of a member, this PyTorch too."""
    library = ""
    if isinstance(column, Member):
        from lenet5 import model

        library = model.library()
    return study.Provenance(data_sha256, behaviour_of(column), library)


def engine_of(kind: type) -> type:
    """What trains a column or a member; the latter needs torch, which reading does not."""
    if kind is Column:
        return ColumnEngine
    from systems.committee import MemberEngine

    return MemberEngine


def run(column: Column, seed: int, judged_on: str, made_by: study.Provenance) -> tuple:
    """Train a column or a member; its row, and its weights.

    Raises
    ------
    Lenet5Error
        If the worker has another engine, library or data, or does not pass the trial of
        the columns' engine.
    """
    train, judge = study.splits(judged_on, HELD_BACK)
    study.check(made_by, provenance(column, data.checksum(train, judge)))
    with one_at_a_time:
        started, engine = time.process_time(), engine_of(type(column))(column, seed)
        presented = " ".join(map(str, columns.train(engine, train)))
        found = engine.probabilities(columns.view(judge.images, column.width))
        seconds, weights = round(time.process_time() - started, 1), engine.weights
    read = found.argmax(axis=1)
    misread = " ".join(
        f"{place}:{read[place]}" for place in np.flatnonzero(read != judge.labels)
    )
    row = [
        study.name(column, seed, made_by),
        column.name,
        seed,
        judged_on,
        column.epochs,
    ]
    row += [presented, misread, seconds, checksum(weights)]
    row += [made_by.behaviour, made_by.library, cpuinfo("model name")]
    return row, weights


def receive(folder: Path, run: str, result: tuple) -> list[list]:
    """Keep the weights of what the test images judged; its rows."""
    row, weights = result
    _, column, seed, judged_on, *_ = row
    if judged_on == "test":
        folder.mkdir(exist_ok=True)
        kept = {"run": run, "column": column, "seed": seed}
        checkpoint.save_arrays(file(folder, column, seed), weights, kept)
    return [row]


def file(folder: Path, column: str, seed: int) -> Path:
    """Where the weights of a column or a member are kept."""
    return folder / f"{column}-{seed}.safetensors".replace(" ", "-")


def probabilities(weights, seen) -> np.ndarray:
    """What a column or a member finds, float32 of shape (N, 10), in its view of digits."""
    if "dense.weight" in weights:
        return ColumnEngine(FIRST, 0, weights).probabilities(seen)
    return members.probabilities(weights, seen)


def found(networks, images) -> np.ndarray:
    """What each of some networks, weights and facts, finds: float32 (networks, N, 10).

    Parameters
    ----------
    images : array, shape (N, 1, 28, 28), uint8
    """
    names = {kept["column"] for _, kept in networks}
    seen = {name: columns.view(images, WIDTHS[name]) for name in names}
    with ThreadPoolExecutor(cores()) as pool:  # the kernels run outside Python's lock
        parts = pool.map(
            lambda network: probabilities(network[0], seen[network[1]["column"]]),
            networks,
        )
        return np.stack(list(parts))
