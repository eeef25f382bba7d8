"""Builds the exact engine's kernel with the pinned zig compiler, once for each processor."""

import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

from lenet5 import Lenet5Error

SOURCE = Path(__file__).with_name("kernel.c")
CACHE = Path(__file__).resolve().parent.parent / ".cache"
# Rounding is the promise: kernel.c says why these flags are part of it.
FLAGS = "-std=gnu11 -O3 -ffp-contract=off -fno-math-errno -Wno-pass-failed".split()
# No start files and none of zig's own library: to build these first takes five seconds
# in place of one. On Windows they are needed.
LINK = () if platform.system() == "Windows" else ("-nostdlib", "-lc")
WASM = (
    "-target wasm32-freestanding -mcpu=generic+simd128+bulk_memory -nostdlib "
    "-Wl,--no-entry -Wl,--export-dynamic -Wl,--export=__heap_base"
).split()


def library(image_shape: tuple[int, int, int], classes: int) -> Path:
    """The kernel for a shape as a shared library, built if it is not in the cache.

    ``LENET5_CPU`` names another processor than this one, as zig does (``baseline``).

    Raises
    ------
    Lenet5Error
        If there is no compiler, or it fails, or the cache cannot be written.
    """
    names = ("CHANNELS", "HEIGHT", "WIDTH", "CLASSES")
    shape = zip(names, (*image_shape, classes), strict=True)
    cpu = f"-mcpu={os.environ.get('LENET5_CPU', 'native')}"
    shape = (f"-D{name}={number}" for name, number in shape)
    return _cached("so", [*FLAGS, "-shared", "-fPIC", *LINK, cpu, *shape])


def webassembly() -> Path:
    """The kernel for MNIST as a WebAssembly module, built if it is not in the cache.

    It raises as :func:`library` does.
    """
    return _cached("wasm", [*FLAGS, *WASM])


def _cached(suffix: str, flags) -> Path:
    machine = f"{platform.system()} {platform.machine()} {_features()}"
    digest = hashlib.sha256(SOURCE.read_bytes() + f"{flags} {machine}".encode())
    built = CACHE / f"kernel-{digest.hexdigest()[:16]}.{suffix}"
    if not built.exists():
        try:
            _build_once(built, flags)
        except OSError as error:
            raise Lenet5Error(
                f"cannot build the exact engine in {CACHE}: {error.strerror}; make that "
                "folder writable, or use --engine torch"
            ) from error
    return built


def compile_source(source: Path, output: Path, flags) -> None:
    """Run ``zig cc``; ``output`` is written whole or not at all."""
    if importlib.util.find_spec("ziglang") is None:
        raise Lenet5Error(
            "no compiler for the exact engine: the package ziglang is missing; install "
            "requirements.txt, or use --engine torch"
        )
    partial = output.with_suffix(f".{os.getpid()}.partial")
    caches = ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")
    done = subprocess.run(
        [sys.executable, "-m", "ziglang", "cc", *flags, source, "-o", partial],
        env=os.environ | dict.fromkeys(caches, str(CACHE / "zig")),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = done.stderr.splitlines() or ["no message"]
        reason = next((line for line in lines if "error:" in line), lines[0])
        raise Lenet5Error(
            f"the exact engine cannot be built here ({reason}): use --engine torch"
        )
    os.replace(partial, output)


def _build_once(built: Path, flags) -> None:
    from filelock import FileLock  # its import takes time, and a build is rare

    CACHE.mkdir(exist_ok=True)
    with FileLock(built.with_suffix(".lock")):
        if not built.exists():  # another process may have built it meanwhile
            if sys.stderr.isatty():  # for a person who waits, not for a stored output
                print("Building the exact engine (once, some seconds)", file=sys.stderr)
            compile_source(SOURCE, built, flags)


def _features() -> str:
    """What tells apart the processors that may share a folder, if the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x for x in lines if x.startswith(("flags", "Features", "isa"))), "")
