"""A member learns, and reads to the same bytes everywhere, as PyTorch's definition reads."""

import numpy as np
import pytest
import torch

from exact import UserError, compiler
from lenet5 import RECORD, behaviour
from lenet5.files import load_arrays
from networks import PACKAGE
from networks.column2012.schedule import train
from networks.committee import WIDTHS
from networks.member.definition import MemberEngine, Network
from networks.member.members import Member
from networks.member.reader import ENGINE, LAYERS, SOURCE, Reader, made_up, trial
from networks.member.tried import for_member
from networks.views import view
from processes import has_fused_products, python

FILES = sorted((RECORD / "committee").iterdir())
STORED = [path.stem for path in FILES]


@pytest.fixture(autouse=True)
def one_thread():
    """PyTorch trains on one, whatever the tests before it have set."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def stored() -> dict:
    """The members of the record: weights, and the width of their view."""
    kept = {}
    for path in FILES:
        weights, facts = load_arrays(path)
        kept[path.stem] = weights, WIDTHS[facts["column"]]
    return kept


def definition(weights) -> Network:
    """PyTorch's network with a member's weights, in float64."""
    network = Network(normalised=False).double()
    arrays = weights.items()
    network.load_state_dict({name: torch.from_numpy(x).double() for name, x in arrays})
    return network.eval()


def test_a_member_learns_and_reads_in_any_portion(small):
    split, _ = small
    images = view(split.images, 0)
    engine = MemberEngine(Member(epochs=12), 1)
    *_, last = train(engine, split)
    assert last < 30
    whole = engine.probabilities(images)
    assert np.array_equal(whole[:7], engine.probabilities(images[:7]))
    assert (whole.argmax(axis=1) != split.labels).sum() < 30


def test_a_member_has_the_stated_shapes():
    network = Network()
    sides = []
    x = torch.zeros(2, 1, 29, 29)
    for layer in network:
        x = layer(x)
        sides.append(tuple(x.shape[1:]))
    assert sides == [
        (16, 27, 27), (32, 13, 13), (48, 13, 13), (64, 6, 6), (96, 4, 4), (192,), (10,)
    ]  # fmt: skip
    assert sum(p.numel() for p in network.parameters()) == 103_962


@torch.inference_mode()
@pytest.mark.parametrize("name", STORED)
def test_a_stored_member_reads_as_its_definition(stored, mnist, name):
    weights, width = stored[name]
    images = view(mnist[1].images[:300], width)
    shown = torch.from_numpy(images).double()[:, None] / 127.5 - 1
    expected = definition(weights)(shown).softmax(dim=1).numpy()
    found = Reader(weights).probabilities(images)
    assert (found.dtype, found.shape) == (np.float32, (300, 10))
    assert np.abs(found - expected).max() < 2e-5
    assert np.array_equal(found.argmax(axis=1), expected.argmax(axis=1))


@torch.inference_mode()
def test_each_layer_is_that_of_the_definition(stored, mnist):
    weights, width = stored["W14-3"]
    image = view(mnist[1].images[7:8], width)
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
    weights = stored[kind][0] if kind in stored else made_up(kind)
    reader = Reader(weights)
    noise = np.random.default_rng(0).integers(0, 256, (29, 29)).astype(np.uint8)
    digit = view(mnist[1].images[:1], 20)[0]
    for image in (digit, np.zeros_like(noise), noise):
        fast, plain = reader.layers(image), reader.layers(image, plainly=True)
        for name in LAYERS:
            assert fast[name].tobytes() == plain[name].tobytes(), name


def test_portions_of_the_images_read_the_same_bytes(stored, mnist):
    weights, width = stored["as-given-1"]
    images = view(mnist[1].images[:53], width)
    whole = Reader(weights).probabilities(images)
    for size in (1, 5, 24, 25):
        starts = range(0, 53, size)
        parts = [Reader(weights).probabilities(images[i : i + size]) for i in starts]
        assert np.concatenate(parts).tobytes() == whole.tobytes()
    for place in (0, 52):
        layers = Reader(weights).layers(images[place])
        assert layers["probabilities"].tobytes() == whole[place].tobytes()


def test_a_reader_keeps_nothing_of_what_it_read_before(stored, mnist):
    images = view(mnist[1].images[:30], 0)
    reader = Reader(stored["as-given-0"][0])
    first = reader.probabilities(images)
    reader.probabilities(images[::-1])
    assert reader.probabilities(images).tobytes() == first.tobytes()
    assert reader.probabilities(images[:0]).shape == (0, 10)


def test_this_machine_reads_the_known_bytes():
    assert trial() == behaviour.pinned(PACKAGE, ENGINE)


@pytest.mark.skipif(not has_fused_products(), reason="no fused product here")
def test_fused_products_are_refused(tmp_path):
    flags = [flag for flag in compiler.FLAGS if "contract" not in flag]
    built = tmp_path / "member.so"
    flags = [*flags, "-ffp-contract=fast", "-mcpu=native", "-shared", "-fPIC"]
    compiler.compile_source(SOURCE, built, [*flags, *compiler.LINK])
    with pytest.raises(UserError, match="breaks the engine's promise"):
        for_member(made_up("even"), library=built)


def test_flush_to_zero_is_refused():
    code = """
import torch
from exact import UserError
from networks.member.tried import for_member
from networks.member.reader import made_up
print(torch.set_flush_denormal(True))
try:
    for_member(made_up("even"))
except UserError as error:
    print(error)
"""
    out, errors = python(code).communicate()
    flushes, *message = out.splitlines() or [errors]
    if flushes == "False":
        pytest.skip("this processor does not flush to zero")
    assert flushes == "True", errors
    assert "has set flush-to-zero" in message[0]


def test_float32_weights_that_are_the_same_numbers_read_the_same(stored, mnist):
    weights, width = stored["W14-0"]
    wide = {name: array.astype(np.float32) for name, array in weights.items()}
    images = view(mnist[1].images[:5], width)
    found = [Reader(some).probabilities(images).tobytes() for some in (weights, wide)]
    assert found[0] == found[1]


def test_numbers_of_another_kind_are_refused(stored):
    weights = dict(stored["W20-1"][0])
    weights["output.bias"] = weights["output.bias"].astype(np.float64)
    with pytest.raises(UserError, match=r"output.bias is float64 \(10,\)"):
        Reader(weights)


@pytest.mark.parametrize(("shape", "kind"), [((1, 28, 28), "u1"), ((1, 29, 29), "f4")])
def test_images_that_are_no_views_are_refused(stored, shape, kind):
    with pytest.raises(UserError, match="a member reads views"):
        Reader(stored["W20-1"][0]).probabilities(np.zeros(shape, kind))
