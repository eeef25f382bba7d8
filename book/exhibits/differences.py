"""Differences of errors as a reader sees them: in a table, and in a sentence."""

from studies.comparisons import Difference
from studies.intervals import LEVEL


def signed(points: float) -> str:
    """A difference in points with its sign."""
    rounded = round(points, 2)
    if rounded == 0:
        return "0.00"  # and not −0.00
    return f"{rounded:+.2f}".replace("-", "−")


def unsigned(points: float) -> str:
    """A number of points whose sign is in the words before it."""
    return signed(points).removeprefix("+")


def as_change(difference: Difference) -> str:
    """A difference in points with half of its interval, on one line of a table."""
    low, high = difference.interval
    return f"{signed(difference.mean)}\u00a0±\u00a0{(high - low) / 2:.2f}"


def in_points(difference: Difference) -> str:
    """A difference in points and its interval, for a sentence."""
    low, high = difference.interval
    return f"{signed(difference.mean)} ({signed(low)} to {signed(high)})"


def as_p_value(value: float) -> str:
    """A p-value as it is read; none is told apart that is below a thousandth."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def risk() -> int:
    """In how many lists of a hundred the verdicts may be wrong."""
    return round(100 * (1 - LEVEL))
