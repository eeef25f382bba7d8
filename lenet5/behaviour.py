"""What an engine computes, known by a checksum: its behaviour.

Before an engine is used it makes a short training on made-up images, its *trial*. The
checksum of all that comes of the trial is the engine's *behaviour*, and the one that it
should have is pinned in ``behaviours.json`` of its package. A run's name holds this
behaviour and not the text of the program: source may be moved, renamed and reworded, and
no run becomes another. Changed arithmetic changes the trial, and is noticed at once.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lenet5 import Lenet5Error, draws
from lenet5.checkpoint import write_whole
from lenet5.data import Split
from lenet5.train import checksum

FILE = "behaviours.json"
DIGITS = 16  # of a checksum that are kept: enough to tell behaviours apart
COMMAND = "make behaviour"


def pinned(package: Path, engine: str) -> str:
    """The behaviour that an engine should have.

    Parameters
    ----------
    package : Path
        The folder that holds the engine's ``behaviours.json``.
    engine : str
        Its name there.

    Returns
    -------
    str
        16 hexadecimal digits.

    Raises
    ------
    Lenet5Error
        If the file is missing or damaged, or names no such engine.
    """
    behaviours = _read(package / FILE)
    if engine not in behaviours:
        raise Lenet5Error(
            f"{package / FILE} has no behaviour of the engine {engine!r}: "
            f"pin what it computes ({COMMAND})"
        )
    return behaviours[engine]


def check(package: Path, engine: str, found: str) -> None:
    """Compare the behaviour that a trial has found with the pinned one.

    Raises
    ------
    Lenet5Error
        If they differ. It tells both causes, for the trial cannot tell them apart: the
        arithmetic was changed, or the machine computes wrongly.
    """
    wanted = pinned(package, engine)
    if found != wanted:
        raise Lenet5Error(
            f"the trial of the engine {engine!r} gives {found} where {package / FILE} has "
            f"{wanted}: if you changed its arithmetic, pin what it computes now ({COMMAND}),"
            " and the runs made before count as another engine's; if you did not, this "
            "machine breaks the engine's promise: a library has set flush-to-zero or "
            "another rounding, or compiler or emulator are at fault; start afresh without it"
        )


def pin(package: Path, found: Mapping[str, str]) -> list[str]:
    """Write down the behaviours that trials have found; the lines that say what changed."""
    path = package / FILE
    before = _read(path) if path.exists() else {}
    write_whole(path, (json.dumps(dict(found), indent=2) + "\n").encode())
    lines = []
    for engine, behaviour in found.items():
        old = before.get(engine, "none")
        changed = f"was {old}" if old != behaviour else "as before"
        lines.append(f"{behaviour}  {engine}  ({changed})")
    return lines


def digest(results) -> str:
    """The behaviour that some results of a trial make: of arrays, in their order."""
    return checksum(dict(enumerate(results)))[:DIGITS]


def noise(images: int, seed: int) -> Split:
    """Made-up images of 28×28 bytes with labels, the same on every machine.

    Rows and columns of paper surround the noise, more of them from image to image, so that
    digits of many widths are among them.
    """
    size = 28 * 28 + 1
    drawn = draws.splitmix64(seed, np.arange(images * size)).reshape(images, size)
    levels = (drawn >> np.uint64(56)).astype(np.uint8)
    pixels = levels[:, 1:].reshape(images, 1, 28, 28).copy()
    for number in range(images):
        margin = number % 12
        pixels[number, :, :margin] = 0
        pixels[number, :, :, 28 - margin :] = 0
    return Split(pixels, (levels[:, 0] % 10).astype(np.int32))


def _read(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Lenet5Error(f"{path} is missing: restore it with git") from error
    except ValueError as error:
        raise Lenet5Error(f"{path} is damaged: restore it with git") from error
