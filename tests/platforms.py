"""One short epoch on every platform at hand, into ``record/platforms.csv``.

``python tests/platforms.py`` trains on the first 1,000 images with seed 0. Machines
that are not this one are emulated; the weights must have one checksum.
"""

from pathlib import Path
from platform import machine
from tempfile import TemporaryDirectory

import numpy as np
from test_kernel_builds import HERE, TARGETS, run_on, system_compiler, zig

from lenet5 import compiler, draws, exact
from lenet5.checkpoint import seal, write_table
from lenet5.data import Split, load
from lenet5.run import RECORD
from lenet5.train import checksum

IMAGES, BATCH, LR, THREADS = 1000, 128, 3e-4, (1, 2, 3, 8)
HERE_BUILDS = {
    ("native", "zig -O3"): zig(*compiler.FLAGS, "-mcpu=native"),
    ("baseline", "zig -O3"): zig(*compiler.FLAGS, "-mcpu=baseline"),
    ("native", "zig -O1"): zig(*compiler.FLAGS, "-O1", "-mcpu=native"),
    ("baseline", "gcc -O3"): system_compiler,
}
NAMES = {
    "aarch64": "AArch64, emulated by QEMU",
    "riscv64": "RISC-V 64, emulated by QEMU",
    "wasm": "WebAssembly, in Node.js",
}


def here(build_library, path: Path, threads: int, split: Split) -> str:
    """The checksum by a shared library, built in some way."""
    if not path.exists():
        build_library(path)
    compiler.library = lambda *_, **__: path
    exact._load.cache_clear()
    engine = exact.ExactEngine(draws.initial_weights(0), threads=threads)
    engine.steps(split, draws.shuffle(0, 1, IMAGES), BATCH, LR)
    return checksum(engine.weights)


def elsewhere(target: str, folder: Path, split: Split) -> str:
    """The checksum by a program for another machine."""
    weights, rows = draws.initial_weights(0), draws.shuffle(0, 1, IMAGES)
    sizes = np.array([IMAGES, IMAGES, BATCH], np.int32)
    arrays = [sizes, *weights.values(), *split, rows]
    came = run_on(TARGETS[target], HERE / "kernel_driver.c", folder, arrays)
    start = 8 * -(-IMAGES // BATCH) + 24  # losses; Adam's powers and steps
    size = 4 * sum(array.size for array in weights.values())
    return checksum({"all": np.frombuffer(came[start : start + size], np.uint8)})


def main() -> None:
    train, _ = load()
    split = Split(train.images[:IMAGES], train.labels[:IMAGES])
    rows = [("platform", "compiler", "threads", "weights")]
    with TemporaryDirectory() as folder:
        for number, (names, build_library) in enumerate(HERE_BUILDS.items()):
            path, cpu = Path(folder, f"{number}.so"), f"{machine()}, {names[0]}"
            found = {here(build_library, path, n, split) for n in THREADS}
            rows += [(cpu, names[1], ", ".join(map(str, THREADS)), x) for x in found]
        for target, name in NAMES.items():
            rows.append((name, "zig -O3", 1, elsewhere(target, Path(folder), split)))
    write_table(RECORD / "platforms.csv", rows)
    seal(RECORD)
    print((RECORD / "platforms.csv").read_text())


if __name__ == "__main__":
    main()
