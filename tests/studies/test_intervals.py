"""Intervals and tests of few numbers, against closed forms and draws."""

import math
from fractions import Fraction
from statistics import NormalDist, stdev

import numpy as np
import pytest

from studies import intervals as ci

Z = NormalDist().inv_cdf(0.975)


@pytest.mark.parametrize(
    ("mistakes", "images"), [(0, 10), (1, 10), (95, 10_000), (120, 10_000), (10, 10)]
)
def test_wilson_solves_its_defining_equation(mistakes, images):
    # Wilson 1927: the ends are the shares p at which |k/n - p| = z sqrt(p (1 - p) / n).
    a, b = 1 + Z**2 / images, -(2 * mistakes + Z**2) / images
    root = math.sqrt(b * b - 4 * a * (mistakes / images) ** 2)
    ends = [100 * (-b - root) / (2 * a), 100 * (-b + root) / (2 * a)]
    assert ci.wilson(mistakes, images) == pytest.approx(ends, abs=1e-9)


@pytest.mark.parametrize(("first", "second"), [(120, 106), (120, 23), (95, 80)])
def test_the_difference_is_the_z_test_of_two_proportions(first, second):
    pooled = Fraction(first + second, 20_000)
    z = (first - second) / 10_000 / math.sqrt(pooled * (1 - pooled) * 2 / 10_000)
    expected = pytest.approx(2 * NormalDist().cdf(-abs(z)), rel=1e-9)
    assert ci.difference(first, second, 10_000) == expected


def test_a_difference_has_no_side_and_none_means_one():
    assert ci.difference(30, 60, 1000) == ci.difference(60, 30, 1000)
    assert ci.difference(0, 0, 1000) == 1.0


@pytest.mark.parametrize("interval", [ci.mean_interval, ci.prediction_interval])
def test_half_an_interval_is_that_of_the_printed_table(interval):
    # Student's table, two-sided 95 %, as statistics textbooks print it.
    factor = {
        ci.mean_interval: lambda n: 1 / n,
        ci.prediction_interval: lambda n: 1 + 1 / n,
    }
    for freedom, quantile in {4: 2.776, 9: 2.262, 19: 2.093, 29: 2.045}.items():
        values = [0.1 * k for k in range(freedom + 1)]
        low, high = interval(values)
        half = quantile * stdev(values) * math.sqrt(factor[interval](freedom + 1))
        assert (high - low) / 2 == pytest.approx(half, rel=3e-4)
        assert (high + low) / 2 == pytest.approx(0.05 * freedom)


def test_intervals_cover_as_often_as_they_say():
    draws = np.random.default_rng(0).normal(1.0, 0.1, (1000, 6)).tolist()
    mean = [low < 1.0 < high for low, high in (ci.mean_interval(d[:5]) for d in draws)]
    pairs = [(ci.prediction_interval(d[:5]), d[5]) for d in draws]
    one_more = [low < value < high for (low, high), value in pairs]
    # Four standard deviations of a count of 1000 at 95 %.
    assert np.mean(mean) == pytest.approx(0.95, abs=0.028)
    assert np.mean(one_more) == pytest.approx(0.95, abs=0.028)


def test_the_interval_over_folds_is_wider_by_the_images_that_they_share():
    """Nadeau and Bengio 2003: 1/12 + 1/11 in place of 1/12, with twelve folds."""
    values = np.random.default_rng(3).normal(0.02, 0.05, 12)
    plain, wide = ci.mean_interval(values), ci.fold_interval(values)
    assert sum(wide) == pytest.approx(sum(plain))
    assert np.ptp(wide) / np.ptp(plain) == pytest.approx((1 + 12 / 11) ** 0.5)


def test_welchs_interval_holds_the_true_difference_as_often_as_it_says():
    draw, held = np.random.default_rng(4).normal, 0
    for _ in range(1000):
        low, high = ci.welch_interval(draw(1.1, 0.1, 30), draw(1.0, 0.02, 200))
        held += low < 0.1 < high
    # Four standard deviations of a count of 1,000 at 95 %.
    assert held / 1000 == pytest.approx(0.95, abs=0.028)


def test_the_binomial_spread_is_that_of_drawn_test_sets():
    drawn = np.random.default_rng(0).binomial(10_000, 0.011, 20_000) / 100
    assert ci.binomial_spread(1.1, 10_000) == pytest.approx(drawn.std(), rel=0.03)


def test_an_outlier_needs_more_runs_the_nearer_it_lies():
    # 2.093 * sqrt(1 + 1 / 20) = 2.145 standard deviations with twenty runs.
    assert ci.outlier_from(1.2146, 1.0, 0.1) == "an outlier from 20 seeds on"
    assert ci.outlier_from(1.3, 1.0, 0.1) == "an outlier from 6 seeds on"
    assert ci.outlier_from(1.1, 1.0, 0.1) == "no outlier at any number of seeds"
    places = [ci.place(error, (1.0, 2.0)) for error in (0.9, 1.0, 2.1)]
    assert places == ["below", "inside", "above"]


def test_the_power_is_as_often_as_the_test_finds_the_difference():
    draw = np.random.default_rng(1).normal
    shift = ci.detectable(40, 10, spread=0.1)
    trials = [(draw(1, 0.1, 40), draw(1 + shift, 0.1, 10)) for _ in range(400)]
    found = np.mean([ci.two_samples(*pair)[0] < 0.05 for pair in trials])
    # Four standard deviations of a count of 400 at 80 %.
    assert found == pytest.approx(ci.POWER, abs=0.08)


def test_two_samples_of_one_kind_agree_and_a_wider_one_shows_in_its_shape():
    draw = np.random.default_rng(2).normal
    means, shapes = ci.two_samples(draw(1, 0.1, 200), draw(1, 0.1, 40))
    assert min(means, shapes) > 0.05
    means, shapes = ci.two_samples(draw(1, 0.1, 200), draw(1, 0.5, 40))
    assert shapes < 0.01
