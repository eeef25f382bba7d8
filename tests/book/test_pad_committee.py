# ruff: noqa: F401 (fixtures are imported)
"""The pad asks the committee, and names what it cannot read."""

import pytest
from playwright.sync_api import expect

from lenet5 import RECORD
from pad_page import common_errors, page

FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_the_committee_votes_after_a_click_on_what_is_drawn(page):
    said = page.locator(".pad-committee p")
    loaded = "Object.keys(appData).filter(name => name.includes('as-given')).length"
    assert page.evaluate(loaded) == 0
    page.get_by_role("button", name="Test image").first.click()
    page.get_by_role("button", name="Ask the committee").focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text("The committee reads 0, with 15 of 15 votes.")
    expect(said).to_be_focused()
    assert page.evaluate(loaded) == 5
    page.get_by_role("button", name="Test image").nth(1).click()
    page.evaluate(FRAME)
    assert said.inner_text() == ""  # what was said of the image before is gone at once
    expect(said).to_have_text("The committee reads 1, with 15 of 15 votes.")
    page.get_by_role("button", name="Clear").click()
    expect(said).to_have_text("There is no digit to read.")


@pytest.mark.parametrize("damage", ["no base64!", "AAAA"])
def test_a_damaged_network_of_the_committee_is_named(page, damage):
    text = f"(window.appData ??= {{}})['W20-3.safetensors'] = '{damage}';"
    page.route(
        "**/W20-3.safetensors.js",
        lambda route: route.fulfill(body=text, content_type="text/javascript"),
    )
    page.reload()  # files of a page that is open are not routed
    expect(page.locator(".pad-status")).to_have_text("The paper is empty.")
    button = page.get_by_role("button", name="Ask the committee")
    button.click()
    expect(page.locator(".pad-committee p")).to_have_text(
        "There is no committee here: the file with W20-3.safetensors is missing or damaged."
    )
    assert button.is_enabled()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "",
            "is missing or damaged: this copy of the book was built without a compiler",
        ),
        ("window.appData['member.wasm'] = 'AAAA';", "is missing or damaged"),
    ],
)
def test_a_committee_without_its_compiled_reader_says_so(page, body, said):
    page.route(
        "**/member.wasm.js",
        lambda route: route.fulfill(body=body, content_type="text/javascript"),
    )
    page.reload()
    expect(page.locator(".pad-status")).to_have_text("The paper is empty.")
    page.get_by_role("button", name="Ask the committee").click()
    expect(page.locator(".pad-committee p")).to_have_text(
        f"There is no committee here: the file with member.wasm {said}."
    )


def test_a_committee_without_vectors_says_so(page):
    page.evaluate("WebAssembly.validate = () => false")
    page.get_by_role("button", name="Ask the committee").click()
    expect(page.locator(".pad-committee p")).to_contain_text(
        "no WebAssembly with 128-bit"
    )


def test_a_kept_network_that_cannot_be_read_leaves_the_pad(page):
    page.evaluate("""localStorage["lenet5: network"] = '{"about":{},"weights":"AA"}'""")
    page.reload()
    expect(page.locator(".pad-status")).to_have_text("The paper is empty.")


@pytest.mark.parametrize("name", ["committee/W14-0.safetensors", "seeds.csv"])
def test_a_file_of_another_kind_is_refused(page, name):
    page.locator(".pad-file input").set_input_files(RECORD / name)
    said = page.locator(".pad-network-said")
    expect(said).to_contain_text("this is no network of this report")
