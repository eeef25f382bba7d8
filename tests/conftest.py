"""What several tests share: the data, and from ``built`` the book and a browser."""

import os
import signal

import pytest

from built import book, printed  # noqa: F401, fixtures
from lenet5.data import Split, load
from small_books import browser, sample  # noqa: F401, fixtures

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would
# every process that they start, those too that are to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Of PyTorch. Its threads wait for one another by spinning, on cores that tests share.
os.environ.setdefault("OMP_NUM_THREADS", "1")


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
