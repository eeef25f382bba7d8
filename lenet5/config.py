"""What a run is asked for. Free of torch, so that the command line can show its options at once."""

import dataclasses
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Config:
    """All that a run is asked for.

    With the code, the data and torch's version it decides the result.

    The defaults are the recipe of the original report.

    Raises
    ------
    ValueError
        If a value is of the wrong type or outside the range that its field's metadata
        states.
    """

    epochs: int = field(
        default=20,
        metadata={"range": (0, 10_000), "help": "passes over the training images"},
    )
    batch_size: int = field(
        default=128, metadata={"range": (1, 60_000), "help": "images in a step"}
    )
    lr: float = field(
        default=3e-4, metadata={"range": (0.0, 10.0), "help": "Adam's learning rate"}
    )
    seed: int = field(
        default=0,
        metadata={
            "range": (0, 2**32 - 1),
            "help": "draws the weights and the shuffles",
        },
    )
    threads: int = field(
        default=2,
        metadata={
            "range": (1, 1024),
            "help": "CPU threads; the last bits depend on it",
        },
    )
    device: str = field(
        default="auto",
        metadata={"range": ("auto", "cpu", "cuda"), "help": "auto: CUDA if present"},
    )

    def __post_init__(self):
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if not _is_allowed(entry, value):
                raise ValueError(
                    f"{entry.name} = {value!r} is not allowed: give {allowed(entry)}"
                )


def allowed(entry: dataclasses.Field) -> str:
    """The values that a field of :class:`Config` admits, in words."""
    limits = entry.metadata["range"]
    if entry.type is str:
        return " | ".join(limits)
    if entry.type is int:
        return f"a whole number from {limits[0]} to {limits[1]}"
    return f"a number from {limits[0]:g} to {limits[1]:g}"


def _is_allowed(entry: dataclasses.Field, value) -> bool:
    limits = entry.metadata["range"]
    if entry.type is str:
        return value in limits
    numbers = (int,) if entry.type is int else (int, float)
    return (
        isinstance(value, numbers)
        and not isinstance(value, bool)
        and limits[0] <= value <= limits[1]
    )
