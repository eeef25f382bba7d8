"""What ``lenet5/model.py`` defines a step of the training to be, read off its source.

The module is read and not imported, for it needs torch, and a page that trains by the
exact engine does not.
"""

import re
from pathlib import Path

import lenet5


def optimiser_name() -> str:
    """The optimiser of a step, as PyTorch names it."""
    (name,) = _find(r"torch\.optim\.(\w+)\(")
    return name


def loss_name() -> str:
    """The loss of a step and what it is taken of, in words."""
    function, argument = _find(r"F\.(\w+)\((\w+),")
    return f"{function.replace('_', '-')} on {argument}"


def _find(pattern: str) -> tuple[str, ...]:
    """The groups of a pattern where it first fits in the definition."""
    path = Path(lenet5.__file__).with_name("model.py")
    match = re.search(pattern, path.read_text(encoding="utf-8"))
    return match.groups()
