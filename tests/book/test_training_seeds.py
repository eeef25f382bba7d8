# ruff: noqa: F401 (fixtures are imported)
"""What the page says of runs that are not ours: places among the seeds, failures."""

import re

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from book_with_training import address, kept, training_book, wait_for_rows
from exact.network import Network
from lenet5 import RECORD
from lenet5.config import REPORT, report_config
from lenet5.run import load_or_train
from training_page import SPY, choose, page, train

METRICS = ["epoch", "train_loss", "train_error", "test_loss", "test_error", "weights"]
SAY = """([rows, size, answers]) => {
    const state = btoa("\\0".repeat(24 + 12 * size));
    const look = { weights: new Float32Array(size), probabilities: new Float64Array(120) };
    for (const metrics of rows) worker.onmessage({ data: { metrics, state, look, answers } });
}"""


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(RECORD / "seeds.csv")


def rows_of(table, seed: int, epochs: int) -> list[dict]:
    """What the record has of a seed, as a worker says it."""
    rows = table[(table.seed == seed) & (table.epoch <= epochs)][METRICS]
    return rows.to_dict("records")


def say(page, rows: list[dict], answers=None) -> None:
    """Let the worker speak of some epochs."""
    page.evaluate(SAY, [rows, Network(REPORT).parameters, answers])


def begin(page, training_book, **choice) -> None:
    """Begin a training by a worker that says what the test says."""
    page.add_init_script(SPY)
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    choose(page, **choice)
    page.wait_for_function("sent.some(word => word.order)")


def counts(table, seed: int, epoch: int, error: float) -> tuple[int, int, int]:
    """How many other seeds misread fewer test images, as many, and more."""
    others = table[(table.epoch == epoch) & (table.seed != seed)].test_error.to_numpy()
    images = np.rint(100 * others)  # of 10,000
    mine = round(100 * error)
    return (images < mine).sum(), (images == mine).sum(), (images > mine).sum()


SUFFIXES = {1: "st", 2: "nd", 3: "rd"}


def nth(place: int) -> str:
    if place % 100 in (11, 12, 13):
        return f"{place}th"
    return f"{place}{SUFFIXES.get(place % 10, 'th')}"


@pytest.mark.parametrize("seed", [7, 76, 118])
def test_a_recorded_seed_is_held_to_its_record_and_has_a_place(
    page, training_book, table, seed
):
    rows = rows_of(table, seed, 20)
    begin(page, training_book, seed=seed, epochs=20)
    say(page, rows)
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("Bit-identical.")
    expect(verdict).to_contain_text(
        f"those of the recorded seed {seed} to the last bit"
    )
    expect(verdict).to_contain_text(rows[-1]["weights"])
    error = rows[-1]["test_error"]
    better, same, _ = counts(table, seed, 20, error)
    start = (
        f"After epoch 20, with {error:.2f} % of the test images misread, seed {seed} "
    )
    if same:
        places = f"shares the places from {nth(better + 1)} to {nth(better + 1 + same)}"
        expect(verdict).to_contain_text(f"{start}{places} of 200 with {same} others.")
    else:
        expect(verdict).to_contain_text(f"{start}is {nth(better + 1)} of 200.")
    expect(page.locator(".training-said")).to_contain_text("As recorded, bit for bit.")
    expect(page.locator(".training tbody td").last).to_have_text("✓")


def test_a_part_of_a_recorded_run_is_held_to_that_part(page, training_book, table):
    begin(page, training_book, seed=7, epochs=3)
    rows = rows_of(table, 7, 3)
    say(page, rows)
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("from the start to epoch 3 of 20.")
    better, _, _ = counts(table, 7, 3, rows[-1]["test_error"])
    expect(verdict).to_contain_text(
        re.compile(f"After epoch 3.*(is|from) {nth(better + 1)} (of 200|to)")
    )


def test_a_bit_that_differs_from_the_record_of_a_seed_is_told(
    page, training_book, table
):
    rows = rows_of(table, 7, 20)
    rows[4]["weights"] = rows[5]["weights"]
    begin(page, training_book, seed=7, epochs=20)
    say(page, rows)
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text(
        "Not identical. The first difference is at epoch 4."
    )
    report = page.locator(".training textarea").input_value()
    assert report.startswith(
        "The training in the page differs from the recorded run of seed 7"
    )


def test_a_seed_that_nobody_has_recorded_is_placed_and_has_its_command(
    page, training_book, table
):
    rows = rows_of(table, 7, 20)
    begin(page, training_book, seed=777, epochs=20)
    say(page, rows)
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("It is none of the 200 recorded ones.")
    better, same, worse = counts(table, 777, 20, rows[-1]["test_error"])
    assert better + same + worse == 200
    expect(verdict).to_contain_text(
        f"it would stand behind {better} of the 200 recorded seeds and before {worse}; "
        f"{same} misread as many."
    )
    expect(verdict).to_contain_text("python -m lenet5 train --seed 777")


def test_the_seed_of_our_run_has_a_place_too(page, training_book, table):
    page.add_init_script(SPY)
    train(page, training_book)
    page.wait_for_function("sent.some(word => word.order)")
    say(page, rows_of(table, 0, 2))
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text(
        "Bit-identical. Your browser has trained our network"
    )
    expect(verdict).to_contain_text("After epoch 2, with")


def test_another_recipe_has_no_place(page, training_book, table):
    begin(page, training_book, seed=7, epochs=20, lr="1e-3")
    say(page, rows_of(table, 7, 20))
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("Your own run.")
    expect(verdict).to_contain_text("python -m lenet5 train --lr 0.001 --seed 7")
    expect(verdict).not_to_contain_text("of 200")


def test_a_missing_record_of_the_seeds_is_told(page, training_book, table):
    page.route("**/seeds.csv.js", lambda route: route.abort())
    begin(page, training_book, seed=7, epochs=20)
    expect(page.locator(".training-kept")).to_contain_text("the other seeds is missing")
    say(page, rows_of(table, 7, 1))
    expect(page.locator(".training-verdict")).to_contain_text("Your own seed.")


def test_the_result_is_a_line_to_copy(page, training_book, table):
    rows = rows_of(table, 7, 20)
    begin(page, training_book, seed=7, epochs=20)
    say(page, rows)
    page.get_by_role("button", name="Copy the result").click()
    expect(page.locator(".training-line + [role=status]")).to_have_text("Copied.")
    behaviour = table[table.seed == 7].behaviour.iloc[0]
    assert page.evaluate("navigator.clipboard.readText()") == (
        f"network {REPORT}, activation relu, optimiser adam, epochs 20, batch size 128, "
        f"learning rate 0.0003, schedule constant, seed 7: test error "
        f"{rows[-1]['test_error']:.2f} % after epoch 20; weights SHA-256 "
        f"{rows[-1]['weights']}; engine {behaviour}"
    )


# -- trainings that fail -------------------------------------------------------------------


def test_a_network_that_has_collapsed_is_told_by_its_answer(
    page, training_book, mnist, tmp_path
):
    settings = {"network": "10N-8N", "lr": 5.0, "epochs": 1}
    run = load_or_train(report_config(**settings), runs=tmp_path, record=None)
    answers = run.engine().probabilities(mnist[1].images).argmax(axis=1)
    [answer] = set(answers.tolist())
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    choose(page, **settings)
    wait_for_rows(page, 2)
    verdict = page.locator(".training-verdict")
    sentence = f"It answers {answer} to everything: to all 10,000 test images."
    expect(verdict).to_contain_text(sentence)
    expect(verdict).to_contain_text(run.history[-1].weights)
    page.reload()
    expect(verdict).to_contain_text(sentence)


HABITS = [
    (
        [0] * 7 + [10_000, 0, 0],
        0,
        "It answers 7 to everything: to all 10,000 test images.",
    ),
    ([0] * 7 + [9_999, 1, 0], 0, "It answers 7 to 99 % of the test images."),
    ([1_000] * 10, 0, ""),
    (
        [0] * 10,
        10_000,
        "It answers nothing any more: what it computes of a test image is no number (NaN).",
    ),
]


@pytest.mark.parametrize(("counts", "none", "sentence"), HABITS)
def test_the_habit_of_a_network_in_words(page, training_book, counts, none, sentence):
    page.goto(address(training_book))
    answers = {"counts": counts, "none": none}
    assert (
        page.evaluate("answers => lenet5.sentences.habit(answers)", answers) == sentence
    )


def test_numbers_that_are_none_end_a_training_with_what_the_network_does(
    page, training_book
):
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    linear = {"network": "8C5-MP2-30N-20N", "activation": "none"}
    choose(page, **linear, optimizer="sgd", lr=10, epochs=1)
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text(
        "The training has failed. The loss is", timeout=60_000
    )
    expect(verdict).to_contain_text("try one below 10. It answers")
    expect(page.locator(".training-said")).to_contain_text("It answers")
    expect(page.get_by_role("link", name="Draw digits")).to_be_hidden()
    page.get_by_role("button", name="Copy the result").click()
    expect(page.locator(".training-line + [role=status]")).to_have_text("Copied.")
    line = page.evaluate("navigator.clipboard.readText()")
    assert "network 8C5-MP2-30N-20N" in line
    assert "failed: the loss is" in line


# -- colours and lines ---------------------------------------------------------------------


ENTRY = """item => {
    const style = getComputedStyle(item, "::before");
    return [style.borderTopColor, style.borderTopStyle];
}"""
LOOK = """line => {
    const style = getComputedStyle(line);
    return [style.stroke, style.strokeDasharray];
}"""


def test_the_lines_are_as_the_legend_says(page, training_book, table):
    page.add_init_script(SPY)
    train(page, training_book)
    page.wait_for_function("sent.some(word => word.order)")
    say(page, rows_of(table, 0, 1))
    colours = {}
    for whose in ("ours", "mine"):
        legend, _ = page.locator(f".training-is-{whose}").evaluate(ENTRY)
        for split, style in (("test", "solid"), ("train", "dashed")):
            _, shown = page.locator(f".training-is-{split}").evaluate(ENTRY)
            assert shown == style
            lines = page.locator(f".training-loss polyline.training-{whose}")
            number = {"train": 0, "test": 1}[split]
            stroke, dashes = lines.nth(number).evaluate(LOOK)
            assert stroke == legend
            assert (dashes != "none") == (style == "dashed")
        colours[whose] = legend
    assert colours["ours"] != colours["mine"]
    assert colours["ours"] == "rgb(0, 114, 178)"  # the blue of this report
