"""C for other machines, built here and run by an emulator.

A *driver* is a C program that includes an engine's source and ``freestanding.h``: bytes
come in, are turned into others and go out, without a C library. ``kernel_driver.c`` drives
the kernel.
"""

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from exact import UserError, compiler

FOLDER = Path(__file__).parent
KERNEL_DRIVER = FOLDER / "kernel_driver.c"
BARE = ("-nostdlib", "-static")


class Target(NamedTuple):
    """A machine that is not this one: how C is built for it, and what runs it here."""

    name: str  # in words
    flags: Sequence[str]
    package: str  # of Debian, with the program
    program: str
    options: tuple[str, ...] = ()
    order: str = "<"  # of the bytes in a number, as NumPy writes it


TARGETS = {
    "aarch64": Target(
        "AArch64, emulated by QEMU",
        ("-target", "aarch64-linux-musl", *BARE),
        "qemu-user",
        "qemu-aarch64",
    ),
    "riscv64": Target(
        "RISC-V 64, emulated by QEMU",
        ("-target", "riscv64-linux-musl", *BARE),
        "qemu-user",
        "qemu-riscv64",
    ),
    "wasm": Target(
        "WebAssembly, in Node.js",
        compiler.WASM,
        "nodejs",
        "node",
        (str(FOLDER / "node.mjs"),),
    ),
}
# Machines of other kinds: the largest number first, 32 bits, an early x86-64, Windows.
RARE_TARGETS = {
    "s390x": Target(
        "IBM Z, emulated by QEMU",
        ("-target", "s390x-linux-musl", *BARE),
        "qemu-user",
        "qemu-s390x",
        order=">",
    ),
    "i386": Target(
        "x86 with 32 bits, emulated by QEMU",
        ("-target", "x86-linux-musl", "-mcpu=pentium4", *BARE),
        "qemu-user",
        "qemu-i386",
    ),
    "nehalem": Target(
        "a Nehalem of 2008, emulated by QEMU",
        ("-target", "x86_64-linux-musl", "-mcpu=nehalem", *BARE),
        "qemu-user",
        "qemu-x86_64",
        ("-cpu", "Nehalem"),
    ),
    "windows": Target(
        "Windows, by Wine", ("-target", "x86_64-windows-gnu"), "wine", "wine"
    ),
}


def run(
    target: Target,
    driver: Path,
    folder: Path,
    arrays: Iterable[np.ndarray],
    macros: Sequence[str] = (),
) -> bytes:
    """The bytes that a driver, built for another machine, makes of those of some arrays.

    Parameters
    ----------
    folder : Path
        Where the program is built.
    macros : sequence of str
        As flags of the compiler, ``-DNAME=VALUE``.

    Raises
    ------
    UserError
        If the program that runs it is not there, or it cannot be built.
    """
    runner = shutil.which(target.program)
    if runner is None:
        why = f"no {target.program} here: install {target.package}"
        raise UserError(f"{driver.name} cannot run on {target.name}: {why}")
    program = folder / "driver"
    flags = [*compiler.FLAGS, *target.flags, *macros]
    compiler.compile_source(driver, program, flags)
    command = [runner, *target.options, program]
    sent = in_order(target, arrays)
    return subprocess.run(command, input=sent, capture_output=True, check=True).stdout


def in_order(target: Target, arrays: Iterable[np.ndarray]) -> bytes:
    """The bytes of some arrays as the machine has them."""
    parts = []
    for array in arrays:
        ordered = array.astype(array.dtype.newbyteorder(target.order))
        parts.append(ordered.tobytes())
    return b"".join(parts)
