# ruff: noqa: F401 (fixtures are imported)
"""The reader's choice: layers by steppers, the notation and the drawing in step, and a link."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from book_with_training import address, training_book
from exact import UserError
from exact.network import Network
from lenet5.config import REPORT, report_config
from training_page import SPY, choose, page, use_cores


@pytest.fixture
def chooser(page, training_book):
    """The page with its choice unfolded, and a worker that does nothing."""
    page.add_init_script(SPY)
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    return page


def notation(page):
    return page.get_by_label("The same in the notation")


def drawn(page) -> list[str]:
    """What stands below each step of the drawn network, in words."""
    items = page.locator(".training-of-choice li").all_inner_texts()
    return [" ".join(item.split()) for item in items]


def test_our_network_is_drawn_and_counted(chooser):
    network = Network(REPORT)
    assert drawn(chooser) == [
        "image 28×28",
        "5×5 kernel 6 maps 24×24",
        "max 2×2 6 maps 12×12",
        "5×5 kernel 16 maps 8×8",
        "max 2×2 16 maps 4×4",
        "dense 120 units",
        "dense 84 units",
        "dense 10 answers",
    ]
    counts = (
        f"{network.parameters:,} parameters, {network.multiply_adds:,} multiply-adds"
    )
    expect(chooser.locator(".training-facts")).to_have_text(f"{counts} an image.")


def test_maps_are_drawn_to_scale(chooser):
    rows = chooser.locator(".training-of-choice li").evaluate_all(
        "items => items.map(item => [...item.querySelectorAll('rect')].map("
        "rect => [+rect.getAttribute('width'), +rect.getAttribute('height')]))"
    )
    assert [len(squares) for squares in rows[:3]] == [1, 6, 6]
    sides = [squares[0][0] for squares in rows[:5]]
    assert [side / sides[0] for side in sides] == [n / 28 for n in (28, 24, 12, 8, 4)]
    assert all(width == height for row in rows[:5] for width, height in row)
    assert rows[5][0][1] > rows[6][0][1]  # 120 units and 84
    assert len(rows[-1]) == 10


def test_steppers_write_the_notation(chooser):
    chooser.get_by_label("More: maps of convolution 1").click()
    expect(notation(chooser)).to_have_value("7C5-MP2-16C5-MP2-120N-84N")
    chooser.get_by_label("Fewer: kernel side of convolution 2").click()
    chooser.get_by_label("pool of convolution 2").select_option("mean 2×2")
    chooser.get_by_label("More: units of hidden layer 1").click()
    expect(notation(chooser)).to_have_value("7C5-MP2-16C4-AP2-130N-84N")
    chooser.get_by_label("Remove hidden layer 2").click()
    chooser.get_by_label("pool of convolution 1").select_option("no pool")
    chooser.get_by_role("button", name="Add a convolution").click()
    expect(notation(chooser)).to_have_value("7C5-16C4-AP2-32C5-130N")
    expect(chooser.get_by_label("maps of convolution 3", exact=True)).to_be_focused()
    chooser.get_by_role("button", name="Add a hidden layer").click()
    expect(notation(chooser)).to_have_value("7C5-16C4-AP2-32C5-130N-60N")
    assert drawn(chooser)[-4:-2] == ["5×5 kernel 32 maps 6×6", "dense 130 units"]
    expect(chooser.get_by_role("alert")).to_have_text("")


def test_the_keyboard_alone_builds_and_trains_a_network(chooser):
    maps = chooser.get_by_label("maps of convolution 1", exact=True)
    maps.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowDown"):
        chooser.keyboard.press(key)
    expect(maps).to_have_value("7")
    chooser.keyboard.press("Tab")
    expect(
        chooser.get_by_label("kernel side of convolution 1", exact=True)
    ).to_be_focused()
    chooser.keyboard.press("ArrowDown")
    chooser.get_by_label("Remove convolution 2").focus()
    chooser.keyboard.press("Enter")
    expect(notation(chooser)).to_have_value("7C4-MP2-120N-84N")
    expect(chooser.get_by_label("units of hidden layer 1", exact=True)).to_be_focused()
    chooser.get_by_role("button", name="Train with these").focus()
    chooser.keyboard.press("Enter")
    chooser.wait_for_function("sent.some(word => word.order)")
    config = chooser.evaluate("sent.find(word => word.order).order.config")
    assert config["network"] == "7C4-MP2-120N-84N"


def test_the_steppers_follow_what_is_typed(chooser):
    notation(chooser).fill("9C3-AP3-40N")
    expect(chooser.get_by_label("maps of convolution 1", exact=True)).to_have_value("9")
    expect(
        chooser.get_by_label("kernel side of convolution 1", exact=True)
    ).to_have_value("3")
    expect(chooser.get_by_label("pool of convolution 1")).to_have_value("AP3")
    expect(chooser.get_by_label("units of hidden layer 1", exact=True)).to_have_value(
        "40"
    )
    expect(chooser.get_by_role("group", name="Convolution 2")).to_have_count(0)
    assert drawn(chooser)[1:3] == ["3×3 kernel 9 maps 26×26", "mean 3×3 9 maps 8×8"]
    notation(chooser).fill("40N")
    expect(chooser.get_by_label("Remove hidden layer 1")).to_be_disabled()


def test_a_network_that_steppers_cannot_make_is_refused_in_words(chooser):
    for _ in range(3):
        chooser.get_by_role("button", name="Add a convolution").click()
    made = notation(chooser).input_value()
    with pytest.raises(UserError) as refusal:
        Network(made)
    expect(chooser.get_by_role("alert")).to_have_text(f"{refusal.value}.")
    expect(notation(chooser)).to_have_attribute("aria-invalid", "true")
    chooser.get_by_label("Remove convolution 5").click()
    chooser.get_by_label("Remove convolution 4").click()
    chooser.get_by_label("Remove convolution 3").click()
    expect(notation(chooser)).to_have_value(REPORT)
    expect(chooser.get_by_role("alert")).to_have_text("")


def test_typed_refusals_come_while_the_reader_pauses(chooser):
    notation(chooser).fill("9C9")
    alert = chooser.get_by_role("alert")
    expect(alert).to_contain_text("'9C9' has a kernel of side 9")
    assert drawn(chooser)[1] == "5×5 kernel 6 maps 24×24"  # the last that there was
    notation(chooser).fill("9C7")
    expect(alert).to_have_text("")


def test_as_in_our_run_takes_all_back(chooser):
    notation(chooser).fill("40N")
    chooser.get_by_label("Seed").fill("many")
    chooser.get_by_role("button", name="As in our run").click()
    expect(notation(chooser)).to_have_value(REPORT)
    expect(chooser.get_by_label("Seed")).to_have_value("0")
    assert drawn(chooser)[-1] == "dense 10 answers"


WRITTEN = """notations => notations.map(
    (notation) => lenet5.steppers.write(lenet5.notation.parse(notation)))"""


def test_what_is_read_is_written_again(chooser):
    notations = [REPORT, "800N", "1C2", "3C7-2C7-AP3-1C7-5N", "4C3-MP3-2C2-1N-2N"]
    assert chooser.evaluate(WRITTEN, notations) == notations


# -- how long it takes ---------------------------------------------------------------------


def test_the_time_is_tried_on_this_device(page, training_book):
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    use_cores(page, 1)
    time = page.locator(".training-time")
    words = r"(About|A few) .* on one core of this device, .+ an epoch: an estimate"
    words += r", by a short trial\."
    expect(time).to_have_text(re.compile(words), timeout=60_000)
    use_cores(page, 2)
    expect(time).to_have_text(re.compile(words + r" On 2 cores it takes .* at best\."))


def test_an_estimate_is_that_of_all_images(chooser):
    """1 ms to train with an image, a tenth to measure it: 67 s an epoch, and a start of 0.3."""
    use_cores(chooser, 2)
    chooser.wait_for_function("sent.some(word => word.tried)")
    cost = {"train": 1e-3, "measure": 1e-4}
    chooser.evaluate("cost => worker.onmessage({ data: { cost } })", cost)
    expect(chooser.locator(".training-time")).to_have_text(
        "About 3 minutes on one core of this device, 67 s an epoch: an estimate, by a "
        "short trial. On 2 cores it takes about a minute at best."
    )


def test_beside_a_training_the_time_is_scaled_from_it(chooser):
    chooser.get_by_role("button", name="Train", exact=True).click()
    chooser.wait_for_function("sent.some(word => word.order)")
    chooser.evaluate("""() => {
        let now = 1e6;
        performance.now = () => now;
        for (const share of [0.1, 0.2]) {
            const progress = { epoch: 1, step: 1, steps: 469, share, workers: 2 };
            worker.onmessage({ data: { progress } });
            now += 2000;
        }
    }""")
    notation(chooser).fill("12C5-MP2-32C5-MP2-240N-168N")
    other = Network("12C5-MP2-32C5-MP2-240N-168N").multiply_adds
    seconds = 20 * other / Network(REPORT).multiply_adds
    expect(chooser.locator(".training-time")).to_contain_text(
        f"{seconds:.0f} s an epoch: an estimate, by the multiply-adds"
    )


# -- a link --------------------------------------------------------------------------------


def follow(page, training_book, choice: str) -> None:
    page.add_init_script(SPY)
    page.goto(f"{address(training_book)}#{choice}")


def test_a_link_carries_what_differs(chooser, training_book):
    choose_ = {
        "seed": "7",
        "lr": "1e-3",
        "network": "9C3-AP3-40N",
        "activation": "tanh",
    }
    for name, value in choose_.items():
        field = chooser.locator(f".training form [name={name}]")
        if name == "activation":
            field.select_option(value)
        else:
            field.fill(value)
    chooser.get_by_role("button", name="Copy a link").click()
    status = chooser.locator(".training-link + [role=status]")
    expect(status).to_have_text("Copied.")
    link = chooser.evaluate("navigator.clipboard.readText()")
    assert link.split("#")[0] == address(training_book)
    assert dict(parse_qsl(urlsplit(link).fragment)) == choose_ | {"lr": "0.001"}
    other = chooser.context.new_page()
    other.add_init_script(SPY)
    other.goto(link)
    expect(notation(other)).to_have_value("9C3-AP3-40N")
    expect(other.locator(".training-what")).to_contain_text(
        "network 9C3-AP3-40N, activation tanh, learning rate 0.001, seed 7"
    )
    other.get_by_role("button", name="Train", exact=True).click()
    other.wait_for_function("sent.some(word => word.order)")
    config = other.evaluate("sent.find(word => word.order).order.config")
    wanted = report_config(
        network="9C3-AP3-40N", activation="tanh", lr=1e-3, seed=7, epochs=2
    )
    assert config == {name: getattr(wanted, name) for name in config}


def test_a_link_without_a_choice_is_the_page(chooser, training_book):
    chooser.get_by_role("button", name="Copy a link").click()
    expect(chooser.locator(".training-link + [role=status]")).to_have_text("Copied.")
    link = chooser.evaluate("navigator.clipboard.readText()")
    assert link == address(training_book)


LINKS = {
    "network=9C9": "'9C9' has a kernel of side 9",
    "seed=-1": "Seed: give a whole number from 0 to 4294967295.",
    "activation=gelu": "Activation: give one of relu, tanh, none.",
    "seed=7&colour=red": "The link sets 'colour', which is no setting: it may set network,",
    "epochs=1000": "Epochs: give a whole number from 1 to 200.",
}


@pytest.mark.parametrize("choice", LINKS)
def test_a_link_that_cannot_be_trained_is_refused_in_words(page, training_book, choice):
    follow(page, training_book, choice)
    expect(page.get_by_role("alert")).to_contain_text(LINKS[choice])
    expect(page.locator(".training-said")).to_contain_text("cannot be trained")
    expect(page.locator(".training-what")).to_contain_text("The training of our run")


def test_a_link_to_a_place_of_the_page_is_no_choice(page, training_book):
    follow(page, training_book, "what-next")
    expect(page.locator(".training-what-if")).not_to_have_attribute("open", "")
    expect(page.locator(".training-said")).to_have_text("")


def test_a_link_pasted_into_the_open_page_is_taken(page, training_book):
    follow(page, training_book, "")
    page.evaluate("location.hash = 'seed=7'")
    expect(page.get_by_label("Seed")).to_have_value("7")
    expect(page.locator(".training-what")).to_contain_text("seed 7")


def test_where_the_clipboard_is_refused_the_link_is_selected(chooser):
    chooser.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')); }"
    )
    chooser.get_by_label("Seed").fill("7")
    chooser.get_by_role("button", name="Copy a link").click()
    field = chooser.get_by_label("To copy")
    expect(field).to_be_focused()
    assert field.input_value().endswith("#seed=7")
    selected = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert field.evaluate(selected) == field.input_value()
