"""How the exact engine is called: in any threads and slices, and with nothing amiss."""

import subprocess
import sys

import numpy as np
import pytest

from exact import UserError, random_numbers
from lenet5.data import Split
from report_network import report_engine

RATE = 3e-4


def same(one, other):
    """Two dictionaries of arrays hold the same bytes."""
    return one.keys() == other.keys() and all(
        one[name].tobytes() == other[name].tobytes() for name in one
    )


def test_threads_decide_speed_alone(small):
    rows = random_numbers.shuffle(0, 1, 600)

    def run(threads, others):
        engine = report_engine(0, threads=threads)
        losses = engine.steps(small[0], rows[:384], 128, RATE)
        goes_on = report_engine(1, threads=others)
        goes_on.restore(engine.state())
        losses = [*losses, *goes_on.steps(small[0], rows[384:], 128, RATE)]
        return goes_on.state(), losses, goes_on.measure(small[0])

    state, losses, measured = run(1, 1)
    assert state["steps"] == 5
    for threads, others in ((2, 3), (3, 8), (8, 2)):
        other = run(threads, others)
        assert same(other[0], state)
        assert other[1:] == (losses, measured)


def test_slices_of_an_epoch_make_the_epoch(small):
    rows = random_numbers.shuffle(0, 1, 600)
    whole, sliced = (report_engine() for _ in range(2))
    losses = whole.steps(small[0], rows, 128, RATE)
    parts = [
        sliced.steps(small[0], rows[i : i + 256], 128, RATE) for i in (0, 256, 512)
    ]
    assert losses.tolist() == np.concatenate(parts).tolist()
    assert same(whole.state(), sliced.state())


@pytest.mark.skipif(sys.platform != "linux", reason="limits its memory as Linux does")
def test_threads_that_cannot_start_hang_nobody():
    code = """
import resource
import numpy as np
from lenet5.data import Split
from exact.engine import ExactEngine
from exact.network import Network
from lenet5.config import REPORT
from lenet5.parameters import initial_weights
network = Network(REPORT)
weights = initial_weights(0, network)
split = Split(np.zeros((256, 1, 28, 28), np.uint8), np.zeros(256, np.int32))
engines = [ExactEngine(network, weights, threads=n) for n in (8, 1)]
for engine in engines:
    engine.steps(split, np.arange(128), 128, 1e-3)
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 2**22  # less than a thread's stack
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for engine in engines:
    engine.steps(split, np.arange(128, 256), 128, 1e-3)
floats = [engine.state()["floats"].tobytes() for engine in engines]
same = floats[0] == floats[1]
print(same)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n", done.stderr


def test_what_lies_out_of_range_is_refused(small):
    engine = report_engine()
    images, labels = small[0].images[:10], small[0].labels[:10]
    for wrong in (-1, 10):
        labels = np.full(10, wrong, np.int32)
        with pytest.raises(UserError, match="a label is not one of 0 to 9"):
            engine.measure(Split(images, labels))
        with pytest.raises(UserError, match="a label is not one of 0 to 9"):
            engine.steps(Split(images, labels), [0], 1, RATE)
    with pytest.raises(UserError, match="row 10 is not one of 10 images"):
        engine.steps(Split(images, small[0].labels[:10]), [0, 10], 1, RATE)
