# ruff: noqa: F401 (fixtures are imported)
"""The digit pad in a browser: drawn on with mouse, pen, fingers and keys, from a file, offline."""

import re
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from drawing import DIGITS, finger, mouse, palm, pen
from lenet5.picture import centre
from pad_page import common_errors, engine, expect_reading, page, pixels, shown


def test_digits_drawn_with_the_mouse_are_read(page, engine):
    for digit, strokes in DIGITS.items():
        mouse(page, strokes)
        expect_reading(page, engine, centre(pixels(page, "paper")), digit)
        page.get_by_role("button", name="Clear").click()


PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("page", [PHONE], indirect=True)
@pytest.mark.parametrize("tool", [finger, pen])
def test_a_finger_or_a_pen_draws_and_the_page_stays(page, engine, tool):
    before = page.evaluate("scrollY")
    tool(page, DIGITS[7])
    expect_reading(page, engine, centre(pixels(page, "paper")), 7)
    assert page.evaluate("scrollY") == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_one_finger_draws_at_a_time(page):
    finger(page, DIGITS[7])
    alone = pixels(page, "paper")
    page.get_by_role("button", name="Undo").click()
    finger(page, DIGITS[7], resting=[(0.1, 0.9)])
    assert alone.any()
    assert np.array_equal(pixels(page, "paper"), alone)


def test_a_pen_takes_over_from_the_palm_and_takes_back_its_dot(page):
    now = time.time()
    pen(page, DIGITS[7], at=now)
    alone = pixels(page, "paper")
    page.get_by_role("button", name="Undo").click()
    with palm(page, (0.9, 0.9), at=now + 5):
        assert pixels(page, "paper").any()
        pen(page, DIGITS[7], at=now + 6)
    assert alone.any()
    assert np.array_equal(pixels(page, "paper"), alone)


def test_a_touch_beside_the_pen_does_not_draw_and_a_later_one_does(page):
    now = time.time()
    pen(page, DIGITS[7], at=now)
    drawn = pixels(page, "paper")
    with palm(page, (0.9, 0.9), at=now + 0.9):
        pass
    assert np.array_equal(pixels(page, "paper"), drawn)
    with palm(page, (0.9, 0.9), at=now + 1.1):
        pass
    assert pixels(page, "paper").sum() > drawn.sum()


def test_a_drag_that_begins_beside_the_paper_selects_nothing(page):
    box = page.locator(".pad-paper").bounding_box()
    below = box["y"] + box["height"] + 6  # between the paper and its buttons
    page.mouse.move(box["x"] + 9, below)
    page.mouse.down()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.move(box["x"] + box["width"] + 200, below + 300)
    page.mouse.up()
    assert page.evaluate("String(getSelection())") == ""
    assert not pixels(page, "paper").any()


def test_the_paper_says_where_to_draw_until_something_stands_there(page):
    hint = page.get_by_text("draw a digit here")
    expect(hint).to_be_visible()
    expect(hint).to_have_attribute("aria-hidden", "true")  # the paper has a name
    mouse(page, DIGITS[7])
    expect(hint).to_be_hidden()


def test_a_click_draws_a_dot_and_the_right_button_nothing(page):
    page.locator(".pad-paper").click(button="right")
    assert not pixels(page, "paper").any()
    page.locator(".pad-paper").click()
    assert pixels(page, "paper").any()


def test_the_network_reads_while_the_button_is_down(page, engine):
    first, second = DIGITS[4]
    mouse(page, [first])
    mouse(page, [second], release=False)
    expect_reading(page, engine, centre(pixels(page, "paper")), 4)
    page.mouse.up()


def test_undo_and_clear(page):
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    states = [pixels(page, "paper")]
    for stroke in DIGITS[4]:
        mouse(page, [stroke])
        states.append(pixels(page, "paper"))
    assert not states[0].any()
    assert states[2].sum() > states[1].sum() > 0
    clear.click()
    clear.click()
    assert not pixels(page, "paper").any()
    expect(page.get_by_role("status")).to_have_text("The paper is empty.")
    assert not shown(page).any()
    for state in (states[2], states[1], states[0], states[0]):
        undo.click()
        assert np.array_equal(pixels(page, "paper"), state)


def test_keys_draw_undo_and_clear(page, engine):
    paper = page.locator(".pad-paper")
    for _ in range(100):
        page.keyboard.press("Tab")
        if paper.evaluate("paper => paper === document.activeElement"):
            break
    expect(page.locator(".pad-pen")).to_be_visible()
    before = page.evaluate("scrollY")

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)

    press(*["ArrowUp"] * 8, "Space", *["ArrowDown"] * 16, "Space", "ArrowLeft")
    assert page.evaluate("scrollY") == before
    drawn = pixels(page, "paper")
    expect_reading(page, engine, centre(drawn), 1)
    press("Space", "End", "Home", "PageUp", "PageDown", "ArrowRight", "Space")
    assert pixels(page, "paper").sum() > drawn.sum()
    for key in ("u", "Control+z"):
        assert pixels(page, "paper").any()
        press(key)
    assert not pixels(page, "paper").any()
    press("Space", "ArrowRight", "Space")
    for key in ("c", "Delete"):
        press(key)
        assert not pixels(page, "paper").any()
        press("u")
        assert pixels(page, "paper").any()


def test_a_test_image_is_read_as_it_stands_in_the_file(page, engine, mnist):
    images, labels = mnist[1]
    buttons = page.get_by_role("button", name="Test image")
    mistakes = 0
    for number in range(buttons.count()):
        buttons.nth(number).click()
        name = buttons.nth(number).get_attribute("aria-label")
        row, label = map(int, re.findall(r"\d+", name))
        assert label == labels[row]
        expect_reading(page, engine, images[row, 0] / 255)
        status = page.get_by_role("status")
        expect(status).to_contain_text(f"The label is {label}.")
        mistakes += page.locator(".pad-report td").first.inner_text() != str(label)
    assert (buttons.count(), mistakes) == (12, 2)
    mouse(page, DIGITS[1])  # a line across the image: now it is a drawing
    expect_reading(page, engine, centre(pixels(page, "paper")))
    expect(page.get_by_role("status")).not_to_contain_text("label")


@pytest.mark.parametrize("page", [{"color_scheme": "dark"}], indirect=True)
def test_the_bars_stand_out_in_the_dark_theme(page):
    mouse(page, DIGITS[7])
    colour = "element => getComputedStyle(element).backgroundColor"
    track = page.locator(".pad-most .pad-track")
    bar = track.locator("span").evaluate(colour)
    assert bar == "rgb(86, 180, 233)" != track.evaluate(colour)


def test_without_scripts_the_page_says_so(book, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((book / "book" / "draw.html").as_uri())
    said = page.locator("noscript p")  # where get_by_text does not look
    expect(said).to_be_visible()
    expect(said).to_contain_text("The pad needs JavaScript")
    expect(page.locator(".digit-pad")).to_be_hidden()
    expect(page.locator("#fig-pad img")).to_be_visible()
    context.close()
