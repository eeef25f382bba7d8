"""A student's way: another network by one line, and the book follows."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from built import copy_project, pages
from exact.network import Network
from exhibits.layers import describe
from made_chapters import replace
from made_edition import what_if
from small_books import build, executed, succeed
from sphinx_chapters.book import Book

NOTATION = "8C5-AP2-30N"  # the cheapest that has a layer of each kind
NETWORK = Network(NOTATION, "tanh")
# Chapters that train, or draw the network; the others read the record.
CHAPTERS = "introduction", "dataset", "implementation", "results", "audit"


def glued_in(notebook: Path) -> dict[str, str]:
    """What a chapter has glued as text, by name."""
    found = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            name = output.get("metadata", {}).get("scrapbook", {}).get("name")
            text = "application/papermill.record/text/plain"
            if name and text in output["data"]:
                found[name] = output["data"][text].strip("'\"")
    return found


def markdown_in(notebook: Path) -> str:
    """The tables, listings and notes that a chapter shows."""
    found = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            found.append(output.get("data", {}).get("text/markdown", ""))
    return "\n".join(found)


def words_of_figure(notebook: Path, name: str) -> str:
    """The words in a figure: matplotlib writes each in a comment."""
    for cell in nbformat.read(notebook, as_version=4).cells:
        for output in cell.get("outputs", []):
            metadata = output.get("metadata", {})
            if metadata.get("scrapbook", {}).get("name") == name:
                svg = output["data"]["image/svg+xml"]
                return "\n".join(re.findall(r"<!-- (.*?) -->", svg, re.DOTALL))
    raise AssertionError(f"{notebook} has no figure {name}")


def check_book(book: Path, activation: str) -> None:
    """Every figure and number of the network that was asked for."""
    network = Network(NOTATION, activation)
    introduction = book / "introduction.ipynb"
    numbers = glued_in(introduction)
    assert numbers["parameters"] == f"{network.parameters:,}"
    assert f"{NOTATION} with" in numbers["network"]
    assert describe(network) in numbers["network"]
    drawn = words_of_figure(introduction, "fig-architecture")
    for layer in network.layers:
        if layer.kind in ("convolution", "average pool"):
            assert "×".join(map(str, layer.shape)) in drawn

    implementation = book / "implementation.ipynb"
    shown = markdown_in(implementation)
    assert "This edition has" in shown
    assert "conv1=nn.Conv2d(1, 8, kernel_size=5)," in shown
    assert "pool1=nn.AvgPool2d(2)," in shown
    assert f"{network.parameters:,}" in shown
    assert f"| network | 6C5-MP2-16C5-MP2-120N-84N | {NOTATION} |" in shown
    assert "| epochs | 20 | 1 |" in shown
    assert glued_in(implementation)["line"] == NOTATION

    results = book / "results.ipynb"
    assert NOTATION in glued_in(results)["book"]
    assert "this edition" in words_of_figure(results, "fig-answer")
    assert "our run" not in words_of_figure(results, "fig-convergence")
    error = float(glued_in(results)["error"].split("\\xa0")[0])
    assert 1.5 < error < 15  # after one epoch, of a small network

    assert "one convolution" in glued_in(results)["learned"]
    assert "8×12×12" in words_of_figure(results, "fig-maps")

    audit = book / "audit.ipynb"
    assert f"NETWORK={NOTATION}" in markdown_in(audit) or activation == "relu"
    # The claims are of the original, and their verdicts do not change.
    assert "44,426 parameters, not 60,000" in markdown_in(audit)


@pytest.mark.long
def test_another_default_in_one_place_is_another_book(tmp_path):
    project = copy_project(tmp_path / "project")
    config = project / "lenet5" / "config.py"
    replace(
        config,
        "network: str = _setting(REPORT,",
        f'network: str = _setting("{NOTATION}",',
    )
    replace(config, "epochs: int = _setting(20,", "epochs: int = _setting(1,")
    said = succeed(build(project, "-W", "-n", "--keep-going", PYTHONPATH=""))
    assert {f"book/{name}" for name in CHAPTERS} - {"book/dataset"} <= set(
        executed(said)
    )
    check_book(project / "book", "relu")
    # What is recorded stays the report's.
    variability = glued_in(project / "book" / "variability.ipynb")
    assert variability["seeds"] == "200"
    for page in pages(project / "_build" / "html"):
        assert "Traceback" not in page.read_text(encoding="utf-8")
    # The same command line trains it, or reads what the chapter has trained.
    command = [sys.executable, "-m", "lenet5", "train", "--json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert '"epoch": 1' in succeed(done)


@pytest.mark.long
def test_an_edition_of_another_network_is_a_whole_book(tmp_path):
    project = copy_project(tmp_path / "project")
    done = what_if(project, f"NETWORK={NOTATION}", "ACTIVATION=tanh", "EPOCHS=1")
    said = succeed(done)
    chapters = Book.read(project).chapters
    assert executed(said) == [f"book/{source.stem}" for source in chapters]
    (edition,) = (project / "_build" / "what-if").iterdir()
    assert edition.name == f"activation-tanh_epochs-1_network-{NOTATION}"
    check_book(edition / "book", "tanh")
    for page in pages(edition / "_build" / "html"):
        text = page.read_text(encoding="utf-8")
        # The search, which Sphinx makes itself, shows nothing that is computed: no band.
        ending = ")" if page.name == "search.html" else "?"
        assert f"network = {NOTATION}{ending}" in text
        assert "Traceback" not in text
