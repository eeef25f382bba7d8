"""Which of several ways differ from one, seed by seed, beyond what chance explains."""

from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from exact import UserError
from studies.intervals import LEVEL, mean_interval, welch_interval

BETTER, WORSE, ALIKE = "better", "worse", "cannot be told"


class Difference(NamedTuple):
    """A mean difference of errors, in points, and what chance has to do with it."""

    mean: float
    interval: tuple[float, float]  # the t interval of the mean
    p_value: float  # of the test to which the interval belongs


def paired(errors: pd.Series, others: pd.Series) -> Difference:
    """The difference of two ways, seed by seed: by how much ``errors`` are the higher.

    Parameters
    ----------
    errors, others : Series
        Errors in %, one a seed, with the seeds as their index.

    Raises
    ------
    UserError
        If they have fewer than two seeds in common.
    """
    differences = (errors - others).dropna()
    if len(differences) < 2:
        raise UserError(
            "a difference seed by seed takes two seeds that both have: train more of them"
        )
    mean = float(differences.mean())
    if (
        np.ptp(differences) < 1e-9
    ):  # no seed differs from another: nothing is left to chance
        p_value = 1.0 if abs(mean) < 1e-9 else 0.0
        return Difference(mean, (mean, mean), p_value)
    p_value = float(stats.ttest_1samp(differences, 0).pvalue)
    return Difference(mean, mean_interval(differences), p_value)


def pooled(errors: pd.DataFrame) -> list[Difference]:
    """Each of several ways against the first, all of them with the same seeds.

    Of one way alone a few seeds say little of how far chance scatters it; all ways together
    say it well. The logarithm of an error is taken as the sum of what the way and what the
    seed contribute, and of chance, whose variance is one for all: so an error of 8 % may
    scatter ten times as far, in points, as one of 0.8 %.

    Parameters
    ----------
    errors : DataFrame
        Errors in %, above 0: a row a seed, a column a way, first the one to compare with.

    Returns
    -------
    list of Difference
        A column each but the first. The interval is that of the ratio of the two errors,
        times the mean error of the first way.

    Raises
    ------
    UserError
        If there are fewer than two ways or two seeds, or an error is missing or not above 0.
    """
    seeds, ways = errors.shape
    if seeds < 2 or ways < 2:
        raise UserError("a comparison takes two ways and two seeds: train more of them")
    if errors.isna().any().any():
        raise UserError("a way lacks a seed that another has: train it")
    if not (errors > 0).all().all():
        raise UserError("an error of 0 has no logarithm: compare on more images")
    logs = np.log(errors.to_numpy(float))
    of_seeds = logs.mean(axis=1, keepdims=True)
    of_ways = logs.mean(axis=0, keepdims=True)
    chance = logs - of_seeds - of_ways + logs.mean()
    freedom = (seeds - 1) * (ways - 1)
    spread = np.sqrt(2 / seeds * (chance**2).sum() / freedom)  # of a difference of two
    reach = stats.t.ppf((1 + LEVEL) / 2, freedom) * spread
    first = errors.iloc[:, 0].mean()
    differences = []
    for way in range(1, ways):
        ratio = of_ways[0, way] - of_ways[0, 0]
        interval = (
            float(first * np.expm1(ratio - reach)),
            float(first * np.expm1(ratio + reach)),
        )
        p_value = float(2 * stats.t.sf(abs(ratio) / spread, freedom))
        mean = float(errors.iloc[:, way].mean() - first)
        differences.append(Difference(mean, interval, p_value))
    return differences


def unpaired(errors: Sequence[float], others: Sequence[float]) -> Difference:
    """The same of runs that have no seed in common, by Welch's test."""
    p_value = float(stats.ttest_ind(errors, others, equal_var=False).pvalue)
    mean = fmean(errors) - fmean(others)
    return Difference(mean, welch_interval(errors, others), p_value)


def verdict(difference: Difference, corrected: float) -> str:
    """In a word, what a difference of errors says, by its corrected p-value."""
    if corrected >= 1 - LEVEL:
        return ALIKE
    return BETTER if difference.mean < 0 else WORSE
