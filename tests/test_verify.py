"""The verdict on a run: bit-identical, within the band, outside, or a damaged record."""

import csv
import dataclasses
import shutil
import statistics
import subprocess

import pytest
from conftest import ROOT, need

from lenet5 import Lenet5Error
from lenet5.__main__ import main
from lenet5.config import Config
from lenet5.run import Run
from lenet5.verify import band, check_integrity, verify

FILES = ("config.json", "environment.json", "history.csv", "model.safetensors")
COLUMNS = ["seed", "epochs", "batch_size", "lr", "epoch", "test_error", "test_loss"]
ERRORS = [1.00, 1.05, 1.10, 1.12, 0.98, 1.20, 1.03, 1.08]


def write_seeds(path, errors=ERRORS, **changes):
    """A study of one run a value: an early epoch that must not count, and the last."""
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, "fingerprint"])
        writer.writeheader()
        for seed, error in enumerate(errors):
            row = {"seed": seed, "epochs": 20, "batch_size": 128, "lr": 0.0003}
            row |= {"fingerprint": f"run{seed}"} | changes
            early = {"epoch": 3, "test_error": 9.0, "test_loss": 9.0}
            final = {"epoch": 20, "test_error": error, "test_loss": error * 0.03}
            writer.writerows([row | early, row | final])
        failed = {
            "seed": 99,
            "epochs": 20,
            "batch_size": 128,
            "lr": 0.0003,
            "epoch": 20,
        }
        writer.writerow(failed | {"fingerprint": "failed"})


@pytest.fixture
def record(tmp_path):
    """A copy of the published run with replicates made up for the test."""
    folder = tmp_path / "record"
    folder.mkdir()
    for name in (*FILES, "SHA256SUMS"):
        shutil.copyfile(ROOT / "record" / name, folder / name)
    write_seeds(folder / "seeds.csv")
    return folder


def altered(run, error=None, loss=None, **environment):
    """The run with another end and another machine."""
    last = run.history[-1]
    last = last._replace(
        test_error=last.test_error if error is None else error,
        test_loss=last.test_loss if loss is None else loss,
    )
    return dataclasses.replace(
        run,
        history=[*run.history[:-1], last],
        environment=run.environment | environment,
    )


def test_the_record_is_bit_identical_to_itself(record):
    assert verify(Run.load(record), record).name == "bit-identical"


def test_one_bit_of_one_weight_is_a_difference(record):
    run = Run.load(record)
    weight = run.model.layers.dense3.bias.data
    weight[0] = weight[0].nextafter(weight[1])
    assert verify(run, record).name == "within the band"


def test_a_run_of_another_rounding_is_within_the_band_and_told_why(record):
    published = Run.load(record)
    error = published.history[-1].test_error
    run = altered(published, error + 0.05, cpu_capability="DEFAULT", threads=1)
    verdict = verify(run, record)
    assert verdict.name == "within the band"
    assert verdict.holds
    text = str(verdict)
    assert f"{error + 0.05:.4f}, published {error:.4f} (+0.0500)" in text
    capability = published.environment["cpu_capability"]
    assert f"CPU capability differs: DEFAULT here, {capability} published" in text
    assert "threads differs: 1 here, 2 published" in text
    assert "BLAS" not in text
    assert "torch" not in text


def test_where_nothing_known_differs_the_processors_are_named(record):
    text = str(verify(altered(Run.load(record), 1.11, cpu="Another"), record))
    assert "Another here" in text


@pytest.mark.parametrize("end", [{"error": 2.3}, {"loss": 0.2}, {"error": 0.1}])
def test_a_run_beyond_the_band_in_either_measure_is_outside(record, end):
    verdict = verify(altered(Run.load(record), **end), record)
    assert verdict.name == "outside"
    assert not verdict.holds


def test_another_recipe_is_named(record):
    run = altered(Run.load(record), error=2.3)
    run = dataclasses.replace(run, config=dataclasses.replace(run.config, lr=3e-5))
    text = str(verify(run, record))
    assert "setting lr differs: 3e-05 here, 0.0003 published" in text


def test_the_band_is_the_prediction_interval_of_the_last_epochs(tmp_path):
    write_seeds(tmp_path / "seeds.csv")
    found = band(tmp_path / "seeds.csv", Config())["test_error"]
    # Student's t with 7 degrees of freedom at 1 - 0.005 / 2, from printed tables.
    reach = 4.0293 * statistics.stdev(ERRORS) * (1 + 1 / len(ERRORS)) ** 0.5
    mean = statistics.mean(ERRORS)
    assert found == pytest.approx((mean - reach, mean + reach), abs=1e-4)


@pytest.mark.parametrize(
    "changes", [{"lr": 0.001}, {"epochs": 3}, {"batch_size": 64}, {"fingerprint": "x"}]
)
def test_other_recipes_and_the_same_run_twice_are_no_replicates(tmp_path, changes):
    write_seeds(tmp_path / "seeds.csv", **changes)
    with pytest.raises(Lenet5Error, match=r"holds [01] finished replicates"):
        band(tmp_path / "seeds.csv", Config())


def test_without_replicates_the_band_cannot_be_judged(record):
    (record / "seeds.csv").unlink()
    with pytest.raises(Lenet5Error, match="the band cannot be judged"):
        verify(altered(Run.load(record), 1.11), record)
    assert verify(Run.load(record), record).name == "bit-identical"


@pytest.mark.parametrize("content", ["", "epoch\nx\n", "epoch,lr\n20,zero\n"])
def test_damaged_replicates_are_named(tmp_path, content):
    (tmp_path / "seeds.csv").write_text(content)
    with pytest.raises(Lenet5Error, match=r"seeds\.csv"):
        band(tmp_path / "seeds.csv", Config())


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_of_the_record_is_found(record, capsys, name):
    content = bytearray((record / name).read_bytes())
    content[len(content) // 2] ^= 1
    (record / name).write_bytes(content)
    arguments = ["verify", str(ROOT / "record"), "--record", str(record)]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(record / name) in error


@pytest.mark.parametrize("name", [*FILES, "SHA256SUMS"])
def test_a_missing_file_of_the_record_is_named(record, name):
    (record / name).unlink()
    with pytest.raises(Lenet5Error, match=name):
        check_integrity(record)


def test_a_list_of_checksums_without_the_weights_is_refused(record):
    lines = (record / "SHA256SUMS").read_text().splitlines(keepends=True)
    (record / "SHA256SUMS").write_text("".join(lines[:-1]))
    with pytest.raises(Lenet5Error, match="model"):
        check_integrity(record)


def test_sha256sum_reads_the_checksums_of_the_published_record():
    command = [need("coreutils", "sha256sum"), "-c", "SHA256SUMS"]
    done = subprocess.run(command, cwd=ROOT / "record", capture_output=True)
    assert done.returncode == 0


def test_the_command_says_which_and_exits_accordingly(record, tmp_path, capsys):
    run = Run.load(record)
    for error, name, code in ((1.11, "within the band", 0), (2.3, "outside", 1)):
        altered(run, error).save(tmp_path / "run")
        arguments = ["verify", str(tmp_path / "run"), "--record", str(record)]
        assert main(arguments) == code
        assert capsys.readouterr().out.splitlines()[0] == name
