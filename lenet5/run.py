"""A finished run: its name, its files, and how it is found or made."""

import csv
import dataclasses
import hashlib
import json
import os
import platform
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock

from lenet5 import RECORD, RUNS, Config, Lenet5Error, behaviour, checkpoint, data, exact
from lenet5.compiler import cpuinfo
from lenet5.data import Split
from lenet5.draws import initial_weights
from lenet5.exact import ExactEngine
from lenet5.train import Metrics, checksum, train

FILES = ("config.json", "environment.json", "history.csv", "model.safetensors")


@dataclass(frozen=True)
class Run:
    """A finished run."""

    config: Config
    history: list[Metrics]  # one before the first epoch and one after each
    weights: dict[str, np.ndarray]  # by the names of draws.parameter_shapes
    environment: dict  # see describe

    @property
    def fingerprint(self) -> str:
        """The run's name: the same for the same config, data and behaviour."""
        return fingerprint(self.config, self.environment)

    def engine(self) -> ExactEngine:
        """The exact engine with the run's weights, to read images with."""
        return ExactEngine(self.weights, self.environment["image_shape"])

    def save(self, folder: Path) -> None:
        """Write the run's files and their checksums, each whole; always the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint.write_table(folder / "history.csv", [Metrics._fields, *self.history])
        facts = {"config": dataclasses.asdict(self.config)}
        for name, value in (facts | {"environment": self.environment}).items():
            text = json.dumps(value, indent=2) + "\n"
            checkpoint.write_whole(folder / f"{name}.json", text.encode())
        shape = {"image_shape": self.environment["image_shape"]}
        checkpoint.save_arrays(folder / "model.safetensors", self.weights, shape)
        checkpoint.seal(folder)

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Read a run; Lenet5Error names a file that is missing or not as written."""
        checkpoint.check_sums(folder, FILES)
        try:
            config, environment = _config_and_environment(folder)
            _, *rows = csv.reader(_text(folder / "history.csv").splitlines())
            history = [Metrics(int(e), *map(float, xs), w) for e, *xs, w in rows]
        except (ValueError, TypeError) as error:
            raise Lenet5Error(f"{folder} is of another version: {error}") from error
        weights, _ = checkpoint.load_weights(folder / "model.safetensors")
        if checksum(weights) != history[-1].weights:
            raise Lenet5Error(f"{folder}: the weights are not those of its history")
        return cls(config, history, weights, environment)


def load_or_train(
    config: Config,
    splits: tuple[Split, Split] | None = None,
    *,
    runs: Path = RUNS,
    record: Path | None = RECORD,
    fresh: bool = False,
    threads: int | None = None,
    on_epoch: Callable | None = None,
) -> Run:
    """The run of a config: read if it was made before, else trained and written.

    A training that was stopped goes on from its last epoch and ends in the same bytes.
    Of two processes that ask for one run, the second reads what the first has made.

    Parameters
    ----------
    splits : pair of Split, optional
        Training and test data; by default MNIST.
    runs, record : Path
        This machine's runs, a folder each; the published one, with others in folders.
    fresh : bool
        Train from the first step on, whatever is stored.
    threads, on_epoch
        Of :class:`lenet5.exact.ExactEngine` and :func:`lenet5.train.train`.

    Raises
    ------
    Lenet5Error
        If the data or a stored run is damaged, the loss is not finite, or the engine
        cannot run here.
    """
    splits = splits or data.load()
    environment = describe(config, splits)
    name = fingerprint(config, environment)
    folder, work = runs / name, runs / f"{name}.partial"
    if not fresh:
        published = [record, *sorted(record.glob("*/"))] if record else []
        for place in [folder, *published]:
            if _is_named(place, name):
                return Run.load(place)
    engine = _engine(config, environment, threads)
    runs.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if folder.exists() and not fresh:
            return Run.load(folder)
        work.mkdir(exist_ok=True)

        def save_and_report(engine, history) -> None:
            facts = {"history": history}
            checkpoint.save_arrays(work / "checkpoint", engine.state(), facts)
            if on_epoch:
                on_epoch(engine, history)

        history = [] if fresh else _resume(engine, work / "checkpoint")
        history = train(config, *splits, engine, history, save_and_report)
        run = Run(config, history, engine.weights, environment)
        shutil.rmtree(work / "run", ignore_errors=True)
        run.save(work / "run")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(work / "run", folder)
        shutil.rmtree(work)
    return run


def describe(config: Config, splits: tuple[Split, Split]) -> dict:
    """What makes a run, fit for JSON: data and engine, which decide it, and the machine.

    The engine is known by its ``behaviour``, see :mod:`lenet5.behaviour`, and where a
    library computes, by its ``library`` as well.
    """
    facts = {
        "data_sha256": data.checksum(*splits),
        "image_shape": list(splits[0].images.shape[1:]),
        "classes": 1 + max(int(split.labels.max()) for split in splits),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpuinfo("model name"),
    }
    if config.engine == "exact":
        facts["behaviour"] = behaviour.pinned(exact.PACKAGE, "exact")
    else:
        from lenet5 import model

        facts["behaviour"], facts["library"] = model.BEHAVIOUR, model.library()
        facts |= model.machine(config.device)
    return facts


def fingerprint(config: Config, environment: dict) -> str:
    """The name of a run, 16 hexadecimal digits: of its config, its data and its engine.

    ``environment`` is what :func:`describe` gave where the run was made: of an engine's
    source and of the machine nothing is in the name.
    """
    decisive = [
        dataclasses.asdict(config),
        environment["data_sha256"],
        environment["behaviour"],
        environment.get("library", ""),
    ]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]


def _engine(config: Config, environment: dict, threads: int | None):
    shape = tuple(environment["image_shape"])
    weights = initial_weights(config.seed, shape, environment["classes"])
    if config.engine == "exact":
        return ExactEngine(weights, shape, threads)
    from lenet5.model import TorchEngine

    return TorchEngine(weights, shape, config.device)


def _resume(engine, path: Path) -> list[Metrics]:
    """The history of a checkpoint, whose state the engine takes; or none."""
    if not path.exists():
        return []
    try:
        state, facts = checkpoint.load_arrays(path)
        history = [Metrics(*row) for row in facts["history"]]
        engine.restore(state)
    except (Lenet5Error, KeyError):  # a state of an earlier version has other keys
        warnings.warn(f"{path} is damaged: the run starts again", stacklevel=2)
        return []
    return history


def _config_and_environment(folder: Path) -> tuple[Config, dict]:
    names = ("config", "environment")
    texts = [_text(folder / f"{name}.json") for name in names]
    config, environment = map(json.loads, texts)
    return Config(**config), environment


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _is_named(folder: Path, name: str) -> bool:
    try:
        return fingerprint(*_config_and_environment(folder)) == name
    except (OSError, ValueError, TypeError, KeyError):
        return False  # of an earlier version, or no run at all
