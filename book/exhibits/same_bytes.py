"""The tables of the page *The same bytes, wherever we tried*: builds and machines."""

import pandas as pd

from lenet5.config import REPORT
from lenet5.run import Run


def build_rows(builds: pd.DataFrame) -> list[tuple]:
    """The lines of a table: each build of the report's network, and digits of its checksum."""
    lines = []
    for build in builds[builds.network == REPORT].itertuples():
        digits = f"`{build.weights[:16]}`"
        lines.append((build.platform, build.compiler, build.threads, digits))
    return lines


def machine_rows(run: Run, made: dict) -> list[tuple]:
    """The lines of a table: where the run of 2020 and ours were made.

    Parameters
    ----------
    made : dict
        The environment of ours where it was made, see :func:`lenet5.run.describe`.
    """
    return [
        ("processor", "AMD Ryzen 5 3500U", made["cpu"]),
        ("system", "not named", made["system"]),
        ("language", "Julia", f"Python {made['python']} and C"),
        ("library", "Flux", "none; NumPy around the exact engine"),
        ("run", "not published", f"`{run.fingerprint}`"),
    ]
