"""The exact engine computes the same bytes however and wherever its kernel is built."""

import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, need

from lenet5 import Lenet5Error, behaviour, compiler, draws, exact
from lenet5.data import Split
from lenet5.exact import ExactEngine, trial

HERE = Path(__file__).parent
BARE = ("-nostdlib", "-static")
TARGETS = {
    "aarch64": (["-target", "aarch64-linux-musl", *BARE], "qemu-user", "qemu-aarch64"),
    "riscv64": (["-target", "riscv64-linux-musl", *BARE], "qemu-user", "qemu-riscv64"),
    "wasm": (compiler.WASM, "nodejs", "node"),
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


@pytest.mark.parametrize("target", TARGETS)
def test_no_machine_changes_a_byte(mnist, target, tmp_path):
    flags, package, program = TARGETS[target]
    command = [need(package, program), tmp_path / "driver"]
    if target == "wasm":
        command.insert(1, HERE / "kernel_driver.mjs")
    flags = [*compiler.FLAGS, *flags]
    compiler.compile_source(HERE / "kernel_driver.c", tmp_path / "driver", flags)

    split = Split(mnist[0].images[:100], mnist[0].labels[:100])
    weights, rows = draws.initial_weights(0), draws.shuffle(0, 1, 100)
    parts = [np.array([100, 100, 40], np.int32), *weights.values(), *split, rows]
    sent = b"".join(part.tobytes() for part in parts)
    came = subprocess.run(command, input=sent, capture_output=True, check=True).stdout

    engine = ExactEngine(weights)
    parts = [engine.steps(split, rows, 40, 3e-4), engine._memory]
    parts += [engine.logits(split.images), np.array(engine.measure(split))]
    parts += [engine.probabilities(split.images)]
    parts += [
        np.concatenate(
            [x.ravel() for x in engine.activations(split.images[0]).values()]
        )
    ]
    assert came == b"".join(x.tobytes() + bytes(-x.nbytes % 8) for x in parts)


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
