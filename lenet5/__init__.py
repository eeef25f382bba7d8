"""LeNet-5 on MNIST: the network of the report and its training.

In one sitting, from the top: what a run is asked for (:mod:`lenet5.config`), the images
(:mod:`lenet5.data`), the network (:mod:`lenet5.model`), its first weights
(:mod:`lenet5.parameters`), the loop (:mod:`lenet5.train`), the engine that takes the
loop's steps (:mod:`lenet5.engines`) and what is kept of a run (:mod:`lenet5.run`).

Importing the package loads neither NumPy nor torch.
"""

from pathlib import Path

from exact import UserError
from lenet5.config import Config

__all__ = ["DATA", "PROJECT", "RECORD", "RUNS", "Config", "UserError"]


def _find_project() -> Path:
    """The folder with ``data/`` and ``record/``: a clone of the project.

    It is the folder above this package, or where the package was copied out of its clone,
    as a plain ``pip install`` does, the folder in which the program runs.
    """
    above = Path(__file__).resolve().parent.parent
    return above if (above / "record").is_dir() else Path.cwd()


PROJECT = _find_project()
DATA = PROJECT / "data"
RUNS = PROJECT / "runs"
RECORD = PROJECT / "record"
