"""Files that are whole or not there; checksums of files and of arrays."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lenet5 import Lenet5Error
from lenet5.draws import parameter_shapes
from lenet5.train import checksum

SUMS = "SHA256SUMS"  # as sha256sum writes it, so that sha256sum -c reads it
DATES = "DATES"  # of a folder whose files' days are kept


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name never stands for half of it; OSError if it cannot."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def write_table(path: Path, rows: Iterable) -> None:
    """Write rows of cells, the first their names, as :func:`write_whole` does."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_whole(path, text.getvalue().encode())


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], facts: dict) -> None:
    """Write arrays and facts about them, fit for JSON, as safetensors with a checksum."""
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps(facts)
    # One entry: safetensors would write several in random order.
    write_whole(path, save(arrays, metadata={"lenet5": _checksum(arrays, text) + text}))


def load_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """What :func:`save_arrays` wrote; of a file from elsewhere, its arrays and no facts.

    Nothing in it is executed. A file that is missing or damaged raises Lenet5Error.
    """
    try:
        with safe_open(path, "numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}
            sealed = (file.metadata() or {}).get("lenet5")
    except FileNotFoundError as error:
        raise Lenet5Error(f"{path} is missing: name another, or train it") from error
    except (SafetensorError, TypeError) as error:  # or of a type that NumPy lacks
        raise Lenet5Error(f"{path} is damaged or no safetensors: {error}") from error
    if sealed is None:
        return arrays, {}
    if sealed[:64] != _checksum(arrays, sealed[64:]):
        raise Lenet5Error(f"{path} is damaged: its checksum is not that of its content")
    return arrays, json.loads(sealed[64:])


def load_weights(path: Path) -> tuple[dict[str, np.ndarray], tuple[int, int, int]]:
    """Weights and image shape of a file; Lenet5Error if it holds another network's."""
    arrays, facts = load_arrays(path)
    image_shape = tuple(facts.get("image_shape", (1, 28, 28)))
    shapes = parameter_shapes(image_shape, np.size(arrays.get("dense3.bias", 0)))
    wanted = {name: f"float32 {shape}" for name, shape in shapes.items()}
    found = {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}
    for name in sorted(wanted | found):
        has, needs = found.get(name, "missing"), wanted.get(name, "unknown")
        if has != needs:
            raise Lenet5Error(f"{path}: tensor {name} is {has}, in LeNet5 {needs}")
    return {name: arrays[name] for name in shapes}, image_shape


def seal(folder: Path) -> None:
    """Write the checksums of a folder's files, and of those below, into ``SHA256SUMS``.

    A folder that has a file ``DATES`` has it brought up to date before.
    """
    if (folder / DATES).exists():
        date_files(folder)
    lines = []
    for name in _whole_files(folder):
        lines.append(f"{_sha256(folder / name)}  {name}\n")
    write_whole(folder / SUMS, "".join(lines).encode())


def date_files(folder: Path) -> None:
    """Note in a folder's ``DATES`` on which day the bytes of each file last changed.

    A line is a day (UTC), a SHA-256 and the name of a file, in the folder or below. A file
    keeps the day that stands there with its checksum, so that writing the same bytes again
    changes nothing; any other is of today.
    """
    days = {}
    if (folder / DATES).exists():
        for line in (folder / DATES).read_text(encoding="utf-8").splitlines():
            days[line[12:]] = line[:10]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    lines = []
    for name in _whole_files(folder):
        if name != DATES:
            summed = f"{_sha256(folder / name)}  {name}"
            lines.append(f"{days.get(summed, today)}  {summed}\n")
    write_whole(folder / DATES, "".join(lines).encode())


def _whole_files(folder: Path) -> list[str]:
    """The names of the files in a folder and below, but for what is hidden or not whole.

    They are in the order of their text, which is the same on every system. Lists of
    checksums are left out.
    """
    names = []
    for path in folder.rglob("*"):
        passing = path.name.startswith(".") or ".partial" in path.suffixes
        if path.is_file() and path.name != SUMS and not passing:
            names.append(path.relative_to(folder).as_posix())
    return sorted(names)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_sums(folder: Path, names: Iterable[str] = ()) -> None:
    """Compare files, by default all in ``SHA256SUMS``, with their checksums there.

    The first that is missing or changed raises Lenet5Error.
    """
    mend = "restore it with git, or remove the folder and train again"
    try:
        sums = (folder / SUMS).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Lenet5Error(f"{folder / SUMS} is missing: {mend}") from error
    for name in names or [line[66:] for line in sums.split("\n") if line]:
        if not (folder / name).is_file():
            raise Lenet5Error(f"{folder / name} is missing: {mend}")
        if f"{_sha256(folder / name)}  {name}\n" not in sums:
            raise Lenet5Error(f"{folder / name} is not as {SUMS} has it: {mend}")


def _checksum(arrays: Mapping[str, np.ndarray], text: str) -> str:
    content = checksum({name: arrays[name] for name in sorted(arrays)})
    return hashlib.sha256(f"{content} {sorted(arrays)} {text}".encode()).hexdigest()
