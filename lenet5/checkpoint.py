"""The state of a run in one file, from which it goes on as if it had never stopped."""

import math
import os
import shutil
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, safe_open, save
from torch import Tensor

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.files import write_whole
from lenet5.train import Metrics, State

KEPT = 2  # the last one, and the one before it should the last be damaged


def save_state(state: State, folder: Path, fingerprint: str) -> None:
    """Write ``folder/epoch-NNNNN.safetensors`` and remove all but the last two.

    Parameters
    ----------
    state : State
    folder : Path
        One run's checkpoints and nothing else.
    fingerprint : str
        The run that the checkpoint belongs to.

    Raises
    ------
    OSError
        If the file cannot be written; those before it stay.
    """
    tensors = {
        name: tensor.cpu().contiguous() for name, tensor in _tensors(state).items()
    }
    tensors["shuffle"] = state.shuffle.get_state()
    tensors["history"] = torch.tensor(state.history, dtype=torch.float64)
    folder.mkdir(parents=True, exist_ok=True)
    # A single metadata key: safetensors writes several in random order.
    content = save(tensors, metadata={"fingerprint": fingerprint})
    write_whole(folder / f"epoch-{len(state.history) - 1:05d}.safetensors", content)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink()


def load_state(
    config: Config, folder: Path, fingerprint: str, image_shape=(1, 28, 28)
) -> State | None:
    """The newest state that can be read, or None.

    A checkpoint that is damaged or of another run is renamed to ``*.set-aside`` with a
    warning.

    Parameters
    ----------
    config : Config
    folder : Path
    fingerprint : str
    image_shape : tuple of int

    Returns
    -------
    State or None
    """
    for path in _newest_first(folder):
        try:
            return _read(config, path, fingerprint, image_shape)
        except (Lenet5Error, SafetensorError) as error:
            aside = path.with_suffix(".set-aside")
            os.replace(path, aside)
            warnings.warn(f"{path.name} is set aside as {aside}: {error}", stacklevel=2)
    return None


def forget(folder: Path) -> None:
    """Remove a run's checkpoints."""
    shutil.rmtree(folder, ignore_errors=True)


def fill(targets: dict[str, Tensor], tensors: dict[str, Tensor], source: Path) -> None:
    """Copy tensors read from a file into those of a model, if every name, shape and dtype agrees.

    Parameters
    ----------
    targets : dict of Tensor
        What is expected; filled in place, or left alone if anything disagrees.
    tensors : dict of Tensor
        What the file holds.
    source : Path
        The file, for the message.

    Raises
    ------
    Lenet5Error
        Naming the first tensor that is missing, unknown, or of another shape or dtype.
    """
    for name in sorted(targets.keys() ^ tensors.keys()):
        raise Lenet5Error(
            f"{source}: tensor {name} is {'missing' if name in targets else 'unknown'}"
        )
    for name, target in targets.items():
        for what in ("shape", "dtype"):
            expected, found = getattr(target, what), getattr(tensors[name], what)
            if expected != found:
                raise Lenet5Error(
                    f"{source}: tensor {name} has {what} {found} where {expected} is expected"
                )
    with torch.no_grad():
        for name, target in targets.items():
            target.copy_(tensors[name])


def _read(config: Config, path: Path, fingerprint: str, image_shape) -> State:
    content = path.read_bytes()
    tensors = load(content)
    with safe_open(path, framework="pt") as file:
        found = (file.metadata() or {}).get("fingerprint")
    if found != fingerprint:
        raise Lenet5Error(f"it belongs to run {found}, not to {fingerprint}")
    state = State.initial(config, image_shape)
    shuffle, history = (tensors.pop(name, None) for name in ("shuffle", "history"))
    if (
        shuffle is None
        or history is None
        or history.dim() != 2
        or history.shape[1] != len(Metrics._fields)
    ):
        raise Lenet5Error("its generator or its history is missing")
    for parameter in state.model.parameters():
        # The moments must lie in memory as their weights do: the fused step walks both
        # in parallel.
        state.optimizer.state[parameter] = {
            "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
    if history.shape[0] == 1:  # before the first step Adam has no moments
        state.optimizer.state.clear()
    fill(_tensors(state), tensors, path)
    state.shuffle.set_state(shuffle)
    state.history.extend(Metrics(int(row[0]), *row[1:]) for row in history.tolist())
    if not all(math.isfinite(value) for row in state.history for value in row):
        raise Lenet5Error("its history is not finite")
    return state


def _tensors(state: State) -> dict[str, Tensor]:
    tensors = {}
    for name, parameter in state.model.named_parameters():
        tensors[f"model.{name}"] = parameter.detach()
        for moment, tensor in state.optimizer.state.get(parameter, {}).items():
            tensors[f"adam.{moment}.{name}"] = tensor
    return tensors


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("epoch-*.safetensors"), reverse=True)
