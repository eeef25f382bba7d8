"""The table of the page *Variability*: what many errors are in a few numbers."""

import statistics
from collections.abc import Sequence

from studies.intervals import mean_interval


def measures(errors: Sequence[float]) -> dict[str, float]:
    """The measures of some errors (%) by their names."""
    low, high = mean_interval(errors)
    return {
        "mean": statistics.fmean(errors),
        "t interval, from": low,
        "t interval, to": high,
        "median": statistics.median(errors),
        "standard deviation": statistics.stdev(errors),
        "least": min(errors),
        "most": max(errors),
    }


def measure_rows(*samples: Sequence[float]) -> list[tuple]:
    """The lines of a table: each measure, with a column for each sample of errors (%)."""
    columns = [measures(errors) for errors in samples]
    lines = []
    for name in columns[0]:
        cells = [f"{column[name]:.3f}" for column in columns]
        lines.append((name, *cells))
    return lines
