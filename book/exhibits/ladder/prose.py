"""Numbers and sentences of the page *From 1998*, which follow from its tables."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from exhibits.differences import in_points
from exhibits.ladder.tables import choice_made
from exhibits.layers import count, listed
from lenet5.data import HELD_BACK, Split
from networks.lenet1998 import schedule
from networks.lenet1998.rungs import Rung
from networks.lenet1998.tried import for_rung
from studies.comparisons import (
    ALIKE,
    BETTER,
    WORSE,
    paired,
    pooled,
    unpaired,
    verdict,
)
from studies.intervals import holm
from studies.ladder import Step

LETTER = "start within 2.4 / fan-in"  # of the choices that were tried


def agreement(
    stated: float, margin: float, interval: tuple[float, float], mean: float
) -> str:
    """How a mean error agrees with a stated one, within the margin that was stated with it.

    Parameters
    ----------
    stated, margin : float
        What a paper states, %.
    interval : low, high
        Of the mean, %.
    mean : float
        Of runs of today, %.
    """
    low, high = interval
    if stated - margin <= low and high <= stated + margin:
        return "lies within that margin, and so does all of its interval"
    if high < stated - margin or low > stated + margin:
        return "lies outside that margin, and so does all of its interval"
    if abs(mean - stated) <= margin:
        return "lies within that margin, but its interval reaches beyond it"
    return "lies outside that margin, but its interval reaches into it"


def reached(stated: float, margin: float, letter: float, best: float) -> str:
    """Whether the networks of 1998 come to the error that their paper states, in short.

    Parameters
    ----------
    stated, margin : float
        What the paper states, %.
    letter, best : float
        The mean errors to the letter, and with wider first weights, %.
    """
    found = (
        "Trained anew to the letter of that paper, it misreads "
        f"{letter:.2f} % of the test images on average; with one departure from the letter, "
        f"wider first weights, {best:.2f} %."
    )
    by_letter = abs(letter - stated) <= margin
    by_best = abs(best - stated) <= margin
    figure = f"the {stated:.2f} % that the paper states, give or take {margin:g}"
    agrees = {
        (True, True): f"Both agree with {figure}.",
        (True, False): f"The former agrees with {figure}; the latter does not.",
        (False, True): f"The latter agrees with {figure}; the former does not.",
        (False, False): f"Neither agrees with {figure}.",
    }[by_letter, by_best]
    return f"{found} {agrees}"


def tested_steps(steps: list[Step], report: Step) -> str:
    """Which steps of the ladder differ beyond chance, by Holm's correction for all."""
    names = [step.name for step in (*steps[1:], report)]
    differences = [
        paired(step.errors, before.errors) for before, step in itertools.pairwise(steps)
    ]
    differences.append(unpaired(report.errors, steps[-1].errors))
    corrected = holm([difference.p_value for difference in differences])
    unclear = []
    for name, difference, p_value in zip(names, differences, corrected, strict=True):
        if verdict(difference, p_value) == ALIKE:
            unclear.append(f"“{name}”")
    every = f"Of the {count(len(names), 'step')}"
    if not unclear:
        return f"{every} each differs from the one before beyond chance."
    if len(unclear) == len(names):
        return f"{every} none differs from the one before beyond chance."
    rest = "all" if len(unclear) < len(names) - 1 else "one"
    verb = "differ" if rest == "all" else "differs"
    return f"{every} {rest} but {listed(unclear)} {verb} from the one before beyond chance."


def moral(steps: list[Step], report: Step, untuned: Step, tuned: Step) -> str:
    """What tuning the rate of the report does, beside the steps of the ladder.

    Parameters
    ----------
    steps : list of Step
        The rungs; the second is the network of 1998 with wider first weights.
    report : Step
        The report's own runs.
    untuned, tuned : Step
        The report's recipe on fewer images, and the same with its rate tuned.
    """
    best = steps[1]
    gain = paired(tuned.errors, untuned.errors)
    gained = verdict(gain, gain.p_value)
    if gained == ALIKE:
        return (
            f"With its rate tuned, the report's own network changes by {in_points(gain)} "
            "points, which so few seeds do not tell from luck."
        )
    if gained == WORSE:
        return (
            "The rate that is best on the images held back is worse on the test images, so "
            "the report's recipe is not behind for want of tuning."
        )
    against = unpaired(tuned.errors, best.errors)
    fewer = f"although it has learned from {HELD_BACK:,} images fewer"
    more = f"has learned from {HELD_BACK:,} images more"
    theirs = "LeNet-5 of 1998 with wider first weights"
    beside = {
        BETTER: f"is then better than {theirs}, {fewer}",
        ALIKE: f"cannot then be told from {theirs}, which was tuned too and {more}",
        WORSE: f"is then still worse than {theirs}, which was tuned too and {more}",
    }[verdict(against, against.p_value)]
    words = (
        f"With its rate tuned, the report's own network gets better by "
        f"{abs(gain.mean):.2f} points, and {beside}."
    )
    top = min((*steps, report), key=lambda step: step.mean)
    behind = unpaired(tuned.errors, top.errors)
    if verdict(behind, behind.p_value) == WORSE:
        words += (
            f" It stays behind the best rung, “{top.name}”, at {top.mean:.2f} %, which had "
            "those images too."
        )
    return words


def choices_that_matter(tried: list[Step]) -> str:
    """Which choices are worse beyond chance than the one made, and which are better."""
    errors = {step.name: step.errors for step in tried}
    names = []
    differences = []
    for made in dict.fromkeys(choice_made(tried, step).name for step in tried):
        others = [
            step.name
            for step in tried
            if choice_made(tried, step).name == made and step.name != made
        ]
        if not others:
            continue
        table = pd.DataFrame({name: errors[name] for name in (made, *others)}).dropna()
        names += others
        differences += pooled(table)
    corrected = holm([difference.p_value for difference in differences])
    found = {BETTER: [], WORSE: []}
    for name, difference, p_value in zip(names, differences, corrected, strict=True):
        word = verdict(difference, p_value)
        if word != ALIKE:
            found[word].append((difference.mean, f"“{name}”"))
    sentences = []
    for word, those in found.items():
        largest_first = sorted(those, key=lambda pair: -abs(pair[0]))
        named = [name for _, name in largest_first]
        verb = "is" if len(named) == 1 else "are"
        if named:
            sentences.append(
                f"{listed(named)} {verb} {word} than the choice that was made"
            )
        else:
            sentences.append(f"none is shown to be {word}")
    number = f"for {len(names)} comparisons"
    return f"After Holm's correction {number}, {', and '.join(sentences)}"


def letters_own_choice(tried: list[Step]) -> str:
    """Whether the letter would choose otherwise by itself, on the images held back."""
    kept = next(step for step in tried if step.name == LETTER)
    others = [step for step in tried if step.name.startswith("to the letter")]
    lowest = min(others, key=lambda step: step.mean)
    difference = paired(lowest.errors, kept.errors)
    varied = "When the two are varied for the narrow ones, on images held back,"
    if difference.mean >= 0:
        return f"{varied} nothing that was tried has a lower error."
    which = lowest.name.removeprefix("to the letter, ")
    which = which.replace("loss × ", "a scale of ")
    words = f"{varied} {which} has the lowest error, a change of {in_points(difference)} points"
    if verdict(difference, difference.p_value) != ALIKE:
        return f"{words}, which is beyond chance."
    return f"{words}; {count(len(kept.errors), 'seed')} do not tell that from chance."


def of_start(tried: list[Step]) -> str:
    """What first weights as printed change on the images held back, in words."""
    by_name = {step.name: step for step in tried}
    difference = paired(by_name[LETTER].errors, by_name["as chosen"].errors)
    words = f"{in_points(difference)} points"
    if verdict(difference, difference.p_value) != ALIKE:
        return f"{words}, which is beyond chance"
    seeds = count(len(by_name[LETTER].errors), "seed")
    return f"{words}, which {seeds} do not tell from chance"


def by_tuning(untuned: Step, tuned: Step) -> str:
    """By how much a tuned rate changes the error, and whether beyond chance."""
    difference = paired(tuned.errors, untuned.errors)
    points = f"{in_points(difference)} points"
    if verdict(difference, difference.p_value) == ALIKE:
        return f"{points}, which so few seeds do not tell from chance"
    return points


def lowest_scale(errors: pd.DataFrame, rungs: Sequence[Rung]) -> float:
    """The factor on the loss whose mean error over the parts is the lowest."""
    scales = {rung.name: rung.scale for rung in rungs}
    return scales[errors.mean().idxmin()]


def first_rates(rung: Rung, train: Split) -> tuple[float, float]:
    """The lowest and the highest rate of a weight in the first pass of seed 0."""
    engine = for_rung(rung, 0)
    order, _ = schedule.patterns(rung, 0, 1, len(train.labels))
    engine.estimate(train, order[: schedule.CURVATURE_PATTERNS])
    engine.set_rates(schedule.GLOBAL_RATES[0], rung.mu)
    # A weight that is not trained, such as one of a bitmap, has the rate 0.
    of_trained = [rates[rates > 0] for rates in engine.rates.values()]
    rates = np.concatenate(of_trained)
    return float(rates.min()), float(rates.max())
