"""Files that are whole or not there; checksums of files, of arrays and of code."""

import ast
import csv
import hashlib
import io
import json
import os
import re
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
PACKAGE = Path(__file__).resolve().parent
# What decides a run's numbers besides its config and data. The lines of Python around the
# kernel are held to it by the trial that each engine makes, see lenet5/exact.py.
SOURCES = {
    "exact": ("draws.py", "train.py", "kernel.c"),
    "torch": ("draws.py", "train.py", "model.py"),
}
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


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
    """Write the checksums of a folder's files into its ``SHA256SUMS``.

    A folder that has a file ``DATES`` has it brought up to date before.
    """
    if (folder / DATES).exists():
        date_files(folder)
    files = sorted(
        (path for path in folder.iterdir() if path.is_file()),
        key=lambda path: path.name,  # a path of Windows has no capitals
    )
    whole = [path for path in files if ".partial" not in path.suffixes]
    lines = [_line(path) for path in whole if path.name != SUMS]
    write_whole(folder / SUMS, "".join(lines).encode())


def date_files(folder: Path) -> None:
    """Note in a folder's ``DATES`` on which day the bytes of each file last changed.

    A line is a day (UTC), a SHA-256 and the name of a file, in the folder or below. A file
    keeps the day that stands there with its checksum, so that writing the same bytes again
    changes nothing; any other is of today.
    """
    known, lines = {}, []
    if (folder / DATES).exists():
        for line in (folder / DATES).read_text(encoding="utf-8").splitlines():
            known[line[12:]] = line[:10]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    for path in sorted(folder.rglob("*"), key=Path.as_posix):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not _is_passing(path):
            summed = f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}"
            lines.append(f"{known.get(summed, today)}  {summed}\n")
    write_whole(folder / DATES, "".join(lines).encode())


def _is_passing(path: Path) -> bool:
    """Whether a file is a list of the others, hidden, or not whole."""
    listed = path.name in (SUMS, DATES) or path.name.startswith(".")
    return listed or ".partial" in path.suffixes


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
        if _line(folder / name) not in sums:
            raise Lenet5Error(f"{folder / name} is not as {SUMS} has it: {mend}")


def code_hash(engine: str) -> str:
    """:func:`hash_code` of what computes a run."""
    return hash_code(*(PACKAGE / name for name in SOURCES[engine]))


def hash_code(*paths: Path) -> str:
    """SHA-256 of Python and C files, without their comments and docstrings."""
    digest = hashlib.sha256()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".py":
            code = repr(_tree(ast.parse(text)))
        else:
            code = " ".join(C_COMMENT.sub(" ", text).split())
        digest.update(f"{path.name}\0{code}\0".encode())
    return digest.hexdigest()


def _line(path: Path) -> str:
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"


def _checksum(arrays: Mapping[str, np.ndarray], text: str) -> str:
    content = checksum({name: arrays[name] for name in sorted(arrays)})
    return hashlib.sha256(f"{content} {sorted(arrays)} {text}".encode()).hexdigest()


def _tree(node):
    """A syntax tree as nested lists, without docstrings; the same in each Python."""
    if isinstance(node, list):
        return [_tree(child) for child in node if not _is_docstring(child)]
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, _tree(value)) for name, value in ast.iter_fields(node))
    return [type(node).__name__, *(x for x in fields if x[1] not in (None, []))]


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
