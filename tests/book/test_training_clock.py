# ruff: noqa: F401 (fixtures are imported)
"""A suspended page is told from one that waits, by a clock that the test sets."""

import re

import pytest
from playwright.sync_api import expect

from book_with_training import address, training_book
from training_page import SPY, choose, page


def open_with_clock(page, training_book) -> None:
    page.clock.install()
    page.add_init_script(SPY)
    page.goto(address(training_book))


def begin(page) -> None:
    """Begin the training, and wait until its files are loaded."""
    page.evaluate("document.querySelector('.training-train').click()")
    page.wait_for_function("sent.length > 0", polling=20)


def progress(page, epoch: int, share: float) -> None:
    """Let the worker say how far it is."""
    word = {"epoch": epoch, "step": 1, "steps": 469, "share": share, "workers": 1}
    page.evaluate("word => worker.onmessage({ data: { progress: word } })", word)


def test_who_reads_first_is_told_of_no_suspension(page, training_book):
    open_with_clock(page, training_book)
    page.clock.fast_forward(29_000)
    begin(page)
    progress(page, 0, 0.1)
    expect(page.locator(".training-state")).to_contain_text("Epoch 0 of 2")
    expect(page.locator(".training-said")).to_have_text("")


def test_a_suspended_training_is_told_once(page, training_book):
    open_with_clock(page, training_book)
    begin(page)
    progress(page, 0, 0.1)
    page.clock.fast_forward(45_000)
    said = page.locator(".training-said")
    expect(said).to_contain_text("The page was suspended for 4")
    expect(said).to_contain_text(" s; the training goes on.")
    page.evaluate("document.querySelector('.training-said').textContent = ''")
    progress(page, 0, 0.2)
    page.clock.run_for(3000)
    expect(said).to_have_text("")


def test_a_pause_is_no_suspension(page, training_book):
    open_with_clock(page, training_book)
    begin(page)
    progress(page, 0, 0.1)
    page.get_by_role("button", name="Pause").click()
    progress(page, 0, 0.2)  # it was on its way
    page.clock.fast_forward(300_000)
    expect(page.locator(".training-said")).to_have_text("Paused.")
    page.get_by_role("button", name="Go on", exact=True).click()
    progress(page, 0, 0.3)
    page.clock.run_for(2000)
    expect(page.locator(".training-said")).to_have_text("")


def test_another_training_begins_with_a_clock_of_its_own(page, training_book):
    open_with_clock(page, training_book)
    begin(page)
    progress(page, 0, 0.1)
    page.get_by_role("button", name="Stop").click()
    page.clock.fast_forward(60_000)
    page.evaluate("document.querySelector('.training-what-if').open = true")
    page.evaluate("sent.length = 0")
    choose(page, seed=7)
    page.wait_for_function("sent.length > 0", polling=20)
    progress(page, 0, 0.1)
    expect(page.locator(".training-state")).to_contain_text("Epoch 0 of 2")
    expect(page.locator(".training-said")).to_have_text("")


def test_a_slow_network_is_not_taken_for_a_suspension_and_its_time_is_told(
    page, training_book
):
    open_with_clock(page, training_book)
    begin(page)
    progress(page, 1, 0.1)
    for share in (0.2, 0.3):
        page.clock.run_for(30_000)  # the page ticks all the while
        progress(page, 1, share)
    expect(page.locator(".training-said")).to_have_text("")
    # A tenth of an epoch in 30 s; 0.7 and 1 epochs are left. The clock goes on by itself too.
    words = re.compile("5 minutes an epoch, about (8|9) minutes left.")
    expect(page.locator(".training-state")).to_contain_text(words)


def test_the_seconds_of_a_suspension_are_none_of_the_training(page, training_book):
    open_with_clock(page, training_book)
    begin(page)
    progress(page, 1, 0.1)
    page.clock.run_for(5000)
    progress(page, 1, 0.2)
    page.clock.fast_forward(3_600_000)
    progress(page, 1, 0.2)
    page.clock.run_for(5000)
    progress(page, 1, 0.3)
    state = page.locator(".training-state")
    words = re.compile("5[0-9] s an epoch, about (8[0-9] s|2 minutes) left.")
    expect(state).to_contain_text(words)
