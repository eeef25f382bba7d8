"""The list of what makes the record: it names every file, and what it says is so."""

import re
import subprocess
import sys

import pytest

from built import ROOT
from lenet5 import RECORD, Config
from studies import record, seeds
from studies.__main__ import main
from studies.jobs import Progress
from studies.record import MAKERS, Maker
from studies.runs import Study

SUMS = "SHA256SUMS"
# How a chapter reads what a maker makes: by a reader of a study, by the file's own name, or
# with the chapter's page. By the first file of each maker.
READERS = {
    "config.json": r"recorded\(\)|show_note\(|make_report\(",
    "validation/": r"two_measures\(|validation\.VALIDATED",
    "seeds.csv": r'seeds\.read\(\)|read_report\(\)|RECORD / "seeds\.csv"',
    "rates.csv": r"rates\.read\(\)",
    "seeds-torch.csv": r'RECORD / "seeds-torch\.csv"',
    "rounding.csv": r"rounding\.read\(\)",
    "platforms.csv": r"platforms\.read\(\)",
    "mistakes.csv": r"mistakes\.read\(\)",
    "variations.csv": r"variations\.read\(\)|validation\.many_seeds\(\)",
    "ladder-choices.csv": r"ladder\.CHOICES_STUDY",
    "ladder-scales.csv": r"read_parts\(\)",
    "ladder-parts.csv": r"read_parts\(\)",
    "ladder.csv": r"ladder\.read\(ladder\.STUDY",
    "lenet1998.safetensors": r"read_network\(\)|ladder:memory_of_page",
    "columns.csv": r"committee\.COLUMNS_STUDY",
    "committee-choices.csv": r"committee\.promised\(",
    "committee.csv": r"committee\.read\(committee\.STUDY, test\)|/record/committee/\*",
}
WITH_COMMAND = [maker for maker in MAKERS if maker.command]
OF_STUDIES = [maker for maker in MAKERS if maker.study]


def in_record() -> list[str]:
    """The files of the record, by their names in it: those that its checksums guard."""
    lines = (RECORD / SUMS).read_text(encoding="utf-8").splitlines()
    return [line.partition("  ")[2] for line in lines if not line.startswith("#")]


def makers_of(name: str) -> list[Maker]:
    """The makers that say they make a file of the record."""
    found = []
    for maker in MAKERS:
        for made in maker.files:
            if name == made or (made.endswith("/") and name.startswith(made)):
                found.append(maker)
    return found


def first_file(maker: Maker) -> str:
    return maker.files[0]


# --------------------------------------------------------------------------- the files


def test_every_file_of_the_record_has_one_maker():
    names = in_record()
    assert len(names) > 40
    for name in names:
        assert len(makers_of(name)) == 1, name


@pytest.mark.parametrize("maker", MAKERS, ids=first_file)
def test_what_a_maker_makes_is_in_the_record(maker):
    for name in maker.files:
        path = RECORD / name
        assert path.is_dir() if name.endswith("/") else path.is_file(), name


def test_every_table_of_a_study_is_made_by_its_own_study():
    tables = [maker.study.table for maker in OF_STUDIES]
    assert tables == [maker.files[0] for maker in OF_STUDIES]
    assert len(set(tables)) == len(tables) == 9


# ------------------------------------------------------------------------- the readers


@pytest.mark.parametrize("maker", MAKERS, ids=first_file)
def test_the_chapters_that_are_named_read_it_and_no_others_do(maker):
    reads = re.compile(READERS[maker.files[0]])
    readers = set()
    for path in (ROOT / "book").glob("*.py"):
        if reads.search(path.read_text(encoding="utf-8")):
            readers.add(path.stem)
    assert readers == set(maker.read_by)
    assert len(maker.read_by) == len(readers)


# ------------------------------------------------------------------------ the commands


def test_the_list_is_printed(capsys):
    assert main([]) == 0
    said = capsys.readouterr().out
    assert said.startswith(SUMS)
    blocks = said.strip().split("\n\n")[1:]
    assert len(blocks) == len(MAKERS)
    for maker, block in zip(MAKERS, blocks, strict=True):
        made, what, command, readers = block.splitlines()
        assert made.split(", ") == [f"record/{name}" for name in maker.files]
        assert what.strip() == maker.what
        if maker.command:
            assert command.strip().startswith(f"python -m studies {maker.command} (")
        else:
            assert command.strip() == "made by nothing here"
        for name in maker.read_by:
            assert f"book/{name}.py" in readers


def test_the_list_is_printed_without_a_command():
    command = [sys.executable, "-m", "studies"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == record.describe() + "\n"


def test_the_commands_of_the_list_differ():
    commands = [maker.command for maker in WITH_COMMAND]
    assert len(set(commands)) == len(commands)


@pytest.mark.parametrize("maker", WITH_COMMAND, ids=lambda maker: maker.command)
def test_each_command_of_the_list_is_one_of_the_parser(maker, capsys):
    with pytest.raises(SystemExit) as ended:
        main([maker.command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith(f"usage: python -m studies {maker.command}")
    # A table of runs can be made by many processes, or elsewhere; other files are made whole.
    assert ("--workers" in said) == (maker.make is None)


def test_an_unknown_command_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["nope"])
    assert ended.value.code == 2
    assert "nope" in capsys.readouterr().err


@pytest.mark.parametrize("maker", OF_STUDIES, ids=lambda maker: maker.command)
def test_a_command_makes_its_study_in_the_record(maker, monkeypatch):
    asked = []

    def make(study, options):
        asked.append((study, options.out))
        return 0

    monkeypatch.setattr(Study, "make", make)
    assert main([maker.command]) == 0
    assert asked == [(maker.study, RECORD / maker.files[0])]


def test_the_seeds_are_two_hundred_of_the_recipe(monkeypatch):
    asked = []

    def collect(configs, executor, *, out, **_):
        asked.append((list(configs), out))
        return Progress(0, out)

    monkeypatch.setattr(seeds, "replicate", collect)
    assert main(["seeds"]) == 0
    configs = [Config(seed=seed) for seed in range(200)]
    assert asked == [(configs, RECORD / "seeds.csv")]


def test_a_command_without_options_calls_what_makes_its_files(monkeypatch):
    called = []
    maker = Maker("x", ("x.csv",), "", (), "a file", lambda: called.append("x"))
    monkeypatch.setattr(record, "MAKERS", (maker,))
    assert main(["x"]) == 0
    assert called == ["x"]
