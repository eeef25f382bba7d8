"""The engine of a column, made after its trial, as :func:`lenet5.engines.exact` makes its own."""

from pathlib import Path

from lenet5 import behaviour
from networks import PACKAGE
from networks.column2012.columns import Column
from networks.column2012.engine import ENGINE, ColumnEngine, trial


def for_column(
    column: Column, seed: int, weights=None, library: Path | None = None
) -> ColumnEngine:
    """The engine of a column of 2012, after its trial: to train, to distort or to read.

    Parameters
    ----------
    column, seed, weights, library
        Of :class:`networks.column2012.engine.ColumnEngine`.

    Raises
    ------
    UserError
        If the kernel cannot be built, or computes other bytes than it should.
    """
    behaviour.check(PACKAGE, ENGINE, trial(library))
    return ColumnEngine(column, seed, weights, library)
