"""Files that are whole or not there, and the checksums that guard them.

A safetensors file holds the checksum of its own content, since it may travel alone; of all
other files in a folder ``SHA256SUMS`` has it.
"""

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

from exact import UserError
from exact.arrays import checksum

SUMS = "SHA256SUMS"  # as sha256sum writes it, so that sha256sum -c reads it
CHANGED = "# Last changed on "  # and a day: over the files of that day
DIGEST = 64  # hexadecimal digits of a SHA-256
SEALED = (
    "lenet5"  # the entry of a safetensors file: the checksum, and then the metadata
)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that its name never stands for half of it.

    Raises
    ------
    OSError
        If it cannot be written; it names the file that was asked for.
    """
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
    table = csv.writer(text, lineterminator="\n")
    table.writerows(rows)
    write_whole(path, text.getvalue().encode())


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], metadata: dict) -> None:
    """Write arrays and metadata about them, fit for JSON, as safetensors with a checksum."""
    # safetensors writes the memory of an array as it lies there.
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps(metadata)
    # One entry: safetensors would write several in random order.
    sealed = {SEALED: _checksum(arrays, text) + text}
    write_whole(path, save(arrays, metadata=sealed))


def load_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict]:
    """What :func:`save_arrays` wrote; of a file from elsewhere, its arrays and no metadata.

    Nothing in it is executed.

    Raises
    ------
    UserError
        If the file is missing or damaged.
    """
    try:
        with safe_open(path, "numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}
            metadata = file.metadata() or {}
    except FileNotFoundError as error:
        raise UserError(f"{path} is missing: name another, or train it") from error
    except (SafetensorError, TypeError) as error:  # or of a type that NumPy lacks
        raise UserError(f"{path} is damaged or no safetensors: {error}") from error
    if SEALED not in metadata:
        return arrays, {}
    sealed = metadata[SEALED]
    digest = sealed[:DIGEST]
    text = sealed[DIGEST:]
    if digest != _checksum(arrays, text):
        raise UserError(f"{path} is damaged: its checksum is not that of its content")
    try:
        metadata = json.loads(text)
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise UserError(
            f"{path} is damaged: what it says of its arrays is no JSON object"
        )
    return arrays, metadata


def write_sums(folder: Path, dated: bool | None = None) -> None:
    """Write the checksums of a folder's files, and of those below, into ``SHA256SUMS``.

    A dated list also says on which day (UTC) the bytes of each file last changed, as a
    comment over the files of that day, which ``sha256sum`` passes over. A file keeps its
    day with its checksum, so that writing the same bytes again changes nothing, and any
    other is of today. By default a list that was dated is dated again.
    """
    days = dates(folder)
    if dated is None:
        dated = bool(days)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    groups: dict[str, list[str]] = {}  # the lines of each day
    for name in _whole_files(folder):
        line = f"{_sha256(folder / name)}  {name}\n"
        day = days.get(line, today) if dated else ""
        groups.setdefault(day, []).append(line)
    text = ""
    for day in sorted(groups):
        if day:
            text += f"{CHANGED}{day}\n"
        text += "".join(groups[day])
    write_whole(folder / SUMS, text.encode())


def dates(folder: Path) -> dict[str, str]:
    """The day of each line of a folder's ``SHA256SUMS``; empty if it says no days."""
    if not (folder / SUMS).exists():
        return {}
    days = {}
    day = ""
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith(CHANGED):
            day = line.removeprefix(CHANGED).strip()
        elif day:
            days[line] = day
    return days


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
    """Compare files with their checksums in ``SHA256SUMS``.

    Parameters
    ----------
    folder : Path
    names : iterable of str, optional
        By default all that have a checksum there.

    Raises
    ------
    UserError
        For the first file that is missing or changed, or if there are no checksums.
    """
    mend = "restore it with git, or remove the folder and train again"
    try:
        text = (folder / SUMS).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{folder / SUMS} is missing: {mend}") from error
    lines = [line for line in text.split("\n") if line and line[0] != "#"]
    if not names:
        names = [line[DIGEST + 2 :] for line in lines]  # after two blanks
    for name in names:
        if not (folder / name).is_file():
            raise UserError(f"{folder / name} is missing: {mend}")
        if f"{_sha256(folder / name)}  {name}" not in lines:
            raise UserError(f"{folder / name} is not as {SUMS} has it: {mend}")


def _checksum(arrays: Mapping[str, np.ndarray], text: str) -> str:
    """SHA-256 of arrays, of their names, and of the metadata about them."""
    names = sorted(arrays)
    content = checksum({name: arrays[name] for name in names})
    return hashlib.sha256(f"{content} {names} {text}".encode()).hexdigest()
