"""What several tests share: the data, and from ``built`` the book and a browser."""

import os
import random
import signal

import pytest
from built import (  # noqa: F401, fixtures, and what tests import from here
    JUPYTER_BOOK,
    ROOT,
    book,
    browser,
    copy_project,
    need,
    pages,
    printed,
    sample,
    soup,
)

from lenet5.data import Split, load

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would
# every process that they start, those too that are to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Of PyTorch. Its threads wait for one another by spinning, on cores that tests share.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def contents(folder) -> dict[str, bytes]:
    """The files of a folder by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def flipped(content, places=60):
    """Copies of some bytes with a bit wrong, at places all over them."""
    dice, bits = random.Random(0), 8 * len(content)
    for bit in sorted(dice.sample(range(bits), min(places, bits))):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


@pytest.fixture(scope="session")
def mnist() -> tuple[Split, Split]:
    """The real training and test split."""
    return load()


@pytest.fixture(scope="session")
def small(mnist) -> tuple[Split, Split]:
    """600 training and 200 test images: an epoch takes some milliseconds."""
    train, test = mnist
    return (
        Split(train.images[:600], train.labels[:600]),
        Split(test.images[:200], test.labels[:200]),
    )
