"""A finished run: its name, its files, and how it is found or made."""

import csv
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

from exact import UserError
from exact.arrays import checksum
from exact.compiler import cpuinfo
from exact.engine import ExactEngine
from exact.network import Network
from lenet5 import RECORD, RUNS, Config, data, engines, files
from lenet5.data import Split
from lenet5.parameters import describe_network, load_weights
from lenet5.provenance import Provenance, fingerprint
from lenet5.train import Metrics, train

FILES = ("config.json", "environment.json", "history.csv", "model.safetensors")


@dataclass(frozen=True)
class Run:
    """A finished run."""

    config: Config
    history: list[Metrics]  # one before the first epoch and one after each
    weights: dict[str, np.ndarray]  # by the names of Network.parameter_shapes
    environment: dict  # see describe

    @property
    def fingerprint(self) -> str:
        """The run's name: the same for the same config, data and behaviour."""
        return name_of(self.config, provenance_of(self.environment))

    @property
    def network(self) -> Network:
        """The network that was trained, for the images of the run."""
        return engines.network_of(
            self.config, self.environment["image_shape"], self.environment["classes"]
        )

    def engine(self) -> ExactEngine:
        """The exact engine with the run's weights, to read images with."""
        return engines.exact(self.network, self.weights)

    def save(self, folder: Path) -> None:
        """Write the run's files and their checksums, each whole; always the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        files.write_table(folder / "history.csv", [Metrics._fields, *self.history])
        _write_json(folder / "config.json", self.config.settings())
        _write_json(folder / "environment.json", self.environment)
        metadata = describe_network(self.network)
        files.save_arrays(folder / "model.safetensors", self.weights, metadata)
        files.write_sums(folder)

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Read a run.

        Raises
        ------
        UserError
            If a file is missing or not as written, or the run is of another version.
        """
        files.check_sums(folder, FILES)
        try:
            config, environment = _config_and_environment(folder)
            history = _read_history(folder / "history.csv")
            images = environment["image_shape"], environment["classes"]
            asked_for = engines.network_of(config, *images)
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{folder} is of another version: {error}") from error
        weights, network = load_weights(folder / "model.safetensors")
        if checksum(weights) != history[-1].weights:
            raise UserError(f"{folder}: the weights are not those of its history")
        if network != asked_for:
            raise UserError(
                f"{folder}: the weights are not of the network in its config"
            )
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
        This machine's runs, a folder each; the recorded one, with others in folders.
    fresh : bool
        Train from the first step on, whatever is stored.
    threads, on_epoch
        Of :class:`exact.engine.ExactEngine` and :func:`lenet5.train.train`.

    Raises
    ------
    UserError
        If the data or a stored run is damaged, the loss is not finite, or the engine
        cannot run here.
    """
    if splits is None:
        splits = data.load()
    provenance = engines.provenance(config, splits)
    name = name_of(config, provenance)
    folder = runs / name
    if not fresh:
        stored = _find(name, [folder], record)
        if stored:
            return Run.load(stored)
    environment = describe(config, splits, provenance)
    network = engines.network_of(
        config, environment["image_shape"], environment["classes"]
    )
    engine = engines.make(config, network, threads)
    runs.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if folder.exists() and not fresh:  # another process has made it meanwhile
            return Run.load(folder)
        work = runs / f"{name}.partial"
        work.mkdir(exist_ok=True)
        history = _train_in(work, config, splits, engine, fresh, on_epoch)
        run = Run(config, history, engine.weights, environment)
        _put_in_place(run, work, folder)
    return run


def _train_in(
    work: Path, config: Config, splits, engine, fresh: bool, on_epoch: Callable | None
) -> list[Metrics]:
    """Train in a folder that keeps where the training stands; the history of the run."""
    checkpoint = work / "checkpoint"

    def save_and_report(engine, history) -> None:
        files.save_arrays(checkpoint, engine.state(), {"history": history})
        if on_epoch:
            on_epoch(engine, history)

    history = []
    if not fresh:
        history = _resume(engine, checkpoint)
    train_split, test_split = splits
    return train(config, train_split, test_split, engine, history, save_and_report)


def _find(name: str, places: list[Path], record: Path | None) -> Path | None:
    """The folder of the run of a name: among places, the record, or folders of it."""
    places = list(places)
    if record:
        places.append(record)
        places.extend(sorted(record.glob("*/")))
    for place in places:
        if _is_named(place, name):
            return place
    return None


def _put_in_place(run: Run, work: Path, folder: Path) -> None:
    """Write a run in a folder to work in, and move it to its own, whole or not at all."""
    shutil.rmtree(work / "run", ignore_errors=True)
    run.save(work / "run")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(work / "run", folder)
    shutil.rmtree(work)


def describe(
    config: Config, splits: tuple[Split, Split], provenance: Provenance
) -> dict:
    """What makes a run, fit for JSON: its provenance, which decides it, and the machine.

    The engine is known by its ``behaviour``, see :mod:`lenet5.behaviour`, and where a
    library computes, by its ``library`` as well.

    Raises
    ------
    UserError
        If a CUDA device is asked for, and there is none.
    """
    labels = [int(split.labels.max()) for split in splits]
    environment = {
        "data_sha256": provenance.data,
        "image_shape": list(splits[0].images.shape[1:]),
        "classes": 1 + max(labels),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpuinfo("model name"),
        "behaviour": provenance.behaviour,
    }
    if provenance.library:
        from lenet5 import model

        environment["library"] = provenance.library
        environment.update(model.machine(config.device))
    return environment


def name_of(config: Config, provenance: Provenance) -> str:
    """The fingerprint of the run of a config: the same for all that decides it."""
    return fingerprint([config.settings()], provenance)


def provenance_of(environment: dict) -> Provenance:
    """The provenance of a run, from what :func:`describe` gave where it was made."""
    return Provenance(
        environment["data_sha256"],
        environment["behaviour"],
        environment.get("library", ""),
    )


def _resume(engine, path: Path) -> list[Metrics]:
    """The history of a checkpoint, whose state the engine takes; or none."""
    if not path.exists():
        return []
    try:
        state, metadata = files.load_arrays(path)
        history = [Metrics(*row) for row in metadata["history"]]
        engine.restore(state)
    except (UserError, KeyError):  # a state of an earlier version has other keys
        warnings.warn(f"{path} is damaged: the run starts again", stacklevel=2)
        return []
    return history


def _read_history(path: Path) -> list[Metrics]:
    """The rows of a table of metrics."""
    lines = path.read_text(encoding="utf-8").splitlines()
    history = []
    for cells in csv.reader(lines[1:]):
        epoch, train_loss, train_error, test_loss, test_error, weights = cells
        metrics = Metrics(
            epoch=int(epoch),
            train_loss=float(train_loss),
            train_error=float(train_error),
            test_loss=float(test_loss),
            test_error=float(test_error),
            weights=weights,
        )
        history.append(metrics)
    return history


def _config_and_environment(folder: Path) -> tuple[Config, dict]:
    config = _read_json(folder / "config.json")
    return Config.from_settings(config), _read_json(folder / "environment.json")


def _read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _write_json(path: Path, value: dict) -> None:
    text = json.dumps(value, indent=2) + "\n"
    files.write_whole(path, text.encode())


def _is_named(folder: Path, name: str) -> bool:
    try:
        config, environment = _config_and_environment(folder)
        return name_of(config, provenance_of(environment)) == name
    except (OSError, ValueError, TypeError, KeyError):
        return False  # of an earlier version, or no run at all
