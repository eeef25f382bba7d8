"""Is a run ours, that of the book? Bit-identical, different, or within or outside a band.

A run of the config of our run by the exact engine is the same bytes, or something is
broken. For any other (the torch engine, CUDA, another seed) there is a band:
a prediction interval for the final test error and one for the test loss, each of 99 %,
so that both hold one more run of that recipe with a probability of at least
98 % (Bonferroni). Each reaches from one recorded replicate to another, by their ranks, and
assumes no distribution: errors and losses have a longer tail above than a normal one. It
follows from the replicates in ``record/seeds.csv`` alone.

A run with other epochs, batches or rates is held to that band too and is told so: the band
says whether it ends where the recipe of our run ends, and no more. For another network,
activation, optimizer or schedule nothing is recorded, and there is no verdict. Whether
two runs of such are one says :func:`compare`.
"""

import dataclasses
from pathlib import Path
from typing import NamedTuple

from exact import UserError
from lenet5 import Config
from lenet5.config import EARLIER
from lenet5.files import check_sums
from lenet5.run import Run, provenance_of

COVERAGE = 0.98
MEASURES = {"test_error": "test error, %", "test_loss": "test loss, nats"}
LEVEL = 1 - (1 - COVERAGE) / len(MEASURES)  # of the interval of each
IDENTICAL = "bit-identical"
DIFFERENT = "different"
WITHIN = "within the band"
OUTSIDE = "outside"
NOT_RECORDED = "nothing recorded"
# Settings of which a run has the value of our run, or is no replicate of the recipe.
OF_BAND = ("epochs", "batch_size", "lr")
ALL = "every epoch's metrics and every weight"


class Verdict(NamedTuple):
    """What was found: one of the five words above, and lines that explain it."""

    word: str
    details: list[str]

    @property
    def holds(self) -> bool:
        """Whether the run reproduces the one that it is judged by."""
        return self.word in (IDENTICAL, WITHIN)

    def __str__(self) -> str:
        lines = [self.word]
        for detail in self.details:
            lines.append(f"  {detail}")
        return "\n".join(lines)


def verify(run: Run, record: Path) -> Verdict:
    """Judge a run by ours, whose folder ``record`` also holds ``seeds.csv``.

    Raises
    ------
    UserError
        If the record is damaged, or holds too few replicates for the band.
    """
    check_sums(record)
    recorded = Run.load(record)
    if run.history == recorded.history:
        return Verdict(IDENTICAL, [ALL])
    if run.config == recorded.config:
        causes = _causes(run, recorded, "the record")
        return Verdict(DIFFERENT, [_parting(run, recorded), *causes])
    unlike = _unlike(run.config, recorded.config)
    differences = _differences(run.config, recorded.config, "in our run")
    if any(name in EARLIER for name in unlike):
        differences.append(
            "the record has no run of this kind: python -m lenet5 verify RUN --against "
            "ANOTHER compares two of your own"
        )
        return Verdict(NOT_RECORDED, differences)
    check_sums(record, ["seeds.csv"])
    details = []
    inside = True
    for name, (low, high) in band(record / "seeds.csv", recorded.config).items():
        ours = getattr(run.history[-1], name)
        theirs = getattr(recorded.history[-1], name)
        inside = inside and low <= ours <= high
        compared = f"{ours:.4f}, in our run {theirs:.4f} ({ours - theirs:+.4f})"
        details.append(f"{MEASURES[name]}: {compared}, band {low:.4f} to {high:.4f}")
    details += differences
    if any(name in OF_BAND for name in unlike):
        details.append(
            "the band is of the recipe of our run: whether this one ends where that does "
            "is all that it tells"
        )
    if provenance_of(run.environment).data != provenance_of(recorded.environment).data:
        details.append("the record was made from other data, and so was the band")
    word = WITHIN if inside else OUTSIDE
    return Verdict(word, details)


def compare(run: Run, other: Run) -> Verdict:
    """Whether two runs are one: bit-identical, or different.

    They are bit-identical if settings, data, engine and all epochs are the same. Runs whose
    epochs alone are, such as two that trained nothing, are not.
    """
    causes = _differences(run.config, other.config, "there")
    causes += _sources(run, other, "the other run")
    same = run.history == other.history
    if same and not causes:
        return Verdict(IDENTICAL, [ALL])
    if not causes:
        causes = _causes(run, other, "the other run")
    return Verdict(DIFFERENT, [_parting(run, other), *causes])


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
    # A run that is the recorded one needs no band, and does without slow libraries.
    from studies.intervals import fewest_ranked, rank_interval
    from studies.seeds import read_table

    needed = [*recipe.settings(), "epoch", "fingerprint", *MEASURES]
    table = read_table(path, needed)
    chosen = table.epoch == table.epochs  # after the last epoch
    for name, value in dataclasses.asdict(recipe).items():
        # What no run of a table has changed has no column in it.
        if name != "seed" and name in table:
            chosen &= table[name] == value
    ends = table[chosen].drop_duplicates("fingerprint")
    last = ends[list(MEASURES)].dropna()
    fewest = fewest_ranked(LEVEL)
    if len(last) < fewest:
        held = f"{path} holds {len(last)} finished replicates of the recipe"
        raise UserError(f"{held}: a band needs {fewest} (make seeds)")
    return {name: rank_interval(last[name], LEVEL) for name in MEASURES}


def _unlike(ours: Config, theirs: Config) -> list[str]:
    """The names of the settings in which two configs differ."""
    theirs = dataclasses.asdict(theirs)
    ours = dataclasses.asdict(ours)
    return [name for name in ours if ours[name] != theirs[name]]


def _differences(ours: Config, theirs: Config, where: str) -> list[str]:
    """A line for each setting in which two configs differ."""
    lines = []
    for name in _unlike(ours, theirs):
        values = f"{getattr(ours, name)} here, {getattr(theirs, name)} {where}"
        lines.append(f"{name} differs: {values}")
    return lines


def _parting(run: Run, other: Run) -> str:
    """Where two runs part, among the epochs that both have."""
    pairs = zip(run.history, other.history, strict=False)
    for ours, theirs in pairs:
        if ours != theirs:
            return f"the first epoch that differs is {ours.epoch}"
    last = min(run.history[-1].epoch, other.history[-1].epoch)
    return f"the epochs that both have are the same, 0 to {last}"


def _causes(run: Run, other: Run, name: str) -> list[str]:
    """Why two runs of one config can have parted; the other goes by a name."""
    causes = _sources(run, other, name)
    if causes:
        return causes
    if run.config.engine == "torch":
        return ["PyTorch rounds as each machine likes: its runs need not be the same"]
    return [
        f"data and engine are those of {name}: this machine's processor, "
        "system or compiler breaks the promise of the exact engine"
    ]


def _sources(run: Run, other: Run, name: str) -> list[str]:
    """How another run, that goes by a name, comes from elsewhere than a run."""
    ours = provenance_of(run.environment)
    theirs = provenance_of(other.environment)
    found = []
    if ours.data != theirs.data:
        found.append(f"{name} was made from other data")
    if ours.behaviour != theirs.behaviour:
        found.append(f"{name} was made by an engine of another behaviour")
    if theirs.library and ours.library != theirs.library:
        found.append(f"{name} was made by {theirs.library}")
    return found
