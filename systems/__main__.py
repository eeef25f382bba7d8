"""The command line: ``python -m systems choices``, ``… ladder`` and ``… network``."""

import argparse
import functools
import sys
from pathlib import Path

from lenet5 import Lenet5Error, replicate
from systems import study
from systems.rungs import BESIDE, BEST, CHOICES, RUNGS

RECORD = Path(__file__).resolve().parent.parent / "record"
NETWORK = RECORD / "lenet1998.safetensors"
STUDIES = {  # what is run, on how many seeds, and which images judge it
    "choices": ([*CHOICES], range(5), "held back", RECORD / "ladder-choices.csv"),
    "ladder": ([*RUNGS, *BESIDE], range(30), "test", RECORD / "ladder.csv"),
}


def main(arguments: list[str] | None = None) -> int:
    """Make a study: 0 when done, 1 if a run failed, 130 interrupted."""
    parser = argparse.ArgumentParser(prog="python -m systems", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="STUDY", dest="study")
    for name, (_, _, judged_on, out) in STUDIES.items():
        command = commands.add_parser(name, help=f"judged on {judged_on} images")
        replicate.add_options(command.add_argument, out)
    text = "train the published network of 1998, and keep its weights"
    commands.add_parser("network", help=text)
    options = parser.parse_args(arguments)
    if options.study == "network":
        study.publish(BEST, 0, NETWORK)
        return 0
    rungs, seeds, judged_on, _ = STUDIES[options.study]
    jobs = study.jobs(rungs, seeds, judged_on)
    form = {"columns": study.COLUMNS, "key": "run", "out": options.out}
    try:
        with replicate.workers(options.scheduler, options.workers) as (executor, width):
            show = functools.partial(replicate.show_progress, width)
            made = replicate.run_jobs(jobs, study.run, executor, on_run=show, **form)
    except Lenet5Error as error:
        print(f"systems: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("systems: interrupted; the same command goes on", file=sys.stderr)
        return 130
    return replicate.show_end(made)


if __name__ == "__main__":
    sys.exit(main())
