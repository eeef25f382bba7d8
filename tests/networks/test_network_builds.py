"""A rung and a column train, and a member reads, to the same bytes however and wherever
their C is built.
"""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exact import compiler, elsewhere
from lenet5 import RECORD
from lenet5.data import Split
from lenet5.files import load_arrays
from networks.column2012 import engine as column2012
from networks.column2012 import schedule as of_columns
from networks.column2012.columns import Column
from networks.column2012.engine import ColumnEngine
from networks.lenet1998 import engine as lenet1998
from networks.lenet1998 import schedule
from networks.lenet1998.engine import RungEngine
from networks.lenet1998.rungs import BEST, RAW
from networks.member import reader as member
from networks.member.reader import Reader
from networks.views import view
from small_books import need

HERE = Path(__file__).parent
IMAGES = 50


class OfRung:
    """A training on distorted and plain images."""

    source = lenet1998.SOURCE
    driver = HERE / "lenet1998_driver.c"

    def __init__(self, rung):
        self.rung = rung
        self.macros = lenet1998.macros(rung)
        distorted = replace(rung, distortion=1.0)
        self.patterns = schedule.patterns(distorted, 0, 1, IMAGES)

    def outcome(self, split, library=None) -> list[np.ndarray]:
        """All that it leaves, and what it reads."""
        rows, maps = self.patterns
        engine = RungEngine(self.rung, 0, library=library)
        engine.estimate(split, rows[:20])
        engine.set_rates(5e-4, 0.02)
        engine.train(split, rows, maps, batch_size=40)
        classes = engine.read(split.images)
        return [*engine.state().values(), classes]

    def sent(self, split) -> list[np.ndarray]:
        head = np.array([IMAGES, IMAGES], np.int32)
        state = RungEngine(self.rung, 0).state()
        return [head, *state.values(), split.labels, *self.patterns, split.images]


class OfColumn:
    """An epoch of a column."""

    source = column2012.SOURCE
    driver = HERE / "column2012_driver.c"
    macros = {}  # noqa: RUF012
    column = Column(width=12)

    def outcome(self, split, library=None) -> list[np.ndarray]:
        """All that it leaves, what it presented, and what it reads."""
        images = view(split.images, 12)
        engine = ColumnEngine(self.column, 0, library=library)
        engine.train(images, split.labels, 0)
        state = engine.state()
        return [state, engine.distorted(images, 0), engine.probabilities(images)]

    def sent(self, split) -> list[np.ndarray]:
        engine = ColumnEngine(self.column, 0)
        plan = of_columns.plan(self.column, 0, 0, IMAGES)
        head = np.array([IMAGES, plan.key], np.uint64)
        images = view(split.images, 12)
        return [head, engine.state(), split.labels, plan.rows, plan.maps, images]


class OfMember:
    """What a member finds; ``made_up``, or of the record."""

    source = member.SOURCE
    driver = HERE / "member_driver.c"
    macros = {}  # noqa: RUF012

    def __init__(self, made_up=None):
        if made_up:
            self.weights = member.made_up(made_up)
        else:
            path = RECORD / "committee" / "W20-2.safetensors"
            self.weights, _ = load_arrays(path)

    def outcome(self, split, library=None) -> list[np.ndarray]:
        """The probabilities of all, and the layers of the first."""
        images = view(split.images, 20)
        reader = Reader(self.weights, library=library)
        return [reader.probabilities(images), *reader.layers(images[:1]).values()]

    def sent(self, split) -> list[np.ndarray]:
        head = np.array([IMAGES], np.int32)
        weights = [self.weights[name].astype(np.float32) for name in member.SHAPES]
        return [head, *weights, view(split.images, 20)]


# An emulator is slow, and the kernel's own builds are emulated in every test run.
EMULATED = ("aarch64", "riscv64", "s390x", "i386", "nehalem")
TARGETS = elsewhere.TARGETS | elsewhere.RARE_TARGETS
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
def test_no_build_changes_a_byte(split, case, build, tmp_path):
    expected = as_bytes(case.outcome(split))
    built = tmp_path / "built.so"
    build(case.source, built, case.macros)
    assert as_bytes(case.outcome(split, built)) == expected


def check_on(target, case, split, folder):
    need(target.package, target.program)
    sent = case.sent(split)
    came = elsewhere.run(target, case.driver, folder, sent, defines(case.macros))
    assert came == elsewhere.in_order(target, case.outcome(split))


@CASES
def test_a_browser_changes_no_byte(split, case, tmp_path):
    check_on(TARGETS["wasm"], case, split, tmp_path)


@CASES
@pytest.mark.long
@pytest.mark.parametrize("target", EMULATED)
def test_no_machine_changes_a_byte(split, case, target, tmp_path):
    check_on(TARGETS[target], case, split, tmp_path)
