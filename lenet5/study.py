"""The command ``replicate``: many runs, asked for by seeds and crossed settings."""

import argparse
import dataclasses
import itertools
import sys
from pathlib import Path

from lenet5.config import Config, allowed

PROJECT = Path(__file__).resolve().parent.parent
FIELDS = {entry.name: entry for entry in dataclasses.fields(Config)}
THREADS = 1  # the other cores train other runs


def parse_seeds(text: str) -> list[int]:
    """``"0-3,7"`` as ``[0, 1, 2, 3, 7]``.

    Raises
    ------
    ValueError
        If a part is neither a whole number nor two of them, the lesser first.
    """
    seeds = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise ValueError(f"--seeds {text}: give for example 0-29 or 0,3,7-9")
        seeds += range(int(first), int(last or first) + 1)
        if dash and int(last) < int(first):
            raise ValueError(f"--seeds {text}: {part} runs backwards")
    return list(dict.fromkeys(seeds))


def parse_settings(texts: list[str]) -> dict[str, list]:
    """``["lr=1e-4,3e-4", "epochs=3"]`` as ``{"lr": [1e-4, 3e-4], "epochs": [3]}``.

    Raises
    ------
    ValueError
        Naming the setting that does not exist, is given twice, or a value that is none.
    """
    settings: dict[str, list] = {}
    for text in texts:
        name, _, values = text.partition("=")
        name = name.replace("-", "_")
        if name == "seed" or name not in FIELDS:
            known = ", ".join(known for known in FIELDS if known != "seed")
            raise ValueError(f"{text}: give NAME=VALUE with a name of {known}")
        if name in settings:
            raise ValueError(f"{name} is given twice")
        try:
            settings[name] = [FIELDS[name].type(value) for value in values.split(",")]
        except ValueError as error:
            raise ValueError(
                f"{text} is not allowed: give {allowed(FIELDS[name])}"
            ) from error
    return settings


def cross(seeds: list[int], settings: dict[str, list]) -> list[Config]:
    """Every combination of the settings' values, each with every seed.

    Raises
    ------
    ValueError
        If a value is outside the range of its field.
    """
    settings = {"threads": [THREADS]} | settings
    return [
        Config(seed=seed, **dict(zip(settings, values, strict=True)))
        for values in itertools.product(*settings.values())
        for seed in seeds
    ]


def add_command(commands, shared: list[argparse.ArgumentParser]) -> None:
    """Add ``replicate`` to the command line, with the options that it shares."""
    command = commands.add_parser(
        "replicate",
        parents=shared,
        help="train many runs at a time, on this machine or on a cluster",
    )
    command.add_argument("--seeds", default="0-29", help="for example 0-29 or 0,3,7-9")
    command.add_argument(
        "--set",
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help=f"settings of every run: {', '.join(FIELDS)} (default: the recipe of the "
        f"report, but threads={THREADS})",
    )
    command.add_argument(
        "--grid",
        nargs="+",
        default=[],
        metavar="NAME=VALUE,VALUE",
        help="settings to cross, each combination with every seed",
    )
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask scheduler, such as tcp://host:8786 (default: this machine's cores)",
    )
    command.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes on this machine (default: one for each core that a run uses)",
    )
    command.add_argument(
        "--out",
        type=Path,
        default=PROJECT / "runs" / "seeds.csv",
        help="the table of all epochs (default: %(default)s; the published one is "
        "record/seeds.csv)",
    )
    command.set_defaults(command=_replicate)


def _replicate(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    try:
        given, crossed = parse_settings(options.set), parse_settings(options.grid)
        for name, values in given.items():
            if name in crossed or len(values) > 1:
                raise ValueError(f"{name}: give one value to --set, several to --grid")
        configs = cross(parse_seeds(options.seeds), given | crossed)
        if options.workers is not None and options.workers < 1:
            raise ValueError("--workers: give a whole number from 1")
        if options.workers and options.scheduler:
            raise ValueError("--workers: the cluster of --scheduler has its own")
    except ValueError as error:
        parser.error(str(error))

    from lenet5.progress import StudyProgress
    from lenet5.replicate import replicate

    study = replicate(
        configs,
        out=options.out,
        runs=options.runs,
        data=options.data,
        scheduler=options.scheduler,
        workers=options.workers,
        progress=StudyProgress,
    )
    for config, reason in study.failed.items():
        print(f"lenet5: {label(config)} failed: {reason}", file=sys.stderr)
    print(f"{len(study.done)} runs done, {len(study.failed)} failed: {options.out}")
    return 1 if study.failed else 0


def label(config: Config) -> str:
    """What of a config is not the default of a study, in words: ``seed 3, lr 0.001``."""
    usual = Config(threads=THREADS)
    return ", ".join(
        f"{name} {getattr(config, name)}"
        for name in ("seed", *FIELDS)
        if name == "seed" or getattr(config, name) != getattr(usual, name)
    )
