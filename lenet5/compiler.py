"""Builds C with the pinned zig compiler, once for each processor."""

import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from lenet5 import Lenet5Error

KERNEL = Path(__file__).with_name("kernel.c")
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


def library(source: Path, **macros: int) -> Path:
    """A C file as a shared library, with macros, built if it is not in the cache.

    The file includes no other of the project. ``LENET5_CPU`` names another processor than
    this one, as zig does (``baseline``).

    If there is no compiler, it fails, or the cache cannot be written: Lenet5Error.
    """
    cpu = f"-mcpu={os.environ.get('LENET5_CPU', 'native')}"
    return _cached("so", source, ["-shared", "-fPIC", *LINK, cpu], macros)


def webassembly(source: Path = KERNEL, **macros: int) -> Path:
    """The same as a WebAssembly module; by default the kernel, for MNIST."""
    return _cached("wasm", source, WASM, macros)


def compile_source(source: Path, output: Path, flags) -> None:
    """Run ``zig cc``; ``output`` is written whole or not at all."""
    if importlib.util.find_spec("ziglang") is None:
        raise Lenet5Error(
            f"no compiler for {source.name}: the package ziglang is missing; install "
            "requirements.txt"
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
        raise Lenet5Error(f"{source.name} cannot be built here ({reason})")
    os.replace(partial, output)


def _cached(suffix: str, source: Path, flags, macros: dict) -> Path:
    flags = [*FLAGS, *flags, *(f"-D{name}={value}" for name, value in macros.items())]
    machine = f"{platform.system()} {platform.machine()} {_features()}"
    digest = hashlib.sha256(source.read_bytes() + f"{flags} {machine}".encode())
    built = CACHE / f"{source.stem}-{digest.hexdigest()[:16]}.{suffix}"
    if built.exists():
        return built
    try:
        CACHE.mkdir(exist_ok=True)
        with FileLock(built.with_suffix(".lock")):
            if not built.exists():  # another process may have built it meanwhile
                if sys.stderr.isatty():  # for a person, not for a stored output
                    text = f"Building {source.name} (once, some seconds)"
                    print(text, file=sys.stderr)
                compile_source(source, built, flags)
    except OSError as error:
        raise Lenet5Error(
            f"cannot build {source.name} in {CACHE}: {error.strerror}; make that folder "
            "writable"
        ) from error
    return built


def _features() -> str:
    """What tells apart the processors that may share a folder, if the system says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x for x in lines if x.startswith(("flags", "Features", "isa"))), "")
