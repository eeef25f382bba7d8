"""The tables of the page *Ladder*: rung by rung, what each gains and costs."""

import itertools
from collections.abc import Sequence
from statistics import fmean

import pandas as pd

from exhibits.differences import as_change, signed
from networks.lenet1998.rungs import Rung
from studies.comparisons import paired, unpaired
from studies.intervals import fold_interval
from studies.ladder import Step


def gain(step: Step, before: Step) -> str:
    """The mean difference to the rung before, with its interval; points.

    It is taken seed by seed, for a seed draws the same numbers on each rung.
    """
    return as_change(paired(step.errors, before.errors))


def error_with_interval(step: Step) -> str:
    """The mean error of a step with its t interval, %."""
    return with_half(f"{step.mean:.2f}", step.interval)


def step_row(step: Step, change: str = "") -> tuple:
    """A line of a table: the error and its change, and the error on the training images."""
    return step.name, error_with_interval(step), change, f"{step.of_train:.2f}"


def rung_rows(steps: list[Step], report: Step, beside: list[Step]) -> list[tuple]:
    """The lines of a table: each rung against the one above it, and the report's last.

    The report's own runs draw other numbers than the rungs, and are compared without
    pairs. Of what stands ``beside`` the ladder, the first begins anew.
    """
    lines = [_rung_row(steps[0])]
    for before, step in itertools.pairwise(steps):
        lines.append(_rung_row(step, gain(step, before)))
    to_report = unpaired(report.errors, steps[-1].errors)
    lines.append(_rung_row(report, as_change(to_report)))
    first, *others = beside
    lines.append(_rung_row(first))
    for step in others:
        lines.append(_rung_row(step, gain(step, first)))
    return lines


def _rung_row(step: Step, change: str = "") -> tuple:
    """A line with the number of seeds beside the name."""
    name, *cells = step_row(step, change)
    return name, len(step.errors), *cells


def choice_made(tried: list[Step], step: Step) -> Step:
    """What a choice that was tried is compared with: the one made for its kind of network."""
    by_name = {each.name: each for each in tried}
    if step.name.startswith("softmax"):
        return by_name["softmax, loss × 0.2"]
    if step.name.startswith("to the letter"):
        return by_name["start within 2.4 / fan-in"]
    return by_name["as chosen"]


def choice_rows(tried: list[Step]) -> list[tuple]:
    """The lines of a table: each choice, against the one made for its network."""
    lines = []
    for step in tried:
        made = choice_made(tried, step)
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
            mean = signed(fmean(differences))
            change = with_half(mean, fold_interval(differences))
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


def with_half(mean: str, interval: tuple[float, float]) -> str:
    """A mean and half of its interval, on one line."""
    low, high = interval
    return f"{mean}\u00a0±\u00a0{(high - low) / 2:.2f}"
