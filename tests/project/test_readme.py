"""What the READMEs say is so: the claim at the head, which the training loop repeats, and paths."""

import re
import statistics

import pytest

from built import ROOT
from lenet5 import RECORD
from lenet5.run import Run
from studies import seeds
from studies.intervals import mean_interval


def squeezed(path) -> str:
    """The text of a file on one line."""
    return " ".join(path.read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def numbers() -> dict[str, str]:
    final = seeds.read().final
    low, high = mean_interval(final)
    return {
        "error": f"{Run.load(RECORD).history[-1].test_error:.2f} %",
        "seeds": f"{len(final)}",
        "mean": f"{statistics.fmean(final):.2f} %",
        "interval": f"{low:.2f} to {high:.2f}",
    }


def test_the_readme_states_the_result(numbers):
    head = squeezed(ROOT / "README.md").partition("## ")[0]
    assert f"misreads {numbers['error']} of the 10,000 test images" in head
    assert f"Over {numbers['seeds']} seeds of the same recipe" in head
    assert f"the mean is {numbers['mean']}" in head
    assert f"t interval from {numbers['interval']} %" in head
    for command in ("make reproduce", "make seeds"):
        assert command in head


def test_the_line_that_a_student_changes_stands_in_the_config():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n(    network: .*?)\n```", text, re.DOTALL)
    config = (ROOT / "lenet5" / "config.py").read_text(encoding="utf-8")
    assert shown in config


READMES = (
    "README.md",
    "sphinx-chapters/README.md",
    "benchmarks/README.md",
    "data/README.md",
)
ROOMS = (
    "benchmarks|book|data|exact|lenet5|looks|networks|record|sphinx-chapters|studies"
)
ROOMS += "|tests|tools"
PATH = re.compile(rf"`((?:{ROOMS})/[\w./-]*)`")


@pytest.mark.parametrize("readme", READMES)
def test_the_paths_that_a_readme_names_are_there(readme):
    """Those that begin with a room; NAME stands for any."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    for name in PATH.findall(text):
        assert (ROOT / name).exists() or "NAME" in name, name


def test_a_path_that_is_not_there_would_be_found():
    assert PATH.findall("see `tests/none.py` and `kernel.c`") == ["tests/none.py"]
