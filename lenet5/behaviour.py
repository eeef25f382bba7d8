"""What an engine computes, known by a checksum: its behaviour.

Before an engine is used it makes a short training on made-up images, its *trial*. The
checksum of all that comes of the trial is the engine's *behaviour*, and the one that it
should have is pinned in ``behaviours.json`` of its package. A run's name holds this
behaviour and not the text of the program: source may be moved, renamed and reworded, and
no run becomes another. Changed arithmetic changes the trial, and is noticed at once.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from exact import UserError, random_numbers
from exact.arrays import checksum
from lenet5.data import Split
from lenet5.files import write_whole

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
    UserError
        If the file is missing or damaged, or names no such engine.
    """
    behaviours = _read(package / FILE)
    if engine not in behaviours:
        raise UserError(
            f"{package / FILE} has no behaviour of the engine {engine!r}: "
            f"pin what it computes ({COMMAND})"
        )
    return behaviours[engine]


def check(package: Path, engine: str, computed: str) -> None:
    """Compare the behaviour that a trial has computed with the pinned one.

    Parameters
    ----------
    package, engine
        As :func:`pinned` takes them.
    computed : str
        16 hexadecimal digits.

    Raises
    ------
    UserError
        If they differ, or nothing is pinned. It tells both causes of a difference, for the
        trial cannot tell them apart: the arithmetic was changed, or the machine computes
        wrongly.
    """
    expected = pinned(package, engine)
    if computed != expected:
        raise UserError(
            f"the trial of the engine {engine!r} gives {computed} where {package / FILE} has "
            f"{expected}: if you changed its arithmetic, pin what it computes now ({COMMAND}),"
            " and the runs made before count as another engine's; if you did not, this "
            "machine breaks the engine's promise: a library has set flush-to-zero or "
            "another rounding, or compiler or emulator are at fault; start afresh without it"
        )


def pin(package: Path, behaviours: Mapping[str, str]) -> list[str]:
    """Write down the behaviours that trials have computed, by the engine's name.

    Returns
    -------
    list of str
        A line for each engine, that says what changed.

    Raises
    ------
    UserError
        If the file that was there is damaged.
    """
    path = package / FILE
    before = _read(path) if path.exists() else {}
    text = json.dumps(dict(behaviours), indent=2) + "\n"
    write_whole(path, text.encode())
    lines = []
    for engine, behaviour in behaviours.items():
        old = before.get(engine, "none")
        changed = "as before"
        if old != behaviour:
            changed = f"was {old}"
        lines.append(f"{behaviour}  {engine}  ({changed})")
    return lines


def digest(results) -> str:
    """The behaviour that the results of a trial make: of arrays, in their order."""
    by_place = dict(enumerate(results))
    return checksum(by_place)[:DIGITS]


def bytes_of_noise(
    images: int, image_shape: tuple[int, int, int], classes: int
) -> Split:
    """Made-up images of any shape with labels, the same on every machine."""
    size = math.prod(image_shape)
    drawn = random_numbers.splitmix64(0, np.arange(images * (size + 1)))
    drawn = drawn.reshape(images, size + 1)
    pixels = (drawn[:, 1:] >> np.uint64(56)).astype(np.uint8)
    labels = (drawn[:, 0] % np.uint64(classes)).astype(np.int32)
    return Split(pixels.reshape(images, *image_shape), labels)


def noise(images: int, seed: int) -> Split:
    """Made-up images of 28×28 bytes with labels, the same on every machine.

    Rows and columns of paper surround the noise, more of them from image to image, so that
    digits of many widths are among them.

    Parameters
    ----------
    images : int
        How many.
    seed : int
        The key of the generator, see :func:`exact.random_numbers.splitmix64`.
    """
    size = 1 + 28 * 28  # a label, and the pixels
    drawn = random_numbers.splitmix64(seed, np.arange(images * size))
    levels = (drawn >> np.uint64(56)).astype(np.uint8)  # the upper 8 of 64 bits
    levels = levels.reshape(images, size)
    labels = (levels[:, 0] % 10).astype(np.int32)
    pixels = levels[:, 1:].reshape(images, 1, 28, 28).copy()
    for number in range(images):
        margin = number % 12
        pixels[number, :, :margin] = 0
        pixels[number, :, :, 28 - margin :] = 0
    return Split(pixels, labels)


def _read(path: Path) -> dict[str, str]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: restore it with git") from error
    except ValueError as error:
        raise UserError(f"{path} is damaged: restore it with git") from error
