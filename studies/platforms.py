"""One short epoch on every platform at hand: the weights must have one checksum.

It trains on the first 1,000 images with seed 0. Machines that are not this one are
emulated.
"""

import math
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from platform import machine
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from exact import UserError, compiler, elsewhere
from exact.arrays import checksum
from exact.engine import ExactEngine
from exact.random_numbers import shuffle
from lenet5 import RECORD, files
from lenet5.data import Split, load
from lenet5.parameters import initial_weights

TABLE = "platforms.csv"
IMAGES = 1000
BATCH = 128
LR = 3e-4
THREADS = (1, 2, 3, 8)
HERE = (  # of this machine: the processor's features, the compiler, its flags
    ("native", "zig -O3", ["-mcpu=native"]),
    ("baseline", "zig -O3", ["-mcpu=baseline"]),
    ("native", "zig -O1", ["-O1", "-mcpu=native"]),
)


def build_by_zig(output: Path, flags: Sequence[str]) -> None:
    """Build the kernel as a shared library by the pinned compiler."""
    flags = [*compiler.FLAGS, *flags, "-shared", "-fPIC", *compiler.LINK]
    compiler.compile_source(compiler.KERNEL, output, flags)


def build_by_system(output: Path) -> None:
    """Build the kernel as a shared library by this system's own compiler.

    Raises
    ------
    UserError
        If there is none.
    """
    command = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if command is None:
        raise UserError("there is no cc, gcc or clang here: install gcc")
    flags = [*compiler.FLAGS, "-shared", "-fPIC", "-pthread"]
    subprocess.run([command, *flags, compiler.KERNEL, "-o", output], check=True)


def train_here(library: Path, threads: int, split: Split) -> str:
    """The checksum of the weights by a shared library of the kernel."""
    engine = ExactEngine(initial_weights(0), threads=threads, library=library)
    engine.steps(split, shuffle(0, 1, IMAGES), BATCH, LR)
    return checksum(engine.weights)


def train_elsewhere(target: elsewhere.Target, folder: Path, split: Split) -> str:
    """The checksum of the weights by a program for another machine."""
    weights = initial_weights(0)
    arrays = [np.array([IMAGES, IMAGES, BATCH], np.int32)]
    arrays += weights.values()
    arrays += [split.images, split.labels, shuffle(0, 1, IMAGES)]
    output = elsewhere.run(target, elsewhere.KERNEL_DRIVER, folder, arrays)
    batches = math.ceil(IMAGES / BATCH)
    start = 8 * batches + 24  # after the losses, Adam's powers and the steps
    size = 4 * sum(array.size for array in weights.values())
    trained = np.frombuffer(output[start : start + size], np.uint8)
    return checksum({"all": trained})


def make() -> None:
    """Write the table.

    Raises
    ------
    UserError
        If an emulator or a compiler is missing, or a platform gives another checksum.
    """
    images, labels = load()[0]
    split = Split(images[:IMAGES], labels[:IMAGES])
    rows = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for number, (processor, compiled, flags) in enumerate(HERE):
            library = folder / f"{number}.so"
            build_by_zig(library, flags)
            rows += rows_here(library, processor, compiled, split)
        library = folder / "system.so"
        build_by_system(library)
        rows += rows_here(library, "baseline", "gcc -O3", split)
        for target in elsewhere.TARGETS.values():
            weights = train_elsewhere(target, folder, split)
            rows.append((target.name, "zig -O3", 1, weights))
    checksums = {row[-1] for row in rows}
    if len(checksums) != 1:
        raise UserError(f"the platforms do not agree, and nothing is written: {rows}")
    header = ("platform", "compiler", "threads", "weights")
    files.write_table(RECORD / TABLE, [header, *rows])
    files.write_sums(RECORD)


def rows_here(library: Path, processor: str, compiled: str, split: Split) -> list:
    """A row for each checksum that a library gives, with any number of threads."""
    platform = f"{machine()}, {processor}"
    threads = ", ".join(str(number) for number in THREADS)
    checksums = {train_here(library, number, split) for number in THREADS}
    return [(platform, compiled, threads, weights) for weights in sorted(checksums)]


def read() -> pd.DataFrame:
    """The builds of the kernel that were tried, all as text, and the weights they trained.

    Raises
    ------
    UserError
        If two of them have trained other weights.
    """
    builds = pd.read_csv(RECORD / TABLE, dtype=str)
    if builds.weights.nunique() != 1:
        raise UserError(f"record/{TABLE}: two builds have trained other weights")
    return builds
