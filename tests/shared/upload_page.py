"""The pad's upload on a page of its own, for tests: what is given to it, and what it says."""

import pytest

from built import ROOT

READER = [
    "pad/centre.js",
    "pad/ink.js",
    "pad/picture.js",
]  # a picture's bytes to digits
MARKUP = """<div class="box"><input type="file" accept="image/*"><p role="alert"></p></div>"""
OFFER = """() => {
    window.got = [];
    lenet5.upload.offer(document.querySelector(".box"), (pixels, name) => {
        window.got.push([name, Array.from(pixels)]);
    });
}"""
# What is dropped or pasted in a page: a place, kind and name of the event, files as
# [bytes, name, type], and texts by their types.
GIVE = """([place, kind, files, texts]) => {
    const given = new DataTransfer();
    for (const [bytes, name, type] of files) {
        given.items.add(new File([new Uint8Array(bytes)], name, { type }));
    }
    for (const [type, text] of Object.entries(texts)) given.setData(type, text);
    const init = { bubbles: true, cancelable: true };
    const event = kind === "paste"
        ? new ClipboardEvent("paste", { ...init, clipboardData: given })
        : new DragEvent(kind, { ...init, dataTransfer: given });
    // Firefox makes no clipboard of what it is given.
    if (kind === "paste") Object.defineProperty(event, "clipboardData", { value: given });
    return !document.querySelector(place).dispatchEvent(event);
}"""


def give(page, kind: str, *files, place: str = ".box", **texts) -> bool:
    """Drop or paste files into a page; whether the page keeps the browser from its own way.

    Parameters
    ----------
    page : playwright page
    kind : str
        ``drop``, ``dragover`` or ``paste``.
    *files : tuples of bytes, a name, and a type
    place : str
        A selector.
    **texts : str
        By the last part of their type: ``plain`` for ``text/plain``.
    """
    listed = [[list(content), name, type_] for content, name, type_ in files]
    named = {f"text/{name.replace('_', '-')}": text for name, text in texts.items()}
    return page.evaluate(GIVE, [place, kind, listed, named])


@pytest.fixture
def upload_page(browser):
    """A page with nothing but the box."""
    page = browser.new_page()
    page.set_content(MARKUP)
    for script in [*READER, "pad/pages.js", "pad/whole.js", "pad/upload.js"]:
        page.add_script_tag(path=ROOT / "book" / script)
    page.evaluate(OFFER)
    yield page
    page.close()


def said(page) -> str:
    """What the box says, once it says something."""
    page.wait_for_function("document.querySelector('[role=alert]').textContent")
    return page.get_by_role("alert").inner_text()
