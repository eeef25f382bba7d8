"""The systems that the report names beside its own, a folder each.

``lenet1998`` is LeNet-5 of 1998 with the rungs from it to the report's network,
``column2012`` the column of the multi-column network of 2012, ``member`` a small network
of today for a committee. Each has its definition in PyTorch and an exact engine in C.
A module ``tried`` makes each engine after its trial; ``behaviours.json`` has what the
trial should compute, known by a checksum.
"""

from pathlib import Path

PACKAGE = Path(__file__).parent  # behaviours.json stands in it
