# ruff: noqa: F401 (fixtures are imported)
"""Who reads what is drawn, side by side: what they find, how it is shown, and what is missing."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from drawing import DIGITS, mouse
from lenet5 import RECORD
from lenet5.files import load_arrays
from networks import committee
from pad_page import common_errors, page
from studies import ladder

EMPTY = "The paper is empty."
BOTH = ("committee", "1998")


def choose_sample(page, number):
    page.get_by_role("button", name="Test image").nth(number).click()


def cell(page, reader, number):
    return page.locator(f".pad-{reader} td").nth(number)


def expect_all_there(page):
    """Wait until all have answered."""
    expect(cell(page, "committee", 1)).to_contain_text("of 15 votes")
    expect(cell(page, "1998", 1)).to_contain_text("%")


def share(words: str) -> float:
    """What a reader shows for a probability; its ends are shown by a sign."""
    return float(re.search(r"[\d.]+", words)[0]) / 100


# -- what they find --------------------------------------------------------------------


def test_they_are_loaded_at_the_first_touch_and_read_what_is_drawn(page):
    names = "Object.keys(appData).filter(name => /^(as-given|W|lenet1998)/.test(name)).length"
    assert page.evaluate(names) == 0
    for reader in ("report", *BOTH):
        expect(cell(page, reader, 0)).to_have_text("–")
    expect(page.locator(".pad-loading")).to_contain_text("load with the first stroke")
    mouse(page, DIGITS[7])
    expect_all_there(page)
    assert page.evaluate(names) == 17
    expect(page.locator(".pad-loading")).to_have_text("")
    for reader in ("report", *BOTH):
        expect(cell(page, reader, 0)).to_have_text("7")
    expect(page.get_by_role("status")).to_have_text(
        "Our network and the committee read 7."
    )
    page.get_by_role("button", name="Clear").click()
    for reader in ("report", *BOTH):
        expect(cell(page, reader, 0)).to_have_text("–")
    expect(page.get_by_role("status")).to_have_text(EMPTY)


def test_each_shows_what_it_finds_in_a_test_image(page, mnist):
    images, labels = mnist[1]
    members = [load_arrays(path) for path in sorted((RECORD / "committee").iterdir())]
    network, _ = ladder.read_network()
    choose_sample(page, 0)
    expect_all_there(page)
    for number in (0, 8, 11):
        choose_sample(page, number)
        button = page.get_by_role("button", name="Test image").nth(number)
        index = int(re.search(r"\d+", button.get_attribute("aria-label"))[0])
        image = images[index : index + 1]
        found = committee.probabilities(members, image)[:, 0]
        mean = found.mean(axis=0)
        votes = int((found.argmax(axis=1) == mean.argmax()).sum())
        expect(cell(page, "committee", 1)).to_contain_text(f"{votes} of 15 votes")
        expect(cell(page, "committee", 0)).to_have_text(str(mean.argmax()))
        said = share(cell(page, "committee", 1).inner_text())
        assert said == pytest.approx(mean.max(), abs=0.0011)
        [of_1998] = network.probabilities(image)
        answer = int(of_1998.argmax())
        words = "none" if answer == 10 else str(answer)
        expect(cell(page, "1998", 0)).to_have_text(words)
        said = share(cell(page, "1998", 1).inner_text())
        assert said == pytest.approx(of_1998[answer], abs=0.0011)
        expect(page.get_by_role("status")).to_contain_text(
            f"The label is {labels[index]}."
        )


def test_the_bars_are_those_of_the_reader_that_is_chosen(page):
    choose_sample(page, 11)
    expect_all_there(page)
    none = page.locator(".pad-bars li").last
    expect(none).to_be_hidden()
    most = page.locator(".pad-most span").first
    for name, reader in (
        ("LeNet-5 of 1998", "1998"),
        ("committee", "committee"),
        ("our network", "report"),
    ):
        page.get_by_label(name).check()
        expect(most).to_have_text(cell(page, reader, 0).inner_text())
        assert none.is_visible() == (reader == "1998")


PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.mark.parametrize("page", [{}, PHONE], indirect=True)
def test_nothing_moves_when_numbers_change(page):
    """The bars and all above them stay where they are, whatever is read."""
    boxes = """() => {
        const parts = ".pad-status, .pad-readers :is(tr, td), .pad-bars :is(li, li > *)";
        const start = document.querySelector(".digit-pad").getBoundingClientRect();
        return [...document.querySelectorAll(parts)].filter(part => !part.closest("[hidden]"))
            .map(part => part.getBoundingClientRect())
            .map(({ x, y, width, height }) => [x - start.x, y - start.y, width, height]);
    }"""
    places = [page.evaluate(boxes)]
    mouse(page, DIGITS[7])
    places.append(page.evaluate(boxes))
    expect_all_there(page)
    places.append(page.evaluate(boxes))
    for number in (11, 1):
        choose_sample(page, number)
        expect(page.get_by_role("status")).to_contain_text("The label is")
        places.append(page.evaluate(boxes))
    page.get_by_label("LeNet-5 of 1998").check()
    places.append(page.evaluate(boxes))
    for place in places[1:]:
        assert np.abs(np.subtract(place, places[0])).max() < 0.1  # pixels


# -- what is said ----------------------------------------------------------------------

LETTER_A = [[(0.2, 0.85), (0.5, 0.15), (0.8, 0.85)], [(0.33, 0.6), (0.67, 0.6)]]
DASH = [[(0.25, 0.5), (0.75, 0.5)]]
SHEET = [[(0.02, y / 20), (0.98, y / 20)] for y in range(1, 20)]
SEVEN_AND_ONE = [[(0.1, 0.3), (0.35, 0.3), (0.2, 0.8)], [(0.75, 0.25), (0.75, 0.8)]]


@pytest.mark.parametrize(
    ("strokes", "wanted"),
    [
        (DIGITS[7], r"^Our network and the committee read 7\.$"),
        (LETTER_A, "[Pp]robably no digit|no digit|not sure"),
        (DASH, "[Pp]robably no digit|no digit|not sure"),
        (SHEET, "blot|too large"),
        (SEVEN_AND_ONE, "two digits"),
        ([[(0.5, 0.5), (0.5, 0.52)]], "dot"),
    ],
    ids=["seven", "A", "dash", "sheet", "two", "dot"],
)
def test_the_sentence_says_what_stands_there(page, strokes, wanted):
    mouse(page, strokes)
    expect_all_there(page)
    status = page.get_by_role("status")
    expect(status).not_to_contain_text("is being asked")
    expect(status).to_have_text(re.compile(wanted))


# -- who is missing --------------------------------------------------------------------

UNBUILT = ": this copy of the book was built without a compiler"
MISSING = [
    ("W20-3.safetensors", "appData['W20-3.safetensors'] = 'no base64!'", "is missing or damaged."),
    ("W20-3.safetensors", "appData['W20-3.safetensors'] = 'AAAA'", "is missing or damaged."),
    ("member.wasm", "appData['member.wasm'] = 'AAAA'", "is missing or damaged."),
    ("member.wasm", "", f"is missing or damaged{UNBUILT}."),
    ("lenet1998.wasm", "appData['lenet1998.wasm'] = 'AAAA'", "is missing or damaged."),
    ("lenet1998.memory", "appData['lenet1998.memory'] = 'AAAA'", "is missing or damaged."),
]  # fmt: skip


@pytest.mark.parametrize(("name", "script", "said"), MISSING)
def test_who_cannot_be_loaded_is_named_and_the_others_read(page, name, script, said):
    route = f"**/{name}.js"
    page.route(
        route, lambda route: route.fulfill(body=script, content_type="text/javascript")
    )
    page.reload()  # files of a page that is open are not routed
    expect(page.get_by_role("status")).to_have_text(EMPTY)
    mouse(page, DIGITS[7])
    is_1998 = name.startswith("lenet1998")
    lost, there = reversed(BOTH) if is_1998 else BOTH
    who = "LeNet-5 of 1998" if is_1998 else "committee"
    expect(page.locator(".pad-loading")).to_have_text(
        f"There is no {who} here: the file with {name} {said}"
    )
    expect(cell(page, there, 0)).to_have_text("7")
    expect(cell(page, lost, 0)).to_have_text("–")
    agreed = "Our network and the committee read 7."
    words = agreed if is_1998 else "Our network reads 7; there is no"
    expect(page.get_by_role("status")).to_contain_text(words)
    page.unroute(route)
    page.get_by_label(who).check()  # to choose it tries again
    if "AAAA" not in script:
        expect_all_there(page)


def test_a_browser_without_vectors_is_told(page):
    page.add_init_script("WebAssembly.validate = () => false")
    page.reload()
    expect(page.get_by_text("There is no pad here")).to_contain_text(
        "this browser has no WebAssembly with 128-bit vectors (SIMD)"
    )


def test_a_kept_network_that_cannot_be_read_leaves_the_pad(page):
    page.evaluate("""localStorage["lenet5: network"] = '{"about":{},"weights":"AA"}'""")
    page.reload()
    expect(page.get_by_role("status")).to_have_text(EMPTY)


@pytest.mark.parametrize("name", ["committee/W14-0.safetensors", "seeds.csv"])
def test_a_file_of_another_kind_is_refused(page, name):
    page.locator(".pad-file input").set_input_files(RECORD / name)
    said = page.locator(".pad-network-said")
    expect(said).to_contain_text("this is no network of this project")
