"""Train a small run in the folder given; a child process for the tests of survival.

``python train_small.py RUNS [FSYNC]``: with FSYNC, kill this process with SIGKILL at the
FSYNC-th time that a file is flushed, in the middle of writing it.
"""

import os
import signal
import sys
from pathlib import Path

from lenet5 import data
from lenet5.config import Config
from lenet5.run import load_or_train


def main() -> None:
    if len(sys.argv) > 2:
        left, fsync = int(sys.argv[2]), os.fsync

        def killing(descriptor):
            nonlocal left
            left -= 1
            if left == 0:
                os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            fsync(descriptor)

        os.fsync = killing
    train, test = data.load()
    splits = (
        data.Split(train.images[:1200], train.labels[:1200]),
        data.Split(test.images[:300], test.labels[:300]),
    )
    print("loaded", flush=True)
    run = load_or_train(
        Config(epochs=8, device="cpu"),
        splits,
        runs=Path(sys.argv[1]),
        on_epoch=lambda state: print(f"epoch {len(state.history) - 1}", flush=True),
    )
    print("done", run.fingerprint, flush=True)


if __name__ == "__main__":
    main()
