"""What a run is asked for: its settings, each described once.

From the description of a setting follow by themselves: the options of ``train`` and
``replicate --grid``, the columns of a table of runs, the checks of ``make what-if``, the
line under a figure that says where it comes from, and the field of the page that trains in
the browser.

Who adds a setting adds it to :class:`Config`, and then to

1. what it changes: the loop (``lenet5/train.py``), and the engines, which both take it in
   ``steps``: ``lenet5/model.py`` in PyTorch; ``exact/engine.py`` (with ``FUNCTIONS``) and
   ``exact/kernel.c``, whose plain and fast forms have callers of their own in
   ``exact/elsewhere/kernel_driver.c`` and ``book/kernel/kernel.js``; and the loop of the
   page, ``book/reproduce/worker/train.js``;
2. the trial in ``lenet5/engines.py``, with another value than the default, so that the
   new arithmetic is pinned; then ``make behaviour`` pins it;
3. the parameters cells of the chapters Implementation, Results and Audit, and the recipe's
   table in ``book/exhibits/implementation.py``;
4. the reference in NumPy, ``tests/shared/reference.py``, and the tests;
5. the record. A run's name holds all its settings, so every run gets another name: the
   published run and the seeds are trained again, by ``make record seeds``, after
   ``record/seeds.csv`` has been moved away.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, NamedTuple


def _setting(default, limits: tuple, text: str, label: str = "") -> Any:
    """A field of :class:`Config` with the rest of its description."""
    description = {"limits": limits, "help": text, "label": label}
    return field(default=default, metadata=description)


@dataclass(frozen=True, kw_only=True)
class Config:
    """All that a run is asked for; with the engine and the data it decides the result.

    The defaults are the recipe of the original report. A setting with a label is part of
    the recipe: editions and the page that trains offer it under that label.

    Raises
    ------
    ValueError
        If a value is of another type or outside its range.
    """

    epochs: int = _setting(20, (0, 10_000), "passes over the training images", "Epochs")
    batch_size: int = _setting(128, (1, 60_000), "images in a step", "Batch size")
    lr: float = _setting(3e-4, (0, 10), "Adam's learning rate", "Learning rate")
    seed: int = _setting(
        0, (0, 2**32 - 1), "draws the weights and the shuffles", "Seed"
    )
    engine: str = _setting("exact", ("exact", "torch"), "exact: equal bytes everywhere")
    device: str = _setting("cpu", ("cpu", "cuda"), "cuda: with the torch engine only")

    def __post_init__(self):
        for setting in SETTINGS:
            value = getattr(self, setting.name)
            if setting.kind is float and type(value) is int:
                value = float(value)  # 1 and 1.0 name one run
                object.__setattr__(self, setting.name, value)  # the class is frozen
            if not setting.admits(value):
                wrong = f"{setting.name} = {value!r} is not allowed"
                raise ValueError(f"{wrong}: give {setting.allowed}")
        if self.engine == "exact" and self.device != "cpu":
            raise ValueError("device = 'cuda' needs engine = 'torch'")


class Setting(NamedTuple):
    """The description of one setting."""

    name: str  # of the field of Config, of the parameter and of the column
    kind: type  # int, float or str
    default: Any
    limits: tuple  # of a number the least and the largest, of a text all that it may be
    help: str  # for the command line
    label: str  # for editions and pages; empty if it is no part of the recipe

    @property
    def option(self) -> str:
        """Its option on the command line, such as ``--batch-size``."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def allowed(self) -> str:
        """The values that it admits, in words."""
        if self.kind is str:
            return " | ".join(self.limits)
        kind = "a whole number" if self.kind is int else "a number"
        return f"{kind} from {self.limits[0]} to {self.limits[1]}"

    def admits(self, value) -> bool:
        """Whether a value is of its type and within its limits."""
        if self.kind is str:
            return value in self.limits
        if type(value) is not self.kind:  # True is an int for isinstance
            return False
        least, largest = self.limits
        return least <= value <= largest


def _describe(entry: dataclasses.Field) -> Setting:
    return Setting(entry.name, entry.type, entry.default, **entry.metadata)


SETTINGS = tuple(_describe(entry) for entry in dataclasses.fields(Config))
RECIPE = tuple(setting for setting in SETTINGS if setting.label)
