# ruff: noqa: F401 (fixtures are imported)
"""A suspended page is told from one that waits, by a clock that the test sets."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from book_with_training import address, training_book
from in_node import call
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
    words = re.compile("5[0-9] s an epoch, about a minute left.")
    expect(state).to_contain_text(words)


# -- the time left, by a clock that the test makes ------------------------------------

# Words of the worker as [seconds since the last, epochs done, phase]: what is told of each.
PACES = """(words) => {
    let time = 0;
    const pace = new lenet5.Pace();
    Object.defineProperty(pace, "now", { get: () => time });
    return words.map(([seconds, at, phase]) => {
        time += seconds;
        pace.reach(at, phase);
        return pace.perEpoch;
    });
}"""


def told(words) -> list[float | None]:
    """The seconds an epoch that the page tells after each word of the worker."""
    return call(["training/pace.js"], PACES, [(words,)])[0]


def steady(count: int, seconds: float, each: float, start=0.0, phase="training"):
    """Words in equal steps."""
    return [[seconds, start + each * number, phase] for number in range(1, count + 1)]


def test_a_steady_pace_is_told_as_it_is_once_it_is_known():
    found = told(steady(100, 0.05, 0.001))  # 50 s an epoch, in words of 50 ms
    assert found[:20] == [None] * 20
    assert found[30:] == pytest.approx([50] * 70)


def test_what_disturbs_a_few_stretches_changes_little():
    words = steady(200, 0.05, 0.001)
    for number in range(60, 200, 40):  # now and then the device does something else
        words[number][0] = 2.0
    found = told(words)
    taken = sum(seconds for seconds, _, _ in words) / 0.2
    assert taken > 80  # the mean would follow
    assert max(found[60:]) < 55


def test_a_device_that_has_become_slower_is_followed():
    words = steady(100, 0.1, 0.002)
    words += steady(200, 0.2, 0.002, start=0.2)
    assert told(words)[99] == pytest.approx(50)
    assert told(words)[-1] == pytest.approx(100)


def test_training_and_measuring_have_a_pace_each():
    """An epoch's first 0.7 at 60 s an epoch, its last 0.3 at 20: 48 s in all."""
    words = steady(70, 0.6, 0.01)
    words += steady(30, 0.2, 0.01, start=0.7, phase="measuring")
    words += steady(70, 0.6, 0.01, start=1.0)
    found = told(words)
    assert found[60] == pytest.approx(60)
    assert found[-1] == pytest.approx(48)
    assert max(abs(pace - 48) for pace in found[120:]) < 1


def test_the_words_change_every_other_second_at_most():
    words = steady(400, 0.05, 0.001)
    for number, word in enumerate(words):
        word[0] += 0.001 * (number % 7)
    found = told(words)
    seconds = sum(word[0] for word in words)
    changes = sum(a != b for a, b in pairwise(found))
    assert 2 < changes <= seconds / 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "a few seconds"),
        (9.9, "a few seconds"),
        (12, "about 10 s"),
        (54, "about 50 s"),
        (55, "about a minute"),
        (89, "about a minute"),
        (100, "about 2 minutes"),
        (1000, "about 17 minutes"),
        (7200, "about 2 hours"),
    ],
)
def test_a_time_to_come_is_told_roughly(seconds, words):
    scripts = ["training/judge.js", "training/sentences.js"]
    assert call(scripts, "lenet5.sentences.roughly", [(seconds,)]) == [words]
