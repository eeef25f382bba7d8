"""The exact engine computes the same bytes however and wherever its kernel is built."""

import shutil
import subprocess

import numpy as np
import pytest

from exact import UserError, compiler, elsewhere, random_numbers
from exact.engine import OPTIMIZER_NUMBERS, ExactEngine, macros, shapes
from exact.network import Network
from lenet5 import behaviour, engines
from lenet5.data import Split
from lenet5.parameters import initial_weights
from processes import has_fused_products, python
from report_network import NETWORK, report_weights
from small_books import need

# The report's network, and others that have each kind of stage between them.
NETWORKS = {
    NETWORK: "adam",
    Network("5C7-8C2-MP2-30N"): "adam",
    Network("9C4-MP2-10C3-MP3-50N", "tanh"): "sgd",
    Network("7C3-AP2-9C4-AP3-33N", "tanh"): "adam",
    Network("100N-50N", "none"): "sgd",
}
each_network = pytest.mark.parametrize("network", NETWORKS, ids=lambda n: n.notation)


def flags_for(network):
    """What makes a build one for a network."""
    return compiler.definitions(macros(network))


def zig(*flags):
    """What builds a shared library for a network with the pinned compiler."""

    def build_library(network, path):
        all_flags = [*flags, *flags_for(network), "-shared", "-fPIC", *compiler.LINK]
        compiler.compile_source(compiler.KERNEL, path, all_flags)

    return build_library


def system_compiler(network, path):
    flags = [*compiler.FLAGS, *flags_for(network), "-shared", "-fPIC", "-pthread"]
    command = [need("gcc", "cc", "gcc", "clang"), *flags]
    subprocess.run([*command, compiler.KERNEL, "-o", path], check=True)


def outcome(network, split, threads, library=None):
    """The bytes of a training of three steps on 300 images, and of a measurement."""
    weights = initial_weights(0, network)
    engine = ExactEngine(network, weights, NETWORKS[network], threads, library)
    losses = engine.steps(split, random_numbers.shuffle(0, 1, 300), 128, 3e-4)
    return engine.state()["floats"].tobytes(), losses.tobytes(), engine.measure(split)


@each_network
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
    mnist, tmp_path, build_library, network
):
    split = Split(mnist[0].images[:300], mnist[0].labels[:300])
    expected = outcome(network, split, 2)
    library = tmp_path / "kernel.so"
    build_library(network, library)
    pinned = behaviour.pinned(engines.PACKAGE, engines.FAMILY)
    assert engines.trial_of_family(library) == pinned
    if network == NETWORK:
        pinned = behaviour.pinned(engines.PACKAGE, engines.EXACT)
        assert engines.trial(library) == pinned
    for threads in (1, 2, 3, 8):
        assert outcome(network, split, threads, library) == expected


def check_training_on(target, network, mnist, folder):
    """Train and measure on another machine: each byte must be that of this one."""
    split = Split(mnist[0].images[:100], mnist[0].labels[:100])
    weights, rows = initial_weights(0, network), random_numbers.shuffle(0, 1, 100)
    optimizer = NETWORKS[network]
    stages = np.array(shapes(network), np.int32)
    head = np.array([len(stages), 100, 100, 40, OPTIMIZER_NUMBERS[optimizer]], np.int32)
    arrays = [head, stages, split.labels, rows, *weights.values(), split.images]
    need(target.package, target.program)
    came = elsewhere.run(target, elsewhere.KERNEL_DRIVER, folder, arrays)

    engine = ExactEngine(network, weights, optimizer)
    results = [engine.steps(split, rows, 40, 3e-4), *engine.state().values()]
    results += [engine.logits(split.images), np.array(engine.measure(split))]
    results += [engine.probabilities(split.images)]
    layers = engine.activations(split.images[0]).values()
    results += [np.concatenate([layer.ravel() for layer in layers])]
    padded = [
        elsewhere.in_order(target, [result]) + bytes(-result.nbytes % 8)
        for result in results[:-1]
    ]
    padded.append(elsewhere.in_order(target, results[-1:]))
    assert came == b"".join(padded)


@pytest.mark.parametrize("target", elsewhere.TARGETS)
def test_no_machine_changes_a_byte(mnist, target, tmp_path):
    check_training_on(elsewhere.TARGETS[target], NETWORK, mnist, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("target", elsewhere.TARGETS)
@each_network
def test_no_machine_changes_a_byte_of_other_networks(mnist, target, network, tmp_path):
    check_training_on(elsewhere.TARGETS[target], network, mnist, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("target", elsewhere.RARE_TARGETS)
@each_network
def test_no_rare_machine_changes_a_byte(mnist, target, network, tmp_path, monkeypatch):
    if target == "windows":
        if not shutil.which("wine"):
            pytest.skip("no wine (it is large): apt-get install wine, for this test")
        monkeypatch.setenv("WINEPREFIX", str(tmp_path / "wine"))
        monkeypatch.setenv("WINEDEBUG", "-all")
    check_training_on(elsewhere.RARE_TARGETS[target], network, mnist, tmp_path)


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
    build(NETWORK, library)
    with pytest.raises(UserError, match="breaks the engine's promise"):
        engines.exact(NETWORK, report_weights(0), library=library)


def test_flush_to_zero_is_refused():
    code = """
import torch
from exact import UserError
from lenet5 import engines
from exact.network import Network
from lenet5.config import REPORT
from lenet5.parameters import initial_weights
network = Network(REPORT)
weights = initial_weights(0, network)
engines.exact(network, weights)
print(torch.set_flush_denormal(True))
try:
    engines.exact(network, weights)
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
from exact.network import Network
from lenet5.config import REPORT
from lenet5.parameters import initial_weights
network = Network(REPORT)
engines.exact(network, initial_weights(0, network))
print("torch" in sys.modules)
"""
    assert python(code).communicate() == ("False\n", "")
