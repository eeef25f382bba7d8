"""The command line: ``train``, ``replicate``, ``evaluate``, ``predict``, ``verify``, ``behaviour``.

What is slow to load is imported when a command runs, so that ``--help`` answers at once.
"""

import argparse
import dataclasses
import functools
import itertools
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from lenet5 import DATA, RECORD, RUNS, Config, Lenet5Error, allowed, replicate

FIELDS = dataclasses.fields(Config)


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when done, 1 failed, 2 asked wrongly, 130 interrupted."""
    return run_command(_parser().parse_args(arguments))


def run_command(options: argparse.Namespace) -> int:
    """The exit code of ``options.command``; an error becomes a line."""
    warnings.showwarning = lambda message, *_: _complain(f"warning: {message}")
    try:
        return options.command(options)
    except Lenet5Error as error:
        _complain(error)
    except OSError as error:
        name = f" {error.filename}" if error.filename else ""
        _complain(f"cannot read or write{name}: {error.strerror or error}")
    except KeyboardInterrupt:
        _complain("interrupted; what is finished is kept, the same command goes on")
        return 130
    return 1


def read_digits(paths: list[Path], show: Callable) -> int:
    """Call ``show(path, digit)`` for each image file; 1 if one cannot be read, else 0."""
    from lenet5.data import read_digit

    code = 0
    for path in paths:
        try:
            show(path, read_digit(path))
        except Lenet5Error as error:
            _complain(error)
            code = 1
    return code


def _complain(message) -> None:
    print(f"lenet5: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m lenet5", description="LeNet-5 on MNIST."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    data, runs, as_json = (argparse.ArgumentParser(add_help=False) for _ in range(3))
    folder = {"type": Path, "metavar": "FOLDER"}
    data.add_argument("--data", default=DATA, help="that holds MNIST/raw", **folder)
    runs.add_argument("--runs", default=RUNS, help="of the finished runs", **folder)
    as_json.add_argument("--json", action="store_true", help="print JSON, a line each")

    def add(command, text, *parents):
        added = commands.add_parser(command.__name__[1:], help=text, parents=parents)
        added.set_defaults(command=command, refuse=added.error)
        return added.add_argument

    train = add(_train, "train a network, or read a stored run", data, runs, as_json)
    for entry in FIELDS:
        option, shown = f"--{entry.name.replace('_', '-')}", entry.name.upper()
        text = f"{entry.metadata['help']}: {allowed(entry)} (default {entry.default})"
        train(option, type=entry.type, default=entry.default, metavar=shown, help=text)
    train("--fresh", action="store_true", help="train even if it is stored")
    train("--threads", type=int, help="of the exact engine (default: all)")
    train("--out", help="also write the run into this one", **folder)
    many = add(_replicate, "train many runs", data, runs)
    many("--seeds", type=_seeds, default="0-29", help="for example 0-29 or 0,3,7-9")
    grid = {"nargs": "+", "action": "extend", "default": [], "type": _values}
    text = "of settings, with every seed"
    many("--grid", help=text, metavar="NAME=VALUE,...", **grid)
    replicate.add_options(many, RUNS / "seeds.csv")
    text = "a run's folder or a safetensors file (default: the published run)"
    run = {"type": Path, "metavar": "RUN", "default": RECORD, "help": text}
    add(_evaluate, "loss and error of a run", data, as_json)("run", nargs="?", **run)
    predict = add(_predict, "read the digit in image files", as_json)
    predict("images", type=Path, nargs="+", metavar="IMAGE")
    predict("--run", **run)
    verify = add(_verify, "judge a run of this machine by the published one")
    run["help"] = "a run's folder (default: the report's run, trained if need be)"
    verify("run", nargs="?", **run | {"default": None})
    verify("--record", default=RECORD, help="the published run", **folder)
    add(
        _behaviour,
        "after a change of the engine's arithmetic, pin what it computes now",
    )
    return parser


def _config(options: argparse.Namespace, values: dict) -> Config:
    try:
        return Config(**values)
    except (TypeError, ValueError) as error:
        options.refuse(str(error))


def _train(options: argparse.Namespace) -> int:
    given = {entry.name: getattr(options, entry.name) for entry in FIELDS}
    config, threads = _config(options, given), options.threads
    if threads is not None and threads < 1:
        options.refuse("--threads: give a whole number from 1")

    from lenet5 import data
    from lenet5.run import load_or_train

    where = {"runs": options.runs, "fresh": options.fresh, "threads": threads}
    report = _reporter(config, options.json)
    run = load_or_train(config, data.load(options.data), on_epoch=report, **where)
    if options.out:
        run.save(options.out)
    last, row = run.history[-1], {"fingerprint": run.fingerprint}
    reached = f"error {last.test_error:.2f} %, loss {last.test_loss:.4f}"
    text = f"test {reached} after epoch {last.epoch}: run {run.fingerprint}"
    print(json.dumps(row | last._asdict()) if options.json else text)
    return 0


def _reporter(config: Config, as_json: bool = False):
    """What a training calls after each epoch: it prints where the run stands."""
    started = time.perf_counter()

    def on_epoch(engine, history) -> None:
        last, seconds = history[-1], time.perf_counter() - started
        if as_json:
            print(json.dumps(last._asdict()), flush=True)
            return
        measured = f"test loss {last.test_loss:.4f}  test error {last.test_error:.2f} %"
        line = f"epoch {last.epoch}/{config.epochs}  {measured}  {seconds:.1f} s"
        print(line, file=sys.stderr, flush=True)

    return on_epoch


def _replicate(options: argparse.Namespace) -> int:
    names = ["seed", *(values[0][0] for values in options.grid)]
    if twice := [name for name in names if names.count(name) > 1]:
        options.refuse(f"{twice[0]} is given twice: name each setting once")
    grid = itertools.product(options.seeds, *options.grid)
    chosen = [{"seed": seed} | dict(values) for seed, *values in grid]
    configs = {_config(options, values) for values in chosen}

    from lenet5 import data

    splits = None if options.data == DATA else data.load(options.data)
    where = {"out": options.out, "runs": options.runs, "splits": splits}
    with replicate.workers(options.scheduler, options.workers) as (executor, width):
        show = functools.partial(replicate.show_progress, width)
        study = replicate.replicate(configs, executor, on_run=show, **where)
    return replicate.show_end(study)


def _seeds(text: str) -> list[int]:
    parts = [[int(end) for end in part.split("-")] for part in text.split(",")]
    return sorted({seed for x in parts for seed in range(min(x), max(x) + 1)})


def _values(text: str) -> list[tuple]:
    """``"lr=1e-4,3e-4"`` as ``[("lr", 1e-4), ("lr", 3e-4)]``."""
    name, _, values = text.partition("=")
    kind = type(getattr(Config, name, ""))  # Config refuses what it does not know
    return [(name, kind(value)) for value in values.split(",")]


def _evaluate(options: argparse.Namespace) -> int:
    from lenet5 import data

    engine, result, lines = _reader(options.run), {}, []
    for name, split in zip(("train", "test"), data.load(options.data), strict=True):
        loss, error = engine.measure(split)
        result |= {f"{name}_loss": loss, f"{name}_error": error}
        lines.append(f"{name:5}  loss {loss:.4f}  error {error:.2f} %")
    print(json.dumps(result) if options.json else "\n".join(lines))
    return 0


def _predict(options: argparse.Namespace) -> int:
    engine = _reader(options.run)

    def show(path, image) -> None:
        probabilities = engine.probabilities(image[None])[0].tolist()
        digit = probabilities.index(max(probabilities))
        row = {"image": str(path), "digit": digit, "probabilities": probabilities}
        text = f"{path}: {digit} ({100 * probabilities[digit]:.1f} %)"
        print(json.dumps(row) if options.json else text)

    return read_digits(options.images, show)


def _reader(path: Path):
    """The exact engine with stored weights."""
    from lenet5.checkpoint import load_weights
    from lenet5.exact import ExactEngine
    from lenet5.run import Run

    if path.is_dir():
        return Run.load(path).engine()
    return ExactEngine(*load_weights(path))


def _verify(options: argparse.Namespace) -> int:
    from lenet5.checkpoint import check_sums
    from lenet5.run import Run, load_or_train
    from lenet5.verify import verify

    check_sums(options.record)  # before a training is spent on it
    if options.run:
        run = Run.load(options.run)
    else:
        run = load_or_train(Config(), record=None, on_epoch=_reporter(Config()))
    verdict = verify(run, options.record)
    print(verdict)
    return 0 if verdict.holds else 1


def _behaviour(_: argparse.Namespace) -> int:
    from lenet5 import behaviour, exact

    print("\n".join(behaviour.pin(exact.PACKAGE, {"exact": exact.trial()})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
