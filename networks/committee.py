"""A committee: what columns and members read together."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from exact import UserError, cores
from lenet5.files import load_arrays
from networks.column2012.columns import VIEWS, Column
from networks.column2012.tried import for_column
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

    def read(network: tuple[dict, dict]) -> np.ndarray:
        weights, metadata = network
        return read_view(weights, views[metadata["column"]])

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
    if "dense.weight" in weights:  # a column has a dense layer, and a member has none
        # To read, the distortions and the seed of its training do not matter.
        engine = for_column(Column(), 0, weights)
    else:
        engine = for_member(weights)
    return engine.probabilities(images)
