"""The runs of the committees: the columns of 2012, and the members of ours."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from exact import UserError
from exact.arrays import checksum
from exact.random_numbers import shuffle
from lenet5 import RECORD, behaviour, data, files
from lenet5.data import Split
from lenet5.provenance import Provenance
from networks import PACKAGE, committee
from networks.column2012 import engine as column2012
from networks.column2012 import schedule
from networks.column2012.columns import VIEWS, Column
from networks.column2012.tried import for_column
from networks.committee import weights_file
from networks.member.members import Member
from networks.views import SIDE, view
from studies import runs
from studies.intervals import wilson
from studies.runs import Kind, Study, as_cell

# Of the members' training, which is PyTorch's: raise it when a change makes it another.
MEMBER_BEHAVIOUR = "1"
HELD_BACK = 6_000  # the last of the training images: what is open is chosen on them
COLUMNS = (
    "run", "column", "seed", "judged_on", "epochs", "misread_presented", "misread",
    "seconds", "weights", "behaviour", "library", "machine",
)  # fmt: skip
AS_GIVEN = Column("as given")
PUBLISHED = [
    replace(AS_GIVEN, name=f"W{width}", width=width) for width in VIEWS if width > 0
]
PUBLISHED.append(AS_GIVEN)
VOTERS = (Member("as given"), Member("W20", width=20), Member("W14", width=14))
CHOSEN = Member("as chosen", epochs=10)
CHOICES = (
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


def behaviour_of(column: Column) -> str:
    """The behaviour of what trains a column or a member.

    A column's engine has a pinned one. A member is trained by PyTorch, whose code has a
    number in place of it, on images that the column's engine distorts.
    """
    distorts = behaviour.pinned(PACKAGE, column2012.ENGINE)
    if isinstance(column, Member):
        return f"{MEMBER_BEHAVIOUR}-{distorts}"
    return distorts


def provenance(column: Column, data_sha256: str) -> Provenance:
    """What a run that is trained here would come from; of a member, this PyTorch too."""
    library = ""
    if isinstance(column, Member):
        from lenet5 import model

        library = model.library()
    return Provenance(data_sha256, behaviour_of(column), library)


def make_engine(column: Column, seed: int):
    """What trains a column or a member; the latter needs torch, which reading does not."""
    if isinstance(column, Member):
        from networks.member.definition import MemberEngine

        return MemberEngine(column, seed)
    return for_column(column, seed)


def train(column: Column, seed: int, judged_on: str, expected: Provenance) -> tuple:
    """Train a column or a member; its row, and its weights.

    Parameters
    ----------
    column : Column or Member
    seed : int
    judged_on : str
        See :func:`studies.runs.splits`.
    expected : Provenance
        What the study asks for, and the worker should have.

    Raises
    ------
    UserError
        If the worker has another engine, library or data, or does not pass the trial of
        the columns' engine.
    """
    train_split, judge = runs.splits(judged_on, HELD_BACK)
    here = provenance(column, data.checksum(train_split, judge))
    runs.check_provenance(expected, here)
    with one_at_a_time:
        started = time.process_time()
        engine = make_engine(column, seed)
        presented = as_cell(schedule.train(engine, train_split))
        probabilities = engine.probabilities(view(judge.images, column.width))
        seconds = round(time.process_time() - started, 1)
        weights = engine.weights
    row = [
        runs.name_of(column, seed, expected),
        column.name,
        seed,
        judged_on,
        column.epochs,
        presented,
        runs.misread_cell(probabilities, judge),
        seconds,
        checksum(weights),
    ]
    row += runs.made_by(expected)
    return row, weights


def receive(folder: Path, name: str, result: tuple) -> list[list]:
    """Keep the weights of what the test images judged; the rows of a run."""
    row, weights = result
    column = row[COLUMNS.index("column")]
    seed = row[COLUMNS.index("seed")]
    if row[COLUMNS.index("judged_on")] == "test":
        folder.mkdir(exist_ok=True)
        metadata = {"run": name, "column": column, "seed": seed}
        files.save_arrays(weights_file(folder, column, seed), weights, metadata)
    return [row]


KIND = Kind(
    label="column",
    columns=COLUMNS,
    held_back=HELD_BACK,
    provenance=provenance,
    behaviour_of=behaviour_of,
    train=train,
    receive=receive,
    command="make committee",
)
COLUMNS_STUDY = Study("columns.csv", KIND, tuple(PUBLISHED), range(2), runs.ON_TEST)
CHOICES_STUDY = Study("committee-choices.csv", KIND, CHOICES, range(2), runs.ON_LAST)
STUDY = Study("committee.csv", KIND, VOTERS, range(5), runs.ON_TEST)


class Networks(NamedTuple):
    """Networks that read the test images."""

    table: pd.DataFrame  # a row each: see COLUMNS
    probabilities: np.ndarray  # float32, shape (networks, images, 10)
    labels: np.ndarray  # shape (images,)
    multiply_adds: int  # products that it takes one of them to read an image

    def of(self, view_name: str) -> "Networks":
        """Those of one view."""
        rows = (self.table.column == view_name).to_numpy()
        return self._replace(
            table=self.table[rows], probabilities=self.probabilities[rows]
        )

    @property
    def singles(self) -> np.ndarray:
        """The test error of each, %."""
        return 100 * (self.probabilities.argmax(axis=2) != self.labels).mean(axis=1)

    @property
    def read(self) -> np.ndarray:
        """The digits that they read together, by the mean of their probabilities."""
        return self.probabilities.mean(axis=0).argmax(axis=1)

    @property
    def voted(self) -> np.ndarray:
        """The digits for which most of them vote, of equals the lower; see :attr:`read`."""
        votes = self.probabilities.argmax(axis=2)
        counts = (votes[:, :, None] == np.arange(10)).sum(axis=0)
        return counts.argmax(axis=1)

    @property
    def wrong(self) -> np.ndarray:
        """The images that they misread together, by their place."""
        return np.flatnonzero(self.read != self.labels)

    @property
    def error(self) -> float:
        """Of all together, %."""
        return 100 * len(self.wrong) / len(self.labels)

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's, %."""
        return wilson(len(self.wrong), len(self.labels))

    @property
    def seconds(self) -> float:
        """Of one core, to train them all."""
        return self.table.seconds.sum()

    @property
    def epochs(self) -> int:
        """Of all their trainings together."""
        return int(self.table.epochs.sum())

    def votes(self, place: int) -> str:
        """How many voted for which digit in an image, the most first."""
        counts = np.bincount(self.probabilities[:, place].argmax(axis=1), minlength=10)
        order = np.argsort(-counts, kind="stable")  # of equals the lower digit first
        voted = [digit for digit in order if counts[digit] > 0]
        return " ".join(f"{digit}:{counts[digit]}" for digit in voted)

    def errors_by_size(self, orders: int = 1000) -> np.ndarray:
        """Errors of the first 1, 2, … networks in random orders, %: (orders, networks)."""
        # Of the other images every network is right, and so is every committee.
        disputed = (self.probabilities.argmax(axis=2) != self.labels).any(axis=0)
        found = self.probabilities[:, disputed]
        labels = self.labels[disputed]
        errors = []
        for number in range(orders):
            order = shuffle(0, number, len(found))
            sums = found[order].cumsum(axis=0)
            errors.append((sums.argmax(axis=2) != labels).sum(axis=1))
        return 100 * np.array(errors) / len(self.labels)


def read(study: Study, test: Split) -> Networks:
    """The networks of a study, and what they find in the test images.

    Raises
    ------
    UserError
        If its runs are of other data or another engine, a view lacks, or weights are not
        of the run of their row.
    """
    table = study.read()
    folder = (RECORD / study.table).with_suffix("")
    networks = []
    for row in table.itertuples():
        path = weights_file(folder, row.column, row.seed)
        weights, metadata = files.load_arrays(path)
        if metadata.get("run") != row.run:
            raise UserError(f"{path} is not of the run of its row: restore both")
        networks.append((weights, metadata))
    found = committee.probabilities(networks, test.images)
    return Networks(table, found, test.labels, count_multiply_adds(study.networks[0]))


def count_multiply_adds(column: Column) -> int:
    """Products that reading one image takes, counted in the definition, which is torch's."""
    from lenet5.costs import multiply_adds
    from networks.column2012 import definition as of_column
    from networks.member import definition as of_member

    if isinstance(column, Member):
        network = of_member.Network(normalised=False)
    else:
        network = of_column.Network()
    return multiply_adds(network, (1, SIDE, SIDE))


def read_choices() -> pd.DataFrame:
    """The choices on the images held back: how many each of their runs misreads.

    A row a run, with the columns ``column`` (the choice), ``seed`` and ``misread``.
    """
    table = CHOICES_STUDY.read()
    table["misread"] = table.misread.str.split().str.len()
    return table[["column", "seed", "misread"]]


def promised(names) -> float:
    """The share of the images held back that at least half of some runs misread, %.

    Parameters
    ----------
    names : iterable of str
        The choices whose runs count.
    """
    table = pd.read_csv(RECORD / CHOICES_STUDY.table)
    cells = table[table.column.isin(names)].misread
    entries = cells.str.split().explode()  # "place:digit", one for each misread image
    runs_by_place = entries.str.partition(":")[0].value_counts()
    by_half = runs_by_place >= len(cells) / 2
    return 100 * int(by_half.sum()) / HELD_BACK
