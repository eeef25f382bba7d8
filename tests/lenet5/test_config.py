"""What a run is asked for: what is refused, and how settings become files and names."""

import csv
import dataclasses
import json
import math

import pytest

import lenet5.run
from exact import UserError
from exact.network import Network
from lenet5 import RECORD, Config, behaviour, engines
from lenet5.config import (
    EARLIER,
    NETWORK_EXAMPLE,
    RECIPE,
    REPORT,
    SETTINGS,
    report_config,
)
from lenet5.run import Run, load_or_train, name_of

# Of our run: by what the table of seeds calls it, which is older than the family.
with open(RECORD / "seeds.csv", encoding="utf-8") as table:
    RECORDED = next(csv.DictReader(table))["fingerprint"]
CHANGES = [
    {"network": NETWORK_EXAMPLE},
    {"activation": "tanh"},
    {"optimizer": "sgd"},
    {"schedule": "linear"},
]


@pytest.fixture
def other_default(monkeypatch):
    """A function that gives a setting another default, as editing ``Config`` does."""

    def change(name, value):
        monkeypatch.setitem(Config.__init__.__kwdefaults__, name, value)
        assert getattr(Config(), name) == value

    return change


# --------------------------------------------------------------------------- what it takes


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("network", "6C9", "'6C9' has a kernel of side 9: write nCk"),
        ("network", "", "'' is no layer: write nCk"),
        ("network", 3, f"give a line such as {NETWORK_EXAMPLE}"),
        ("network", None, f"give a line such as {NETWORK_EXAMPLE}"),
        ("activation", "sigmoid", "give relu | tanh | none"),
        ("activation", None, "give relu | tanh | none"),
        ("optimizer", "momentum", "give adam | sgd"),
        ("schedule", "cosine", "give constant | linear"),
        ("epochs", -1, "a whole number from 0"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("batch_size", 0, "from 1 to 60000"),
        ("lr", -1e-3, "a number from 0 to 10"),
        ("lr", math.nan, "a number from 0 to 10"),
        ("lr", math.inf, "a number from 0 to 10"),
        ("seed", "7", "a whole number"),
        ("seed", 2**32, "from 0 to 4294967295"),
        ("engine", "jax", "exact | torch"),
        ("device", "tpu", "cpu | cuda"),
        ("device", "cuda", "needs engine = 'torch'"),
    ],
)
def test_an_impossible_value_is_refused_with_the_allowed_range(name, value, text):
    with pytest.raises(ValueError, match=name) as error:
        Config(**{name: value})
    assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="threads"):
        Config(threads=1)


def test_the_defaults_are_the_recipe_of_the_report():
    recipe = Config(
        network="6C5-MP2-16C5-MP2-120N-84N",
        activation="relu",
        optimizer="adam",
        epochs=20,
        batch_size=128,
        lr=3e-4,
        schedule="constant",
        seed=0,
    )
    assert Config() == recipe == report_config()
    assert (recipe.engine, recipe.device) == ("exact", "cpu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.lr = 1.0


def test_every_setting_says_what_it_is_for():
    for setting in SETTINGS:
        assert setting.help
        assert setting.admits(setting.default)
        assert setting.allowed
    recipe = {setting.name for setting in RECIPE}
    assert recipe == {*EARLIER, "epochs", "batch_size", "lr", "seed"}


# -------------------------------------------------------------------- files and names


def test_what_is_as_it_always_was_stands_in_no_file():
    settings = Config(lr=1e-3).settings()
    assert list(settings) == ["epochs", "batch_size", "lr", "seed", "engine", "device"]
    assert settings == json.loads((RECORD / "config.json").read_text()) | {"lr": 1e-3}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_what_is_changed_stands_in_the_files(change):
    config = Config(seed=4, **change)
    assert config.settings().items() > change.items()
    assert Config.from_settings(json.loads(json.dumps(config.settings()))) == config


@pytest.mark.parametrize(
    "settings", [{"threads": 2}, {"network": "6C9"}, {"network": 3}, {"lr": "fast"}]
)
def test_settings_of_another_version_are_refused(settings):
    with pytest.raises((ValueError, TypeError)):
        Config.from_settings(settings)


def name(config):
    """The name of a run on the data of the record."""
    data = Run.load(RECORD).environment["data_sha256"]
    recorded = lenet5.run.Provenance(data, behaviour.pinned(engines.PACKAGE, "exact"))
    return name_of(config, recorded)


def test_the_run_of_the_record_has_the_name_that_it_was_given():
    assert Run.load(RECORD).fingerprint == name(report_config()) == RECORDED


def test_each_changed_setting_makes_another_name():
    """Of one provenance: the engine's pin for the family would make another besides."""
    names = {name(Config(**change)) for change in CHANGES}
    names.add(name(Config(**(CHANGES[0] | CHANGES[1]))))
    assert len(names | {RECORDED}) == 6


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_another_network_or_recipe_is_of_the_pin_of_the_family(change):
    assert engines.pin_of(report_config(lr=1e-3, seed=3)) == engines.EXACT
    assert engines.pin_of(Config(**change)) == engines.FAMILY


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_another_default_leaves_the_names_of_stored_runs(change, other_default):
    before = name(Config(**change))
    other_default(*next(iter(change.items())))
    run = Run.load(RECORD)
    assert run.config == report_config()
    assert run.fingerprint == name(report_config()) == RECORDED
    assert run.network == Network(REPORT)
    assert name(Config()) == before
    assert Config().settings().items() > change.items()


def test_another_default_is_another_run(small, tmp_path, other_default):
    """By PyTorch, which needs no trial: neither takes the other for its own."""
    options = {"runs": tmp_path, "record": None}
    ours = load_or_train(Config(epochs=1, engine="torch"), small, **options)
    other_default("network", "3C5-MP3-9N")
    theirs = load_or_train(Config(epochs=1, engine="torch"), small, **options)
    assert theirs.network == Network("3C5-MP3-9N")
    assert theirs.fingerprint != ours.fingerprint
    config = report_config(epochs=1, engine="torch")
    assert load_or_train(config, small, **options).history == ours.history
    for run in (ours, theirs):
        again = Run.load(tmp_path / run.fingerprint)
        assert (again.config, again.network) == (run.config, run.network)


def test_a_run_whose_weights_are_of_another_network_is_refused(small, tmp_path):
    config = Config(epochs=0, engine="torch", network="3C5-MP3-9N")
    run = load_or_train(config, small, runs=tmp_path, record=None)
    other = dataclasses.replace(run, config=dataclasses.replace(config, network="9N"))
    other.save(tmp_path / "other")
    with pytest.raises(UserError, match=r"tensor conv1\.bias is float32"):
        Run.load(tmp_path / "other")
    relabelled = dataclasses.replace(config, activation="tanh")
    run.save(tmp_path / "other")
    dataclasses.replace(run, config=relabelled).save(tmp_path / "third")
    model = tmp_path / "other" / "model.safetensors"
    model.replace(tmp_path / "third" / "model.safetensors")
    lenet5.run.files.write_sums(tmp_path / "third")
    with pytest.raises(UserError, match="not of the network in its config"):
        Run.load(tmp_path / "third")
