"""A member reads to the same bytes everywhere, as PyTorch's definition reads; without torch."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image
from test_kernel_builds import has_fused_products, python

from lenet5 import RECORD, Lenet5Error, behaviour, compiler
from lenet5.checkpoint import load_arrays, save_arrays
from systems import columns, committee, committee_study, members
from systems.__main__ import main
from systems.members import LAYERS, Reader, trial

FILES = sorted((RECORD / "committee").iterdir())
STORED = [path.stem for path in FILES]


@pytest.fixture(scope="module")
def stored() -> dict:
    """The members of the record: weights, and the width of their view."""
    kept = {path.stem: load_arrays(path) for path in FILES}
    return {
        name: (weights, committee_study.WIDTHS[facts["column"]])
        for name, (weights, facts) in kept.items()
    }


def definition(weights) -> committee.Network:
    """PyTorch's network with a member's weights, in float64."""
    network = committee.Network(normalised=False).double()
    arrays = weights.items()
    network.load_state_dict({name: torch.from_numpy(x).double() for name, x in arrays})
    return network.eval()


@torch.inference_mode()
@pytest.mark.parametrize("name", STORED)
def test_a_stored_member_reads_as_its_definition(stored, mnist, name):
    weights, width = stored[name]
    images = columns.view(mnist[1].images[:300], width)
    shown = torch.from_numpy(images).double()[:, None] / 127.5 - 1
    expected = definition(weights)(shown).softmax(dim=1).numpy()
    found = Reader(weights).probabilities(images)
    assert (found.dtype, found.shape) == (np.float32, (300, 10))
    assert np.abs(found - expected).max() < 2e-5
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


@torch.inference_mode()
def test_each_layer_is_that_of_the_definition(stored, mnist):
    weights, width = stored["W14-3"]
    image = columns.view(mnist[1].images[7:8], width)
    x, found = torch.from_numpy(image).double()[:, None] / 127.5 - 1, Reader(weights)
    layers = found.layers(image)
    for name, layer in zip(LAYERS, definition(weights), strict=False):
        x = layer(x)
        wanted = x[0].numpy()
        assert layers[name].shape == wanted.shape
        assert np.abs(layers[name] - wanted).max() < 1e-5 * np.abs(wanted).max(), name
    assert np.allclose(layers["probabilities"], x.softmax(dim=1)[0], atol=1e-6)


@pytest.mark.parametrize("kind", ["W20-0", "as-given-4", "even", "wild", "faint"])
def test_every_layer_is_that_of_plain_loops_to_the_byte(stored, mnist, kind):
    """Of a digit, of blank paper and of noise."""
    made_up = kind in ("even", "wild", "faint")
    reader = Reader(members.made_up(kind) if made_up else stored[kind][0])
    noise = np.random.default_rng(0).integers(0, 256, (29, 29)).astype(np.uint8)
    digit = columns.view(mnist[1].images[:1], 20)[0]
    for image in (digit, np.zeros_like(noise), noise):
        fast, plain = reader.layers(image), reader.layers(image, plainly=True)
        for name in LAYERS:
            assert fast[name].tobytes() == plain[name].tobytes(), name


def test_portions_of_the_images_read_the_same_bytes(stored, mnist):
    weights, width = stored["as-given-1"]
    images = columns.view(mnist[1].images[:53], width)
    whole = Reader(weights).probabilities(images)
    for size in (1, 5, 24, 25):
        starts = range(0, 53, size)
        parts = [Reader(weights).probabilities(images[i : i + size]) for i in starts]
        assert np.concatenate(parts).tobytes() == whole.tobytes()
    for place in (0, 52):
        layers = Reader(weights).layers(images[place])
        assert layers["probabilities"].tobytes() == whole[place].tobytes()


def test_a_reader_keeps_nothing_of_what_it_read_before(stored, mnist):
    images = columns.view(mnist[1].images[:30], 0)
    reader = Reader(stored["as-given-0"][0])
    first = reader.probabilities(images)
    reader.probabilities(images[::-1])
    assert reader.probabilities(images).tobytes() == first.tobytes()
    assert reader.probabilities(images[:0]).shape == (0, 10)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_no_byte(stored, mnist, monkeypatch, threads):
    monkeypatch.setattr(committee_study, "cores", lambda: threads)
    names = ["as-given", "W20", "W14"] * 2
    networks = [
        (stored[f"{name}-{n}"][0], {"column": name.replace("-", " ")})
        for n, name in enumerate(names[:5])
    ]
    images = mnist[1].images[:40]
    found = committee_study.found(networks, images)
    for one, (weights, kept) in zip(found, networks, strict=True):
        seen = columns.view(images, committee_study.WIDTHS[kept["column"]])
        assert one.tobytes() == Reader(weights).probabilities(seen).tobytes()


# -- the promise -----------------------------------------------------------------------


@pytest.fixture
def untried():
    """The trial is due again, before the test and after it."""
    members._check_trial.cache_clear()
    yield
    members._load.cache_clear()
    members._check_trial.cache_clear()


def test_this_machine_reads_the_known_bytes(untried):
    assert trial() == behaviour.pinned(members.PACKAGE, members.ENGINE)
    Reader(members.made_up("even"))


@pytest.mark.skipif(not has_fused_products(), reason="no fused product here")
def test_fused_products_are_refused(untried, monkeypatch, tmp_path):
    flags = [flag for flag in compiler.FLAGS if "contract" not in flag]
    built = tmp_path / "member.so"
    flags = [*flags, "-ffp-contract=fast", "-mcpu=native", "-shared", "-fPIC"]
    compiler.compile_source(members.SOURCE, built, [*flags, *compiler.LINK])
    monkeypatch.setattr(compiler, "library", lambda *_, **__: built)
    members._load.cache_clear()
    with pytest.raises(Lenet5Error, match="breaks the engine's promise"):
        Reader(members.made_up("even"))


def test_flush_to_zero_is_refused():
    code = """
import torch
from lenet5 import Lenet5Error
from systems import members
print(torch.set_flush_denormal(True))
try:
    members.Reader(members.made_up("even"))
except Lenet5Error as error:
    print(error)
"""
    out, errors = python(code).communicate()
    flushes, *message = out.splitlines() or [errors]
    if flushes == "False":
        pytest.skip("this processor does not flush to zero")
    assert flushes == "True", errors
    assert "has set flush-to-zero" in message[0]


# -- what is refused -------------------------------------------------------------------


def test_float32_weights_that_are_the_same_numbers_read_the_same(stored, mnist):
    weights, width = stored["W14-0"]
    wide = {name: array.astype(np.float32) for name, array in weights.items()}
    images = columns.view(mnist[1].images[:5], width)
    found = [Reader(some).probabilities(images).tobytes() for some in (weights, wide)]
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output.bias": None}, "tensor output.bias is missing"),
        ({"maps3.conv.weight": (48, 32, 5, 5)}, r"is float16 \(48, 32, 5, 5\), in a"),
        ({"conv1.weight": (6, 1, 5, 5)}, r"tensor conv1.weight is .*, in a member unk"),
    ],
)
def test_weights_of_another_network_are_refused_in_words(stored, change, said):
    weights = dict(stored["W20-1"][0])
    for name, shape in change.items():
        weights.pop(name, None)
        if shape:
            weights[name] = np.zeros(shape, np.float16)
    with pytest.raises(Lenet5Error, match=said):
        committee_study.probabilities(weights, np.zeros((1, 29, 29), np.uint8))


def test_numbers_of_another_kind_are_refused(stored):
    weights = dict(stored["W20-1"][0])
    weights["output.bias"] = weights["output.bias"].astype(np.float64)
    with pytest.raises(Lenet5Error, match=r"output.bias is float64 \(10,\)"):
        Reader(weights)


@pytest.mark.parametrize(("shape", "kind"), [((1, 28, 28), "u1"), ((1, 29, 29), "f4")])
def test_images_that_are_no_views_are_refused(stored, shape, kind):
    with pytest.raises(Lenet5Error, match="a member reads views"):
        Reader(stored["W20-1"][0]).probabilities(np.zeros(shape, kind))


def test_a_foreign_file_in_the_committee_ends_in_one_line(
    mnist, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "committee"
    folder.mkdir()
    for path in FILES:
        weights, facts = load_arrays(path)
        if path.stem == "W20-3":
            weights["maps5.conv.bias"] = weights["maps5.conv.bias"][:-1]
        save_arrays(folder / path.name, weights, facts)
    monkeypatch.setattr("systems.__main__.COMMITTEE", folder)
    Image.fromarray(mnist[1].images[0, 0]).save(tmp_path / "digit.png")
    assert main(["predict", str(tmp_path / "digit.png")]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "tensor maps5.conv.bias is float16 (95,)" in line


def test_the_committee_reads_without_torch(mnist, tmp_path):
    (tmp_path / "torch.py").write_text("raise RuntimeError('torch')\n")
    Image.fromarray(mnist[1].images[0, 0]).save(tmp_path / "digit.png")
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "book")))
    environment = os.environ | {"PYTHONPATH": path}
    for command in (
        ["-m", "systems", "predict", tmp_path / "digit.png"],
        ["-c", "import exhibits.committee"],
    ):
        done = subprocess.run(
            [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True
        )
        assert done.returncode == 0, done.stderr.decode()
