"""The page that trains, in a browser, for tests."""

import json

import pytest

from book_with_training import address

CORES = """
    Object.defineProperty(Navigator.prototype, "hardwareConcurrency", { get: () => %d });
    Object.defineProperty(Navigator.prototype, "deviceMemory", { get: () => %s });
"""
# A worker that notes what it is told; a test lets it speak.
SPY = """
    window.sent = [];
    window.Worker = class {
        constructor() { window.worker = this; }
        postMessage(word) { sent.push(word); }
        terminate() {}
    };
"""


def claim(page_or_context, cores: int, gigabytes: float | None = None) -> None:
    """Let pages that are opened from now on believe in so many cores and so much memory."""
    memory = "undefined" if gigabytes is None else json.dumps(gigabytes)
    page_or_context.add_init_script(CORES % (cores, memory))


@pytest.fixture
def page(browser):
    """A page that no other test has left anything in, on a machine of three cores."""
    context = browser.new_context(offline=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    claim(page, cores=3)
    yield page
    context.close()


def train(page, book):
    page.goto(address(book))
    page.get_by_role("button", name="Train", exact=True).click()
    return page.locator(".training-said")


def choose(page, **values) -> None:
    """Fill in some fields of the form, which is open, and send it."""
    for name, value in values.items():
        field = page.locator(f".training form [name={name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(str(value))
    page.get_by_role("button", name="Train with these").click()


def use_cores(page, count: int) -> None:
    page.get_by_label("Cores").select_option(str(count))
