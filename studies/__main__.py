"""The command line ``python -m studies``: what makes each file of the record.

Without a command it lists them.
"""

import argparse
import sys

from lenet5 import RECORD
from lenet5.__main__ import run_command
from studies import pool, record


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when done, 1 failed, 2 asked wrongly, 130 interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m studies",
        description="Make files of the record; without a command, list them all.",
    )
    parser.set_defaults(command=show_list)
    commands = parser.add_subparsers(metavar="COMMAND")
    for maker in record.MAKERS:
        if maker.command:
            add_command(commands, maker)
    return run_command("studies", parser.parse_args(arguments))


def add_command(commands, maker: record.Maker) -> None:
    """Add the command of a maker, with options where it trains many runs."""
    made = ", ".join(f"record/{name}" for name in maker.files)
    command = commands.add_parser(maker.command, help=f"{maker.what}: {made}")
    if maker.make:
        command.set_defaults(command=make_whole, maker=maker)
        return
    pool.add_options(command, RECORD / maker.files[0])
    command.set_defaults(command=maker.study.make if maker.study else maker.make_runs)


def show_list(_: argparse.Namespace) -> int:
    """Print what makes what, and who reads it."""
    print(record.describe())
    return 0


def make_whole(options: argparse.Namespace) -> int:
    """Make files anew, all of them."""
    options.maker.make()
    return 0


if __name__ == "__main__":
    sys.exit(main())
