"""Bytes of files, and copies of them with a bit wrong."""

import random


def contents(folder) -> dict[str, bytes]:
    """The files of a folder by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def flipped(content, places=60):
    """Copies of some bytes with a bit wrong, at places all over them."""
    dice, bits = random.Random(0), 8 * len(content)
    for bit in sorted(dice.sample(range(bits), min(places, bits))):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)
