"""The members of a committee: what each sees, and how it is trained."""

from dataclasses import dataclass

from networks.column2012.columns import Column


@dataclass(frozen=True)
class Member(Column):
    """A view, the ranges of its distortions, and a training in one cycle of the rate."""

    epochs: int = 20  # the last on images that are not distorted
    rotation: float = 12.0
    shift: float = 2.0
    elastic: float = 20.0
    smoothness: float = 5.0
    batch_size: int = 128
    peak: float = 3e-3  # of the rate
    decay: float = 1e-2  # of the weights, by the rate
