"""The tables of the page *Variability*: what many errors are in a few numbers."""

import statistics
from collections.abc import Mapping, Sequence

import pandas as pd

from studies.intervals import mean_interval


def measures(errors: Sequence[float]) -> dict[str, str]:
    """The measures of some errors (%) by their names."""
    low, high = mean_interval(errors)
    return {
        "runs": str(len(errors)),
        "mean": f"{statistics.fmean(errors):.3f}",
        "t interval of the mean": span(low, high, digits=3),
        "standard deviation": f"{statistics.stdev(errors):.3f}",
        "median": f"{statistics.median(errors):.3f}",
        "lowest and highest": span(min(errors), max(errors)),
    }


def measure_rows(*samples: Sequence[float]) -> list[tuple]:
    """The lines of a table: each measure, with a column for each sample of errors (%)."""
    columns = [measures(errors) for errors in samples]
    lines = []
    for name in columns[0]:
        lines.append((name, *[column[name] for column in columns]))
    return lines


def selection_rows(
    seeds: Mapping[str, Sequence[float]],
    errors: pd.DataFrame,
    chosen: Mapping[str, int],
) -> list[tuple]:
    """The lines of a table: the test error by the way to choose an epoch.

    Parameters
    ----------
    seeds : mapping
        The errors of many seeds (%) by the way to choose; a way may lack.
    errors, chosen
        Of the training with images held back: :func:`studies.validation.two_measures` and
        :func:`studies.validation.choices`.
    """
    looks_at = {
        "last": "nothing",
        "lowest on validation": "the images held back",
        "lowest on test": "the test images",
    }
    lines = []
    for way, epoch in chosen.items():
        of_seeds = f"{statistics.fmean(seeds[way]):.3f}" if way in seeds else ""
        test = f"{errors.test[epoch]:.2f}"
        lines.append((way.split()[0], looks_at[way], of_seeds, test))
    return lines


def span(low: float, high: float, digits: int = 2) -> str:
    """Two ends of a range, in words between which no line breaks."""
    return f"{low:.{digits}f}\u00a0to\u00a0{high:.{digits}f}"
