"""Numbers and words for the prose of the page *Ladder*."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lenet5.data import Split
from networks.lenet1998 import schedule
from networks.lenet1998.rungs import Rung
from networks.lenet1998.tried import for_rung
from studies.intervals import place


def how_reproduced(error: float, one_more: tuple[float, float]) -> str:
    """In words: a published error against the interval in which one more run falls."""
    words = {"inside": "reproduced", "above": "bettered", "below": "not reproduced"}
    return words[place(error, one_more)]


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
