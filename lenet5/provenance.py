"""Where a run comes from, and the name that it has by that: its fingerprint."""

import hashlib
import json
from typing import NamedTuple


class Provenance(NamedTuple):
    """What decides the numbers of a run besides its settings and its seed."""

    data: str  # SHA-256 of the images and labels that train and judge
    behaviour: str  # of the engine, see lenet5.behaviour
    library: str = ""  # and its release, where a library trains


def fingerprint(settings: list, provenance: Provenance) -> str:
    """The name of a run, 16 hexadecimal digits: a hash of all that decides its numbers.

    Nothing of an engine's source and of the machine is in it.

    Parameters
    ----------
    settings : list
        Fit for JSON: what was asked for.
    """
    text = json.dumps([*settings, *provenance])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
