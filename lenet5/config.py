"""What a run is asked for: its settings, each described once.

The network is one of them, a line of the notation of :mod:`exact.network`. Another default
here is another network everywhere: in what is trained, and on every page.

From the description of a setting follow by themselves: the options of ``train`` and
``replicate --grid``, the columns of a table of runs, the checks of ``make what-if``, the
line under a figure that says where it comes from, and the field of the page that trains in
the browser.

Who adds a setting adds it to :class:`Config`, and then to

1. what it changes: the loop (``lenet5/train.py``), and the engines, which both take it in
   ``steps``: ``lenet5/model.py`` in PyTorch; ``exact/engine.py`` (with ``FUNCTIONS``) and
   ``exact/kernel.c``, whose plain and fast forms have callers of their own in
   ``exact/elsewhere/kernel_driver.c`` and ``book/kernel/kernel.js``; and the loop of the
   page, ``book/training/worker/train.js``;
2. the trial of the family in ``lenet5/engines.py``, with another value than the default, so
   that the new arithmetic is pinned; then ``make behaviour`` pins it;
3. the parameters cells of the chapters Introduction, Implementation, Results and Audit, and
   the recipe's table in ``book/exhibits/implementation.py``;
4. the reference in NumPy, ``tests/shared/reference.py``, and the tests;
5. ``EARLIER`` below: the value that all runs had before there was the setting. A run that
   has it keeps its name, and the record stays as it is.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from exact import UserError
from exact.network import ACTIVATIONS, parse

REPORT = "6C5-MP2-16C5-MP2-120N-84N"  # the network of the report
# What the runs had that were made before there were these settings. A setting with this
# value stands neither in a run's name nor in its files, which are as they were.
EARLIER = {
    "network": REPORT,
    "activation": "relu",
    "optimizer": "adam",
    "schedule": "constant",
}
NETWORK_EXAMPLE = "12C5-MP2-32C5-MP2-240N-168N"


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

    network: str = _setting(REPORT, (), "the layers, joined by hyphens", "Network")
    activation: str = _setting(
        "relu", ACTIVATIONS, "after each layer but the last", "Activation"
    )
    optimizer: str = _setting(
        "adam", ("adam", "sgd"), "sgd: with momentum 0.9", "Optimiser"
    )
    epochs: int = _setting(20, (0, 10_000), "passes over the training images", "Epochs")
    batch_size: int = _setting(128, (1, 60_000), "images in a step", "Batch size")
    lr: float = _setting(
        3e-4, (0, 10), "the optimizer's learning rate", "Learning rate"
    )
    schedule: str = _setting(
        "constant",
        ("constant", "linear"),
        "of the rate: linear falls by equal steps, epoch by epoch, to lr / epochs",
        "Schedule",
    )
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
        try:
            parse(self.network)
        except UserError as error:
            raise ValueError(str(error)) from error
        if self.engine == "exact" and self.device != "cpu":
            raise ValueError("device = 'cuda' needs engine = 'torch'")

    def settings(self) -> dict[str, Any]:
        """The settings as a run's files and its name have them: see ``EARLIER``."""
        settings = dataclasses.asdict(self)
        for name, value in EARLIER.items():
            if settings[name] == value:
                del settings[name]
        return settings

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> "Config":
        """The config of what :meth:`settings` gave.

        Raises
        ------
        ValueError, TypeError
            If a setting is unknown or its value not allowed.
        """
        return cls(**(EARLIER | settings))


def report_config(**settings) -> Config:
    """The recipe of the report, with some settings changed, whatever the defaults are."""
    recipe = {"epochs": 20, "batch_size": 128, "lr": 3e-4, "seed": 0}
    return Config(**(EARLIER | recipe | settings))


class Setting(NamedTuple):
    """The description of one setting."""

    name: str  # of the field of Config, of the parameter and of the column
    kind: type  # int, float or str
    default: Any
    # Of a number the least and the largest, of a text all that it may be; of the network
    # nothing, since Config itself reads its notation.
    limits: tuple
    help: str  # for the command line
    label: str  # for editions and pages; empty if it is no part of the recipe

    @property
    def option(self) -> str:
        """Its option on the command line, such as ``--batch-size``."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def allowed(self) -> str:
        """The values that it admits, in words."""
        if self.kind is str and not self.limits:
            return f"a line such as {NETWORK_EXAMPLE}"
        if self.kind is str:
            return " | ".join(self.limits)
        kind = "a whole number" if self.kind is int else "a number"
        return f"{kind} from {self.limits[0]} to {self.limits[1]}"

    def admits(self, value) -> bool:
        """Whether a value is of its type and within its limits."""
        if self.kind is str and not self.limits:
            return type(value) is str
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
