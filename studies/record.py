"""What makes each file of ``record/``, and who reads it: one list."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from lenet5 import RECORD
from lenet5.config import report_config
from studies import (
    committee,
    ladder,
    mistakes,
    platforms,
    rates,
    rounding,
    seeds,
    validation,
    variations,
)
from studies.runs import Study

SEEDS = range(200)
# Studies whose networks are kept, in a folder beside the table.
WITH_WEIGHTS = (committee.COLUMNS_STUDY.table, committee.STUDY.table)


@dataclass(frozen=True)
class Maker:
    """A command that makes files of the record, and the chapters that show them."""

    command: str  # python -m studies COMMAND; empty: nothing here makes them again
    files: tuple[str, ...]  # a folder ends with a slash
    takes: str  # on two cores
    read_by: tuple[str, ...]
    what: str
    make: Callable | None = None  # called without options
    study: Study | None = None  # or a table of runs, whose command has options
    make_runs: Callable | None = None  # or what is called with these options


def make_run() -> None:
    """Train our run, and write it."""
    from lenet5.run import load_or_train

    load_or_train(report_config(), fresh=True).save(RECORD)


def make_seeds(options: argparse.Namespace) -> int:
    """Train what the table of seeds lacks; the exit code of the command."""
    configs = [report_config(seed=seed) for seed in SEEDS]
    return seeds.make(configs, options)


def _of_study(
    command: str, study: Study, takes: str, read_by: tuple[str, ...], what: str
) -> Maker:
    """The maker of a table of runs, and of its networks where they are kept."""
    files = [study.table]
    if study.table in WITH_WEIGHTS:
        folder = study.table.removesuffix(".csv")
        files.append(f"{folder}/")
    return Maker(command, tuple(files), takes, read_by, what, study=study)


MAKERS = (
    Maker(
        "run",
        ("config.json", "environment.json", "history.csv", "model.safetensors"),
        "half a minute",
        (
            "introduction",
            "implementation",
            "results",
            "audit",
            "variability",
            "same-bytes",
            "ladder",
            "train",
            "draw",
        ),
        "our run",
        make_run,
    ),
    Maker(
        "validation",
        ("validation/", "validation-test/"),
        "a minute",
        ("variability", "draw"),
        "the same training with 5,000 images held back, measured on these and on the test images",
        validation.make,
    ),
    Maker(
        "seeds",
        ("seeds.csv",),
        "an hour",
        ("results", "audit", "variability", "ladder", "committee", "train"),
        "two hundred seeds of the recipe; also the band of python -m lenet5 verify",
        make_runs=make_seeds,
    ),
    Maker(
        "rates",
        (rates.TABLE,),
        "a minute",
        ("results", "audit"),
        "the first epoch of ten seeds at two other learning rates",
        make_runs=rates.make,
    ),
    _of_study(
        "mistakes",
        mistakes.STUDY,
        "a quarter of an hour",
        ("variability",),
        "which test images each of the first seeds misreads at its end",
    ),
    Maker(
        "",
        ("seeds-torch.csv",),
        "",
        ("variability",),
        "twenty seeds in PyTorch, by a program from before there was an exact engine",
    ),
    Maker(
        "rounding",
        (rounding.TABLE,),
        "some minutes",
        ("variability",),
        "one seed, rounded in three ways",
        rounding.make,
    ),
    Maker(
        "platforms",
        (platforms.TABLE,),
        "some minutes",
        ("same-bytes",),
        "one short epoch on every platform at hand; needs qemu-user, nodejs and gcc",
        platforms.make,
    ),
    _of_study(
        "variations",
        variations.STUDY,
        "an hour and a half",
        ("variability", "audit", "ladder", "what-matters", "committee"),
        "what matters: the recipe with one thing changed, twenty times, with some seeds each",
    ),
    _of_study(
        "ladder-choices",
        ladder.CHOICES_STUDY,
        "an hour",
        ("ladder",),
        "what the paper of 1998 leaves open, one choice at a time",
    ),
    _of_study(
        "ladder-scales",
        ladder.SCALES_STUDY,
        "half an hour",
        ("ladder",),
        "four scales of the loss with more seeds",
    ),
    _of_study(
        "ladder-parts",
        ladder.PARTS_STUDY,
        "an hour",
        ("ladder",),
        "the four scales with each twelfth of the training images held back",
    ),
    _of_study(
        "ladder",
        ladder.STUDY,
        "some hours",
        ("ladder", "committee"),
        "every rung from 1998 to the report, with thirty seeds",
    ),
    Maker(
        "network",
        (ladder.NETWORK.name,),
        "two minutes",
        ("ladder", "draw"),
        "the network of 1998 that the book shows",
        ladder.keep_network,
    ),
    _of_study(
        "columns",
        committee.COLUMNS_STUDY,
        "four hours",
        ("committee",),
        "the columns of 2012",
    ),
    _of_study(
        "committee-choices",
        committee.CHOICES_STUDY,
        "half an hour",
        ("committee",),
        "how the members are trained, one choice at a time",
    ),
    _of_study(
        "committee",
        committee.STUDY,
        "an hour",
        ("committee", "draw"),
        "the members of the committee",
    ),
)


def describe() -> str:
    """The list, for a person: each command with its files and their readers."""
    lines = ["SHA256SUMS: renewed by every command below.", ""]
    for maker in MAKERS:
        made = ", ".join(f"record/{name}" for name in maker.files)
        command = "made by nothing here"
        if maker.command:
            command = f"python -m studies {maker.command} ({maker.takes})"
        readers = ", ".join(f"book/{name}.py" for name in maker.read_by)
        lines.append(made)
        lines.append(f"  {maker.what}")
        lines.append(f"  {command}")
        lines.append(f"  read by {readers or 'no chapter yet'}")
        lines.append("")
    return "\n".join(lines).rstrip()
