# ruff: noqa: F401 (fixtures are imported)
"""The buttons of the page that trains, with a worker that a test speaks for."""

import pytest
from playwright.sync_api import expect

from book_with_training import address, training_book
from exact.network import Network
from lenet5.config import REPORT
from training_page import SPY, page, train


def test_a_pause_while_the_files_are_loaded_is_kept(page, training_book):
    page.add_init_script(SPY)
    page.goto(address(training_book))
    page.evaluate("""() => ["train", "pause"].forEach(
        name => document.querySelector(`.training-${name}`).click())""")
    page.wait_for_function("sent.length > 1 && sent.at(-1).wait")
    *orders, last = page.evaluate("sent.map(word => Object.keys(word)[0])")
    assert set(orders) == {"order"}
    assert last == "wait"


@pytest.mark.parametrize("place", ["Stop", "Page draw"])
def test_an_end_moves_the_focus_of_no_reader_elsewhere(page, training_book, place):
    page.add_init_script(SPY)
    train(page, training_book)
    page.wait_for_function("sent.length > 0")
    role = "link" if place == "Page draw" else "button"
    page.get_by_role(role, name=place).first.focus()
    page.evaluate("worker.onmessage({ data: { failed: 'no reason' } })")
    next_ = page.get_by_role("button", name="Train", exact=True)
    expect(
        next_ if role == "button" else page.get_by_role("link", name=place).first
    ).to_be_focused()


KEPT = """() => {
    const file = name => JSON.parse(atob(appData[name]));
    const { data_sha256: data } = file("environment.json");
    const engine = atob(appData["behaviours.json"]);
    const config = { ...file("config.json"), seed: 7, epochs: 0 };
    const nothing = { epoch: 0, train_loss: 2, train_error: 90, test_loss: 2, test_error: 90 };
    const state = btoa("\\0".repeat(24 + 12 * PARAMETERS));
    const probabilities = new Array(120).fill(0.1);
    const run = { config, history: [{ ...nothing, weights: "" }], state, probabilities };
    localStorage["lenet5: training"] = JSON.stringify({ engine, data, run });
}"""


def test_an_own_choice_is_trained_again_as_it_was_chosen(page, training_book):
    page.add_init_script(SPY)
    page.goto(address(training_book))
    page.evaluate(KEPT.replace("PARAMETERS", str(Network(REPORT).parameters)))
    page.reload()
    page.get_by_role("button", name="Train again").click()
    page.wait_for_function("sent.length > 0")
    assert page.evaluate("sent[0].order.config.seed") == 7
