# ruff: noqa: F401 (fixtures are imported)
"""Where a training in the page cannot start, or ends otherwise: words, not silence."""

import base64
import hashlib
import math
import re
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from book_with_training import address, native, training_book, wait_for_rows
from built import ROOT
from exact import UserError, random_numbers
from exact.network import Network
from lenet5.config import REPORT
from lenet5.parameters import initial_weights
from training_page import choose, page, train


def other(page, name: str, change) -> None:
    """Let the page find another content in the script that holds a file."""

    def answer(route) -> None:
        with open(unquote(urlsplit(route.request.url).path), encoding="utf-8") as file:
            text = change(file.read())
        route.fulfill(body=text, content_type="text/javascript")

    page.route(f"**/{name}.js*", answer)


def rewritten(change):
    """A change of what a script holds in base64."""

    def inside(found) -> str:
        return base64.b64encode(change(base64.b64decode(found[0]))).decode()

    return lambda script: re.sub(r"(?<= = ')[^']*(?=')", inside, script)


DAMAGES = {
    "flipped": rewritten(
        lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:]
    ),
    "no base64": lambda text: text.replace(" = '", " = '!"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_data_script_is_named(page, training_book, damage):
    other(page, "t10k-labels-idx1-ubyte.gz", DAMAGES[damage])
    said = train(page, training_book)
    expect(said).to_contain_text("t10k-labels-idx1-ubyte.gz is", timeout=120_000)
    expect(said).to_contain_text("damaged")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_focused()


def test_a_missing_kernel_is_explained(page, training_book):
    page.route("**/kernel.wasm.js", lambda route: route.abort())
    said = train(page, training_book)
    expect(said).to_contain_text("this copy of the book was built without a compiler")


def test_other_images_are_noticed(page, training_book):
    facts = rewritten(
        lambda data: data.replace(b'"data_sha256": "', b'"data_sha256": "0')
    )
    other(page, "environment.json", facts)
    said = train(page, training_book)
    expect(said).to_contain_text("not the images of our run", timeout=120_000)


def test_a_last_bit_is_told_and_a_browser_that_keeps_nothing(
    page, training_book, native
):
    loss = native.history[0].test_loss
    next_loss = math.nextafter(loss, 9)
    old, new = repr(loss).encode(), repr(next_loss).encode()
    other(page, "history.csv", rewritten(lambda data: data.replace(old, new)))
    page.add_init_script("Storage.prototype.setItem = () => { throw Error('full') }")
    train(page, training_book)
    wait_for_rows(page, 1)
    expect(page.locator(".training-kept")).to_contain_text("keep nothing")
    verdict = page.locator(".training-verdict")
    expect(verdict).to_contain_text("The first difference is at epoch 0.")
    expect(page.locator(".training-said")).to_contain_text("not what our run came to")
    text = page.locator(".training textarea").input_value()
    assert f"test_loss: here {loss!r}, recorded {next_loss!r}" in text
    assert page.evaluate("navigator.userAgent") in text
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator(".training-difference [role=status]")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == text


@pytest.mark.parametrize("name", ["history.csv", "config.json"])
def test_a_damaged_record_is_told_at_once(page, training_book, name):
    other(page, name, rewritten(lambda data: data[: len(data) - 20]))
    page.goto(address(training_book))
    expect(page.locator(".training-said")).to_contain_text("the record of our run")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()


def test_a_refused_worker_is_told(page, training_book):
    page.add_init_script(
        "window.Worker = class { constructor() { throw Error('no worker') } }"
    )
    expect(train(page, training_book)).to_have_text("The training stopped: no worker.")


def test_a_policy_that_refuses_workers_is_told_with_the_header_that_is_needed(
    page, training_book
):
    def forbid(route) -> None:
        with open(unquote(urlsplit(route.request.url).path), encoding="utf-8") as file:
            text = file.read()
        policy = (
            "<meta http-equiv=Content-Security-Policy content=\"worker-src 'self'\">"
        )
        route.fulfill(
            body=text.replace("<head>", f"<head>{policy}", 1), content_type="text/html"
        )

    page.route("**/train.html", forbid)
    said = train(page, training_book)
    expect(said).to_have_text(
        "The training stopped: this site's content policy refuses the page its workers: "
        "its header Content-Security-Policy needs worker-src blob:."
    )
    page.get_by_text("What if?").click()
    expect(page.locator(".training-time")).to_contain_text("worker-src blob:")


def test_a_refused_storage_leaves_no_error(page, training_book):
    """As where a reader allows no site to keep anything."""
    errors = []
    page.on("pageerror", lambda error: errors.append(error.stack))
    page.add_init_script("""Object.defineProperty(window, "localStorage", {
        get() { throw new DOMException("refused", "SecurityError"); } });""")
    train(page, training_book)
    wait_for_rows(page, 1)
    expect(page.locator(".training-kept")).to_contain_text("keep nothing")
    assert [stack for stack in errors if "/apps/" in (stack or "")] == []


BROWSERS = {
    "WebAssembly.validate = () => false": "WebAssembly with 128-bit vectors",
    "delete window.WebAssembly": "WebAssembly with 128-bit vectors",
    "delete window.DecompressionStream": "DecompressionStream",
}


@pytest.mark.parametrize("script", BROWSERS)
def test_an_old_browser_is_told_what_it_lacks(page, training_book, script):
    page.add_init_script(script)
    page.goto(address(training_book))
    expect(page.locator(".training-said")).to_contain_text(BROWSERS[script])
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()


def test_without_scripts_the_page_says_so(browser, training_book):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(training_book))
    said = page.locator("noscript p")  # where get_by_text does not look
    expect(said).to_be_visible()
    expect(said).to_contain_text("Training in the page needs JavaScript")
    expect(page.locator(".training")).to_be_hidden()
    context.close()


REFUSED = {
    "seed": ["-1", "4294967296", "0.5", "", "one"],
    "lr": ["-0.1", "10.1", "", "NaN"],
    "batch_size": ["0", "60001", "1.5"],
    "epochs": ["0", "201", "2.5"],
}


def test_a_value_out_of_range_is_refused_in_words(page, training_book):
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    for name, values in REFUSED.items():
        field = page.locator(f".training input[name={name}]")
        good = field.input_value()
        for value in values:
            choose(page, **{name: value})
            expect(page.get_by_role("alert")).to_contain_text("number from")
            expect(field).to_be_focused()
            expect(field).to_have_attribute("aria-invalid", "true")
        field.fill(good)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


NO_NETWORKS = {
    "": "relu",
    "6C8": "relu",
    "28x28-6C5": "relu",
    "120N-6C5": "tanh",
    "6C7-MP3-16C7-MP3-2C2": "relu",  # of 28 pixels nothing is left
    "9999999N": "none",
}


def test_what_is_no_network_is_refused_in_the_words_of_the_command_line(
    page, training_book
):
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    field = page.locator(".training input[name=network]")
    for notation, activation in NO_NETWORKS.items():
        with pytest.raises(UserError) as refusal:
            Network(notation, activation)
        choose(page, network=notation, activation=activation)
        expect(page.get_by_role("alert")).to_have_text(f"{refusal.value}.")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()


@pytest.mark.long
def test_an_own_choice_has_a_spread_and_no_verdict(page, training_book):
    page.goto(address(training_book))
    page.get_by_text("What if?").click()
    choose(page, seed="7", lr="1e-3")
    wait_for_rows(page, 1)
    expect(page.locator(".training-verdict")).to_contain_text("Your own run.")
    expect(page.locator(".training-spread")).to_have_count(2)
    expect(page.locator(".training tbody td").last).to_have_text("–")


def test_a_loss_that_is_not_finite_ends_the_training(page, training_book):
    rate = rewritten(lambda data: data.replace(b"0.0003", b"1e30"))
    other(page, "config.json", rate)
    words = re.compile(r"The training stopped: the loss is (NaN|Infinity) at epoch 1")
    expect(train(page, training_book)).to_have_text(words, timeout=120_000)
    expect(page.locator(".training-verdict")).to_contain_text(
        "The training has failed. The loss is"
    )
    expect(page.get_by_role("button", name="Train again")).to_be_focused()
    page.reload()
    expect(page.locator(".training-said")).to_have_text("This training failed earlier.")
    expect(page.locator(".training-verdict")).to_contain_text("has failed.")


SEEDS = {0: REPORT, 1: "3C7-AP3-2C2-5N", 4294967295: "30N"}


def test_draws_and_checksums_are_those_of_the_package(page, training_book):
    page.goto(address(training_book))
    worker = ROOT / "book" / "training" / "worker"
    page.add_script_tag(path=worker / "random_numbers.js")
    for seed, notation in SEEDS.items():
        found = page.evaluate(
            """([seed, notation]) => {
                const { Network, randomNumbers } = lenet5;
                const network = new Network(notation, "relu", [1, 28, 28], 10);
                const weights = randomNumbers.initialWeights(seed, network);
                const order = randomNumbers.shuffle(seed, 3, 5000);
                return [weights, order].map(
                    (numbers) => lenet5.base64(new Uint8Array(numbers.buffer)));
            }""",
            [seed, notation],
        )
        drawn = initial_weights(seed, Network(notation))
        weights = b"".join(array.tobytes() for array in drawn.values())
        order = random_numbers.shuffle(seed, 3, 5000).tobytes()
        assert [base64.b64decode(text) for text in found] == [weights, order]
    text = "".join(chr(65 + i % 26) for i in range(200))
    found = page.evaluate(
        """text => Array.from(text, (_, i) => [text.slice(0, i), text.slice(i)]).map(
            ([a, b]) => [lenet5.sha256(a), lenet5.sha256(a, b)])""",
        text,
    )
    whole = hashlib.sha256(text.encode()).hexdigest()
    for i, pair in enumerate(found):
        assert pair == [hashlib.sha256(text[:i].encode()).hexdigest(), whole]
