"""A rung and a column train, and a member reads, to the same bytes however and wherever
their C is built.
"""

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from test_kernel_builds import HERE, RARE_TARGETS, TARGETS, in_order, need, run_on

from lenet5 import RECORD, compiler
from lenet5.checkpoint import load_arrays
from lenet5.data import Split
from systems import columns, ladder, members, recipe
from systems.columns import Column, ColumnEngine
from systems.ladder import Ladder
from systems.members import Reader
from systems.rungs import BEST, RAW

IMAGES = 50


class OfRung:
    """A training on distorted and plain images."""

    source, driver, module = ladder.SOURCE, HERE / "ladder_driver.c", ladder

    def __init__(self, rung):
        self.rung = rung
        self.macros = {name.upper(): int(getattr(rung, name)) for name in ladder.FLAGS}
        self.macros["SIDE"] = rung.side
        self.patterns = recipe.patterns(replace(rung, distortion=1.0), 0, 1, IMAGES)

    def outcome(self, split) -> list[np.ndarray]:
        """All that it leaves, and what it reads."""
        rows, maps = self.patterns
        engine = Ladder(self.rung, 0)
        engine.estimate(split, rows[:20])
        engine.set_rates(5e-4, 0.02)
        engine._library.ladder_train(
            engine._at, split.images.ctypes.data, split.labels.ctypes.data,
            rows.ctypes.data, maps.ctypes.data, IMAGES, 40, 3e-4,
        )  # fmt: skip
        classes = engine.read(split.images)
        return [*self.state(engine), classes]

    def state(self, engine) -> list[np.ndarray]:
        """Adam's powers, and 32-bit numbers."""
        block = engine._block
        return [block[:16].view(np.float64), block[16:].view(np.uint32)]

    def sent(self, split) -> list[np.ndarray]:
        head = np.array([IMAGES, IMAGES], np.int32)
        state = self.state(Ladder(self.rung, 0))
        return [head, *state, split.labels, *self.patterns, split.images]


class OfColumn:
    """An epoch of a column."""

    source, driver, module = columns.SOURCE, HERE / "column_driver.c", columns
    macros, column = {}, Column(width=12)

    def outcome(self, split) -> list[np.ndarray]:
        """All that it leaves, what it presented, and what it reads."""
        images, engine = columns.view(split.images, 12), ColumnEngine(self.column, 0)
        engine.train(images, split.labels, 0)
        seen = engine.distorted(images, 0), engine.probabilities(images)
        return [engine._block.view(np.uint32), *seen]

    def sent(self, split) -> list[np.ndarray]:
        engine = ColumnEngine(self.column, 0)
        rows, maps, key, _ = engine._epoch(0, IMAGES)
        head = np.array([IMAGES, key], np.uint64)
        images = columns.view(split.images, 12)
        state = engine._block.view(np.uint32)
        return [head, state, split.labels, rows, maps, images]


class OfMember:
    """What a member finds; ``made_up``, or of the record."""

    source, driver, module, macros = (
        members.SOURCE,
        HERE / "member_driver.c",
        members,
        {},
    )

    def __init__(self, made_up=None):
        path = RECORD / "committee" / "W20-2.safetensors"
        stored, _ = load_arrays(path)
        self.weights = members.made_up(made_up) if made_up else stored

    def outcome(self, split) -> list[np.ndarray]:
        """The probabilities of all, and the layers of the first."""
        images, reader = columns.view(split.images, 20), Reader(self.weights)
        return [reader.probabilities(images), *reader.layers(images[:1]).values()]

    def sent(self, split) -> list:
        head = np.array([IMAGES], np.int32)
        weights = [self.weights[name].astype(np.float32) for name in members.SHAPES]
        return [head, *weights, columns.view(split.images, 20)]


# An emulator is slow, and the kernel's own builds are emulated in every test run.
EMULATED = {name: target for name, target in TARGETS.items() if name != "wasm"}
EMULATED |= {name: RARE_TARGETS[name] for name in ("s390x", "i386", "nehalem")}
CASES = pytest.mark.parametrize(
    "case",
    [OfRung(BEST), OfRung(RAW), OfColumn(), OfMember(), OfMember("faint")],
    ids=["1998", "last", "2012", "member", "faint member"],
)


@pytest.fixture
def split(mnist):
    return Split(mnist[0].images[:IMAGES], mnist[0].labels[:IMAGES])


def as_bytes(arrays) -> bytes:
    return b"".join(array.tobytes() for array in arrays)


def defines(macros: dict) -> list[str]:
    return [f"-D{name}={value}" for name, value in macros.items()]


def for_narrow_vectors(source, path, macros):
    flags = "-mcpu=baseline", "-shared", "-fPIC", *compiler.LINK
    flags = [*compiler.FLAGS, *flags, *defines(macros)]
    compiler.compile_source(source, path, flags)


def by_another_compiler(source, path, macros, *flags):
    command = [need("gcc", "cc", "gcc", "clang"), *compiler.FLAGS, *flags, "-w"]
    command += ["-shared", "-fPIC", *defines(macros)]
    subprocess.run([*command, source, "-o", path], check=True)


def hardly_optimised(*build):
    by_another_compiler(*build, "-O1")


@CASES
@pytest.mark.parametrize(
    "build",
    [
        for_narrow_vectors,
        hardly_optimised,
        pytest.param(by_another_compiler, marks=pytest.mark.long),
    ],
)
def test_no_build_changes_a_byte(split, case, build, monkeypatch, tmp_path):
    expected = as_bytes(case.outcome(split))

    def library(source, **macros):
        build(source, tmp_path / "built.so", macros)
        return tmp_path / "built.so"

    monkeypatch.setattr(compiler, "library", library)
    case.module._load.cache_clear()
    assert as_bytes(case.outcome(split)) == expected
    monkeypatch.undo()
    case.module._load.cache_clear()


def check_on(target, case, split, folder):
    came = run_on(target, case.driver, folder, case.sent(split), *defines(case.macros))
    assert came == in_order(target, case.outcome(split))


@CASES
def test_a_browser_changes_no_byte(split, case, tmp_path):
    check_on(TARGETS["wasm"], case, split, tmp_path)


@CASES
@pytest.mark.long
@pytest.mark.parametrize("target", EMULATED)
def test_no_machine_changes_a_byte(split, case, target, tmp_path):
    check_on(EMULATED[target], case, split, tmp_path)
