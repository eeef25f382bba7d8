"""One short epoch on every platform at hand: the weights must have one checksum.

The report's network trains on the first 1,000 images with seed 0, and others of the family
on fewer. Machines that are not this one are emulated, which takes its time.
"""

import math
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from platform import machine
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pandas as pd

from exact import UserError, compiler, elsewhere
from exact.arrays import checksum
from exact.engine import OPTIMIZER_NUMBERS, ExactEngine, macros, shapes
from exact.network import Network
from exact.random_numbers import shuffle
from lenet5 import RECORD, files
from lenet5.config import REPORT
from lenet5.data import Split, load
from lenet5.parameters import initial_weights

TABLE = "platforms.csv"
BATCH = 128
LR = 3e-4
THREADS = (1, 2, 3, 8)


class Trained(NamedTuple):
    """A network that is trained on every platform, and by what."""

    network: Network
    optimizer: str
    images: int


# The report's, and others that have each kind of stage between them.
TRAINED = (
    Trained(Network(REPORT), "adam", 1000),
    Trained(Network("5C7-8C2-MP2-30N"), "adam", 300),
    Trained(Network("9C4-MP2-10C3-MP3-50N", "tanh"), "sgd", 300),
    Trained(Network("7C3-AP2-9C4-AP3-33N", "tanh"), "adam", 300),
    Trained(Network("100N-50N", "none"), "sgd", 300),
)
HERE = (  # of this machine: the processor's features, the compiler, its flags
    ("native", "zig -O3", ["-mcpu=native"]),
    ("baseline", "zig -O3", ["-mcpu=baseline"]),
    ("native", "zig -O1", ["-O1", "-mcpu=native"]),
)


def flags_for(network: Network) -> list[str]:
    """The compiler's flags of every build for a network."""
    return [*compiler.FLAGS, *compiler.definitions(macros(network))]


def build_by_zig(network: Network, output: Path, flags: Sequence[str]) -> None:
    """Build the kernel as a shared library by the pinned compiler."""
    flags = [*flags_for(network), *flags, "-shared", "-fPIC", *compiler.LINK]
    compiler.compile_source(compiler.KERNEL, output, flags)


def build_by_system(network: Network, output: Path) -> None:
    """Build the kernel as a shared library by this system's own compiler.

    Raises
    ------
    UserError
        If there is none.
    """
    command = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if command is None:
        raise UserError("there is no cc, gcc or clang here: install gcc")
    flags = [*flags_for(network), "-shared", "-fPIC", "-pthread"]
    subprocess.run([command, *flags, compiler.KERNEL, "-o", output], check=True)


def train_here(trained: Trained, library: Path, threads: int, split: Split) -> str:
    """The checksum of the weights by a shared library of the kernel."""
    network, optimizer, images = trained
    weights = initial_weights(0, network)
    engine = ExactEngine(network, weights, optimizer, threads, library)
    engine.steps(split, shuffle(0, 1, images), BATCH, LR)
    return checksum(engine.weights)


def train_elsewhere(
    trained: Trained, target: elsewhere.Target, folder: Path, split: Split
) -> str:
    """The checksum of the weights by a program for another machine, for any network."""
    network, optimizer, images = trained
    stages = np.array(shapes(network), np.int32)
    head = [len(stages), images, images, BATCH, OPTIMIZER_NUMBERS[optimizer]]
    weights = initial_weights(0, network)
    arrays = [np.array(head, np.int32), stages, split.labels, shuffle(0, 1, images)]
    arrays += weights.values()
    arrays.append(split.images)
    output = elsewhere.run(target, elsewhere.KERNEL_DRIVER, folder, arrays)
    batches = math.ceil(images / BATCH)
    start = 8 * batches + 24  # after the losses, Adam's powers and the steps
    size = 4 * network.parameters
    result = np.frombuffer(output[start : start + size], np.uint8)
    return checksum({"all": result})


def make() -> None:
    """Write the table.

    Raises
    ------
    UserError
        If an emulator or a compiler is missing, or a platform gives another checksum.
    """
    images, labels = load()[0]
    rows = []
    for trained in TRAINED:
        split = Split(images[: trained.images], labels[: trained.images])
        with TemporaryDirectory() as name:
            of_network = rows_of(trained, Path(name), split)
        checksums = {row[-1] for row in of_network}
        if len(checksums) != 1:
            raise UserError(
                f"the platforms do not agree, and nothing is written: {of_network}"
            )
        rows += of_network
    header = (
        "network", "activation", "optimizer",
        "platform", "compiler", "threads", "weights",
    )  # fmt: skip
    files.write_table(RECORD / TABLE, [header, *rows])
    files.write_sums(RECORD)


def rows_of(trained: Trained, folder: Path, split: Split) -> list[tuple]:
    """The rows of a network: what each platform has trained."""
    network, optimizer, _ = trained
    found = []  # platform, compiler, threads, checksum
    for number, (processor, compiled, flags) in enumerate(HERE):
        library = folder / f"{number}.so"
        build_by_zig(network, library, flags)
        found += rows_here(trained, library, processor, compiled, split)
    library = folder / "system.so"
    build_by_system(network, library)
    found += rows_here(trained, library, "baseline", "gcc -O3", split)
    for target in elsewhere.TARGETS.values():
        weights = train_elsewhere(trained, target, folder, split)
        found.append((target.name, "zig -O3", 1, weights))
    return [(network.notation, network.activation, optimizer, *row) for row in found]


def rows_here(
    trained: Trained, library: Path, processor: str, compiled: str, split: Split
) -> list:
    """A row for each checksum that a library gives, with any number of threads."""
    platform = f"{machine()}, {processor}"
    threads = ", ".join(str(number) for number in THREADS)
    checksums = {train_here(trained, library, number, split) for number in THREADS}
    return [(platform, compiled, threads, weights) for weights in sorted(checksums)]


def read() -> pd.DataFrame:
    """The builds of the kernel that were tried, all as text, and the weights they trained.

    Raises
    ------
    UserError
        If two of them have trained other weights for one network.
    """
    builds = pd.read_csv(RECORD / TABLE, dtype=str, keep_default_na=False)
    if (
        builds.groupby(["network", "activation", "optimizer"]).weights.nunique() > 1
    ).any():
        raise UserError(f"record/{TABLE}: two builds have trained other weights")
    return builds
