"""What several tests share: the data, a built book, a browser."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from lenet5.data import Split, load

ROOT = Path(__file__).resolve().parent.parent
JUPYTER_BOOK = Path(sys.executable).parent / "jupyter-book"

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would
# every process that they start, those too that are to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


def copy_project(target: Path) -> Path:
    """A copy of what a build reads, without what it has built."""
    ignored = shutil.ignore_patterns(
        ".*", "_build", "runs", "data", "__pycache__", "kernel-ipc-*"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    (target / "data").symlink_to(ROOT / "data")  # the digit pad shows test images
    return target


@pytest.fixture(scope="session")
def book(tmp_path_factory) -> Path:
    """The HTML book, built from a copy of the project; any warning fails."""
    project = copy_project(tmp_path_factory.mktemp("book") / "project")
    command = [JUPYTER_BOOK, "build", project, "-W", "-n", "--all", "--keep-going"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return project / "_build" / "html"


def pages(book: Path) -> list[Path]:
    """Every page of the built book."""
    found = [path for path in book.rglob("*.html") if "_static" not in path.parts]
    assert len(found) >= 7
    return sorted(found)


def soup(path: Path) -> BeautifulSoup:
    """The elements of a page."""
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def need(package: str, *names: str) -> str:
    """The path of a package's program, by the first of its names that is there.

    Where it is missing the test is skipped; in CI it fails.
    """
    found = [path for path in map(shutil.which, names) if path]
    if not found:
        message = f"no {names[0]}: install it (apt-get install {package}) for this test"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found[0]


@pytest.fixture(scope="session")
def printed(tmp_path_factory) -> Path:
    """A copy of the project in which the PDF and the HTML that links it are built."""
    need("latexmk", "latexmk")
    project = copy_project(tmp_path_factory.mktemp("pdf") / "project")
    command = [sys.executable, "-m", "ext.pdf"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return project


@pytest.fixture(scope="session")
def browser():
    """Chromium, of the system."""
    from playwright.sync_api import sync_playwright

    chromium = need("chromium", "chromium", "chromium-browser")
    with sync_playwright() as playwright:
        quiet = ["--disable-quic", "--no-first-run", "--disable-component-update"]
        quiet += ["--disable-background-networking", "--disable-sync", "--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        yield browser
        browser.close()
