"""The tables of the page *Ladder*: rung by rung, what each gains and costs."""

import itertools
from collections.abc import Sequence
from statistics import fmean, stdev

import pandas as pd

from networks.lenet1998.rungs import Rung
from studies.intervals import fold_interval, mean_interval, welch_interval
from studies.ladder import Step


def gain(step: Step, before: Step) -> str:
    """The mean difference to the rung before, with its interval; points.

    It is taken seed by seed, for a seed draws the same numbers on each rung.
    """
    differences = (step.errors - before.errors).dropna()
    return _change(fmean(differences), mean_interval(differences))


def gain_of_report(report: Step, before: Step) -> str:
    """The same of the report's own runs, whose seeds draw other numbers."""
    interval = welch_interval(report.errors, before.errors)
    return _change(report.mean - before.mean, interval)


def error_with_interval(step: Step) -> str:
    """The mean error of a step with its t interval, %."""
    return _with_interval(f"{step.mean:.2f}", half(step.interval))


def step_row(step: Step, change: str = "") -> tuple:
    """A line of a table: the error and its change, on judging and training images."""
    return (
        step.name,
        error_with_interval(step),
        change,
        f"{step.of_train:.2f}",
        f"{stdev(step.errors):.2f}",
        len(step.errors),
    )


def rung_rows(rungs: list[Step], report: Step) -> list[tuple]:
    """The lines of a table: each rung against the one before it, and the report last."""
    lines = [step_row(rungs[0])]
    for before, step in itertools.pairwise(rungs):
        lines.append(step_row(step, gain(step, before)))
    lines.append(step_row(report, gain_of_report(report, rungs[-1])))
    return lines


def choice_rows(tried: list[Step]) -> list[tuple]:
    """The lines of a table: each choice, against the one made for its output units."""
    by_name = {step.name: step for step in tried}
    chosen = by_name["as chosen"]
    chosen_with_softmax = by_name["softmax, loss × 0.2"]
    lines = []
    for step in tried:
        made = chosen
        if step.name.startswith("softmax"):
            made = chosen_with_softmax
        change = "" if step is made else gain(step, made)
        lines.append(step_row(step, change))
    return lines


def scale_rows(errors: pd.DataFrame, rungs: Sequence[Rung]) -> list[tuple]:
    """The lines of a table: the factor on the loss, the error, the change to the first.

    Parameters
    ----------
    errors : DataFrame
        Of :func:`studies.ladder.read_parts`, %.
    rungs : sequence of Rung
        Those that differ by the factor on the loss; the first has the one chosen.
    """
    chosen = errors[rungs[0].name]
    lines = []
    for rung in rungs:
        change = ""
        if rung is not rungs[0]:
            differences = errors[rung.name] - chosen
            change = _change(fmean(differences), fold_interval(differences))
        lines.append((f"{rung.scale:g}", f"{errors[rung.name].mean():.3f}", change))
    return lines


def cost_rows(steps: list[Step]) -> list[tuple]:
    """The lines of a table: what each step holds and costs."""
    lines = []
    for step in steps:
        cells = [
            step.name,
            f"{step.parameters:,}",
            f"{step.multiply_adds:,}",
            f"{step.updates:,}",
            f"{step.seconds:.0f}",
        ]
        lines.append(tuple(cells))
    return lines


def half(interval: tuple[float, float]) -> float:
    """From the middle of an interval to its end."""
    low, high = interval
    return (high - low) / 2


def _change(mean: float, interval: tuple[float, float]) -> str:
    return _with_interval(f"{mean:+.2f}".replace("-", "−"), half(interval))


def _with_interval(mean: str, end: float) -> str:
    """A mean and its interval, on one line."""
    return f"{mean}\u00a0±\u00a0{end:.2f}"
