"""MNIST as tensors in memory, from the four official files."""

import hashlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from torch import Tensor
from torchvision.datasets import MNIST

from lenet5 import Lenet5Error
from lenet5.files import write_whole

ROOT = Path(__file__).resolve().parent.parent / "data"
MD5 = dict(
    MNIST.resources
)  # file name -> the checksum that torchvision publishes for it


class Split(NamedTuple):
    """One half of the data set.

    Attributes
    ----------
    images : Tensor, shape (N, 1, 28, 28), float32 in [0, 1]; 0 is paper, 1 is ink
    labels : Tensor, shape (N,), int64 in 0..9
    """

    images: Tensor
    labels: Tensor


def load(root: Path = ROOT) -> tuple[Split, Split]:
    """The training and the test split of MNIST.

    The official files stand in ``root/MNIST/raw``. One that is missing is downloaded;
    all are verified.

    Parameters
    ----------
    root : Path
        Folder that holds ``MNIST/raw``.

    Returns
    -------
    train, test : Split
        60,000 and 10,000 images.

    Raises
    ------
    Lenet5Error
        If a file is damaged, or missing and no mirror answers.
    """
    raw = Path(root) / "MNIST" / "raw"
    missing = [name for name in MD5 if not (raw / name).exists()]
    for name in MD5.keys() - set(missing):
        _verify(raw / name)
    # torchvision unpacks beside the archives, and takes an unpacked file as it finds
    # it. A scratch folder means that nothing half-unpacked is ever read, that processes
    # do not collide, and that the data folder may be read-only.
    with TemporaryDirectory(prefix="lenet5-mnist-") as scratch:
        unpacked = Path(scratch) / "MNIST" / "raw"
        unpacked.mkdir(parents=True)
        for name in MD5.keys() - set(missing):
            shutil.copyfile(raw / name, unpacked / name)
        try:
            halves = [
                MNIST(scratch, train=train, download=True) for train in (True, False)
            ]
        except RuntimeError as error:
            raise Lenet5Error(
                f"{', '.join(missing)} missing from {raw} and no mirror could give it: "
                f"put the official file there "
                f"(data/README.md says where it comes from)"
            ) from error
        for name in missing:
            raw.mkdir(parents=True, exist_ok=True)
            write_whole(raw / name, (unpacked / name).read_bytes())
    return tuple(
        Split(half.data.unsqueeze(1).float().div_(255), half.targets) for half in halves
    )


def checksum(*splits: Split) -> str:
    """SHA-256 of the images and labels, as hexadecimal text: which data a run has seen."""
    digest = hashlib.sha256()
    for tensor in (tensor for split in splits for tensor in split):
        digest.update(str(tuple(tensor.shape)).encode())
        digest.update(tensor.cpu().contiguous().numpy())
    return digest.hexdigest()


def _verify(path: Path) -> None:
    actual = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if actual != MD5[path.name]:
        raise Lenet5Error(
            f"{path} is damaged: expected MD5 {MD5[path.name]}, found {actual}; "
            "delete it to download it again, or restore it with git"
        )
