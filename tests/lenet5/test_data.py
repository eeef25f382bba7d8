"""MNIST in memory: against torchvision's own loader, and with damaged files."""

import gzip
import shutil

import numpy as np
import pytest
import torch

from exact import UserError
from lenet5 import data

NAMES = list(data.MD5)


@pytest.fixture
def raw(tmp_path):
    """A private copy of the official files."""
    return shutil.copytree(data.DATA / "MNIST" / "raw", tmp_path / "MNIST" / "raw")


@pytest.fixture(scope="module")
def torchvision_mnist():
    """torchvision's loader, whose wheel may be built for another torch.

    Beside a CPU-only torch the import stops at ``operator torchvision::nms does not
    exist``; its data sets need no operator, so it is enough to declare the two.
    """
    library = torch.library.Library("torchvision", "FRAGMENT")
    try:
        from torchvision.datasets import MNIST
    except RuntimeError:
        for name in ("nms", "qnms"):
            boxes = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            library.define(name + boxes)
        from torchvision.datasets import MNIST
    yield MNIST
    del library  # which withdraws what it has declared


def test_the_splits_are_those_of_torchvision(mnist, raw, tmp_path, torchvision_mnist):
    for split, is_train in zip(mnist, (True, False), strict=True):
        theirs = torchvision_mnist(tmp_path, train=is_train, download=True)
        assert split.images.dtype == np.uint8
        assert split.labels.dtype == np.int32
        assert split.images.shape == (len(theirs), 1, 28, 28)
        assert np.array_equal(split.images[:, 0], theirs.data.numpy())
        assert np.array_equal(split.labels, theirs.targets.numpy())


def test_the_classes_are_counted_as_published(mnist):
    train, test = (np.bincount(split.labels).tolist() for split in mnist)
    assert train == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_named_with_both_checksums(raw, tmp_path, name):
    content = bytearray((raw / name).read_bytes())
    content[len(content) // 2] ^= 1
    (raw / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is damaged") as error:
        data.load(tmp_path)
    assert data.MD5[name] in str(error.value)
    assert "\n" not in str(error.value)
    assert (raw / name).read_bytes() == content  # nothing is overwritten


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(raw, tmp_path, name):
    (raw / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing: restore it") as error:
        data.load(tmp_path)
    assert "\n" not in str(error.value)


def test_loading_writes_nothing(raw, tmp_path):
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    raw.chmod(0o555)
    data.load(tmp_path)
    raw.chmod(0o755)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before


def test_an_unpacked_file_that_lies_about_is_not_trusted(raw, tmp_path, mnist):
    stale = gzip.decompress((raw / NAMES[3]).read_bytes())
    (raw / NAMES[3]).with_suffix("").write_bytes(stale[:8] + bytes(10_000))
    assert np.array_equal(data.load(tmp_path)[1].labels, mnist[1].labels)


def test_the_checksum_changes_with_a_bit_an_order_and_a_shape(small):
    train, test = small
    seen = {data.checksum(train, test), data.checksum(test, train)}
    for half, place in ((0, (5, 0, 10, 10)), (1, 5)):
        changed = [array.copy() for array in train]
        changed[half][place] ^= 1
        seen.add(data.checksum(data.Split(*changed), test))
    wide = train.images.reshape(600, 1, 14, 56)
    seen.add(data.checksum(data.Split(wide, train.labels), test))
    assert len(seen) == 5
    copies = [data.Split(*(array.copy() for array in split)) for split in small]
    assert data.checksum(*copies) in seen
