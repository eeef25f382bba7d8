"""Intervals and tests of few numbers, against closed forms and draws."""

import math
from fractions import Fraction
from statistics import NormalDist, stdev

import numpy as np
import pytest
from scipy import stats

from exact import UserError
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


def test_a_place_is_told_in_words():
    places = [ci.place(error, (1.0, 2.0)) for error in (0.9, 1.0, 2.1)]
    assert places == ["below", "inside", "above"]


# -- by ranks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("runs", "level", "left_out"),
    # k / (n + 1) at each end: of 39 the least and the most make 1 - 2 / 40.
    [(39, 0.95, 1), (78, 0.95, 1), (79, 0.95, 2), (199, 0.99, 1), (200, 0.95, 5)],
)
def test_a_rank_interval_leaves_out_as_many_at_each_end(runs, level, left_out):
    values = np.random.default_rng(6).permutation(runs) + 1
    low, high = ci.rank_interval(values, level)
    assert (low, high) == (left_out, runs + 1 - left_out)


@pytest.mark.parametrize(("level", "fewest"), [(0.9, 19), (0.95, 39), (0.99, 199)])
def test_too_few_runs_for_ranks_are_refused(level, fewest):
    assert ci.fewest_ranked(level) == fewest
    ci.rank_interval(range(fewest), level)
    with pytest.raises(UserError, match=f"it takes {fewest}"):
        ci.rank_interval(range(fewest - 1), level)


@pytest.mark.parametrize("kind", ["normal", "exponential", "standard_cauchy"])
def test_a_rank_interval_covers_as_often_as_it_says_whatever_is_drawn(kind):
    draws = getattr(np.random.default_rng(7), kind)(size=(2000, 40))
    held = []
    for *values, one_more in draws.tolist():
        low, high = ci.rank_interval(values)
        held.append(low <= one_more <= high)
    # Four standard deviations of a count of 2,000 at 95 %.
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def test_the_p_value_by_rank_is_that_of_the_place():
    values = list(range(1, 100))
    assert ci.rank_p(0, values) == pytest.approx(0.02)
    assert ci.rank_p(100, values) == pytest.approx(0.02)
    assert ci.rank_p(95, values) == pytest.approx(2 * 6 / 100)  # 95 to 99, and itself
    assert ci.rank_p(50, values) == 1.0
    # Scipy's test of two samples, one of which is a single run, by every order.
    expected = stats.mannwhitneyu([95.5], values, method="exact").pvalue
    assert ci.rank_p(95.5, values) == pytest.approx(expected)


def test_nineteen_of_twenty_pairs_differ_by_no_more():
    values = np.random.default_rng(8).normal(size=60)
    reach = ci.pair_difference(values)
    apart = np.abs(values[:, None] - values)[np.triu_indices(60, 1)]
    assert (apart <= reach).mean() >= 0.95
    assert (apart < reach).mean() < 0.95


# -- lists of mistakes -----------------------------------------------------------------


def draw_mistakes(draw, difficulty, skill):
    """What networks misread: (networks, images), by how hard an image is and how good a network."""
    chance = np.clip(difficulty * skill[:, None], 0, 1)
    return draw.random(chance.shape) < chance


def made_up_difficulty(draw, images):
    """The chance that a network of usual skill misreads each image."""
    return draw.choice([0.0, 0.2, 0.6], size=images, p=[0.9, 0.07, 0.03])


def made_up_world(draw, networks, images):
    """Images of which most are easy and some doubtful, and networks of unequal skill."""
    difficulty = made_up_difficulty(draw, images)
    skill = draw.normal(1.0, 0.15, networks)
    return draw_mistakes(draw, difficulty, skill)


def test_the_spread_of_a_new_run_is_that_of_new_runs_on_new_images():
    """A made-up truth: every estimate, on average, against what is drawn over and over."""
    draw = np.random.default_rng(9)
    networks, images = 30, 1000
    found = []
    for _ in range(300):
        found.append(ci.new_run(made_up_world(draw, networks, images)))
    found = np.square(found).mean(axis=0)  # variances are what is unbiased
    alone = [100 * made_up_world(draw, 1, images).mean() for _ in range(20_000)]
    by_images = 0.032 * (1 - 0.032) / images  # 0.07 × 0.2 + 0.03 × 0.6 = 0.032
    by_skill = (0.15 * 0.032) ** 2  # a skill moves the error in proportion
    # Where the mean of all networks lies on a set of images, which is how difficult they are.
    means = [made_up_difficulty(draw, images).mean() for _ in range(20_000)]
    seeds, new_images, of_networks, both, around_mean = found / 100**2
    assert new_images == pytest.approx(by_images, rel=0.03)
    assert of_networks == pytest.approx(by_skill, rel=0.08)
    assert both == pytest.approx(np.var(alone) / 100**2, rel=0.05)
    assert both == pytest.approx(by_images + by_skill, rel=0.03)
    apart = np.array(alone) / 100 - np.array(means)  # a new run, and a mean on others
    assert around_mean == pytest.approx(np.var(apart), rel=0.05)
    # What adds the two spreads as if they were independent is too large by far.
    assert seeds + new_images > 1.2 * both


def test_networks_that_are_equally_good_add_nothing_to_new_images():
    draw = np.random.default_rng(10)
    difficulty = np.repeat([0.0, 0.3], [900, 100])
    found = []
    for _ in range(200):
        found.append(ci.new_run(draw_mistakes(draw, difficulty, np.ones(20))))
    mean = np.square(found).mean(axis=0)
    assert mean[0] == pytest.approx(100**2 * 100 * 0.3 * 0.7 / 1000**2, rel=0.08)
    assert mean[2] < mean[0] / 5  # near nothing: what is below is cut at zero


def test_networks_that_misread_the_same_images_differ_in_nothing():
    wrong = np.tile(np.arange(500) < 6, (4, 1))
    spread = ci.new_run(wrong)
    assert (spread.seeds, spread.networks) == (0, 0)
    assert spread.both == spread.images
    # With no luck in the images, n / (n - 1) is the whole of the correction.
    unbiased = 0.012 * 0.988 / 499
    assert spread.images == pytest.approx(100 * math.sqrt(unbiased))


def test_more_seeds_may_tell_of_the_spread_of_seeds():
    wrong = made_up_world(np.random.default_rng(11), 10, 2000)
    alone = ci.new_run(wrong)
    told = ci.new_run(wrong, [1.0, 2.0, 3.0])
    assert told.seeds == pytest.approx(1.0)
    assert told.images == alone.images
    luck = alone.seeds**2 - alone.networks**2
    assert told.networks == pytest.approx(math.sqrt(1 - luck))


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (1, 0), (3, 3), (5, 1), (40, 61), (61, 40), (7, 8)]
)
def test_mcnemar_is_the_exact_test_of_a_coin(first, second):
    both, neither = 11, 30
    of_first = np.repeat([True, True, False, False], [both, first, second, neither])
    of_second = np.repeat([True, False, True, False], [both, first, second, neither])
    found = ci.mcnemar(of_first, of_second)
    assert found[:2] == (first, second)
    expected = 1.0
    if first + second:
        expected = stats.binomtest(first, first + second).pvalue
    assert found.p_value == pytest.approx(expected, rel=1e-12)


def test_mcnemar_finds_chance_alone_as_seldom_as_it_says():
    draw = np.random.default_rng(12)
    found = []
    for _ in range(1000):
        differ = draw.random(300) < 0.4
        first = draw.random(300) < 0.5
        found.append(ci.mcnemar(first, first ^ differ).p_value < 0.05)
    assert np.mean(found) < 0.05 + 0.02  # exact, so it finds even less


def test_holm_multiplies_by_the_tests_that_are_left():
    # By hand: 4 × 0.01, 3 × 0.012, which may not be less, 2 × 0.03, 1 × 0.5.
    given = [0.5, 0.01, 0.03, 0.012]
    assert ci.holm(given) == pytest.approx([0.5, 0.04, 0.06, 0.04])
    assert ci.holm([0.6, 0.7]) == [1.0, 1.0]


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
