"""A run is named by what its engine computes, and not by how the engine is written."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import networks
from built import ROOT
from exact import UserError
from lenet5 import behaviour, engines
from networks.trials import trials

NAMES = """
import json
from lenet5 import Config, data, engines
from lenet5.run import name_of
from studies import committee, ladder

config = Config()
names = {"report": [name_of(config, engines.provenance(config, data.load()))]}
names["scales"] = list(ladder.SCALES_STUDY.jobs())
names["columns"] = list(committee.COLUMNS_STUDY.jobs())
names["committee"] = list(committee.STUDY.jobs())
print(json.dumps(names))
"""
START = """
from lenet5 import engines
from exact.network import Network
from lenet5.config import REPORT
from lenet5.parameters import initial_weights
from networks.column2012.columns import Column
from networks.column2012.tried import for_column
from networks.member.tried import for_member
from networks.lenet1998.tried import for_rung
from networks.lenet1998.rungs import BEST, RAW
from networks.member.reader import made_up

report = Network(REPORT)
other = Network("5C3-AP2-3N", "tanh")
for start in (
    lambda: engines.exact(report, initial_weights(0, report)),
    lambda: engines.exact(other, initial_weights(0, other), "sgd"),
    lambda: for_rung(BEST, 0),
    lambda: for_rung(RAW, 0),
    lambda: for_column(Column(), 0),
    lambda: for_member(made_up("even")),
):
    start()
"""


PACKAGES = ("exact", "lenet5", "networks", "studies")


@pytest.fixture
def tree(tmp_path):
    """A copy of the packages, and the data; the compiler's own cache is shared."""
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    (tmp_path / "data").symlink_to(ROOT / "data")
    (ROOT / ".cache" / "zig").mkdir(parents=True, exist_ok=True)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "zig").symlink_to(ROOT / ".cache" / "zig")
    return tmp_path


def python(tree, *arguments) -> subprocess.CompletedProcess:
    """What Python says in the copy."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
    )


def names(tree) -> dict[str, list[str]]:
    """The names of the report's run and of the runs of some studies, in the copy."""
    done = python(tree, "-c", NAMES)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def replace(path, old, new) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_every_trial_gives_what_is_pinned():
    pinned = json.loads((engines.PACKAGE / behaviour.FILE).read_text())
    assert pinned == engines.trials()
    assert list(pinned) == ["exact", "exact, any network"]
    pinned = json.loads((networks.PACKAGE / behaviour.FILE).read_text())
    assert pinned == trials()


def test_a_tree_that_is_rewritten_keeps_the_names_of_its_runs(tree):
    """Modules renamed, messages reworded, functions moved, comments gone: all the same."""
    before = names(tree)
    # Renamed: the random numbers, wherever they are imported.
    (tree / "exact" / "random_numbers.py").rename(tree / "exact" / "randomness.py")
    for path in [path for name in PACKAGES for path in (tree / name).rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"\brandom_numbers\b", "randomness", text)
        path.write_text(text.replace("learning rate is the", "rate is the"))
    # Moved: a function of the schedule, into a module of its own.
    path = tree / "networks" / "lenet1998" / "schedule.py"
    text = path.read_text(encoding="utf-8")
    start, end = text.index("def distortions("), text.index("def train(")
    path.write_text(
        text[:start] + "from networks.moved import distortions\n\n\n" + text[end:]
    )
    (tree / "networks" / "moved.py").write_text(
        "import numpy as np\n\nfrom exact import randomness\n\n"
        "DISTORTIONS_STREAM, YEAR = 60, 1998\n\n" + text[start:end]
    )
    # Rewritten: a kernel without comments, its functions renamed.
    for path in [tree / "exact" / "kernel.c", *(tree / "exact").glob("stages/*.h")]:
        text = re.sub(r"/\*.*?\*/", " ", path.read_text(encoding="utf-8"), flags=re.S)
        path.write_text(text.replace("dense_backward", "layer_backward"))
    assert names(tree) == before
    done = python(tree, "-c", START)
    assert done.returncode == 0, done.stderr


def test_changed_arithmetic_is_refused_and_once_pinned_makes_every_run_another(tree):
    before = names(tree)
    replace(tree / "exact" / "stages" / "optimizer.h", "* 0.999f", "* 0.998f")
    done = python(tree, "-m", "lenet5", "evaluate", str(ROOT / "record"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "if you changed its arithmetic" in line
    assert "make behaviour" in line
    assert "breaks the engine's promise" in line
    done = python(tree, "-m", "lenet5", "behaviour")
    first, second, *others = done.stdout.splitlines()
    changed = r"\(was [0-9a-f]{16}\)"
    assert re.fullmatch(rf"[0-9a-f]{{16}}  exact  {changed}", first)
    assert re.fullmatch(rf"[0-9a-f]{{16}}  exact, any network  {changed}", second)
    assert others
    assert all(line.endswith("(as before)") for line in others)
    done = python(tree, "-m", "lenet5", "evaluate", str(ROOT / "record"))
    assert done.returncode == 0, done.stderr
    after = names(tree)
    assert after["report"] != before["report"]
    assert after["scales"] == before["scales"]  # of an engine that is as it was


CHANGES = [  # of what a trial must notice: where, what, and how otherwise
    ("exact/stages/optimizer.h", "1e-8f", "1e-7f"),
    ("exact/kernel.c", "/ 255.0f", "/ 256.0f"),
    ("exact/stages/convolution.h", "s[t->dbias + o] = sum", "s[t->dbias + o] = -sum"),
    ("exact/kernel.c", "p[i] = p[i] / sum", "p[i] = p[i] / (sum + 1)"),
    ("exact/random_numbers.py", "SHUFFLES = 1000", "SHUFFLES = 1001"),
    ("lenet5/parameters.py", "math.sqrt(6", "math.sqrt(7"),
    ("lenet5/train.py", "epoch > 0", "epoch > 1"),
    ("lenet5/train.py", "engine.measure(train_split)", "engine.measure(test_split)"),
    ("networks/lenet1998/lenet1998.c", "1.0f / n", "1.0f / (n + 1)"),
    ("networks/lenet1998/lenet1998.c", "h[i] /= n", "h[i] /= n + 1"),
    ("networks/lenet1998/lenet1998.c", "0.999f * square", "0.998f * square"),
    (
        "networks/lenet1998/schedule.py",
        "CURVATURE_PATTERNS = 500",
        "CURVATURE_PATTERNS = 400",
    ),
    ("networks/lenet1998/schedule.py", "4 * [5e-5]", "4 * [6e-5]"),
    ("networks/lenet1998/schedule.py", "0.2 * shear", "0.3 * shear"),
    ("networks/column2012/column2012.c", "s->size *", "2 * s->size *"),
    ("networks/column2012/schedule.py", 'Decimal("0.00003")', 'Decimal("0.00004")'),
    ("networks/views.py", "total + 0.5", "total + 0.4"),
    ("networks/lanes.h", "1.442695041f", "1.4427f"),
    ("networks/member/member.c", "/ -6;", "/ -7;"),
]
CHANGES += [  # and of what the report's own trial does not use
    ("exact/stages/optimizer.h", "m[i] * 0.9f", "m[i] * 0.8f"),
    ("exact/stages/tanh.h", "HEIGHT 1.7159f", "HEIGHT 1.716f"),
    ("exact/stages/tanh.h", "STEEPNESS - y * y", "STEEPNESS + y * y"),
    ("exact/stages/convolution.h", "sum * (1.0f / (float)(B * B))", "sum / 3"),
    ("exact/stages/convolution.h", "? columns(d) : area(d)", "? 1 : area(d)"),
    ("lenet5/train.py", "config.epochs - epoch + 1)", "config.epochs - epoch)"),
]
SHORT = {0, 4, 8, 12, 14, len(CHANGES) - 6}


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param(*change, marks=[] if number in SHORT else pytest.mark.long)
        for number, change in enumerate(CHANGES)
    ],
)
def test_a_trial_notices_each_change_of_what_is_computed(tree, file, old, new):
    replace(tree / file, old, new)
    done = python(tree, "-c", START)
    assert done.returncode == 1
    assert "where " in done.stderr
    assert "behaviours.json has" in done.stderr


FAST = [  # changes of a fast form: it gives other bytes than the plain one beside it
    ("all(HEIGHT * STEEPNESS) - y", "all(STEEPNESS) - y"),
    ("return (vec)((mask)a & (a > 0));", "return (vec)((mask)a & (a > 1));"),
]


@pytest.mark.parametrize(("old", "new"), FAST)
def test_a_fast_form_that_is_not_the_plain_one_trains_no_network(tree, old, new):
    """No trial may notice it: they are of other networks than the one that is trained."""
    (path,) = [
        path
        for path in (tree / "exact" / "stages").glob("*.h")
        if old in path.read_text(encoding="utf-8")
    ]
    replace(path, old, new)
    activation = "tanh" if "STEEPNESS" in old else "relu"
    code = f"""
from exact.network import Network
from lenet5 import engines
from lenet5.parameters import initial_weights
network = Network("5C3-AP2-3N", {activation!r})
engines.exact(network, initial_weights(0, network))
"""
    done = python(tree, "-c", code)
    assert done.returncode == 1
    assert "the fast form of the exact engine gives other bytes" in done.stderr
    assert "5C3-AP2-3N" in done.stderr


@pytest.mark.parametrize("content", ["", "{", None])
def test_a_damaged_or_missing_list_of_behaviours_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / behaviour.FILE).write_text(content)
    with pytest.raises(UserError, match=behaviour.FILE) as raised:
        behaviour.pinned(tmp_path, "exact")
    assert "restore it with git" in str(raised.value)


def test_an_engine_that_nobody_has_pinned_is_named(tmp_path):
    behaviour.pin(tmp_path, {"a": "1"})
    with pytest.raises(
        UserError, match=r"no behaviour of the engine 'b'.*make behaviour"
    ):
        behaviour.pinned(tmp_path, "b")


def test_pinning_says_what_changed(tmp_path):
    assert behaviour.pin(tmp_path, {"a": "1"}) == ["1  a  (was none)"]
    assert behaviour.pin(tmp_path, {"a": "2", "b": "3"}) == [
        "2  a  (was 1)",
        "3  b  (was none)",
    ]
    assert behaviour.pinned(tmp_path, "b") == "3"
