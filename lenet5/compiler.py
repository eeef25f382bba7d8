"""Builds C with the pinned zig compiler, once for each processor."""

import ctypes
import hashlib
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from lenet5 import PROJECT, Lenet5Error

KERNEL = Path(__file__).with_name("kernel.c")
CACHE = PROJECT / ".cache"
# Rounding is the promise: kernel.c says why these flags are part of it.
FLAGS = "-std=gnu11 -O3 -ffp-contract=off -fno-math-errno -Wno-pass-failed".split()
# No start files and none of zig's own library: to build these first takes five seconds
# in place of one. On Windows they are needed, and so is a C library, which zig builds from
# source; -s leaves out what debuggers read, for which it would write a second file there.
if platform.system() == "Windows":
    LINK, DURATION = ("-s",), "some minutes: zig builds its C library first"
else:
    LINK, DURATION = ("-nostdlib", "-lc"), "some seconds"
# -s leaves out what debuggers read: a quarter is left, and no folder's name is in it.
WASM = (
    "-target wasm32-freestanding -mcpu=generic+simd128+bulk_memory -nostdlib -s "
    "-Wl,--no-entry -Wl,--export-dynamic -Wl,--export=__heap_base"
).split()


def library(source: Path, **macros: int) -> Path:
    """A C file as a shared library, with macros, built if it is not in the cache.

    It may include headers that stand beside it. ``LENET5_CPU`` names another processor than
    this one, as zig does (``baseline``). Lenet5Error says why a file cannot be built.
    """
    cpu = f"-mcpu={os.environ.get('LENET5_CPU', 'native')}"
    return _cached("so", source, ["-shared", "-fPIC", *LINK, cpu], macros)


def load(source: Path, prefix: str, *functions, **macros: int) -> ctypes.CDLL:
    """The library of a C file; of its functions, ``prefix_NAME``: name, result, arguments."""
    loaded = ctypes.CDLL(str(library(source, **macros)))
    for name, result, *arguments in functions:
        function = getattr(loaded, f"{prefix}_{name}")
        function.restype, function.argtypes = result, arguments
    return loaded


def webassembly(source: Path = KERNEL, **macros: int) -> Path:
    """The same as a WebAssembly module; by default the kernel, for MNIST."""
    return _cached("wasm", source, WASM, macros)


def compile_source(source: Path, output: Path, flags) -> None:
    """Run ``zig cc``; ``output`` is written whole or not at all."""
    partial = output.with_suffix(f".{os.getpid()}.partial")
    caches = ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")
    env = os.environ | dict.fromkeys(caches, str(CACHE / "zig"))
    command = [sys.executable, "-m", "ziglang", "cc", *flags, source, "-o", partial]
    form = {"encoding": "utf-8", "errors": "replace"}  # paths may stand in messages
    done = subprocess.run(command, env=env, capture_output=True, **form)
    if done.returncode:
        lines = done.stderr.splitlines() or ["no message"]
        reason = next((line for line in lines if "error:" in line), lines[0])
        raise Lenet5Error(f"{source.name} cannot be built here ({reason})")
    os.replace(partial, output)


def _cached(suffix: str, source: Path, flags, macros: dict) -> Path:
    flags = [*FLAGS, *flags, *(f"-D{name}={value}" for name, value in macros.items())]
    features = cpuinfo("flags", "Features", "isa")  # of processors that share a folder
    machine = f"{platform.system()} {platform.machine()} {features}"
    try:
        zig = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError as error:
        why = "the package ziglang is missing; install requirements.txt"
        raise Lenet5Error(f"no compiler for {source.name}: {why}") from error
    digest = hashlib.sha256(f"{zig} {flags} {machine}".encode())
    for path in (source, *sorted(source.parent.glob("*.h"))):
        digest.update(path.read_bytes())
    built = CACHE / f"{source.stem}-{digest.hexdigest()[:16]}.{suffix}"
    if built.exists():
        return built
    try:
        CACHE.mkdir(exist_ok=True)
        with FileLock(built.with_suffix(".lock")):
            if not built.exists():  # another process may have built it meanwhile
                if sys.stderr.isatty():  # for a person, not for a stored output
                    told = f"Building {source.name} (once, {DURATION})"
                    print(told, file=sys.stderr)
                compile_source(source, built, flags)
    except OSError as error:
        why = f"{error.strerror}; make that folder writable"
        raise Lenet5Error(f"cannot build {source.name} in {CACHE}: {why}") from error
    return built


def cpuinfo(*names: str) -> str:
    """What Linux says of the processor under the first of these names that it has."""
    path = Path("/proc/cpuinfo")
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    for line in text.splitlines():
        if line.startswith(names):
            return line.partition(":")[2].strip()
    return platform.processor()
