"""The page of the pad in a browser, for tests."""

import pytest
from playwright.sync_api import expect


def listen(page) -> tuple[list[str], list[str]]:
    """The requests that a page will make, and the errors that it will report."""
    requests, errors = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("requestfailed", lambda request: errors.append(request.url))
    page.on("pageerror", lambda error: errors.append(error.message))
    page.on("console", lambda line: line.type == "error" and errors.append(line.text))
    return requests, errors


@pytest.fixture(scope="module")
def common_errors(book, browser) -> set[str]:
    """What a chapter without a pad reports too: it is not the pad's."""
    page = browser.new_page()
    _, errors = listen(page)
    page.goto((book / "book" / "introduction.html").as_uri())
    page.close()
    return set(errors)


@pytest.fixture
def page(book, browser, common_errors, request):
    """The chapter from its file, with the network refused; no request or error may be the pad's."""
    options = getattr(request, "param", {})
    context = browser.new_context(offline=True, has_touch=True, **options)
    page = context.new_page()
    requests, errors = listen(page)
    page.goto((book / "book" / "try-it.html").as_uri())
    expect(page.locator(".pad-status")).to_have_text("The paper is empty.")
    page.locator(".pad-paper").scroll_into_view_if_needed()
    yield page
    assert set(errors) <= common_errors
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    context.close()
