# ruff: noqa: F401 (fixtures are imported)
"""A click on a test image in a chapter shows it on the pad."""

import re

import pytest
from playwright.sync_api import expect

from built import pages
from looks.linked_figures import links_of
from pad_page import common_errors, engine, expect_reading, page
from small_books import soup


def is_loaded(page) -> bool:
    return page.evaluate("'t10k-images-idx3-ubyte.gz' in appData")


def follow(page, book, chapter, figure):
    """Click on the first link of a figure; the number of its image."""
    page.goto((book / "book" / f"{chapter}.html").as_uri())
    link = page.locator(f"#{figure} .linked-figure a").first
    link.scroll_into_view_if_needed()
    number = int(link.get_attribute("href").partition("=")[2])
    expect(link).to_have_attribute("aria-label", re.compile(f"^Test image {number}, "))
    link.click()
    return number


@pytest.mark.parametrize(
    ("chapter", "figure"), [("results", "fig-mistakes"), ("audit", "fig-atlas")]
)
def test_a_click_on_a_mistake_loads_it_and_all_read_it(
    page, book, engine, mnist, chapter, figure
):
    assert not is_loaded(page)
    number = follow(page, book, chapter, figure)
    label = mnist[1].labels[number]
    expect(page.get_by_role("status")).to_contain_text(
        f"The label is {label}.", timeout=60_000
    )
    expect_reading(page, engine, mnist[1].images[number, 0] / 255)
    assert page.locator(".pad-report td").first.inner_text() != str(label)
    expect(page.locator(".pad-committee td").nth(1)).to_contain_text("of 15 votes")


def test_a_mistake_is_reached_by_keys(page, book):
    page.goto((book / "book" / "results.html").as_uri())
    link = page.locator("#fig-mistakes .linked-figure a").nth(2)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("The label is", timeout=60_000)


def test_the_address_may_change_while_the_page_is_open(page, engine, mnist):
    for number in (2130, 0, 9999):
        page.evaluate(f"location.hash = 'image={number}'")
        label = mnist[1].labels[number]
        expect(page.get_by_role("status")).to_contain_text(
            f"The label is {label}.", timeout=60_000
        )
        expect_reading(page, engine, mnist[1].images[number, 0] / 255)


@pytest.mark.parametrize("place", ["10000", "-1", "1.5", "seven", "", "%"])
def test_an_image_that_there_is_not_is_refused_in_words(page, place):
    page.evaluate("place => { location.hash = `image=${place}` }", place)
    expect(page.get_by_role("status")).to_have_text(
        f"That image is not here: there is no test image “{place}”: "
        "they are numbered from 0 to 9,999.",
        timeout=60_000,
    )


@pytest.mark.parametrize("body", ["", "appData['t10k-labels-idx1-ubyte.gz'] = 'AAAA'"])
def test_a_damaged_file_of_images_is_named_and_asked_for_again(page, body):
    pattern = "**/t10k-labels-idx1-ubyte.gz.js"
    page.route(
        pattern, lambda route: route.fulfill(body=body, content_type="text/javascript")
    )
    page.reload()
    page.evaluate("location.hash = 'image=5'")
    status = page.get_by_role("status")
    expect(status).to_contain_text(
        "the file with t10k-labels-idx1-ubyte.gz is missing", timeout=60_000
    )
    if not body:
        page.unroute(pattern)
        page.evaluate("location.hash = 'image=6'")
        expect(status).to_contain_text("The label is", timeout=60_000)


def test_links_lie_on_the_images_at_every_width(page, book):
    """In the middle of each link the picture is an image of a digit, white on black."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto((book / "book" / "results.html").as_uri())
        picture = page.locator("#fig-mistakes img").bounding_box()
        links = page.locator("#fig-mistakes .linked-figure a")
        assert links.count() == 9
        for link in links.all():
            box = link.bounding_box()
            assert box["width"] > 24  # pixels, a finger's target
            assert abs(box["width"] - box["height"]) < 2
            assert picture["x"] <= box["x"]
            assert box["x"] + box["width"] <= picture["x"] + picture["width"]
            assert box["y"] + box["height"] <= picture["y"] + picture["height"]


def test_links_of_an_svg_are_shares_of_its_size():
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><a href="x.html#y"'
        ' aria-label="an x"><rect x="20" y="50" width="10" height="25"/></a><a/></svg>'
    )
    assert links_of(svg) == [("x.html#y", "an x", 10, 50, 5, 25)]


def test_every_link_to_the_pad_names_an_image_and_says_which(book):
    found = 0
    for path in pages(book):
        for link in soup(path).select(".linked-figure a"):
            number = re.fullmatch(r"draw\.html#image=(\d+)", link["href"])[1]
            assert int(number) < 10_000
            assert link["aria-label"].startswith(f"Test image {number}, labelled ")
            found += 1
    assert found > 100
