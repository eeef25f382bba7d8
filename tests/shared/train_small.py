"""Train a small run in the folder given; a child process for the tests of survival.

``python train_small.py RUNS THREADS [steps|fsync N]``: kill this process with SIGKILL at
the N-th call for steps after its first measurement, amid an epoch, or at the N-th flush,
amid the writing of a file.
"""

import os
import signal
import sys
from pathlib import Path

from exact.engine import ExactEngine
from lenet5 import Config, data
from lenet5.run import load_or_train

CONFIG = Config(epochs=8)


def small() -> tuple[data.Split, data.Split]:
    """1,200 training and 300 test images."""
    train, test = data.load()
    return (
        data.Split(train.images[:1200], train.labels[:1200]),
        data.Split(test.images[:300], test.labels[:300]),
    )


def kill_at(owner, name: str, count: int) -> None:
    """Have the ``count``-th call of a function kill this process."""
    function = getattr(owner, name)

    def killing(*arguments):
        nonlocal count
        count -= 1
        if count == 0:
            if name == "fsync":
                os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)

    setattr(owner, name, killing)


def main(runs: str, threads: str, name: str = "", count: str = "0") -> None:
    if name == "fsync":
        kill_at(os, name, int(count))
    armed = name != "steps"

    def on_epoch(engine, history) -> None:
        nonlocal armed
        print("epoch", len(history) - 1, flush=True)
        if not armed:  # the engine's trial takes steps too, and comes before
            armed = True
            kill_at(ExactEngine, name, int(count))

    run = load_or_train(
        CONFIG,
        small(),
        runs=Path(runs),
        record=None,
        threads=int(threads),
        on_epoch=on_epoch,
    )
    print("done", run.fingerprint)


if __name__ == "__main__":
    main(*sys.argv[1:])
