"""What a run's result depends on, and the name that follows from it."""

import ast
import dataclasses
import hashlib
import json
import platform
import re
from pathlib import Path

from lenet5 import Config
from lenet5.data import Split, checksum

PACKAGE = Path(__file__).resolve().parent
# What decides a run's numbers besides its config and data. The lines of Python around the
# kernel are held to it by the trial that each engine makes, see lenet5/exact.py.
SOURCES = {
    "exact": ("draws.py", "train.py", "kernel.c"),
    "torch": ("draws.py", "train.py", "model.py"),
}
C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def describe(config: Config, splits: tuple[Split, Split]) -> dict:
    """On what a run is made, fit for JSON: data and code, which decide it, and the machine."""
    facts = {
        "data_sha256": checksum(*splits),
        "code_sha256": code_hash(config.engine),
        "image_shape": list(splits[0].images.shape[1:]),
        "classes": 1 + max(int(split.labels.max()) for split in splits),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": cpu_model(),
    }
    if config.engine == "torch":
        from lenet5.model import machine

        facts |= machine(config.device)
    return facts


def fingerprint(config: Config, environment: dict) -> str:
    """The name of a run, 16 hexadecimal digits: a hash of all that decides its result."""
    names = ("data_sha256", "code_sha256", "torch")
    decisive = [dataclasses.asdict(config), *map(environment.get, names)]
    return hashlib.sha256(json.dumps(decisive).encode()).hexdigest()[:16]


def code_hash(engine: str) -> str:
    """SHA-256 of the code that computes a run, without its comments and docstrings."""
    digest = hashlib.sha256()
    for name in SOURCES[engine]:
        text = (PACKAGE / name).read_text(encoding="utf-8")
        if name.endswith(".py"):
            code = repr(_tree(ast.parse(text)))
        else:
            code = " ".join(C_COMMENT.sub(" ", text).split())
        digest.update(f"{name}\0{code}\0".encode())
    return digest.hexdigest()


def cpu_model() -> str:
    """The processor's name, where the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    found = re.search(r"^model name\s*: (.+)$", text, re.M)
    return found[1] if found else platform.processor()


def _tree(node):
    """A syntax tree as nested lists, without docstrings; the same in each Python."""
    if isinstance(node, list):
        return [_tree(child) for child in node if not _is_docstring(child)]
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, _tree(value)) for name, value in ast.iter_fields(node))
    return [
        type(node).__name__,
        *(pair for pair in fields if pair[1] not in (None, [])),
    ]


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
