"""Is a run the published one? Bit-identical, different, or within or outside a band.

A run of the published config by the exact engine is the same bytes, or something is
broken. For any other (the torch engine, CUDA, another recipe or seed) there is a band:
a prediction interval for the final test error and one for the test loss, each of 99.5 %,
so that both hold one more run of the published recipe with a probability of at least
99 % (Bonferroni). It follows from the replicates in ``record/seeds.csv`` alone.
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

from lenet5 import Config, Lenet5Error
from lenet5.checkpoint import check_sums
from lenet5.run import Run

COVERAGE = 0.99
FEWEST = 5  # replicates below which no band is drawn
MEASURES = {"test_error": "test error, %", "test_loss": "test loss, nats"}


class Verdict(NamedTuple):
    """What was found: a name, and lines that explain it."""

    name: str
    details: list[str]

    @property
    def holds(self) -> bool:
        return self.name in ("bit-identical", "within the band")

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"  {line}" for line in self.details)])


def verify(run: Run, record: Path) -> Verdict:
    """Judge a run by the published one, whose folder ``record`` also holds ``seeds.csv``.

    Raises
    ------
    Lenet5Error
        If the record is damaged, or holds too few replicates for the band.
    """
    check_sums(record)
    published = Run.load(record)
    if run.history == published.history:
        return Verdict("bit-identical", ["every epoch's metrics and every weight"])
    if run.config == published.config:
        return Verdict("different", _difference(run, published))
    check_sums(record, ["seeds.csv"])
    details, inside = [], True
    for name, (low, high) in band(record / "seeds.csv", published.config).items():
        ours, theirs = (getattr(each.history[-1], name) for each in (run, published))
        inside &= low <= ours <= high
        compared = f"{ours:.4f}, published {theirs:.4f} ({ours - theirs:+.4f})"
        details.append(f"{MEASURES[name]}: {compared}, band {low:.4f} to {high:.4f}")
    configs = [dataclasses.asdict(each.config) for each in (run, published)]
    for name, ours, theirs in zip(configs[0], *map(dict.values, configs), strict=True):
        if ours != theirs:
            details.append(f"{name} differs: {ours} here, {theirs} published")
    return Verdict("within the band" if inside else "outside", details)


def band(path: Path, recipe: Config) -> dict[str, tuple[float, float]]:
    """Where one more run of a recipe ends, from the table of its replicates.

    It gives the ends for ``test_error`` (%) and ``test_loss`` (nats). A table that is
    missing or damaged, or holds too few replicates, raises Lenet5Error.
    """
    import pandas as pd
    from scipy.stats import t

    try:
        table = pd.read_csv(path)
        chosen = table["epoch"] == table["epochs"]
        for name in ("epochs", "batch_size", "lr", "engine", "device"):
            chosen &= table[name] == getattr(recipe, name)
        last = table[chosen].drop_duplicates("fingerprint")[[*MEASURES]].dropna()
    except (OSError, ValueError, KeyError) as error:
        why = "is missing or damaged: restore it with git"
        raise Lenet5Error(f"{path} {why}") from error
    if len(last) < FEWEST:
        held = f"{path} holds {len(last)} finished replicates of the recipe"
        raise Lenet5Error(f"{held}: a band needs {FEWEST}")
    scale = last.std() * (1 + 1 / len(last)) ** 0.5
    each = 1 - (1 - COVERAGE) / len(MEASURES)
    low, high = t.interval(each, len(last) - 1, last.mean(), scale)
    ends = zip(low.tolist(), high.tolist(), strict=True)
    return dict(zip(MEASURES, ends, strict=True))


def _difference(run: Run, published: Run) -> list[str]:
    pairs = zip(run.history, published.history, strict=True)
    epoch = next(ours.epoch for ours, theirs in pairs if ours != theirs)
    ours, theirs = run.environment, published.environment
    causes = []
    if ours["data_sha256"] != theirs["data_sha256"]:
        causes.append("the record was made from other data")
    if ours["behaviour"] != theirs["behaviour"]:
        causes.append("the record was made by an engine of another behaviour")
    if not causes:
        causes.append(
            "data and engine are those of the record: this machine's processor, "
            "system or compiler breaks the promise of the exact engine"
        )
    return [f"the first epoch that differs is {epoch}", *causes]
