"""A rung trains to the same bytes however and wherever ``ladder.c`` is built."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from test_kernel_builds import HERE, TARGETS, need

from lenet5 import compiler
from lenet5.data import Split
from systems import ladder, recipe
from systems.ladder import SOURCE, Ladder
from systems.rungs import BEST, RAW

RUNGS = pytest.mark.parametrize("rung", [BEST, RAW], ids=["1998", "last"])


@pytest.fixture
def split(mnist):
    return Split(mnist[0].images[:100], mnist[0].labels[:100])


def defines(macros: dict) -> list[str]:
    return [f"-D{name}={value}" for name, value in macros.items()]


def by_zig(*flags):
    flags = [*compiler.FLAGS, *flags, "-shared", "-fPIC", *compiler.LINK]
    return lambda path, macros: compiler.compile_source(
        SOURCE, path, [*flags, *defines(macros)]
    )


def by_system(path, macros):
    command = [need("gcc", "cc", "gcc", "clang"), *compiler.FLAGS, "-shared", "-fPIC"]
    subprocess.run([*command, "-w", *defines(macros), SOURCE, "-o", path], check=True)


def outcome(split, rung) -> bytes:
    """All that a training on distorted and plain images leaves, and what it reads."""
    rows, maps = recipe.patterns(replace(rung, distortion=1.0), 0, 1, 100)
    engine = Ladder(rung, 0)
    engine.estimate(split, rows[:20])
    engine.set_rates(5e-4, 0.02)
    engine._library.ladder_train(
        engine._at, split.images.ctypes.data, split.labels.ctypes.data,
        rows.ctypes.data, maps.ctypes.data, 100, 40, 3e-4,
    )  # fmt: skip
    classes = engine.read(split.images)
    return engine._block.tobytes() + classes.tobytes()


@RUNGS
def test_no_build_changes_a_byte(split, rung, monkeypatch, tmp_path):
    expected = outcome(split, rung)
    builds = by_zig("-mcpu=baseline"), by_zig("-O1", "-mcpu=native"), by_system
    for number, build in enumerate(builds):

        def library(_, path=tmp_path / f"{number}.so", build=build, **macros):
            build(path, macros)
            return path

        monkeypatch.setattr(compiler, "library", library)
        ladder._load.cache_clear()
        assert outcome(split, rung) == expected, number
    monkeypatch.undo()
    ladder._load.cache_clear()


@RUNGS
@pytest.mark.parametrize("target", TARGETS)
def test_no_machine_changes_a_byte(split, rung, target, tmp_path):
    flags, package, program = TARGETS[target]
    command = [need(package, program), tmp_path / "driver"]
    if target == "wasm":
        command.insert(1, HERE / "kernel_driver.mjs")
    macros = {name.upper(): int(getattr(rung, name)) for name in ladder.FLAGS}
    flags = [*compiler.FLAGS, *flags, *defines(macros | {"SIDE": rung.side})]
    compiler.compile_source(HERE / "ladder_driver.c", tmp_path / "driver", flags)
    rows, maps = recipe.patterns(replace(rung, distortion=1.0), 0, 1, 100)
    parts = [np.array([100, 100], np.int32), Ladder(rung, 0)._block, split.labels]
    sent = b"".join(x.tobytes() for x in (*parts, rows, maps, split.images))
    came = subprocess.run(command, input=sent, capture_output=True, check=True).stdout
    assert came == outcome(split, rung)
