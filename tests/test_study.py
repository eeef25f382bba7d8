"""What a study is asked for, and what it tells of the runs that were not made."""

import subprocess
import sys

import pytest
from lenet5.config import Config

from lenet5.__main__ import main
from lenet5.study import cross, parse_seeds, parse_settings


def test_seeds_are_numbers_and_ranges():
    assert parse_seeds("0-3") == [0, 1, 2, 3]
    assert parse_seeds("7,1-2,2") == [7, 1, 2]


def test_a_grid_crosses_its_values_with_every_seed():
    settings = parse_settings(["lr=1e-4,3e-4", "batch_size=64,128", "epochs=3"])
    configs = cross([0, 1], settings)
    assert len(set(configs)) == 8
    assert Config(3, 64, 3e-4, 1, threads=1) in configs
    assert {config.threads for config in configs} == {1}


def test_a_study_without_settings_is_the_recipe_on_one_thread():
    assert cross([4], {}) == [Config(seed=4, threads=1)]
    assert cross([4], parse_settings(["threads=2"])) == [Config(seed=4)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "3-1"], "3-1 runs backwards"),
        (["--seeds", "one"], "give for example 0-29"),
        (["--set", "rate=1"], "give NAME=VALUE with a name of epochs, batch_size, lr"),
        (["--set", "seed=1"], "give NAME=VALUE with a name of epochs"),
        (["--set", "lr=fast"], "a number from 0 to 10"),
        (["--set", "lr=11"], "lr = 11.0 is not allowed"),
        (["--set", "lr=1e-3,2e-3"], "several to --grid"),
        (["--set", "lr=1e-3", "--grid", "lr=1,2"], "one value to --set"),
        (["--grid", "lr=1", "lr=2"], "lr is given twice"),
        (["--workers", "0"], "a whole number from 1"),
        (["--workers", "1", "--scheduler", "tcp://a:1"], "has its own"),
    ],
)
def test_a_study_asked_wrongly_ends_in_one_line(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["replicate", *arguments])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_a_file_that_is_no_table_is_left_alone(tmp_path, capsys):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    options = ["--seeds", "0", "--out", str(tmp_path / "notes.csv")]
    assert main(["replicate", *options, "--runs", str(tmp_path)]) == 1
    assert "is not the table of a study" in capsys.readouterr().err
    assert (tmp_path / "notes.csv").read_text() == "a,b\n1,2\n"


def test_help_imports_neither_torch_nor_dask():
    code = "import sys; sys.argv = ['lenet5', '--help']; import lenet5.__main__ as m\n"
    code += "try: m.main()\nexcept SystemExit: pass\n"
    code += "print({'torch', 'dask', 'distributed'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "replicate" in done.stdout
    assert done.stdout.endswith("set()\n")
