"""The exact engine computes the same bytes however and wherever its kernel is built."""

import shutil
import subprocess

import numpy as np
import pytest

from built import need
from exact import UserError, compiler, elsewhere, random_numbers
from exact.engine import ExactEngine
from lenet5 import behaviour, engines
from lenet5.data import Split
from lenet5.parameters import initial_weights
from processes import has_fused_products, python


def zig(*flags):
    """What builds a shared library with the pinned compiler."""
    flags = [*flags, "-shared", "-fPIC", *compiler.LINK]
    return lambda path: compiler.compile_source(compiler.KERNEL, path, flags)


def system_compiler(path):
    command = [need("gcc", "cc", "gcc", "clang"), *compiler.FLAGS, "-shared", "-fPIC"]
    subprocess.run([*command, compiler.KERNEL, "-o", path, "-pthread"], check=True)


def outcome(split, threads, library=None):
    """The bytes of a training of three steps on 300 images, and of a measurement."""
    engine = ExactEngine(initial_weights(0), threads=threads, library=library)
    losses = engine.steps(split, random_numbers.shuffle(0, 1, 300), 128, 3e-4)
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
def test_no_build_and_no_number_of_threads_changes_a_byte(
    mnist, tmp_path, build_library
):
    split = Split(mnist[0].images[:300], mnist[0].labels[:300])
    expected = outcome(split, 2)
    library = tmp_path / "kernel.so"
    build_library(library)
    assert engines.trial(library) == behaviour.pinned(engines.PACKAGE, engines.EXACT)
    for threads in (1, 2, 3, 8):
        assert outcome(split, threads, library) == expected


def check_training_on(target, mnist, folder):
    """Train and measure on another machine: each byte must be that of this one."""
    split = Split(mnist[0].images[:100], mnist[0].labels[:100])
    weights, rows = initial_weights(0), random_numbers.shuffle(0, 1, 100)
    head = np.array([100, 100, 40], np.int32)
    arrays = [head, *weights.values(), *split, rows]
    need(target.package, target.program)
    came = elsewhere.run(target, elsewhere.KERNEL_DRIVER, folder, arrays)

    engine = ExactEngine(weights)
    results = [engine.steps(split, rows, 40, 3e-4), *engine.state().values()]
    results += [engine.logits(split.images), np.array(engine.measure(split))]
    results += [engine.probabilities(split.images)]
    layers = engine.activations(split.images[0]).values()
    results += [np.concatenate([layer.ravel() for layer in layers])]
    padded = (
        elsewhere.in_order(target, [result]) + bytes(-result.nbytes % 8)
        for result in results
    )
    assert came == b"".join(padded)


@pytest.mark.parametrize("target", elsewhere.TARGETS)
def test_no_machine_changes_a_byte(mnist, target, tmp_path):
    check_training_on(elsewhere.TARGETS[target], mnist, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("target", elsewhere.RARE_TARGETS)
def test_no_rare_machine_changes_a_byte(mnist, target, tmp_path, monkeypatch):
    if target == "windows":
        if not shutil.which("wine"):
            pytest.skip("no wine (it is large): apt-get install wine, for this test")
        monkeypatch.setenv("WINEPREFIX", str(tmp_path / "wine"))
        monkeypatch.setenv("WINEDEBUG", "-all")
    check_training_on(elsewhere.RARE_TARGETS[target], mnist, tmp_path)


def test_a_machine_without_strict_arithmetic_is_refused_in_a_line(tmp_path):
    flags = [
        *compiler.FLAGS,
        "-target",
        "x86-linux-musl",
        "-mcpu=pentium",
        *elsewhere.BARE,
    ]
    with pytest.raises(UserError, match=r"strict IEEE arithmetic: .*no x87") as caught:
        compiler.compile_source(elsewhere.KERNEL_DRIVER, tmp_path / "driver", flags)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not has_fused_products(), reason="no fused product here")
def test_fused_products_are_refused(tmp_path):
    flags = [flag for flag in compiler.FLAGS if "contract" not in flag]
    library = tmp_path / "kernel.so"
    build = zig(*flags, "-ffp-contract=fast", "-mcpu=native")
    build(library)
    with pytest.raises(UserError, match="breaks the engine's promise"):
        engines.exact(initial_weights(0), library=library)


def test_flush_to_zero_is_refused():
    code = """
import torch
from exact import UserError
from lenet5 import engines
from lenet5.parameters import initial_weights
weights = initial_weights(0)
engines.exact(weights)
print(torch.set_flush_denormal(True))
try:
    engines.exact(weights)
except UserError as error:
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
from lenet5 import engines
from lenet5.parameters import initial_weights
engines.exact(initial_weights(0))
print("torch" in sys.modules)
"""
    assert python(code).communicate() == ("False\n", "")
