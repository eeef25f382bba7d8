"""MNIST in memory: against torchvision's own loader, and with damaged files."""

import gzip
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import torch
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from lenet5 import Lenet5Error, data


@pytest.fixture
def raw(tmp_path):
    """A private copy of the official files."""
    return shutil.copytree(data.ROOT / "MNIST" / "raw", tmp_path / "MNIST" / "raw")


def test_the_splits_are_those_of_torchvision(mnist, raw, tmp_path):
    for split, is_train in zip(mnist, (True, False), strict=True):
        theirs = MNIST(tmp_path, train=is_train, download=True, transform=ToTensor())
        assert split.images.shape == (len(theirs), 1, 28, 28)
        assert split.images.dtype == torch.float32
        assert torch.equal(split.labels, theirs.targets)
        for row in (0, 1, 777, len(theirs) - 1):
            image, label = theirs[row]
            assert torch.equal(split.images[row], image)
            assert split.labels[row] == label


def test_the_classes_are_counted_as_published(mnist):
    train, test = mnist
    assert train.labels.bincount().tolist() == [
        *(5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    ]
    assert test.labels.bincount().tolist() == [
        *(980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
    ]


@pytest.mark.parametrize(
    "name", ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"]
)
def test_a_damaged_file_is_named_with_both_checksums(raw, tmp_path, name):
    content = bytearray((raw / name).read_bytes())
    content[len(content) // 2] ^= 1
    (raw / name).write_bytes(content)
    with pytest.raises(Lenet5Error, match=name) as error:
        data.load(tmp_path)
    assert data.MD5[name] in str(error.value)
    assert "found" in str(error.value)
    assert (raw / name).read_bytes() == content  # nothing is overwritten


def test_loading_leaves_the_folder_as_it_was(raw, tmp_path):
    before = sorted(raw.iterdir())
    data.load(tmp_path)
    assert sorted(raw.iterdir()) == before


def test_an_unpacked_file_that_lies_about_is_not_trusted(raw, tmp_path, mnist):
    stale = gzip.decompress((raw / "t10k-labels-idx1-ubyte.gz").read_bytes())
    (raw / "t10k-labels-idx1-ubyte").write_bytes(stale[:8] + bytes(10_000))
    assert torch.equal(data.load(tmp_path)[1].labels, mnist[1].labels)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder that stands for the only mirror, served on this machine."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(MNIST, "mirrors", [address])
        yield folder
        server.shutdown()


def test_a_missing_file_is_downloaded(raw, tmp_path, mirror):
    name = "t10k-labels-idx1-ubyte.gz"
    shutil.move(raw / name, mirror / name)
    assert len(data.load(tmp_path)[1].labels) == 10_000
    assert (raw / name).read_bytes() == (mirror / name).read_bytes()


@pytest.mark.parametrize("answer", [None, b"<html>moved</html>"])
def test_a_file_that_no_mirror_has_whole_is_named(raw, tmp_path, mirror, answer):
    name = "t10k-labels-idx1-ubyte.gz"
    (raw / name).unlink()
    if answer:
        (mirror / name).write_bytes(answer)
    with pytest.raises(Lenet5Error, match=r"t10k-labels-idx1-ubyte\.gz missing from"):
        data.load(tmp_path)
    assert not (raw / name).exists()


def test_the_checksum_tells_data_apart(small):
    train, test = small
    one = data.checksum(train, test)
    assert one == data.checksum(train, test)
    changed = train.images.clone()
    changed[5, 0, 10, 10] += 1e-3
    assert data.checksum(data.Split(changed, train.labels), test) != one
    assert data.checksum(test, train) != one
