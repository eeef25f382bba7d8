"""The engine of a rung, made after its trial, as :func:`lenet5.engines.exact` makes its own.

A trial takes about a tenth of a second; it makes the engine without one.
"""

from pathlib import Path

from lenet5 import behaviour
from networks import PACKAGE
from networks.lenet1998.engine import RungEngine, build_name, trial
from networks.lenet1998.rungs import Rung


def for_rung(
    rung: Rung, seed: int, weights=None, library: Path | None = None
) -> RungEngine:
    """The engine of a rung from 1998 on, after its trial: to train or to read.

    Parameters
    ----------
    rung, seed, weights, library
        Of :class:`networks.lenet1998.engine.RungEngine`.

    Raises
    ------
    UserError
        If the kernel cannot be built, or computes other bytes than it should: see
        :func:`lenet5.behaviour.check`.
    """
    computed = trial(rung, library)
    behaviour.check(PACKAGE, build_name(rung), computed)
    return RungEngine(rung, seed, weights, library)
