"""What ``lenet5/model.py`` defines a step of the training to be, read off its source.

The module is read and not imported, for it needs torch, and a page that trains by the
exact engine does not.
"""

import re
from pathlib import Path

import lenet5
from lenet5 import UserError


def optimiser_name(optimizer: str) -> str:
    """The optimiser of a step, as PyTorch names it.

    Parameters
    ----------
    optimizer : str
        What a config calls it.
    """
    source = _source()
    for name in re.findall(r"torch\.optim\.(\w+)\(", source):
        if name.lower() == optimizer:
            return name
    raise UserError(f"lenet5/model.py makes no optimiser {optimizer!r}: restore it")


def momentum() -> str:
    """The momentum of SGD, as the source has it."""
    return re.search(r"torch\.optim\.SGD\(.*momentum=([\d.]+)", _source())[1]


def loss_name() -> str:
    """The loss of a step and what it is taken of, in words."""
    function, argument = re.search(r"F\.(\w+)\((\w+),", _source()).groups()
    return f"{function.replace('_', '-')} on {argument}"


def _source() -> str:
    path = Path(lenet5.__file__).with_name("model.py")
    return path.read_text(encoding="utf-8")
