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

from exact import UserError
from lenet5 import Config
from lenet5.config import SETTINGS
from lenet5.files import check_sums
from lenet5.run import Run, provenance_of

COVERAGE = 0.99
FEWEST = 5  # replicates below which no band is drawn
MEASURES = {"test_error": "test error, %", "test_loss": "test loss, nats"}
IDENTICAL = "bit-identical"
DIFFERENT = "different"
WITHIN = "within the band"
OUTSIDE = "outside"


class Verdict(NamedTuple):
    """What was found: one of the four words above, and lines that explain it."""

    word: str
    details: list[str]

    @property
    def holds(self) -> bool:
        """Whether the run reproduces the published one."""
        return self.word in (IDENTICAL, WITHIN)

    def __str__(self) -> str:
        lines = [self.word]
        for detail in self.details:
            lines.append(f"  {detail}")
        return "\n".join(lines)


def verify(run: Run, record: Path) -> Verdict:
    """Judge a run by the published one, whose folder ``record`` also holds ``seeds.csv``.

    Raises
    ------
    UserError
        If the record is damaged, or holds too few replicates for the band.
    """
    check_sums(record)
    published = Run.load(record)
    if run.history == published.history:
        return Verdict(IDENTICAL, ["every epoch's metrics and every weight"])
    if run.config == published.config:
        return Verdict(DIFFERENT, _causes(run, published))
    check_sums(record, ["seeds.csv"])
    details = []
    inside = True
    for name, (low, high) in band(record / "seeds.csv", published.config).items():
        ours = getattr(run.history[-1], name)
        theirs = getattr(published.history[-1], name)
        inside = inside and low <= ours <= high
        compared = f"{ours:.4f}, published {theirs:.4f} ({ours - theirs:+.4f})"
        details.append(f"{MEASURES[name]}: {compared}, band {low:.4f} to {high:.4f}")
    theirs = dataclasses.asdict(published.config)
    for name, ours in dataclasses.asdict(run.config).items():
        if ours != theirs[name]:
            details.append(f"{name} differs: {ours} here, {theirs[name]} published")
    word = WITHIN if inside else OUTSIDE
    return Verdict(word, details)


def band(path: Path, recipe: Config) -> dict[str, tuple[float, float]]:
    """Where one more run of a recipe ends, from the table of its replicates.

    Returns
    -------
    dict
        The ends of the interval for ``test_error`` (%) and for ``test_loss`` (nats).

    Raises
    ------
    UserError
        If the table is missing or damaged, or holds too few replicates.
    """
    # A run that is the published one needs no band, and does without slow libraries.
    from studies.intervals import prediction_interval
    from studies.seeds import read_table

    settings = [setting.name for setting in SETTINGS]
    table = read_table(path, [*settings, "epoch", "fingerprint", *MEASURES])
    chosen = table.epoch == table.epochs  # after the last epoch
    for setting in SETTINGS:
        if setting.name != "seed":
            chosen &= table[setting.name] == getattr(recipe, setting.name)
    ends = table[chosen].drop_duplicates("fingerprint")
    last = ends[list(MEASURES)].dropna()
    if len(last) < FEWEST:
        held = f"{path} holds {len(last)} finished replicates of the recipe"
        raise UserError(f"{held}: a band needs {FEWEST}")
    level = 1 - (1 - COVERAGE) / len(MEASURES)
    return {name: prediction_interval(last[name], level) for name in MEASURES}


def _causes(run: Run, published: Run) -> list[str]:
    """Where two runs of one config part, and what can be the cause."""
    pairs = zip(run.history, published.history, strict=True)
    epoch = next(ours.epoch for ours, theirs in pairs if ours != theirs)
    ours = provenance_of(run.environment)
    theirs = provenance_of(published.environment)
    causes = []
    if ours.data != theirs.data:
        causes.append("the record was made from other data")
    if ours.behaviour != theirs.behaviour:
        causes.append("the record was made by an engine of another behaviour")
    if not causes:
        causes.append(
            "data and engine are those of the record: this machine's processor, "
            "system or compiler breaks the promise of the exact engine"
        )
    return [f"the first epoch that differs is {epoch}", *causes]
