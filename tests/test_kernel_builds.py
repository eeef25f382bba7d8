"""The exact engine computes the same bytes however and wherever its kernel is built."""

import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from conftest import ROOT, need

from lenet5 import Lenet5Error, behaviour, compiler, draws, exact
from lenet5.data import Split
from lenet5.exact import ExactEngine, trial

HERE = Path(__file__).parent
BARE = ("-nostdlib", "-static")


class Target(NamedTuple):
    """A machine that is not this one: how C is built for it, and what runs it here."""

    flags: list[str]
    package: str  # of Debian, with the program
    program: str
    options: tuple[str, ...] = ()
    order: str = "<"  # of the bytes in a number, as NumPy writes it


TARGETS = {
    "aarch64": Target(
        ["-target", "aarch64-linux-musl", *BARE], "qemu-user", "qemu-aarch64"
    ),
    "riscv64": Target(
        ["-target", "riscv64-linux-musl", *BARE], "qemu-user", "qemu-riscv64"
    ),
    "wasm": Target(compiler.WASM, "nodejs", "node", (str(HERE / "kernel_driver.mjs"),)),
}
# Machines of other kinds: the largest number first, 32 bits, an early x86-64, Windows.
RARE_TARGETS = {
    "s390x": Target(
        ["-target", "s390x-linux-musl", *BARE], "qemu-user", "qemu-s390x", order=">"
    ),
    "i386": Target(
        ["-target", "x86-linux-musl", "-mcpu=pentium4", *BARE],
        "qemu-user",
        "qemu-i386",
    ),
    "nehalem": Target(
        ["-target", "x86_64-linux-musl", "-mcpu=nehalem", *BARE],
        "qemu-user",
        "qemu-x86_64",
        ("-cpu", "Nehalem"),
    ),
    "windows": Target(["-target", "x86_64-windows-gnu"], "wine", "wine"),
}


@pytest.fixture
def build(monkeypatch, tmp_path):
    """A function that has every engine use a kernel built in another way."""

    def use(build_library):
        path = tmp_path / "kernel.so"
        build_library(path)
        monkeypatch.setattr(compiler, "library", lambda *_, **__: path)
        exact._load.cache_clear()

    yield use
    monkeypatch.undo()
    exact._load.cache_clear()


def zig(*flags):
    """What builds a shared library with the pinned compiler."""
    flags = [*flags, "-shared", "-fPIC", *compiler.LINK]
    return lambda path: compiler.compile_source(compiler.KERNEL, path, flags)


def system_compiler(path):
    command = [need("gcc", "cc", "gcc", "clang"), *compiler.FLAGS, "-shared", "-fPIC"]
    subprocess.run([*command, compiler.KERNEL, "-o", path, "-pthread"], check=True)


def outcome(split, threads):
    """The bytes of a training of three steps on 300 images, and of a measurement."""
    engine = ExactEngine(draws.initial_weights(0), threads=threads)
    losses = engine.steps(split, draws.shuffle(0, 1, 300), 128, 3e-4)
    return engine.state()["floats"].tobytes(), losses.tobytes(), engine.measure(split)


@pytest.mark.parametrize(
    "build_library",
    [
        zig(*compiler.FLAGS, "-mcpu=native"),
        zig(*compiler.FLAGS, "-mcpu=baseline"),
        zig(*compiler.FLAGS, "-O1", "-mcpu=native"),
        system_compiler,
    ],
    ids=["native", "baseline", "less optimised", "system compiler"],
)
def test_no_build_and_no_number_of_threads_changes_a_byte(mnist, build, build_library):
    split = Split(mnist[0].images[:300], mnist[0].labels[:300])
    expected = outcome(split, 2)
    build(build_library)
    assert trial() == behaviour.pinned(exact.PACKAGE, "exact")
    assert all(outcome(split, threads) == expected for threads in (1, 2, 3, 8))


def run_on(target, driver, folder, arrays, *flags):
    """The bytes that a driver, built for another machine, makes of those of some arrays."""
    program = folder / "driver"
    compiler.compile_source(driver, program, [*compiler.FLAGS, *target.flags, *flags])
    command = [need(target.package, target.program), *target.options, program]
    sent = in_order(target, arrays)
    return subprocess.run(command, input=sent, capture_output=True, check=True).stdout


def in_order(target, arrays):
    """The bytes of some arrays as the machine has them."""
    return b"".join(
        array.astype(array.dtype.newbyteorder(target.order)).tobytes()
        for array in arrays
    )


def check_training_on(target, mnist, folder):
    """Train and measure on another machine: each byte must be that of this one."""
    split = Split(mnist[0].images[:100], mnist[0].labels[:100])
    weights, rows = draws.initial_weights(0), draws.shuffle(0, 1, 100)
    head = np.array([100, 100, 40], np.int32)
    arrays = [head, *weights.values(), *split, rows]
    came = run_on(target, HERE / "kernel_driver.c", folder, arrays)

    engine = ExactEngine(weights)
    results = [engine.steps(split, rows, 40, 3e-4), *engine.state().values()]
    results += [engine.logits(split.images), np.array(engine.measure(split))]
    results += [engine.probabilities(split.images)]
    layers = engine.activations(split.images[0]).values()
    results += [np.concatenate([layer.ravel() for layer in layers])]
    padded = (
        in_order(target, [result]) + bytes(-result.nbytes % 8) for result in results
    )
    assert came == b"".join(padded)


@pytest.mark.parametrize("target", TARGETS)
def test_no_machine_changes_a_byte(mnist, target, tmp_path):
    check_training_on(TARGETS[target], mnist, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("target", RARE_TARGETS)
def test_no_rare_machine_changes_a_byte(mnist, target, tmp_path, monkeypatch):
    if target == "windows":
        if not shutil.which("wine"):
            pytest.skip("no wine (it is large): apt-get install wine, for this test")
        monkeypatch.setenv("WINEPREFIX", str(tmp_path / "wine"))
        monkeypatch.setenv("WINEDEBUG", "-all")
    check_training_on(RARE_TARGETS[target], mnist, tmp_path)


def test_a_machine_without_strict_arithmetic_is_refused_in_a_line(tmp_path):
    flags = [*compiler.FLAGS, "-target", "x86-linux-musl", "-mcpu=pentium", *BARE]
    with pytest.raises(
        Lenet5Error, match=r"strict IEEE arithmetic: .*no x87"
    ) as caught:
        compiler.compile_source(HERE / "kernel_driver.c", tmp_path / "driver", flags)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def has_fused_products():
    """Whether this processor can fuse a product with a sum."""
    if platform.machine() in ("aarch64", "arm64"):
        return True
    return platform.system() == "Linux" and " fma " in compiler.cpuinfo("flags")


@pytest.mark.skipif(not has_fused_products(), reason="no fused product here")
def test_fused_products_are_refused(build):
    flags = [flag for flag in compiler.FLAGS if "contract" not in flag]
    build(zig(*flags, "-ffp-contract=fast", "-mcpu=native"))
    with pytest.raises(Lenet5Error, match="breaks the engine's promise"):
        ExactEngine(draws.initial_weights(0))


def python(code, *arguments, **options):
    """A fresh interpreter that runs some code in the project."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_flush_to_zero_is_refused():
    code = """
import torch
from lenet5 import Lenet5Error, draws
from lenet5.exact import ExactEngine
weights = draws.initial_weights(0)
ExactEngine(weights)
print(torch.set_flush_denormal(True))
try:
    ExactEngine(weights)
except Lenet5Error as error:
    print(error)
"""
    out, errors = python(code).communicate()
    flushes, *message = out.splitlines() or [errors]
    if flushes == "False":
        pytest.skip("this processor does not flush to zero")
    assert flushes == "True", errors
    assert "has set flush-to-zero" in message[0]


def test_an_engine_starts_without_torch():
    code = """
import sys
from lenet5 import draws
from lenet5.exact import ExactEngine
ExactEngine(draws.initial_weights(0))
print("torch" in sys.modules)
"""
    assert python(code).communicate() == ("False\n", "")
