"""The runs of the ladder, rung by rung, and the network of 1998 among them."""

from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np
import pandas as pd

from exhibits import ledger
from exhibits.intervals import fold_interval, mean_interval, place, welch_interval
from exhibits.seeds import read_study
from exhibits.study import read_runs
from lenet5 import Config, checkpoint
from lenet5.run import RECORD
from systems import recipe, rungs, study
from systems.ladder import Ladder

REPORT = "the report"


class Step(NamedTuple):
    """A rung and its runs.

    ``errors`` are in % of the images that judge, after the last pass, by seed;
    ``passes`` the same after each pass, a row a seed; ``seconds`` of the median run on
    the ``machine`` that made most of the runs.
    """

    name: str
    errors: pd.Series
    passes: pd.DataFrame
    of_train: float
    parameters: int
    multiply_adds: int
    updates: int
    seconds: float
    machine: str

    @property
    def mean(self) -> float:
        return fmean(self.errors)

    @property
    def interval(self) -> tuple[float, float]:
        return mean_interval(self.errors)

    def gain(self, before: "Step") -> str:
        """The mean difference to another rung, with its interval; points.

        It is taken seed by seed, for a seed draws the same numbers on each rung; not so
        in the report's own runs.
        """
        if self.name == REPORT:
            ends = welch_interval(self.errors, before.errors)
            return _change(self.mean - before.mean, ends)
        differences = (self.errors - before.errors).dropna()
        return _change(fmean(differences), mean_interval(differences))

    def row(self, against: "Step | None") -> tuple:
        """Its line in a table of errors, on judging and training images."""
        error = _with(f"{self.mean:.2f}", half(self.interval))
        gain = "" if against is None else self.gain(against)
        others = f"{self.of_train:.2f}", f"{stdev(self.errors):.2f}", len(self.errors)
        return self.name, error, gain, *others

    def cost(self) -> tuple:
        """Its line in a table of costs."""
        numbers = self.parameters, self.multiply_adds, self.updates
        return self.name, *(f"{n:,}" for n in numbers), f"{self.seconds:.0f}"


def half(interval: tuple[float, float]) -> float:
    """From the middle of an interval to its end."""
    return (interval[1] - interval[0]) / 2


def read(name: str, wanted) -> list[Step]:
    """The runs of some rungs in a table of the record.

    Raises
    ------
    Lenet5Error
        If a run is of other data or another engine, or a rung has none.
    """
    table = _runs(name, wanted)
    judged, trained = study.TEST, study.TRAINING
    if table.judged_on.iloc[0] != "test":
        judged, trained = study.HELD_BACK, trained - study.HELD_BACK
    steps = []
    for rung in wanted:
        rows = table[table.rung == rung.name].set_index("seed").sort_index()
        counts = rows.misread.str.split(expand=True).astype(int)
        passes = 100 * counts / judged
        steps.append(
            Step(
                rung.name,
                passes.iloc[:, -1],
                passes,
                100 * fmean(rows.misread_train) / trained,
                study.parameters(rung),
                study.multiply_adds(rung),
                int(rows.updates.iloc[0]),
                *_usual(rows),
            )
        )
    return steps


def choice_rows(tried: list[Step]) -> list[tuple]:
    """The lines of a table: each choice, against the one made for its output units."""
    by_name = {step.name: step for step in tried}
    radial, softmax = by_name["as chosen"], by_name["softmax, loss × 0.2"]
    rows = []
    for step in tried:
        base = softmax if step.name.startswith("softmax") else radial
        rows.append(step.row(None if step is base else base))
    return rows


def by_part(wanted) -> pd.DataFrame:
    """The errors of some choices when each twelfth of the training images is held back, %.

    A row a part, a column a choice by its name; each is the mean of its seeds.
    """
    names = "ladder-parts.csv", "ladder-scales.csv"
    rows = pd.concat([_runs(name, wanted) for name in names])
    last = rows.misread.str.split().str[-1].astype(int)
    rows["error"] = 100 * last / study.HELD_BACK
    return rows.pivot_table("error", "judged_on", "rung")


def lowest(errors: pd.DataFrame, wanted) -> float:
    """The factor on the loss whose mean over the parts is the lowest."""
    return {rung.name: rung.scale for rung in wanted}[errors.mean().idxmin()]


def scale_rows(errors: pd.DataFrame, wanted) -> list[tuple]:
    """The lines of a table: the factor on the loss, the error, the change to the first."""
    first, rows = errors[wanted[0].name], []
    for rung in wanted:
        change, differences = "", errors[rung.name] - first
        if rung is not wanted[0]:
            change = _change(fmean(differences), fold_interval(differences))
        rows.append((f"{rung.scale:g}", f"{errors[rung.name].mean():.3f}", change))
    return rows


def report() -> Step:
    """The last step: the report's own runs, with which the book's numbers are made."""
    runs = read_study("seeds.csv")
    table = pd.read_csv(RECORD / "seeds.csv")
    trained = table[table.epoch == table.epoch.max()]
    times = table.groupby(["seed", "machine"], as_index=False).seconds.sum()
    steps = -(-study.TRAINING // Config.batch_size) * Config.epochs
    raw = rungs.RAW
    return Step(
        REPORT, runs.final, runs.errors, fmean(trained.train_error),
        study.parameters(raw), study.multiply_adds(raw), steps, *_usual(times),
    )  # fmt: skip


def published() -> tuple[float, float, dict]:
    """What the paper states, without and with distorted images (%), and facts of both."""
    _, literature, facts = ledger.read()
    return literature["lenet5"]["error"], literature["lenet5-distorted"]["error"], facts


def verdict(error: float, one_more: tuple[float, float]) -> str:
    """In words: a published error against the interval in which one more run falls."""
    words = {"inside": "reproduced", "above": "bettered", "below": "not reproduced"}
    return words[place(error, one_more)]


def first_rates(rung, train) -> tuple[float, float]:
    """The lowest and the highest rate of a weight in the first pass of seed 0."""
    engine = Ladder(rung, 0)
    rows, _ = recipe.patterns(rung, 0, 1, len(train.labels))
    engine.estimate(train, rows[: recipe.CURVATURE_PATTERNS])
    engine.set_rates(recipe.GLOBAL_RATES[0], rung.mu)
    rates = np.concatenate([x[x > 0] for x in engine.rates.values()])
    return float(rates.min()), float(rates.max())


def network() -> tuple[Ladder, dict]:
    """The published network of 1998, and the facts stored with its weights."""
    weights, facts = checkpoint.load_arrays(RECORD / "lenet1998.safetensors")
    return Ladder(rungs.BEST, facts["seed"], weights), facts


def _runs(name: str, wanted) -> pd.DataFrame:
    made_by = study.behaviour_of, study.HELD_BACK
    return read_runs(name, wanted, "rung", *made_by, "make ladder")


def _usual(runs: pd.DataFrame) -> tuple[float, str]:
    """The machine that made most of some runs, after the seconds of its median run."""
    machine = runs.machine.mode()[0]
    return runs[runs.machine == machine].seconds.median(), machine


def _change(mean: float, interval: tuple[float, float]) -> str:
    return _with(f"{mean:+.2f}".replace("-", "−"), half(interval))


def _with(mean: str, end: float) -> str:
    """A mean and its interval, on one line."""
    return f"{mean}\u00a0±\u00a0{end:.2f}"
