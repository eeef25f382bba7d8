"""A committee: what columns and members read together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from exact import UserError, cores
from lenet5.files import load_arrays
from networks.column2012.columns import VIEWS, Column
from networks.column2012.engine import ColumnEngine
from networks.column2012.tried import for_column
from networks.member.reader import Reader
from networks.member.tried import for_member
from networks.views import view

# The width of the digits in a view, by the name of who sees it.
WIDTHS = {f"W{width}": width for width in VIEWS if width}
WIDTHS["as given"] = 0


def weights_file(folder: Path, name: str, seed: int) -> Path:
    """Where the weights of a column or a member are kept."""
    file_name = f"{name}-{seed}.safetensors"
    return folder / file_name.replace(" ", "-")


def load(folder: Path) -> list[tuple[dict, dict]]:
    """The networks of a folder, seed by seed: weights, and the metadata stored with them.

    Raises
    ------
    UserError
        If there is none, a file is damaged, or a view lacks a seed that another has.
    """
    networks = [load_arrays(path) for path in sorted(folder.glob("*.safetensors"))]
    if not networks:
        raise UserError(f"{folder} holds no networks: restore it with git")
    names = {metadata["column"] for _, metadata in networks}
    seeds = {metadata["seed"] for _, metadata in networks}
    for name in sorted(names):
        for seed in sorted(seeds):
            path = weights_file(folder, name, seed)
            if not path.exists():
                raise UserError(f"{path} is missing: restore it with git")
    return sorted(networks, key=lambda network: network[1]["seed"])


def probabilities(networks: Sequence[tuple[dict, dict]], images) -> np.ndarray:
    """The probabilities that each of some networks gives to the classes.

    Parameters
    ----------
    networks : sequence of weights and metadata
        As :func:`load` gives them.
    images : array, shape (N, 1, 28, 28), uint8

    Returns
    -------
    array, shape (networks, N, 10), float32

    Raises
    ------
    UserError
        If a network cannot read here: see :func:`read_view`.
    """
    names = {metadata["column"] for _, metadata in networks}
    views = {name: view(images, WIDTHS[name]) for name in names}

    # One trial is enough for all networks of a kind: they share its code.
    for weights in {_is_column(weights): weights for weights, _ in networks}.values():
        _tried_engine(weights)

    def read(network: tuple[dict, dict]) -> np.ndarray:
        weights, metadata = network
        return _engine(weights).probabilities(views[metadata["column"]])

    with ThreadPoolExecutor(cores()) as pool:  # the kernels run outside Python's lock
        results = list(pool.map(read, networks))
    return np.stack(results)


def read_view(weights: dict, images) -> np.ndarray:
    """The probabilities that a column or a member gives to the classes.

    Parameters
    ----------
    weights : dict of arrays
        A column's, float32, or a member's, float16.
    images : array, shape (N, 29, 29), uint8
        In the network's view.

    Returns
    -------
    array, shape (N, 10), float32

    Raises
    ------
    UserError
        If the kernel cannot be built, or computes other bytes than it should.
    """
    return _tried_engine(weights).probabilities(images)


def _is_column(weights: dict) -> bool:
    """Whether weights are a column's: it has a dense layer, and a member has none."""
    return "dense.weight" in weights


def _tried_engine(weights: dict) -> ColumnEngine | Reader:
    """The engine that reads with some weights, after its trial."""
    if _is_column(weights):
        # To read, the distortions and the seed of its training do not matter.
        return for_column(Column(), 0, weights)
    return for_member(weights)


def _engine(weights: dict) -> ColumnEngine | Reader:
    """The same without a trial: another one of its kind has had it."""
    if _is_column(weights):
        return ColumnEngine(Column(), 0, weights)
    return Reader(weights)
