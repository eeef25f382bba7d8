"""The page that trains, in a browser, for tests."""

import pytest

from book_with_training import address


@pytest.fixture
def page(browser):
    """A page that no other test has left anything in."""
    context = browser.new_context(offline=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


def train(page, book):
    page.goto(address(book))
    page.get_by_role("button", name="Train", exact=True).click()
    return page.locator(".reproduce-said")
