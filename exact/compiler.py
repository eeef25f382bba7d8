"""Builds C with the pinned zig compiler, once for each processor."""

import ctypes
import hashlib
import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from exact import UserError

KERNEL = Path(__file__).with_name("kernel.c")
# Rounding is the promise: kernel.c says why these flags are part of it.
FLAGS = "-std=gnu11 -O3 -ffp-contract=off -fno-math-errno -Wno-pass-failed".split()
# No start files and none of zig's own library: to build these first takes five seconds
# in place of one. On Windows they are needed, and so is a C library, which zig builds from
# source; -s leaves out what debuggers read, for which it would write a second file there.
if platform.system() == "Windows":
    LINK = ["-s"]
    DURATION = "some minutes: zig builds its C library first"
else:
    LINK = ["-nostdlib", "-lc"]
    DURATION = "some seconds"
# -s leaves out what debuggers read: a quarter is left, and no folder's name is in it.
WASM = (
    "-target wasm32-freestanding -mcpu=generic+simd128+bulk_memory -nostdlib -s "
    "-Wl,--no-entry -Wl,--export-dynamic -Wl,--export=__heap_base"
).split()
INCLUDED = re.compile(r'^#include "(.+)"', re.MULTILINE)


def _find_cache() -> Path:
    """The folder of the libraries: in a clone, or of a copied package, where it runs."""
    above = Path(__file__).resolve().parent.parent
    clone = above if (above / "pyproject.toml").is_file() else Path.cwd()
    return clone / ".cache"


CACHE = _find_cache()


def library(source: Path, macros: Mapping[str, str] | None = None) -> Path:
    """A C file as a shared library, with macros, built if it is not in the cache.

    ``LENET5_CPU`` in the environment names another processor than this one, as zig does
    (``baseline``). UserError says why a file cannot be built.
    """
    processor = os.environ.get("LENET5_CPU", "native")
    flags = ["-shared", "-fPIC", *LINK, f"-mcpu={processor}"]
    return _cached("so", source, flags, macros or {})


def load(library: Path, functions: Mapping[str, tuple]) -> ctypes.CDLL:
    """A shared library, loaded, with the types of its functions.

    Parameters
    ----------
    functions : mapping of tuple
        Of each function that will be called, the type of its result and those of its
        arguments, of :mod:`ctypes`; None for no result.
    """
    loaded = ctypes.CDLL(str(library))
    for name, (result, *arguments) in functions.items():
        function = getattr(loaded, name)
        function.restype = result
        function.argtypes = arguments
    return loaded


def webassembly(source: Path = KERNEL, macros: Mapping[str, str] | None = None) -> Path:
    """The same as a WebAssembly module; by default the kernel, for MNIST."""
    return _cached("wasm", source, WASM, macros or {})


def definitions(macros: Mapping[str, str]) -> list[str]:
    """The compiler's flags that define some macros."""
    return [f"-D{name}={value}" for name, value in macros.items()]


def compile_source(source: Path, output: Path, flags) -> None:
    """Run ``zig cc``; ``output`` is written whole or not at all."""
    partial = output.with_suffix(f".{os.getpid()}.partial")
    environment = dict(os.environ)
    environment["ZIG_GLOBAL_CACHE_DIR"] = str(CACHE / "zig")
    environment["ZIG_LOCAL_CACHE_DIR"] = str(CACHE / "zig")
    command = [sys.executable, "-m", "ziglang", "cc", *flags, source, "-o", partial]
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",  # paths may stand in messages
    )
    if done.returncode:
        lines = done.stderr.splitlines() or ["no message"]
        of_errors = [line for line in lines if "error:" in line]
        reason = (of_errors or lines)[0]
        raise UserError(f"{source.name} cannot be built here ({reason})")
    os.replace(partial, output)


def sources(path: Path) -> list[Path]:
    """A C file and all files of the project that it includes, each once."""
    found = []
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.append(file)
        text = file.read_text(encoding="utf-8")
        for name in INCLUDED.findall(text):
            waiting.append((file.parent / name).resolve())
    return found


def _cached(suffix: str, source: Path, flags, macros: Mapping[str, str]) -> Path:
    """What is built of a source with some flags, from the cache if it is there."""
    flags = [*FLAGS, *flags, *definitions(macros)]
    built = CACHE / f"{source.stem}-{_digest(source, flags)}.{suffix}"
    if built.exists():
        return built
    try:
        CACHE.mkdir(exist_ok=True)
        with FileLock(built.with_suffix(".lock")):
            if not built.exists():  # another process may have built it meanwhile
                if sys.stderr.isatty():  # for a person, not for a stored output
                    print(f"Building {source.name} (once, {DURATION})", file=sys.stderr)
                compile_source(source, built, flags)
    except OSError as error:
        why = f"{error.strerror}; make that folder writable"
        raise UserError(f"cannot build {source.name} in {CACHE}: {why}") from error
    return built


def _digest(source: Path, flags: list[str]) -> str:
    """A hash of all that decides a build: compiler, flags, processor and sources."""
    try:
        zig = importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError as error:
        why = "the package ziglang is missing; install requirements.txt"
        raise UserError(f"no compiler for {source.name}: {why}") from error
    features = cpuinfo("flags", "Features", "isa")  # of processors that share a folder
    machine = f"{platform.system()} {platform.machine()} {features}"
    digest = hashlib.sha256(f"{zig} {flags} {machine}".encode())
    for path in sources(source.resolve()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cpuinfo(*names: str) -> str:
    """What Linux says of the processor under the first of these names that it has."""
    path = Path("/proc/cpuinfo")
    if path.exists():
        text = path.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            if line.startswith(names):
                return line.partition(":")[2].strip()
    return platform.processor()
