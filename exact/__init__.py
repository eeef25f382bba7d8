"""The exact engine: small networks, trained to the same bytes on every machine.

Which network is said by a line of notation (:mod:`exact.network`). The arithmetic is C
(``kernel.c`` and ``stages/``), built by :mod:`exact.compiler` and called by
:mod:`exact.engine`. Beside it stand the random numbers that decide a run
(:mod:`exact.random_numbers`) and the checksums by which results are compared
(:mod:`exact.arrays`). This package knows of no report and of no record, and imports none
of the project's other packages.

Importing it loads neither NumPy nor torch.
"""

import os


class UserError(Exception):
    """An error whose one-line message tells a person what is wrong and how to mend it."""


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux: a process may be bound to some
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
