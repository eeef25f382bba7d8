"""The command line ``python -m systems``: the studies, and what else there is to do."""

import argparse
import functools
import sys
from pathlib import Path

import numpy as np

from lenet5 import RECORD, Lenet5Error, behaviour, checkpoint, replicate
from lenet5.__main__ import read_digits, run_command
from systems import columns, committee_study, members, study
from systems.committee_study import MEMBER_CHOICES, PUBLISHED, VOTERS
from systems.ladder import build_name, trial
from systems.rungs import BESIDE, BEST, CHOICES, RUNGS, SCALES

NETWORK, COMMITTEE = RECORD / "lenet1998.safetensors", RECORD / "committee"
TEST, LAST = ["test"], ["held back"]
STUDIES = {  # by what, what is run, on how many seeds, which images judge it, its table
    "choices": (study, [*CHOICES], range(3), LAST, "ladder-choices.csv"),
    "scales": (study, [*SCALES], range(15), LAST, "ladder-scales.csv"),
    "parts": (study, [*SCALES], range(3), study.PARTS, "ladder-parts.csv"),
    "ladder": (study, [*RUNGS, *BESIDE], range(30), TEST, "ladder.csv"),
    "columns": (committee_study, PUBLISHED, range(2), TEST, "columns.csv"),
    "committee-choices": (
        committee_study, MEMBER_CHOICES, range(2), LAST, "committee-choices.csv",
    ),
    "committee": (committee_study, VOTERS, range(5), TEST, "committee.csv"),
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when done, 1 failed, 2 asked wrongly, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m systems",
        description="The systems that the report names beside its own.",
    )
    commands = parser.add_subparsers(required=True, metavar="STUDY", dest="study")
    for name, (*_, out) in STUDIES.items():
        command = commands.add_parser(name, help=f"make record/{out}")
        command.set_defaults(command=_make)
        replicate.add_options(command.add_argument, RECORD / out)
    text = "train the published network of 1998, and keep its weights"
    commands.add_parser("network", help=text).set_defaults(command=_publish)
    predict = commands.add_parser("predict", help="read the digit in image files")
    predict.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    predict.set_defaults(command=_predict)
    text = "after a change of an engine's arithmetic, pin what all compute now"
    commands.add_parser("behaviour", help=text).set_defaults(command=_pin)
    return run_command("systems", parser.parse_args(arguments))


def jobs(name: str) -> dict[str, tuple]:
    """The arguments of each run of a study, by the name of the run."""
    by, systems, seeds, judges, _ = STUDIES[name]
    studies = [by.jobs(systems, seeds, judged_on) for judged_on in judges]
    return {run: arguments for each in studies for run, arguments in each.items()}


def _publish(_) -> int:
    study.publish(BEST, 0, NETWORK)
    return 0


def _make(options) -> int:
    folder = options.out.with_suffix("")  # of the networks
    if folder == options.out:
        raise Lenet5Error(f"{folder} has no suffix: name the table {folder}.csv")
    by, wanted = STUDIES[options.study][0], jobs(options.study)
    form = {"columns": by.COLUMNS, "key": "run", "out": options.out}
    form["receive"] = functools.partial(by.receive, folder)
    with replicate.workers(options.scheduler, options.workers) as (executor, width):
        show = functools.partial(replicate.show_progress, width)
        made = replicate.run_jobs(wanted, by.run, executor, on_run=show, **form)
    return replicate.show_end(made)


def _pin(_) -> int:
    print("\n".join(behaviour.pin(columns.PACKAGE, trials())))
    return 0


def trials() -> dict[str, str]:
    """What the trial of every engine finds here, by the engine's name."""
    found = {columns.ENGINE: columns.trial(), members.ENGINE: members.trial()}
    for rung in [*RUNGS, *BESIDE, *CHOICES]:
        name = build_name(rung)
        if name not in found:
            found[name] = trial(rung)
    return found


def _predict(options) -> int:
    _, members, seeds, *_ = STUDIES["committee"]
    names = [(member.name, seed) for seed in seeds for member in members]
    files = [committee_study.file(COMMITTEE, *name) for name in names]
    networks = [checkpoint.load_arrays(path) for path in files]

    def show(path, image) -> None:
        image = np.round(255 * image).astype(np.uint8)
        found = committee_study.found(networks, image[None])[:, 0]
        digit = found.mean(axis=0).argmax()
        count = (found.argmax(axis=1) == digit).sum()
        print(f"{path}: {digit} ({count} of {len(found)} votes)")

    return read_digits(options, show)


if __name__ == "__main__":
    sys.exit(main())
