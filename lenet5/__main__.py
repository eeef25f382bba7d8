"""The command line ``python -m lenet5``.

It stands on top of the house: it calls the network, the studies and the other networks,
and none of them knows it. What is slow to load is imported when a command runs, so that
``--help`` answers at once.
"""

import argparse
import itertools
import json
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from exact import UserError
from lenet5 import DATA, RECORD, RUNS, Config
from lenet5.config import SETTINGS

SURE = 0.9  # the probability below which a reading is called unsure


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when done, 1 failed, 2 asked wrongly, 130 interrupted.

    ``verify`` has one code more, 3: there is nothing recorded to judge the run by.
    """
    return run_command("lenet5", make_parser().parse_args(arguments))


def run_command(program: str, options: argparse.Namespace) -> int:
    """The exit code of ``options.command``; an error becomes a line of the program's."""

    def complain(message, *_) -> None:
        print(f"{program}: {message}", file=sys.stderr)

    def warn(message, *_) -> None:
        complain(f"warning: {message}")

    warnings.showwarning = warn
    options.complain = complain
    try:
        return options.command(options)
    except UserError as error:
        complain(error)
    except OSError as error:
        name = f" {error.filename}" if error.filename else ""
        complain(f"cannot read or write{name}: {error.strerror or error}")
    except KeyboardInterrupt:
        complain("interrupted; what is finished is kept, the same command goes on")
        return 130
    return 1


# ------------------------------------------------------------------ the commands' options


def make_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        "python -m lenet5", description="LeNet-5 on MNIST."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_train(commands)
    add_replicate(commands)
    add_evaluate(commands)
    add_predict(commands)
    add_verify(commands)
    add_behaviour(commands)
    return parser


def add_command(commands, name: str, function: Callable, text: str):
    """Add a command that calls a function; its parser."""
    command = commands.add_parser(name, help=text)
    command.set_defaults(command=function, refuse=command.error)
    return command


def add_folder(command, option: str, default: Path | None, text: str) -> None:
    """Give a command an option that names a folder."""
    command.add_argument(
        option, type=Path, metavar="FOLDER", default=default, help=text
    )


def add_data(command) -> None:
    """Give a command the option that names the folder of the data."""
    add_folder(command, "--data", DATA, "that holds MNIST/raw")


def add_json(command) -> None:
    """Give a command the option that makes it write for programs."""
    command.add_argument("--json", action="store_true", help="print JSON, a line each")


def add_train(commands) -> None:
    command = add_command(
        commands, "train", train, "train a network, or read a stored run"
    )
    for setting in SETTINGS:
        command.add_argument(
            setting.option,
            type=setting.kind,
            default=setting.default,
            metavar=setting.name.upper(),
            help=f"{setting.help}: {setting.allowed} (default {setting.default})",
        )
    command.add_argument(
        "--fresh", action="store_true", help="train even if it is stored"
    )
    command.add_argument(
        "--threads", type=int, help="of the exact engine (default: all)"
    )
    add_folder(command, "--out", None, "also write the run into this one")
    add_folder(command, "--runs", RUNS, "of the finished runs")
    add_data(command)
    add_json(command)


def add_replicate(commands) -> None:
    from studies import pool

    command = add_command(commands, "replicate", replicate, "train many runs")
    command.add_argument(
        "--seeds", type=seeds, default="0-29", help="for example 0-29 or 0,3,7-9"
    )
    command.add_argument(
        "--grid",
        type=values_of_setting,
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE,...",
        help="of settings, with every seed",
    )
    pool.add_options(command, RUNS / "seeds.csv")
    add_folder(command, "--runs", RUNS, "of the finished runs")
    add_data(command)


def add_evaluate(commands) -> None:
    command = add_command(commands, "evaluate", evaluate, "loss and error of a run")
    command.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN",
        default=RECORD,
        help="a run's folder or a safetensors file (default: our run, in record/)",
    )
    add_data(command)
    add_json(command)


def add_predict(commands) -> None:
    command = add_command(commands, "predict", predict, "read the digit in image files")
    command.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    command.add_argument(
        "--run",
        type=Path,
        metavar="RUN",
        default=RECORD,
        help="a run's folder or a safetensors file (default: our run, in record/)",
    )
    command.add_argument(
        "--committee",
        action="store_true",
        help="let the networks of the chapter Committee vote",
    )
    add_json(command)


def add_verify(commands) -> None:
    command = add_command(
        commands, "verify", verify, "judge a run of this machine by our run"
    )
    command.epilog = (
        "It exits with 0 if the run is bit-identical or within the band, with 1 if it is "
        "not, and with 3 if nothing is recorded of its network or its recipe."
    )
    command.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN",
        help="a run's folder (default: the run of all defaults, trained if need be)",
    )
    judge = command.add_mutually_exclusive_group()
    add_folder(judge, "--record", RECORD, "that holds our run")
    add_folder(
        judge, "--against", None, "another run, to be compared with in its place"
    )


def add_behaviour(commands) -> None:
    add_command(
        commands,
        "behaviour",
        pin_behaviours,
        "after a change of an engine's arithmetic, pin what all compute now",
    )


def make_config(options: argparse.Namespace, values: dict) -> Config:
    """The config of some settings; what is not allowed ends the command with 2."""
    try:
        return Config(**values)
    except ValueError as error:
        options.refuse(str(error))


def seeds(text: str) -> list[int]:
    """``"0-2,5"`` as ``[0, 1, 2, 5]``."""
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 0-29 or 0,3,7-9")
    found = set()
    for part in text.split(","):
        ends = [int(end) for end in part.split("-")]
        found.update(range(min(ends), max(ends) + 1))
    return sorted(found)


def values_of_setting(text: str) -> list[tuple]:
    """``"lr=1e-4,3e-4"`` as ``[("lr", 1e-4), ("lr", 3e-4)]``."""
    name, _, values = text.partition("=")
    kinds = {setting.name: setting.kind for setting in SETTINGS}
    if name not in kinds:
        known = ", ".join(kinds)
        raise argparse.ArgumentTypeError(f"there is no setting {name!r}: give {known}")
    try:
        return [(name, kinds[name](value)) for value in values.split(",")]
    except ValueError as error:
        text = f"{values!r} is not allowed for {name}: give numbers apart by commas"
        raise argparse.ArgumentTypeError(text) from error


# ------------------------------------------------------------------------ what they do


def train(options: argparse.Namespace) -> int:
    """Train a network, or read a stored run."""
    given = {setting.name: getattr(options, setting.name) for setting in SETTINGS}
    config = make_config(options, given)
    if options.threads is not None and options.threads < 1:
        options.refuse("--threads: give a whole number from 1")

    from lenet5 import data
    from lenet5.run import load_or_train

    run = load_or_train(
        config,
        data.load(options.data),
        runs=options.runs,
        fresh=options.fresh,
        threads=options.threads,
        on_epoch=reporter(config, options.json),
    )
    if options.out:
        run.save(options.out)
    last = run.history[-1]
    if options.json:
        print(json.dumps({"fingerprint": run.fingerprint} | last._asdict()))
    else:
        reached = f"error {last.test_error:.2f} %, loss {last.test_loss:.4f}"
        print(f"test {reached} after epoch {last.epoch}: run {run.fingerprint}")
    return 0


def reporter(config: Config, as_json: bool = False) -> Callable:
    """What a training calls after each epoch: it prints where the run stands."""
    started = time.perf_counter()

    def on_epoch(engine, history) -> None:
        last = history[-1]
        if as_json:
            print(json.dumps(last._asdict()), flush=True)
            return
        seconds = time.perf_counter() - started
        measured = f"test loss {last.test_loss:.4f}  test error {last.test_error:.2f} %"
        line = f"epoch {last.epoch}/{config.epochs}  {measured}  {seconds:.1f} s"
        print(line, file=sys.stderr, flush=True)

    return on_epoch


def replicate(options: argparse.Namespace) -> int:
    """Train every combination of settings with every seed."""
    names = ["seed"]
    for values in options.grid:
        names.append(values[0][0])
    for name in names:
        if names.count(name) > 1:
            options.refuse(f"{name} is given twice: name each setting once")
    configs = set()
    for combination in itertools.product(*options.grid):
        for seed in options.seeds:
            settings = {"seed": seed} | dict(combination)
            configs.add(make_config(options, settings))

    from lenet5 import data
    from studies.seeds import make

    splits = None  # of each worker's own data
    if options.data != DATA:
        splits = data.load(options.data)
    return make(configs, options, options.runs, splits)


def evaluate(options: argparse.Namespace) -> int:
    """Print loss and error of a run on both splits."""
    from lenet5 import data

    engine = load_engine(options.run)
    result = {}
    lines = []
    for name, split in zip(("train", "test"), data.load(options.data), strict=True):
        loss, error = engine.measure(split)
        result[f"{name}_loss"] = loss
        result[f"{name}_error"] = error
        lines.append(f"{name:5}  loss {loss:.4f}  error {error:.2f} %")
    print(json.dumps(result) if options.json else "\n".join(lines))
    return 0


def predict(options: argparse.Namespace) -> int:
    """Read the digit in each image file; 1 if one cannot be read."""
    from lenet5.picture import read_digit

    reader = committee_reader() if options.committee else run_reader(options.run)
    code = 0
    for path in options.images:
        try:
            digit, text, details = reader(read_digit(path))
        except UserError as error:
            options.complain(error)
            code = 1
            continue
        row = {"image": str(path), "digit": digit} | details
        print(json.dumps(row) if options.json else f"{path}: {digit} ({text})")
    return code


def run_reader(path: Path) -> Callable:
    """What reads a digit by a run: it gives the digit, a text and details for programs."""
    engine = load_engine(path)

    def read(image):
        probabilities = engine.probabilities(image[None])[0].tolist()
        digit = probabilities.index(max(probabilities))
        text = in_percent(probabilities[digit])
        unsure = probabilities[digit] < SURE
        if unsure:
            text += ": unsure; ask the committee with --committee"
        return digit, text, {"probabilities": probabilities, "unsure": unsure}

    return read


def committee_reader() -> Callable:
    """What reads a digit by the recorded committee, as :func:`run_reader`."""
    import numpy as np

    from networks import committee, verdict

    members = committee.load(RECORD / "committee")

    def read(image):
        image = np.round(255 * image).astype(np.uint8)
        found = committee.probabilities(members, image[None])[:, 0]
        opinion = verdict.opinion(found)
        digit = int(opinion.probabilities.argmax())
        sure = float(opinion.probabilities[digit])
        votes = int(opinion.votes[digit])
        text = f"{votes} of {opinion.members} votes, {in_percent(sure)}"
        unsure = sure < SURE
        if unsure:
            text += ": unsure; it may be no digit"
        details = {
            "votes": votes,
            "members": opinion.members,
            "probabilities": opinion.probabilities.tolist(),
            "unsure": unsure,
        }
        return digit, text, details

    return read


def in_percent(probability: float) -> str:
    """A probability as text; one that rounds to all is not all."""
    if probability > 0.9995:
        return "more than 99.9 %"
    return f"{100 * probability:.1f} %"


def load_engine(path: Path):
    """The exact engine with the weights of a run's folder or of a safetensors file."""
    from lenet5 import engines
    from lenet5.data import IMAGE_SHAPE
    from lenet5.parameters import load_weights
    from lenet5.run import Run

    if path == RECORD and not path.exists():
        raise UserError(
            f"our run is not in {path}: run this in a clone of the project, "
            "or name a run of your own"
        )
    if path.is_dir():
        run = Run.load(path)
        weights, network = run.weights, run.network
    else:
        weights, network = load_weights(path)
    if network.image_shape != IMAGE_SHAPE:
        raise UserError(
            f"{path} reads images of shape {network.image_shape}, and digits are of shape "
            f"{IMAGE_SHAPE} here: name a network that was trained on such"
        )
    return engines.exact(network, weights)


def verify(options: argparse.Namespace) -> int:
    """Judge a run by ours, or by another; see ``--help`` for the code."""
    from lenet5.files import check_sums
    from lenet5.run import Run, load_or_train
    from studies.verdict import NOT_RECORDED, compare, verify

    # What it is judged by comes first, before a training is spent on it.
    if options.against:
        other = Run.load(options.against)
    else:
        check_sums(options.record)
    if options.run:
        run = Run.load(options.run)
    else:
        run = load_or_train(Config(), record=None, on_epoch=reporter(Config()))
    if options.against:
        verdict = compare(run, other)
    else:
        verdict = verify(run, options.record)
    print(verdict)
    if verdict.word == NOT_RECORDED:
        return 3
    return 0 if verdict.holds else 1


def pin_behaviours(_: argparse.Namespace) -> int:
    """Pin what every engine computes now, and say what has changed."""
    import networks
    from lenet5 import behaviour, engines
    from networks.trials import trials

    lines = behaviour.pin(engines.PACKAGE, engines.trials())
    lines += behaviour.pin(networks.PACKAGE, trials())
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
