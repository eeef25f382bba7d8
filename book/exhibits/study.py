"""Tables of the record that hold the runs of other systems."""

import pandas as pd

from lenet5 import Lenet5Error
from lenet5.run import RECORD
from systems import study


def read_runs(name: str, wanted, kind: str, facts, command: str) -> pd.DataFrame:
    """The rows of some systems in a table of ``python -m systems``.

    Parameters
    ----------
    wanted : sequence of Rung or Column
    kind : str
        The table's column of their names.
    facts : callable
        What decides a run besides them and the seed, by what judges it.
    command : str
        What makes the table.

    Raises
    ------
    Lenet5Error
        If a row is of other code, data or settings, or a system has none.
    """
    table = pd.read_csv(RECORD / name, keep_default_na=False)
    systems = {system.name: system for system in wanted}
    table = table[table[kind].isin(systems)]
    known = {judge: facts(judge) for judge in table.judged_on.unique()}
    for system in wanted:
        rows = table[table[kind] == system.name]
        runs = zip(rows.seed, rows.judged_on, strict=True)
        names = [study.name(system, seed, known[judge]) for seed, judge in runs]
        if not names or names != rows.run.tolist():
            raise Lenet5Error(
                f"record/{name} has no runs of {system.name!r} by this code and data: "
                f"make it again ({command})"
            )
    return table
