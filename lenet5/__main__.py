"""The command line: ``train``, ``replicate``, ``evaluate``, ``predict``, ``verify``.

What needs torch is imported when a command runs, so that ``--help`` answers at once.
"""

import argparse
import dataclasses
import json
import sys
import warnings
from pathlib import Path

from lenet5 import Lenet5Error, study
from lenet5.config import Config, allowed

PROJECT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Run a command: 0 when done, 1 failed, 2 asked wrongly, 130 interrupted."""
    warnings.showwarning = lambda message, *_: print(
        f"lenet5: warning: {message}", file=sys.stderr
    )
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return options.command(options, parser)
    except Lenet5Error as error:
        print(f"lenet5: {error}", file=sys.stderr)
    except OSError as error:
        name = f" {error.filename}" if error.filename else ""
        print(
            f"lenet5: cannot read or write{name}: {error.strerror or error}",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        print(
            "lenet5: interrupted; finished epochs are kept, the same command goes on from them",
            file=sys.stderr,
        )
        return 130
    return 1


def _folder(option: str, text: str) -> argparse.ArgumentParser:
    """The option of a folder of the project, for the commands that share it."""
    shared = argparse.ArgumentParser(add_help=False)
    default = PROJECT / option.removeprefix("--")
    shared.add_argument(option, type=Path, default=default, help=text)
    return shared


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lenet5", description="LeNet-5 on MNIST."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = _folder("--data", "folder that holds MNIST/raw")
    runs = _folder("--runs", "folder of the finished runs")

    train = commands.add_parser(
        "train",
        parents=[data, runs],
        help="train a network, or read it if this run was made before",
    )
    for entry in dataclasses.fields(Config):
        option = f"--{entry.name.replace('_', '-')}"
        text = f"{entry.metadata['help']}: {allowed(entry)} (default {entry.default})"
        train.add_argument(
            option,
            type=entry.type,
            default=entry.default,
            help=text,
            metavar=entry.name.upper(),
        )
    train.add_argument(
        "--out", type=Path, help="also write the finished run into this folder"
    )
    train.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object an epoch, and one for the run",
    )
    train.set_defaults(command=_train)

    study.add_command(commands, [data, runs])

    evaluate = commands.add_parser(
        "evaluate", parents=[data], help="loss and error of a run on both splits"
    )
    evaluate.add_argument(
        "run",
        type=Path,
        nargs="?",
        default=PROJECT / "record",
        metavar="RUN",
        help=_RUN,
    )
    evaluate.add_argument("--json", action="store_true", help="print one JSON object")
    evaluate.set_defaults(command=_evaluate)

    predict = commands.add_parser("predict", help="read the digit in image files")
    predict.add_argument(
        "images",
        type=Path,
        nargs="+",
        metavar="IMAGE",
        help="a file that shows one digit",
    )
    predict.add_argument("--run", type=Path, default=PROJECT / "record", help=_RUN)
    predict.add_argument(
        "--json", action="store_true", help="print one JSON object an image"
    )
    predict.set_defaults(command=_predict)

    verify = commands.add_parser(
        "verify", help="judge this machine's run of the report by the published one"
    )
    verify.add_argument(
        "run",
        type=Path,
        nargs="?",
        metavar="RUN",
        help="a finished run's folder (default: the report's run, trained if need be)",
    )
    verify.add_argument(
        "--record",
        type=Path,
        default=PROJECT / "record",
        help="folder of the published run",
    )
    verify.set_defaults(command=_verify)
    return parser


_RUN = "a run's folder or a safetensors file (default: the published record)"


def _train(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    names = [entry.name for entry in dataclasses.fields(Config)]
    try:
        config = Config(**{name: getattr(options, name) for name in names})
    except ValueError as error:
        parser.error(str(error))

    from lenet5.progress import reporter
    from lenet5.run import load_or_train

    with reporter(config, options.json) as callbacks:
        run = load_or_train(config, runs=options.runs, data=options.data, **callbacks)
    if options.out:
        run.save(options.out)
    last = run.history[-1]
    folder = options.runs / run.fingerprint
    if options.json:
        print(
            json.dumps(
                {"run": str(folder), "fingerprint": run.fingerprint, **last._asdict()}
            )
        )
    else:
        print(
            f"test error {last.test_error:.2f} %, loss {last.test_loss:.4f} "
            f"after epoch {last.epoch}: {folder}"
        )
    return 0


def _evaluate(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from lenet5.data import load
    from lenet5.train import cpu_threads, evaluate

    model, threads = _model(options.run)
    with cpu_threads(threads):
        result = {}
        for name, split in zip(("train", "test"), load(options.data), strict=True):
            result[f"{name}_loss"], result[f"{name}_error"] = evaluate(model, split)
    if options.json:
        print(json.dumps(result))
    else:
        for name in ("train", "test"):
            loss, error = result[f"{name}_loss"], result[f"{name}_error"]
            print(f"{name:5}  loss {loss:.4f}  error {error:.2f} %")
    return 0


def _predict(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from lenet5.image import read_digit
    from lenet5.train import logits

    model, _ = _model(options.run)
    failed = False
    for path in options.images:
        try:
            image = read_digit(path)
        except Lenet5Error as error:
            print(f"lenet5: {error}", file=sys.stderr)
            failed = True
            continue
        probabilities = logits(model, image[None]).softmax(1)[0]
        digit = int(probabilities.argmax())
        if options.json:
            print(
                json.dumps(
                    {
                        "image": str(path),
                        "digit": digit,
                        "probabilities": probabilities.tolist(),
                    }
                )
            )
        else:
            print(f"{path}: {digit} ({100 * probabilities[digit]:.1f} %)")
    return 1 if failed else 0


def _verify(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from lenet5.progress import reporter
    from lenet5.run import Run, load_or_train
    from lenet5.verify import check_integrity, verify

    check_integrity(options.record)  # before minutes are spent on a training
    if options.run:
        run = Run.load(options.run)
    else:
        with reporter(Config(), as_json=False) as callbacks:
            run = load_or_train(Config(), **callbacks)
    verdict = verify(run, options.record)
    print(verdict)
    return 0 if verdict.holds else 1


def _model(path: Path):
    from lenet5.run import Run, load_weights

    if path.is_dir():
        run = Run.load(path)
        return run.model, run.config.threads
    return load_weights(path), Config().threads


if __name__ == "__main__":
    sys.exit(main())
