"""A committee reads together, whatever stands in its folder, and without torch."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

import networks.member.tried
from built import ROOT
from exact import UserError
from lenet5 import RECORD
from lenet5.__main__ import main
from lenet5.files import load_arrays, save_arrays
from networks import committee
from networks.column2012.parameters import initial_weights
from networks.member.reader import Reader
from networks.views import view

VOTES = 15  # three views, five seeds each


@pytest.fixture(scope="module")
def members() -> list[tuple[dict, dict]]:
    """The members of the record: weights and facts."""
    return committee.load(RECORD / "committee")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the recorded committee, which the command reads with."""
    monkeypatch.setattr("lenet5.__main__.RECORD", tmp_path)
    return shutil.copytree(RECORD / "committee", tmp_path / "committee")


@pytest.fixture
def picture(mnist, tmp_path) -> str:
    """A picture of a digit."""
    path = tmp_path / "digit.png"
    Image.fromarray(mnist[1].images[0, 0]).save(path)
    return str(path)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_no_byte(members, mnist, monkeypatch, threads):
    monkeypatch.setattr(committee, "cores", lambda: threads)
    some = members[:5]
    assert len({facts["column"] for _, facts in some}) == 3
    images = mnist[1].images[:40]
    found = committee.probabilities(some, images)
    for one, (weights, facts) in zip(found, some, strict=True):
        seen = view(images, committee.WIDTHS[facts["column"]])
        assert one.tobytes() == Reader(weights).probabilities(seen).tobytes()


@pytest.mark.parametrize("name", ["column2012.tried", "member.tried"])
def test_a_machine_that_breaks_the_promise_is_refused(members, monkeypatch, name):
    """It reads neither with a column nor with a member."""
    weights = members[0][0]
    if name == "column2012.tried":
        weights = initial_weights(0)
    monkeypatch.setattr(f"networks.{name}.trial", lambda library: "other bytes")
    images = np.zeros((1, 29, 29), np.uint8)
    with pytest.raises(UserError, match="breaks the engine's promise"):
        committee.read_view(weights, images)
    images = np.zeros((1, 1, 28, 28), np.uint8)
    with pytest.raises(UserError, match="breaks the engine's promise"):
        committee.probabilities([*members[:2], (weights, {"column": "W20"})], images)


def test_one_trial_is_made_for_all_members(members, mnist, monkeypatch):
    calls = []
    trial = networks.member.tried.trial
    count = lambda library: calls.append(library) or trial(library)  # noqa: E731
    monkeypatch.setattr("networks.member.tried.trial", count)
    committee.probabilities(members, mnist[1].images[:1])
    assert len(members) == 15
    assert len(calls) == 1


def test_the_committee_reads_pictures_of_digits(mnist, tmp_path, capsys):
    test = mnist[1]
    paths = []
    for number in range(3):
        path = tmp_path / f"{number}.png"
        Image.fromarray(test.images[number, 0]).save(path)
        paths.append(str(path))
    missing = str(tmp_path / "none.png")
    assert main(["predict", "--committee", *paths, missing]) == 1
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 3
    for line, path, label in zip(lines, paths, test.labels, strict=False):
        assert line == f"{path}: {label} ({VOTES} of {VOTES} votes, more than 99.9 %)"
    assert err.count("\n") == 1
    assert missing in err


def test_the_committee_says_where_it_is_unsure(tmp_path, capsys):
    """Fifteen votes may agree on what is no digit; the mean probability shows it."""
    path = tmp_path / "cross.png"
    picture = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(picture).line((20, 20, 80, 80), fill=0, width=8)
    ImageDraw.Draw(picture).line((20, 80, 80, 20), fill=0, width=8)
    picture.save(path)
    assert main(["predict", "--committee", "--json", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    sure = max(found["probabilities"])
    assert found["probabilities"].index(sure) == found["digit"]
    assert (found["members"], found["unsure"]) == (VOTES, True)
    assert sure < 0.9
    assert main(["predict", "--committee", str(path)]) == 0
    votes = f"{found['votes']} of {VOTES} votes, {100 * sure:.1f} %: unsure"
    assert votes in capsys.readouterr().out


@pytest.mark.parametrize("name", ["W14-4", "as-given-0"])
def test_a_committee_that_lacks_a_network_says_so(folder, picture, capsys, name):
    (folder / f"{name}.safetensors").unlink()
    assert main(["predict", "--committee", picture]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name}.safetensors is missing" in line


def test_an_empty_committee_says_so(folder, picture, capsys):
    shutil.rmtree(folder)
    assert main(["predict", "--committee", picture]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{folder} holds no networks" in line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output.bias": None}, "tensor output.bias is missing"),
        ({"maps3.conv.weight": (48, 32, 5, 5)}, r"is float16 \(48, 32, 5, 5\), in a"),
        ({"conv1.weight": (6, 1, 5, 5)}, r"tensor conv1.weight is .*, in a member unk"),
    ],
)
def test_weights_of_another_network_are_refused_in_words(members, change, said):
    weights = dict(members[0][0])
    for name, shape in change.items():
        weights.pop(name, None)
        if shape:
            weights[name] = np.zeros(shape, np.float16)
    with pytest.raises(UserError, match=said):
        committee.read_view(weights, np.zeros((1, 29, 29), np.uint8))


def test_a_foreign_file_in_the_committee_ends_in_one_line(folder, picture, capsys):
    path = folder / "W20-3.safetensors"
    weights, facts = load_arrays(path)
    weights["maps5.conv.bias"] = weights["maps5.conv.bias"][:-1]
    save_arrays(path, weights, facts)
    assert main(["predict", "--committee", picture]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "tensor maps5.conv.bias is float16 (95,)" in line


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "lenet5", "predict", "--committee", "digit.png"],
        ["-c", "import exhibits.committee"],
    ],
    ids=["the command", "the chapter"],
)
def test_the_committee_reads_without_torch(picture, tmp_path, command):
    (tmp_path / "torch.py").write_text("raise RuntimeError('torch')\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT), str(ROOT / "book")])
    environment = os.environ | {"PYTHONPATH": path}
    command = [picture if word == "digit.png" else word for word in command]
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
