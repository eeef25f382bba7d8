"""What the tests of studies share: an executor in this process, and what studies leave."""

import csv
from concurrent.futures import Executor, Future

import pytest

from lenet5 import Config
from lenet5.run import load_or_train

CONFIGS = [Config(seed=seed, epochs=2) for seed in range(3)]


class Here(Executor):
    """Runs at once, in this process, what ``change`` makes of a task."""

    def __init__(self, change=lambda *task: task):
        self.change, self.trained = change, []

    def submit(self, *task):
        self.trained.append(task[2])  # after what times it, and what trains
        function, *arguments = self.change(*task)
        future = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


def files(folder) -> dict[str, bytes]:
    """What the runs in a folder are made of."""
    paths = [path.relative_to(folder) for path in folder.glob("*/*") if path.is_file()]
    return {str(path): (folder / path).read_bytes() for path in paths}


def table(path) -> list[dict]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture(scope="module")
def sequential(small, tmp_path_factory):
    """The same runs trained one after the other in this process."""
    runs = tmp_path_factory.mktemp("sequential")
    for config in CONFIGS:
        load_or_train(config, small, runs=runs)
    return runs


def places(folder):
    return {"out": folder / "seeds.csv", "runs": folder / "runs"}


def options(folder, *more):
    return [*more, "--runs", f"{folder / 'runs'}", "--out", f"{folder / 'seeds.csv'}"]
