"""A finished run on disk: load it, or make it."""

import csv
import dataclasses
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from safetensors import SafetensorError
from safetensors.torch import load, save

from lenet5 import Lenet5Error, checkpoint, environment
from lenet5.config import Config
from lenet5.data import ROOT as DATA
from lenet5.data import Split, checksum
from lenet5.data import load as load_data
from lenet5.files import write_whole
from lenet5.model import LeNet5
from lenet5.train import Metrics, State, resolve, train

PROJECT = Path(__file__).resolve().parent.parent
RUNS = PROJECT / "runs"
RECORD = PROJECT / "record"
SUMS = "SHA256SUMS"  # as sha256sum writes it, so that sha256sum -c reads it


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes
    ----------
    config : Config
        Resolved: its device is "cpu" or "cuda".
    history : list of Metrics
        One row before the first epoch and one after each.
    model : LeNet5
    environment : dict
        See :func:`lenet5.environment.describe`.
    """

    config: Config
    history: list[Metrics]
    model: LeNet5
    environment: dict

    @property
    def fingerprint(self) -> str:
        """The run's name: the same for the same config, code, data and torch."""
        facts = self.environment
        return fingerprint_of(
            self.config, facts["data_sha256"], facts["code_sha256"], facts["torch"]
        )

    def save(self, folder: Path) -> None:
        """Write the run's files and their checksums, each whole; always in the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = io.StringIO()
        writer = csv.writer(rows, lineterminator="\n")
        writer.writerows([Metrics._fields, *self.history])
        weights = {
            name: tensor.cpu().contiguous()
            for name, tensor in self.model.state_dict().items()
        }
        files = {
            "config.json": _json(dataclasses.asdict(self.config)),
            "environment.json": _json(self.environment),
            "history.csv": rows.getvalue().encode(),
            "model.safetensors": save(weights),
        }
        for name, content in files.items():
            write_whole(folder / name, content)
        write_whole(folder / SUMS, sums(files))

    @classmethod
    def load(cls, folder: Path) -> "Run":
        """Read a run.

        Raises
        ------
        Lenet5Error
            If a file is missing or damaged; it names the file.
        """
        folder = Path(folder)
        try:
            config = Config(**json.loads(_read(folder / "config.json")))
            facts = json.loads(_read(folder / "environment.json"))
        except (ValueError, TypeError) as error:
            raise Lenet5Error(
                f"{folder} is not a run that this version can read: {error}"
            ) from error
        path = folder / "history.csv"
        try:
            rows = list(csv.DictReader(_read(path).decode().splitlines()))
            history = [
                Metrics(
                    int(row["epoch"]),
                    *(float(row[name]) for name in Metrics._fields[1:]),
                )
                for row in rows
            ]
        except (ValueError, TypeError, KeyError) as error:
            raise Lenet5Error(
                f"{path} is damaged ({error}): delete {folder} and train again"
            ) from error
        if len(history) != config.epochs + 1:
            raise Lenet5Error(
                f"{path} holds {len(history)} rows where {config.epochs + 1} are expected"
            )
        return cls(config, history, load_weights(folder / "model.safetensors"), facts)


def load_weights(path: Path) -> LeNet5:
    """A network with the weights of a safetensors file; nothing in the file is executed.

    Raises
    ------
    Lenet5Error
        If the file is missing, damaged, or holds another network's tensors.
    """
    try:
        tensors = load(_read(path))
    except SafetensorError as error:
        raise Lenet5Error(
            f"{path} is not a safetensors file, or is damaged: {error}"
        ) from error
    model = LeNet5()
    checkpoint.fill(model.state_dict(), tensors, path)
    return model


def load_or_train(
    config: Config,
    splits: tuple[Split, Split] | None = None,
    *,
    runs: Path = RUNS,
    data: Path = DATA,
    on_epoch: Callable[[State], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
) -> Run:
    """The run of a config: read if it was made before, else trained, checkpointed and written.

    A training that was stopped goes on from its last epoch and ends in the same bytes.
    Of two processes that ask for one run, the second waits and reads what the first has
    made.

    Parameters
    ----------
    config : Config
    splits : pair of Split, optional
        Training and test data; by default MNIST, read from ``data``.
    runs : Path
        Folder of the finished runs, one folder each.
    data : Path
        Folder that holds ``MNIST/raw``.
    on_epoch, on_step : callable, optional
        As in :func:`lenet5.train.train`.

    Returns
    -------
    Run

    Raises
    ------
    Lenet5Error
        If the data or a stored run is damaged, or the loss is not finite.
    OSError
        If the run cannot be written; what was there before is as it was.
    """
    config = resolve(config)
    splits = splits or load_data(data)
    facts = environment.describe(config, checksum(*splits))
    fingerprint = fingerprint_of(
        config, facts["data_sha256"], facts["code_sha256"], facts["torch"]
    )
    folder, checkpoints = (
        Path(runs) / fingerprint,
        Path(runs) / f"{fingerprint}.checkpoints",
    )
    if folder.exists():
        return Run.load(folder)
    Path(runs).mkdir(parents=True, exist_ok=True)
    with FileLock(Path(runs) / f"{fingerprint}.lock"):
        if folder.exists():
            return Run.load(folder)

        def save_and_report(state: State) -> None:
            checkpoint.save_state(state, checkpoints, fingerprint)
            if on_epoch:
                on_epoch(state)

        state = checkpoint.load_state(config, checkpoints, fingerprint)
        state = train(
            config, *splits, state=state, on_epoch=save_and_report, on_step=on_step
        )
        run = Run(config, state.history, state.model, facts)
        partial = folder.with_name(f"{fingerprint}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        run.save(partial)
        os.replace(partial, folder)
        checkpoint.forget(checkpoints)
    return Run.load(folder)


def sums(files: dict[str, bytes]) -> bytes:
    """The text of ``SHA256SUMS`` for these file names and contents."""
    lines = (
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in files.items()
    )
    return "".join(lines).encode()


def fingerprint_of(config: Config, data: str, code: str, torch_version: str) -> str:
    """The name of a run: a hash of all that decides its result.

    Parameters
    ----------
    config : Config
        Resolved: its device is "cpu" or "cuda".
    data : str
        See :func:`lenet5.data.checksum`.
    code : str
        See :func:`lenet5.environment.code_hash`.
    torch_version : str

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    facts = {
        "config": dataclasses.asdict(config),
        "data": data,
        "code": code,
        "torch": torch_version,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _json(value: dict) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise Lenet5Error(
            f"{path} is missing: give the folder of a finished run, or train one"
        ) from error
