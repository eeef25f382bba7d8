"""The pages where a browser or a site refuses them something."""

import io
import mimetypes
import re
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from built import ROOT

SITE = "http://book.example"
PAGES = ["book/introduction", "book/draw", "book/train"]


@pytest.fixture
def visit(book, browser):
    """Opens a page of the book on a site that sends a Content-Security-Policy; and its errors."""
    context = browser.new_context()
    page = context.new_page()
    errors = []

    def open_page(name, policy):
        def answer(route):
            path = book / unquote(urlsplit(route.request.url).path).lstrip("/")
            kind, _ = mimetypes.guess_type(path.name)
            route.fulfill(
                body=path.read_bytes(),
                content_type=kind or "application/octet-stream",
                headers={"Content-Security-Policy": policy},
            )

        page.on("pageerror", lambda error: errors.append(error.message))
        page.on("console", lambda x: x.type == "error" and errors.append(x.text))
        page.route(f"{SITE}/**", answer)
        page.goto(f"{SITE}/{name}.html")
        page.wait_for_function("!document.querySelector('.app-waiting')")
        return page, errors

    yield open_page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_without_storage_no_page_reports_an_error(visit, name):
    page, errors = visit(name, "sandbox allow-scripts")
    assert page.evaluate(
        "(() => { try { return localStorage instanceof Storage } catch { return null } })()"
    ) in (False, None)
    assert errors == []
    if "introduction" not in name:
        assert page.evaluate("lenet5.store.set('x', {})") is False
        assert page.evaluate("lenet5.store.get('x')") is None


def test_a_policy_that_refuses_webassembly_is_named_with_its_mend(visit):
    policy = "script-src 'self' 'unsafe-inline'"
    page, _ = visit("book/draw", policy)
    expect(page.get_by_text("There is no pad here")).to_contain_text(
        "this site refuses WebAssembly: its Content-Security-Policy must allow "
        "script-src 'wasm-unsafe-eval'"
    )


def test_a_policy_that_allows_it_is_enough(visit):
    policy = "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'"
    page, _ = visit("book/draw", policy)
    expect(page.get_by_role("status")).to_have_text("The paper is empty.")


def policy_of_readme() -> str:
    """The header that README.md asks for."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"^Content-Security-Policy: (.+)$", text, re.M)[1]


@pytest.mark.parametrize("name", PAGES)
def test_the_policy_of_the_readme_is_enough(visit, name):
    page, errors = visit(name, policy_of_readme())
    page.wait_for_load_state("networkidle")
    assert errors == []


def test_the_pad_loads_what_it_needs_later_under_the_policy_of_the_readme(visit):
    page, errors = visit("book/draw", policy_of_readme())
    picture = io.BytesIO()
    Image.new("L", (50, 40), 200).save(picture, "png")
    file = {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    page.locator(".pad-upload input").set_input_files([file])
    expect(page.locator(".pad-upload p")).to_contain_text("a.png: no ink found")
    page.locator(".inside summary").click()
    expect(page.locator(".inside-layer")).to_have_count(9)
    assert errors == []


def test_a_page_trains_under_the_policy_of_the_readme(visit):
    page, errors = visit("book/train", policy_of_readme())
    page.get_by_role("button", name="Train", exact=True).click()
    rows = page.locator(
        ".training tbody tr"
    )  # folded; and the policy forbids to evaluate
    rows.first.wait_for(state="attached", timeout=120_000)
    page.get_by_role("button", name="Stop").click()
    assert errors == []
