"""The verdict on a run: bit-identical, different, within or outside the band, or damage."""

import csv
import dataclasses
import subprocess

import numpy as np
import pandas as pd
import pytest

from bytes_of_files import flipped
from exact import UserError
from lenet5 import RECORD, Config
from lenet5.__main__ import main
from lenet5.config import report_config
from lenet5.files import SUMS, write_sums
from lenet5.run import FILES, Run, load_or_train
from small_books import need
from studies.intervals import prediction_interval, rank_interval
from studies.verdict import COVERAGE, band, compare, verify

CONFIG = Config(epochs=3)
COLUMNS = (
    "seed epochs batch_size lr engine device epoch test_error test_loss fingerprint"
).split()
# Around the middle, for as many replicates as the record has: a few far out above.
SPREAD = [*np.linspace(-0.3, 0.2, 197), 0.3, 0.36, 0.4]


def write_seeds(path, middle, spread=SPREAD, **changes):
    """A study of a run a value: an early epoch that must not count, and the last."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for seed, error in enumerate(spread):
            row = {"seed": seed, "epochs": 3, "batch_size": 128, "lr": 3e-4}
            row |= {"engine": "exact", "device": "cpu", "fingerprint": f"run{seed}"}
            row |= changes
            writer.writerow(row | {"epoch": 1, "test_error": 9.0, "test_loss": 9.0})
            loss = middle[1] + error / 30
            last = {"test_error": middle[0] + error, "test_loss": loss}
            writer.writerow(row | {"epoch": row["epochs"]} | last)
        writer.writerow(row | {"epoch": row["epochs"], "fingerprint": "failed"})


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    return load_or_train(
        CONFIG, small, runs=tmp_path_factory.mktemp("runs"), record=None
    )


@pytest.fixture
def record(made, tmp_path):
    """A recorded run with replicates made up for the test."""
    folder = tmp_path / "record"
    made.save(folder)
    last = made.history[-1]
    write_seeds(folder / "seeds.csv", (last.test_error, last.test_loss))
    write_sums(folder)
    return folder


def altered(run, config=None, epoch=3, error=0.0, loss=0.0, **environment):
    """The run with another config, one epoch measured otherwise, another environment."""
    history = list(run.history)
    row = history[epoch]
    measured = {"test_error": row.test_error + error, "test_loss": row.test_loss + loss}
    history[epoch] = row._replace(**measured)
    return dataclasses.replace(
        run,
        config=config or run.config,
        history=history,
        environment=run.environment | environment,
    )


def test_the_record_is_bit_identical_to_itself(made, record):
    verdict = verify(Run.load(record), record)
    assert verdict.word == "bit-identical"
    assert verdict.holds
    elsewhere = altered(made, cpu="another", system="another", python="4.0")
    assert verify(elsewhere, record).word == "bit-identical"


def test_a_training_anew_is_bit_identical(small, record, tmp_path):
    run = load_or_train(CONFIG, small, runs=tmp_path / "runs", record=None, threads=3)
    assert verify(run, record).word == "bit-identical"


@pytest.mark.parametrize("epoch", [0, 2, 3])
def test_a_difference_on_the_same_code_is_a_broken_promise(made, record, epoch):
    verdict = verify(altered(made, epoch=epoch, loss=1e-15), record)
    assert verdict.word == "different"
    assert not verdict.holds
    assert f"the first epoch that differs is {epoch}" in str(verdict)
    assert "this machine's processor, system or compiler" in str(verdict)


def test_a_difference_in_the_weights_alone_is_one(made, record):
    history = [*made.history[:-1], made.history[-1]._replace(weights="0" * 64)]
    verdict = verify(dataclasses.replace(made, history=history), record)
    assert verdict.details[0] == "the first epoch that differs is 3"


@pytest.mark.parametrize(
    ("environment", "causes"),
    [
        ({"behaviour": "x"}, ["by an engine of another behaviour"]),
        ({"data_sha256": "x"}, ["from other data"]),
        (
            {"behaviour": "x", "data_sha256": "x"},
            ["from other data", "by an engine of another behaviour"],
        ),
    ],
)
def test_another_engine_or_other_data_are_named_as_the_cause(
    made, record, environment, causes
):
    verdict = verify(altered(made, error=0.5, **environment), record)
    assert verdict.word == "different"
    assert verdict.details[1:] == [f"the record was made {cause}" for cause in causes]


TORCH = dataclasses.replace(CONFIG, engine="torch")


def test_another_engine_is_within_the_band_and_told_so(made, record):
    ours = made.history[-1].test_error
    verdict = verify(altered(made, TORCH, error=0.05), record)
    assert verdict.word == "within the band"
    assert verdict.holds
    text = str(verdict)
    assert f"{ours + 0.05:.4f}, in our run {ours:.4f} (+0.0500)" in text
    assert "engine differs: torch here, exact in our run" in text
    assert "lr differs" not in text


def test_a_real_run_of_torch_is_within_the_band(small, record, tmp_path):
    run = load_or_train(TORCH, small, runs=tmp_path / "runs", record=None)
    assert verify(run, record).word == "within the band"


@pytest.mark.parametrize("end", [{"error": 1.5}, {"error": -1.5}, {"loss": 0.2}])
def test_a_run_beyond_the_band_in_either_measure_is_outside(made, record, end):
    verdict = verify(altered(made, TORCH, **end), record)
    assert verdict.word == "outside"
    assert not verdict.holds


def test_another_recipe_is_named(made, record):
    recipe = dataclasses.replace(CONFIG, lr=3e-5, seed=4)
    verdict = verify(altered(made, recipe, error=9.0), record)
    assert verdict.word == "outside"
    assert verdict.details[2:4] == [
        "lr differs: 3e-05 here, 0.0003 in our run",
        "seed differs: 4 here, 0 in our run",
    ]
    assert verdict.details[4].startswith("the band is of the recipe of our run")


@pytest.mark.parametrize("config", [TORCH, dataclasses.replace(CONFIG, seed=4)])
def test_another_seed_or_engine_is_a_replicate_of_the_recipe(made, record, config):
    verdict = verify(altered(made, config, loss=1e-9), record)
    assert verdict.word == "within the band"
    assert len(verdict.details) == 3


def test_a_replicate_on_other_data_is_told_so(made, record):
    verdict = verify(altered(made, TORCH, loss=1e-9, data_sha256="x"), record)
    assert (
        verdict.details[-1]
        == "the record was made from other data, and so was the band"
    )


# ------------------------------------------------------- of which nothing is recorded

OTHERS = [
    {"network": "12C5-MP2-9N"},
    {"activation": "tanh"},
    {"optimizer": "sgd"},
    {"schedule": "linear"},
    {"network": "9N", "optimizer": "sgd", "lr": 0.1, "seed": 3, "engine": "torch"},
]


@pytest.mark.parametrize("change", OTHERS, ids=str)
@pytest.mark.parametrize("error", [0.0, 9.0])
def test_of_another_network_or_way_to_train_nothing_is_recorded(
    made, record, change, error
):
    config = dataclasses.replace(CONFIG, **change)
    verdict = verify(altered(made, config, error=error, loss=1e-9), record)
    assert verdict.word == "nothing recorded"
    assert not verdict.holds
    *differences, advice = verdict.details
    told = {line.split(" differs: ")[0]: line for line in differences}
    assert told.keys() == change.keys()
    for name, value in change.items():
        theirs = getattr(CONFIG, name)
        assert told[name] == f"{name} differs: {value} here, {theirs} in our run"
    assert "verify RUN --against ANOTHER" in advice


def test_without_a_band_it_is_said_all_the_same(made, record):
    (record / "seeds.csv").write_text("seed,epoch\n")
    write_sums(record)
    config = dataclasses.replace(CONFIG, activation="none")
    verdict = verify(altered(made, config, loss=1e-9), record)
    assert verdict.word == "nothing recorded"


def test_networks_of_another_kind_in_a_table_are_no_replicates(tmp_path):
    """The recipe of the band has no column for its network, and the table has."""
    path = tmp_path / "seeds.csv"
    write_seeds(path, (1.0, 0.03))
    alone = band(path, CONFIG)
    table = pd.read_csv(path).assign(network=CONFIG.network, activation="relu")
    others = table.assign(network="9N", test_error=50.0)
    others.fingerprint += "of another"
    third = table.assign(activation="tanh", test_error=20.0)
    third.fingerprint += "of a third"
    pd.concat([others, table, third]).to_csv(path, index=False)
    assert band(path, CONFIG) == alone
    ends = band(path, dataclasses.replace(CONFIG, network="9N"))
    assert ends["test_error"] == (50, 50)


# ------------------------------------------------------------------- two runs beside


def test_two_runs_of_one_training_are_bit_identical(made):
    elsewhere = altered(made, cpu="another", system="another", python="4.0")
    verdict = compare(elsewhere, made)
    assert (verdict.word, verdict.holds) == ("bit-identical", True)
    assert verdict.details == ["every epoch's metrics and every weight"]


@pytest.mark.parametrize("epoch", [0, 3])
@pytest.mark.parametrize(
    ("config", "cause"),
    [
        (CONFIG, "this machine's processor, system or compiler breaks the promise"),
        (TORCH, "PyTorch rounds as each machine likes"),
    ],
)
def test_two_runs_of_one_config_that_part_say_where_and_why(made, epoch, config, cause):
    run = altered(made, config)
    verdict = compare(altered(run, epoch=epoch, loss=1e-15), run)
    assert (verdict.word, verdict.holds) == ("different", False)
    assert verdict.details[0] == f"the first epoch that differs is {epoch}"
    assert len(verdict.details) == 2
    assert cause in verdict.details[1]


@pytest.mark.parametrize(
    ("config", "environment", "cause"),
    [
        (dataclasses.replace(CONFIG, lr=1.0), {}, "lr differs: 1.0 here, 0.0003 there"),
        (
            dataclasses.replace(CONFIG, network="9N"),
            {},
            f"network differs: 9N here, {CONFIG.network} there",
        ),
        (CONFIG, {"data_sha256": "x"}, "the other run was made from other data"),
        (
            CONFIG,
            {"behaviour": "x"},
            "the other run was made by an engine of another behaviour",
        ),
    ],
)
def test_runs_of_one_history_that_come_from_elsewhere_are_two(
    made, config, environment, cause
):
    """As two rates that no step was taken with: what is the same is so by chance."""
    verdict = compare(altered(made, config, **environment), made)
    assert (verdict.word, verdict.holds) == ("different", False)
    assert verdict.details == ["the epochs that both have are the same, 0 to 3", cause]


def test_a_shorter_run_is_compared_as_far_as_it_goes(made):
    config = dataclasses.replace(CONFIG, epochs=2)
    short = dataclasses.replace(made, config=config, history=made.history[:3])
    expected = ["the epochs that both have are the same, 0 to 2"]
    for one, other, difference in (
        (short, made, "epochs differs: 2 here, 3 there"),
        (made, short, "epochs differs: 3 here, 2 there"),
    ):
        assert compare(one, other).details == [*expected, difference]


def test_the_release_of_a_library_is_a_cause(made):
    run = altered(made, TORCH, library="torch 2.13.0")
    other = altered(made, TORCH, loss=1e-9, library="torch 2.14.0")
    assert compare(run, other).details == [
        "the first epoch that differs is 3",
        "the other run was made by torch 2.14.0",
    ]


def test_the_band_reaches_from_the_least_to_the_most_of_the_last_epochs(tmp_path):
    write_seeds(tmp_path / "seeds.csv", (1.0, 0.03))
    found = band(tmp_path / "seeds.csv", CONFIG)
    assert found.keys() == {"test_error", "test_loss"}
    assert found["test_error"] == pytest.approx((0.7, 1.4))
    assert found["test_loss"] == pytest.approx((0.02, 0.03 + 0.4 / 30))


def test_the_band_holds_one_more_run_as_often_as_it_says(tmp_path):
    draw = np.random.default_rng(5)
    path = tmp_path / "seeds.csv"
    write_seeds(path, (0.0, 0.0))
    table = pd.read_csv(path)
    last = table.epoch.eq(3) & table.test_error.notna()
    held = []
    for _ in range(120):
        common, own = draw.lognormal(0, 0.5, (2, 201))  # skewed, as the seeds are
        ends = pd.DataFrame({"test_error": common, "test_loss": common * own})
        table.loc[last, ["test_error", "test_loss"]] = ends[:200].to_numpy()
        table.to_csv(path, index=False)
        inside = []
        for name, (low, high) in band(path, CONFIG).items():
            inside.append(low <= ends[name].iloc[200] <= high)
        held.append(all(inside))
    # Three standard deviations of a count of 120 at 98 %.
    assert np.mean(held) > COVERAGE - 0.038


def recorded_ends(name: str) -> pd.DataFrame:
    """The last epoch of each run of a table of the record."""
    table = pd.read_csv(RECORD / name)
    return table[table.epoch == table.epochs]


def test_the_band_of_the_record_holds_each_run_that_pytorch_made():
    """Twenty runs that had no part in it, of another engine and other random numbers."""
    ends = recorded_ends("seeds-torch.csv")
    assert len(ends) == 20
    for name, (low, high) in band(RECORD / "seeds.csv", report_config()).items():
        assert ends[name].between(low, high).all()


def test_a_band_without_one_recorded_seed_holds_that_seed_as_often_as_it_says():
    ends = recorded_ends("seeds.csv")
    held = []
    for place in range(len(ends)):
        others = ends.drop(index=ends.index[place])
        inside = []
        for name in ("test_error", "test_loss"):
            low, high = rank_interval(others[name].to_numpy(), 1 - (1 - COVERAGE) / 2)
            inside.append(low <= ends[name].iloc[place] <= high)
        held.append(all(inside))
    assert np.mean(held) >= COVERAGE
    assert not all(held)


def test_an_interval_of_a_normal_distribution_misses_seeds_above_alone():
    """Why the band goes by ranks: of 200 seeds it should miss one at either end."""
    losses = recorded_ends("seeds.csv").test_loss.to_numpy()
    below = above = 0
    for place, loss in enumerate(losses):
        low, high = prediction_interval(np.delete(losses, place), 0.99)
        below += loss < low
        above += loss > high
    assert below == 0
    assert above >= 4


@pytest.mark.parametrize(
    "changes",
    [
        {"lr": 0.001},
        {"epochs": 4},
        {"batch_size": 64},
        {"engine": "torch"},
        {"device": "cuda"},
        {"fingerprint": "x"},
    ],
)
def test_other_recipes_and_the_same_run_twice_are_no_replicates(tmp_path, changes):
    write_seeds(tmp_path / "seeds.csv", (1.0, 0.03), **changes)
    with pytest.raises(UserError, match=r"holds [01] finished replicates"):
        band(tmp_path / "seeds.csv", CONFIG)


def test_too_few_replicates_judge_no_run_but_ours(made, record):
    write_seeds(record / "seeds.csv", (1.0, 0.03), SPREAD[:198])
    write_sums(record)
    with pytest.raises(UserError, match=r"holds 198 finished replicates .* needs 199"):
        verify(altered(made, TORCH, loss=1e-9), record)
    assert verify(made, record).word == "bit-identical"


@pytest.mark.parametrize("content", ["", "epoch\nx\n", "epoch,lr\n20,zero\n", "\0"])
def test_damaged_replicates_are_named(tmp_path, content):
    (tmp_path / "seeds.csv").write_text(content)
    with pytest.raises(UserError, match=r"seeds\.csv"):
        band(tmp_path / "seeds.csv", CONFIG)


@pytest.mark.parametrize("name", [*FILES, SUMS, "seeds.csv"])
def test_a_flipped_bit_of_the_record_is_found_before_a_verdict(
    made, record, capsys, name
):
    content = (record / name).read_bytes()
    made.save(record.parent / "run")
    for changed in flipped(content, 10):
        (record / name).write_bytes(changed)
        assert (
            main(["verify", f"{record.parent / 'run'}", "--record", f"{record}"]) == 1
        )
        out, error = capsys.readouterr()
        assert out == ""
        assert error.count("\n") == 1
        assert str(record) in error


@pytest.mark.parametrize("name", [*FILES, SUMS, "seeds.csv"])
def test_a_missing_file_of_the_record_is_named(made, record, name):
    (record / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        verify(made, record)


@pytest.mark.parametrize("line", range(5))
def test_a_list_of_checksums_that_leaves_one_out_is_refused(made, record, line):
    lines = (record / SUMS).read_text().splitlines(keepends=True)
    name = lines.pop(line).split()[1]
    (record / SUMS).write_text("".join(lines))
    with pytest.raises(UserError, match=name):
        verify(altered(made, TORCH, loss=1e-9), record)


def test_sha256sum_reads_the_checksums(record):
    command = [need("coreutils", "sha256sum"), "-c", SUMS]
    assert subprocess.run(command, cwd=record, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({}, "bit-identical", 0),
        ({"loss": 1e-9}, "different", 1),
        ({"config": TORCH, "error": 0.01}, "within the band", 0),
        ({"config": TORCH, "error": 9.0}, "outside", 1),
        (
            {"config": dataclasses.replace(CONFIG, schedule="linear"), "loss": 1e-9},
            "nothing recorded",
            3,
        ),
    ],
)
def test_the_command_says_which_and_exits_accordingly(
    made, record, tmp_path, capsys, changes, name, code
):
    altered(made, **changes).save(tmp_path / "run")
    assert main(["verify", str(tmp_path / "run"), "--record", str(record)]) == code
    assert capsys.readouterr().out.splitlines()[0] == name
