"""What matters: which variations differ from the recipe, and what the record holds of them."""

import csv
import itertools
import math
import statistics
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from exact import UserError
from lenet5 import RECORD
from made_variations import outcome, outcomes
from studies import variations
from studies.comparisons import paired, pooled, unpaired, verdict

FIVE = (
    ("rate 1e-3", 1.12),
    ("maps doubled", 1.05),
    ("no convolution", 1.9),
    ("tanh", 1.205),
    ("batches of 512", 1.3),
)


def t_tail(t: float, freedom: int) -> float:
    """The two-sided p-value of Student's t, by summing its density in small steps."""
    scale = math.gamma((freedom + 1) / 2) / math.gamma(freedom / 2)
    scale /= math.sqrt(freedom * math.pi)
    steps = np.linspace(0, abs(t), 200_001)
    density = scale * (1 + steps**2 / freedom) ** (-(freedom + 1) / 2)
    return 1 - 2 * float(np.trapezoid(density, steps))


def closed(p_values: list[float]) -> list[float]:
    """Holm's method as the closure of Bonferroni's: the worst of all sets a test is in."""
    places = range(len(p_values))
    corrected = [0.0] * len(p_values)
    for size in range(1, len(p_values) + 1):
        for some in itertools.combinations(places, size):
            of_set = min(1.0, size * min(p_values[place] for place in some))
            for place in some:
                corrected[place] = max(corrected[place], of_set)
    return corrected


# -- the statistics --------------------------------------------------------------------


def test_a_difference_is_that_of_the_seeds_that_both_have():
    errors = pd.Series([1.0, 1.3, 1.1, 9.9], index=[0, 1, 2, 7])
    others = pd.Series([5.0, 1.2, 0.9, 0.8], index=[9, 2, 1, 0])
    found = paired(errors, others)
    differences = [0.2, 0.4, -0.1]  # of the seeds 0, 1 and 2
    mean = statistics.fmean(differences)
    error = statistics.stdev(differences) / math.sqrt(3)
    assert found.mean == pytest.approx(mean)
    assert found.p_value == pytest.approx(t_tail(mean / error, 2), abs=1e-6)
    # 4.302653 is Student's 97.5 % quantile with two degrees of freedom.
    assert found.interval == pytest.approx(
        (mean - 4.302653 * error, mean + 4.302653 * error)
    )


@pytest.mark.parametrize(("shift", "p_value"), [(0.0, 1.0), (0.1, 0.0)])
def test_seeds_that_all_differ_alike_leave_nothing_to_chance(shift, p_value):
    errors = pd.Series([1.0, 1.3, 1.1])
    found = paired(errors + shift, errors)
    assert found.p_value == p_value
    assert found.interval == pytest.approx((shift, shift))


def test_one_seed_is_no_comparison():
    with pytest.raises(UserError, match="two seeds that both have"):
        paired(pd.Series([1.0, 1.1]), pd.Series([1.0, 1.1], index=[1, 2]))


def test_runs_without_common_seeds_are_compared_as_welch_does():
    errors, others = [1.0, 1.2, 1.1, 1.5], [0.8, 0.9, 1.0]
    found = unpaired(errors, others)
    parts = [statistics.variance(x) / len(x) for x in (errors, others)]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 2)
    t = (1.2 - 0.9) / math.sqrt(sum(parts))
    assert found.mean == pytest.approx(0.3)
    assert found.p_value == pytest.approx(t_tail(t, freedom), abs=1e-6)
    assert found.interval[0] < 0.3 < found.interval[1]
    assert found.interval[0] + found.interval[1] == pytest.approx(0.6)


def by_least_squares(errors: pd.DataFrame) -> list[tuple[float, float, int]]:
    """Ratio (log), standard error and degrees of freedom of each way against the first.

    The logarithms are fitted by a constant, a term a seed and a term a way: the textbook's
    two-way layout, solved as one linear system.
    """
    seeds, ways = errors.shape
    rows = []
    values = []
    for seed in range(seeds):
        for way in range(ways):
            row = np.zeros(seeds + ways - 1)
            row[seed] = 1
            if way:
                row[seeds + way - 1] = 1
            rows.append(row)
            values.append(math.log(errors.iloc[seed, way]))
    design, values = np.array(rows), np.array(values)
    solution = np.linalg.solve(design.T @ design, design.T @ values)
    freedom = len(values) - design.shape[1]
    variance = ((values - design @ solution) ** 2).sum() / freedom
    covariance = variance * np.linalg.inv(design.T @ design)
    found = []
    for place in range(seeds, seeds + ways - 1):
        found.append((solution[place], math.sqrt(covariance[place, place]), freedom))
    return found


def test_ways_are_compared_by_the_luck_of_all_of_them():
    draws = np.random.default_rng(7)
    errors = pd.DataFrame(np.exp(draws.normal(0, 0.2, (4, 5))), columns=list("abcde"))
    differences = pooled(errors)
    for column, difference, (ratio, error, freedom) in zip(
        "bcde", differences, by_least_squares(errors), strict=True
    ):
        assert difference.mean == pytest.approx((errors[column] - errors["a"]).mean())
        assert difference.p_value == pytest.approx(
            t_tail(ratio / error, freedom), abs=1e-6
        )
        assert freedom == 12
        # 2.178813 is Student's 97.5 % quantile with twelve degrees of freedom.
        for end, sign in zip(difference.interval, (-1, 1), strict=True):
            of_ratio = math.exp(ratio + sign * 2.178813 * error)
            assert end == pytest.approx(errors["a"].mean() * (of_ratio - 1), rel=1e-5)


def test_a_way_ten_times_as_bad_is_found_with_three_seeds():
    errors = pd.DataFrame(
        {"a": [0.9, 0.7, 0.9], "b": [7.0, 9.7, 9.1], "c": [0.8, 0.8, 0.9]}
    )
    worse, alike = pooled(errors)
    assert worse.p_value < 1e-4
    assert alike.p_value > 0.5


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ([[1.0, 1.1]], "two ways and two seeds"),
        ([[1.0], [1.1]], "two ways and two seeds"),
        ([[1.0, 1.1], [1.0, float("nan")]], "lacks a seed"),
        ([[1.0, 1.1], [1.0, 0.0]], "no logarithm"),
    ],
)
def test_what_cannot_be_compared_is_refused(errors, said):
    with pytest.raises(UserError, match=said):
        pooled(pd.DataFrame(errors))


def test_verdicts_are_those_of_all_comparisons_together():
    made = outcomes(*FIVE)
    compared = variations.compare(made)
    assert [row.outcome.name for row in compared] == [name for name, _ in FIVE]
    table = pd.DataFrame({each.name: each.held_back for each in made})
    p_values = []
    for ratio, error, freedom in by_least_squares(table):
        p_values.append(t_tail(ratio / error, freedom))
    for row, p_value in zip(compared, closed(p_values), strict=True):
        assert row.corrected == pytest.approx(p_value, abs=1e-5)
        sense = "better" if row.held_back.mean < 0 else "worse"
        assert row.verdict == (sense if p_value < 0.05 else "cannot be told")
    assert {row.verdict for row in compared} == {"better", "worse", "cannot be told"}


def test_many_comparisons_raise_the_bar():
    """A difference that stands alone need not stand among many."""
    pair = ("tanh", 1.34), ("maps doubled", 1.2)
    alone = variations.compare(outcomes(*pair, spread=0.15))
    others = [(name, 1.2) for name, _ in FIVE if name not in ("tanh", "maps doubled")]
    among = variations.compare(outcomes(*pair, *others, spread=0.15))
    assert alone[0].corrected < 0.05 < among[0].corrected
    assert (alone[0].verdict, among[0].verdict) == ("worse", "cannot be told")


def test_a_verdict_has_a_sense_only_beyond_chance():
    better, worse = (
        paired(pd.Series([1.0, 1.1]) + x, pd.Series([1.0, 1.1])) for x in (-1, 1)
    )
    assert verdict(better, 0.049) == "better"
    assert verdict(worse, 0.049) == "worse"
    assert verdict(worse, 0.051) == "cannot be told"


def test_the_images_held_back_choose_and_not_the_test_images():
    made = outcomes(("rate 1e-3", 1.0), ("rate 3e-3", 0.9), ("maps doubled", 0.5))
    made[2] = made[2]._replace(test=made[2].test + 5)
    assert variations.best(made, variations.OF_RATE).name == "rate 3e-3"
    assert variations.best(made, variations.OF_NETWORK).name == "maps doubled"
    worse = outcomes(("rate 1e-3", 1.4), ("maps doubled", 0.5))
    # The recipe is not one of its variations.
    assert variations.best(worse, variations.OF_RATE).name == "rate 1e-3"


def test_what_a_variation_changes_is_read_off_its_settings():
    assert variations.changed("the recipe") == set()
    assert variations.changed("rate 1e-3, falling") == {"lr", "schedule"}
    assert variations.changed("SGD at 0.01") == {"lr", "optimizer"}
    assert variations.changed("average pools") == {"network"}


# -- the record ------------------------------------------------------------------------


def rows() -> list[dict]:
    text = (RECORD / "variations.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_the_record_is_read_as_it_stands():
    found = {outcome.name: outcome for outcome in variations.read()}
    assert len(found) == 20
    for name, of_name in found.items():
        mine = [row for row in rows() if row["variation"] == name]
        seeds = [int(row["seed"]) for row in mine]
        assert sorted(of_name.held_back.index) == sorted(seeds)
        for row in mine:
            seed = int(row["seed"])
            last = int(row["misread"].split(" ")[-1])
            assert of_name.held_back[seed] == pytest.approx(last / 50)
            assert of_name.test[seed] == pytest.approx(int(row["misread_test"]) / 100)
        of_train = statistics.fmean(int(row["misread_train"]) for row in mine)
        assert of_name.of_train == pytest.approx(of_train / 550)


def test_a_row_says_the_settings_of_its_variation():
    for row in rows():
        config = variations.config_of(row["variation"])
        assert row["network"] == config.network
        assert float(row["lr"]) == config.lr
        words = [row["activation"], row["optimizer"], row["schedule"]]
        assert words == [config.activation, config.optimizer, config.schedule]
        numbers = [int(row["batch_size"]), int(row["epochs"])]
        assert numbers == [config.batch_size, config.epochs]


@pytest.fixture
def damaged(tmp_path, monkeypatch):
    """A function that reads the record's table after a change of it."""
    monkeypatch.setattr("studies.runs.RECORD", tmp_path)

    def read(change):
        table = pd.read_csv(RECORD / "variations.csv", keep_default_na=False)
        change(table).to_csv(tmp_path / "variations.csv", index=False)
        return variations.read()

    return read


def with_cell(column: str, value):
    """A change of one cell, of the sixth row."""

    def change(table):
        table = table.astype({column: object})
        table.loc[5, column] = value
        return table

    return change


def test_a_table_that_is_whole_is_read(damaged):
    assert len(damaged(lambda table: table)) == 20


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (with_cell("run", "0" * 16), "other settings or data"),
        (with_cell("seed", 17), "other settings or data"),
        (with_cell("behaviour", "0" * 16), "other settings or data"),
        (with_cell("judged_on", "test"), "other settings or data"),
        (with_cell("variation", "tanh"), "other settings or data"),
        (lambda table: table[table.variation != "tanh"], "no runs of 'tanh'"),
    ],
)
def test_a_row_that_is_not_of_its_variation_is_found(damaged, change, said):
    with pytest.raises(UserError, match=said):
        damaged(change)


def test_a_variation_that_lacks_a_seed_is_not_compared(damaged):
    found = damaged(
        lambda table: table[(table.variation != "tanh") | (table.seed == 0)]
    )
    with pytest.raises(UserError, match="lacks a seed"):
        variations.compare(found)


def test_a_run_of_an_engine_of_another_day_is_refused(monkeypatch):
    kind = replace(variations.KIND, behaviour_of=lambda variation: "another")
    monkeypatch.setattr(variations, "STUDY", replace(variations.STUDY, kind=kind))
    with pytest.raises(UserError, match="an engine that computes otherwise"):
        variations.read()


def test_made_outcomes_share_their_luck():
    """The tests above compare what they say they compare."""
    one, other = outcome("tanh", 1.0, spread=0), outcome("rate 1e-3", 1.0, spread=0)
    assert one.held_back.tolist() == other.held_back.tolist()
