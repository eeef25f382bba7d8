"""This project's loop."""

import sys
from dataclasses import replace
from pathlib import Path

from peers import report

from lenet5.config import Config
from lenet5.data import load
from lenet5.train import State, train


def main(root: str) -> None:
    splits = load(Path(root))
    config = Config(device="cpu")
    state = State.initial(config)

    def epoch():
        train(replace(config, epochs=max(1, len(state.history))), *splits, state=state)
        return state.history[-1].test_error

    report(epoch)


if __name__ == "__main__":
    main(sys.argv[1])
