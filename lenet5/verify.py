"""Is this machine's run the published one? Bit-identical, within the band, or outside.

The band is where one more run of the recorded recipe falls with a probability of at
least 99 %. It is computed from the replicates in ``record/seeds.csv``, their last epoch
alone: a prediction interval for the test error and one for the test loss
(:func:`lenet5.statistics.prediction_interval`), each of 99.5 %, so that both hold together with
99 % (Bonferroni). Nothing in it is set by hand.
"""

import csv
import dataclasses
import hashlib
from pathlib import Path
from typing import NamedTuple

import torch

from lenet5 import Lenet5Error
from lenet5.config import Config
from lenet5.run import SUMS, Run
from lenet5.statistics import prediction_interval

COVERAGE = 0.99
FEWEST = 5  # replicates below which no band is drawn
MEASURES = {"test_error": "test error, %", "test_loss": "test loss, nats"}
RECIPE = ("epochs", "batch_size", "lr")
MACHINE = {  # what of the environment can move the last bits
    "cpu_capability": "CPU capability",
    "threads": "threads",
    "torch": "torch",
    "blas": "BLAS",
    "gpu": "GPU",
}


class Verdict(NamedTuple):
    """What was found.

    Attributes
    ----------
    name : str
        "bit-identical", "within the band" or "outside".
    details : list of str
        One line each: the measures against the band, and what differs.
    """

    name: str
    details: list[str]

    @property
    def holds(self) -> bool:
        return self.name != "outside"

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"  {line}" for line in self.details)])


def verify(run: Run, record: Path) -> Verdict:
    """Judge a run by the published one.

    Parameters
    ----------
    run : Run
    record : Path
        Folder of the published run, with ``SHA256SUMS`` and ``seeds.csv``.

    Returns
    -------
    Verdict

    Raises
    ------
    Lenet5Error
        If the record is damaged, or the run is not bit-identical and there are too few
        replicates to judge it by.
    """
    check_integrity(record)
    published = Run.load(record)
    if identical(run, published):
        return Verdict("bit-identical", ["every epoch's metrics and every weight"])
    limits = band(Path(record) / "seeds.csv", published.config)
    details, inside = [], True
    for name, text in MEASURES.items():
        ours, theirs = (getattr(each.history[-1], name) for each in (run, published))
        low, high = limits[name]
        inside &= low <= ours <= high
        details.append(
            f"{text}: {ours:.4f}, published {theirs:.4f} ({ours - theirs:+.4f}), "
            f"band {low:.4f} to {high:.4f}"
        )
    details += differences(run, published)
    return Verdict("within the band" if inside else "outside", details)


def check_integrity(folder: Path) -> None:
    """Compare every file that ``SHA256SUMS`` names with its checksum.

    Raises
    ------
    Lenet5Error
        Naming the first file that is missing or changed.
    """
    folder = Path(folder)
    mend = "restore it with git, or make it anew with make record"
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
        wanted = {name: digest for digest, name in (line.split("  ") for line in lines)}
    except (OSError, ValueError) as error:
        raise Lenet5Error(f"{folder / SUMS} is missing or damaged: {mend}") from error
    for name in {"history.csv": "", "model.safetensors": ""} | wanted:
        path = folder / name
        if not path.exists():
            raise Lenet5Error(f"{path} is missing: {mend}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != wanted.get(name):
            raise Lenet5Error(f"{path} is not the file that {SUMS} names: {mend}")


def identical(run: Run, published: Run) -> bool:
    """Whether two runs agree in every metric and every weight, to the last bit."""
    ours, theirs = run.model.state_dict(), published.model.state_dict()
    return run.history == published.history and all(
        torch.equal(ours[name], theirs[name]) for name in theirs
    )


def band(path: Path, recipe: Config) -> dict[str, tuple[float, float]]:
    """Where one more run of a recipe ends, from its replicates.

    Parameters
    ----------
    path : Path
        A table with the columns ``epochs``, ``batch_size``, ``lr``, ``epoch``,
        ``fingerprint``, ``test_error`` (%) and ``test_loss`` (nats).
    recipe : Config
        The replicates are those rows that agree with its epochs, batch size and
        learning rate.

    Returns
    -------
    dict of (low, high)
        For ``test_error`` and ``test_loss``; together they hold a new run with a
        probability of at least ``COVERAGE``.

    Raises
    ------
    Lenet5Error
        If the table is missing or damaged, or holds fewer than ``FEWEST`` replicates.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            last = {
                row["fingerprint"]: row
                for row in csv.DictReader(file)
                if int(row["epoch"]) == recipe.epochs
                and row["test_error"]  # empty where the run failed
                and all(float(row[name]) == getattr(recipe, name) for name in RECIPE)
            }
        values = {
            name: [float(row[name]) for row in last.values()] for name in MEASURES
        }
    except FileNotFoundError as error:
        raise Lenet5Error(
            f"{path} is missing: the band cannot be judged; restore it with git"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Lenet5Error(
            f"{path} is damaged ({error!r}): the band cannot be judged; restore it "
            "with git"
        ) from error
    if len(last) < FEWEST:
        raise Lenet5Error(
            f"{path} holds {len(last)} finished replicates of the recipe: the band "
            f"cannot be judged by fewer than {FEWEST}"
        )
    each = 1 - (1 - COVERAGE) / len(MEASURES)
    return {name: prediction_interval(values[name], each) for name in MEASURES}


def differences(run: Run, published: Run) -> list[str]:
    """What differs between two runs and can explain their results, a line each."""
    pairs = [
        (f"setting {name}", getattr(run.config, name), getattr(published.config, name))
        for name in (entry.name for entry in dataclasses.fields(Config))
        if name not in ("threads", "device")
    ]
    facts = (run.environment, published.environment)
    pairs += [
        (what, *(fact.get(name) for fact in facts))
        for name, what in ({"data_sha256": "data", "code_sha256": "code"}).items()
    ]
    machine = [
        (what, *(fact.get(name) for fact in facts)) for name, what in MACHINE.items()
    ]
    found = [
        f"{what} differs: {_text(ours)} here, {_text(theirs)} published"
        for what, ours, theirs in pairs + machine
        if ours != theirs
    ]
    if not any(ours != theirs for _, ours, theirs in machine):
        ours, theirs = (fact.get("cpu") for fact in facts)
        found.append(
            "CPU capability, threads, torch and BLAS are those of the record; the "
            f"processor is {ours} here, {theirs} published"
        )
    return found


def _text(value) -> str:
    return "; ".join(value) if isinstance(value, list) else str(value)
