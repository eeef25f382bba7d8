"""Intervals and tests of counts, against independent computations."""

import math
from fractions import Fraction
from statistics import NormalDist

import pytest

from lenet5.proportions import difference, wilson

Z = NormalDist().inv_cdf(0.975)


@pytest.mark.parametrize(
    ("mistakes", "images"), [(0, 10), (1, 10), (95, 10_000), (120, 10_000), (10, 10)]
)
def test_wilson_solves_its_defining_equation(mistakes, images):
    # Wilson 1927: the ends are the shares p at which |k/n - p| = z sqrt(p (1 - p) / n).
    a, b, c = (
        1 + Z**2 / images,
        -(2 * mistakes + Z**2) / images,
        (mistakes / images) ** 2,
    )
    root = math.sqrt(b * b - 4 * a * c)
    ends = [100 * (-b - root) / (2 * a), 100 * (-b + root) / (2 * a)]
    assert wilson(mistakes, images) == pytest.approx(ends, abs=1e-9)


def test_wilson_refuses_more_mistakes_than_images():
    with pytest.raises(ValueError, match="11"):
        wilson(11, 10)


@pytest.mark.parametrize(("first", "second"), [(120, 106), (120, 23), (95, 80)])
def test_the_difference_is_the_z_test_of_two_proportions(first, second):
    pooled = Fraction(first + second, 20_000)
    z = (first - second) / 10_000 / math.sqrt(pooled * (1 - pooled) * 2 / 10_000)
    assert difference(first, second, 10_000) == pytest.approx(
        2 * NormalDist().cdf(-abs(z)), rel=1e-9
    )


def test_a_difference_has_no_side_and_none_means_one():
    assert difference(30, 60, 1000) == difference(60, 30, 1000)
    assert difference(0, 0, 1000) == 1.0
    with pytest.raises(ValueError, match="1001"):
        difference(5, 1001, 1000)
