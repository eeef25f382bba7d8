"""LeNet-5 on MNIST: the network of the report and its training.

Importing the package loads neither NumPy nor torch.
"""

import dataclasses
import os
from dataclasses import dataclass, field
from pathlib import Path


def _find_project() -> Path:
    """The folder with ``data/`` and ``record/``: a clone of the project.

    It is the folder above this package, or where the package was copied out of its clone,
    as a plain ``pip install`` does, the folder in which the program runs.
    """
    above = Path(__file__).resolve().parent.parent
    return above if (above / "record").is_dir() else Path.cwd()


PROJECT = _find_project()
DATA, RUNS, RECORD = PROJECT / "data", PROJECT / "runs", PROJECT / "record"


class Lenet5Error(Exception):
    """An error whose one-line message tells a person what is wrong and how to mend it."""


def _setting(default, limits, text):
    return field(default=default, metadata={"limits": limits, "help": text})


@dataclass(frozen=True)
class Config:
    """All that a run is asked for; with the code and the data it decides the result.

    The defaults are the recipe of the original report. A value of another type or
    outside its range raises ValueError.
    """

    epochs: int = _setting(20, (0, 10_000), "passes over the training images")
    batch_size: int = _setting(128, (1, 60_000), "images in a step")
    lr: float = _setting(3e-4, (0, 10), "Adam's learning rate")
    seed: int = _setting(0, (0, 2**32 - 1), "draws the weights and the shuffles")
    engine: str = _setting("exact", ("exact", "torch"), "exact: equal bytes everywhere")
    device: str = _setting("cpu", ("cpu", "cuda"), "cuda: with the torch engine only")

    def __post_init__(self):
        for entry in dataclasses.fields(self):
            value, limits = getattr(self, entry.name), entry.metadata["limits"]
            if entry.type is float and type(value) is int:
                value = float(value)  # 1 and 1.0 name one run
                object.__setattr__(self, entry.name, value)
            if entry.type is str:
                fits = value in limits
            else:
                fits = type(value) is entry.type and limits[0] <= value <= limits[1]
            if not fits:
                wrong = f"{entry.name} = {value!r} is not allowed"
                raise ValueError(f"{wrong}: give {allowed(entry)}")
        if self.engine == "exact" and self.device != "cpu":
            raise ValueError("device = 'cuda' needs engine = 'torch'")


def allowed(entry: dataclasses.Field) -> str:
    """The values that a field of :class:`Config` admits, in words."""
    limits = entry.metadata["limits"]
    if entry.type is str:
        return " | ".join(limits)
    kind = "a whole number" if entry.type is int else "a number"
    return f"{kind} from {limits[0]} to {limits[1]}"


def cores() -> int:
    """How many processors this process may use."""
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))
    return len(usable(0))
