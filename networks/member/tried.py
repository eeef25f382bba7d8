"""The reader of a member, made after its trial."""

from pathlib import Path

from lenet5 import behaviour
from networks import PACKAGE
from networks.member.reader import ENGINE, Reader, trial


def for_member(weights, library: Path | None = None) -> Reader:
    """The reader of a member of the committee, after its trial.

    Parameters
    ----------
    weights, library
        Of :class:`networks.member.reader.Reader`.

    Raises
    ------
    UserError
        If the weights are another network's, or the kernel cannot be built or computes
        other bytes than it should.
    """
    behaviour.check(PACKAGE, ENGINE, trial(library))
    return Reader(weights, library)
