"""The physics of a stone on a string: how long a swing takes."""

import csv
import math
from pathlib import Path

EARTH = 9.81  # m/s², what pulls a stone down


def check(gravity: float) -> None:
    """Refuse an edition in which no stone would swing (setting ``chapters_check``).

    Raises
    ------
    ValueError
        If gravity is not above nought.
    """
    if gravity <= 0:
        raise ValueError(f"gravity = {gravity}: a stone swings where it is above 0")


def read_timings(file: str) -> dict[float, list[float]]:
    """The times of one swing in seconds, by the length of the string in metres."""
    timings: dict[float, list[float]] = {}
    with open(Path(file), encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            times = timings.setdefault(float(row["length_m"]), [])
            times.append(float(row["ten_swings_s"]) / 10)
    return timings


def period(length: float, angle: float = 0.0, gravity: float = EARTH) -> float:
    """The time of a swing in seconds, by the mean of Gauss.

    Parameters
    ----------
    length : float
        Of the string, in metres.
    angle : float
        How far the stone is pulled aside, in degrees, below 180.
    gravity : float
        In m/s².
    """
    small = 2 * math.pi * math.sqrt(length / gravity)
    high, low = 1.0, math.cos(math.radians(angle) / 2)
    while high - low > 1e-15:
        high, low = (high + low) / 2, math.sqrt(high * low)
    return small / high


def period_by_steps(
    length: float, angle: float, gravity: float, step: float = 1e-5
) -> float:
    """The same, by following the stone from where it is let go down to the lowest point.

    Parameters
    ----------
    step : float
        In seconds, of the method of Runge and Kutta.
    """
    pull, sin = -gravity / length, math.sin
    place, speed, time, half = math.radians(angle), 0.0, 0.0, step / 2
    while True:
        turn1 = pull * sin(place)
        speed2 = speed + half * turn1
        turn2 = pull * sin(place + half * speed)
        speed3 = speed + half * turn2
        turn3 = pull * sin(place + half * speed2)
        speed4 = speed + step * turn3
        turn4 = pull * sin(place + step * speed3)
        moved = step * (speed + 2 * speed2 + 2 * speed3 + speed4) / 6
        if place + moved <= 0:
            # A quarter of a swing: what lacks of it is a straight line.
            return 4 * (time + step * place / -moved)
        place += moved
        speed += step * (turn1 + 2 * turn2 + 2 * turn3 + turn4) / 6
        time += step
