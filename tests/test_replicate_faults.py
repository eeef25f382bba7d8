# ruff: noqa: F401, F811 (fixtures are imported)
"""A run that fails, a worker that is killed or of another version: the study goes on."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from studies import CONFIGS, Here, files, places, sequential, table

import lenet5.replicate
from lenet5 import Config
from lenet5.replicate import replicate


class Sabotaged(ProcessPoolExecutor):
    """One process, in which the training of a seed comes to grief after an epoch."""

    def __init__(self, mischief, seed):
        super().__init__(1, get_context("spawn"))
        self.mischief, self.seed = mischief, seed

    def submit(self, *task):
        config = task[2]
        if config.seed == self.seed:
            task = self.mischief, *task
        return super().submit(*task)


def after_an_epoch(act, function, *arguments):
    """On a worker: train, and act on the engine when one epoch is written."""
    train = lenet5.run.train

    def troubled(config, train_split, test_split, engine, history, on_epoch):
        def acting(engine, history):
            on_epoch(engine, history)
            if len(history) == 2:
                act(engine)

        if len(history) == 2:
            act(engine)
        return train(config, train_split, test_split, engine, history, acting)

    lenet5.run.train = troubled
    try:
        return function(*arguments)
    finally:
        lenet5.run.train = train


def spoil(engine):
    state = engine.state()
    state["floats"][0, -1] = np.nan
    engine.restore(state)


def spoiled(*task):
    return after_an_epoch(spoil, *task)


def killed(*task):
    return after_an_epoch(lambda _: os.kill(os.getpid(), signal.SIGKILL), *task)


def test_a_failed_run_is_noted_and_the_others_go_on(small, tmp_path, sequential):
    configs = [CONFIGS[0], Config(seed=13, epochs=3), *CONFIGS[1:]]
    for attempt in range(2):  # the second goes on from the checkpoint of the first
        with Sabotaged(spoiled, seed=13) as executor:
            study = replicate(configs, executor, splits=small, **places(tmp_path))
        assert study.failed.keys() == {configs[1]}
        assert "the loss is nan at epoch 2" in study.failed[configs[1]], attempt
        assert study.table == tmp_path / "seeds.partial.csv"
        assert files(tmp_path / "runs").items() >= files(sequential).items()
        assert {row["seed"] for row in table(study.table)} == {"0", "1", "2"}


def test_a_killed_worker_is_reported_and_the_study_goes_on(small, tmp_path, sequential):
    with Sabotaged(killed, seed=1) as executor:
        study = replicate(CONFIGS, executor, splits=small, **places(tmp_path))
    assert (study.done, study.failed.keys()) == (CONFIGS[:1], {*CONFIGS[1:]})
    assert "terminated abruptly" in study.failed[CONFIGS[1]]
    study = replicate(CONFIGS, Here(), splits=small, **places(tmp_path))
    assert study.failed == {}
    assert files(tmp_path / "runs") == files(sequential)
    rows = [row for row in table(study.table) if row["seed"] == "1"]
    assert [row["seconds"] == "" for row in rows] == [True, True, False]


def test_a_worker_with_other_code_or_data_is_told(small, tmp_path):
    other = Here(lambda f, g, config, name, *x: (f, g, config, "another", *x))
    study = replicate(CONFIGS, other, splits=small, **places(tmp_path))
    assert study.failed.keys() == {*CONFIGS}
    assert {*study.failed.values()} == {
        "the worker has another engine, library or data: give it this version"
    }
    assert files(tmp_path) == {}
