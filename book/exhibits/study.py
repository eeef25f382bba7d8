"""Tables of the record that hold the runs of other systems."""

from collections.abc import Callable

import pandas as pd

from lenet5 import Lenet5Error, data
from lenet5.run import RECORD
from systems import study


def read_runs(
    name: str, wanted, kind: str, behaviour_of: Callable, held_back: int, command: str
) -> pd.DataFrame:
    """The rows of some systems in a table of ``python -m systems``.

    Rows are found by what was asked of them: the system, the seed and the images that
    judge. That they are of the settings and the data at hand, and of an engine that
    behaves as today's, is checked by what each row says of its making, and never by
    the machine or the libraries that are here.

    Parameters
    ----------
    wanted : sequence of Rung or Column
    kind : str
        The table's column of their names.
    behaviour_of : callable
        The behaviour of the engine that trains a system, as it is pinned today.
    held_back : int
        How many training images judge where the test images do not.
    command : str
        What makes the table.

    Raises
    ------
    Lenet5Error
        If a row is of other data or settings or of another engine, or a system has none.
    """
    table = pd.read_csv(RECORD / name, keep_default_na=False)
    mend = f"make it again ({command})"
    data_of = {}
    for judged_on in table.judged_on.unique():
        data_of[judged_on] = data.checksum(*study.splits(judged_on, held_back))
    for system in wanted:
        rows = table[table[kind] == system.name]
        if rows.empty:
            raise Lenet5Error(f"record/{name} has no runs of {system.name!r}: {mend}")
        for row in rows.itertuples():
            which = f"record/{name}: the run {row.run} of {system.name!r}"
            made_by = study.Provenance(
                data_of[row.judged_on], row.behaviour, row.library
            )
            if row.run != study.name(system, row.seed, made_by):
                raise Lenet5Error(f"{which} is of other settings or data: {mend}")
            if row.behaviour != behaviour_of(system):
                raise Lenet5Error(
                    f"{which} is of an engine that computes otherwise: {mend}"
                )
    return table[table[kind].isin([system.name for system in wanted])].copy()
