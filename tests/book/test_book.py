"""What the built book must show."""

import json
import re

import nbformat
import pytest

from built import ROOT
from glued_numbers import glued, outputs

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.py"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_page_shows_every_figure_of_its_notebook(book, chapter):
    page = (book / "book" / f"{chapter}.html").read_text(encoding="utf-8")
    for name in [n for n, data in outputs(chapter).items() if "image/svg+xml" in data]:
        shown = re.search(rf'<figure[^>]*id="{name}".*?</figure>', page, re.DOTALL)
        assert shown, name
        source, alt = (
            re.search(rf'{key}="([^"]+)"', shown[0]) for key in ("src", "alt")
        )
        assert (book / "book" / source[1]).resolve().exists()
        assert len(alt[1]) > 40


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_reference_to_a_number_is_that_number(book, chapter):
    source = (ROOT / "book" / f"{chapter}.py").read_text(encoding="utf-8")
    page = (book / "book" / f"{chapter}.html").read_text(encoding="utf-8")
    source = re.sub(r"# ```\{only\} latex\n.*?\n# ```\n", "", source, flags=re.DOTALL)
    references = re.findall(
        r"\{glue:text\}`(?:([\w-]+)\.ipynb::)?(\w+)(?::s)?`", source
    )
    wanted = [glued(other or chapter)[key] for other, key in references]
    shown = re.findall(r'<span class="pasted-text">(.*?)</span>', page)
    # The page has typographic apostrophes.
    assert [text.replace("’", "'") for text in shown] == wanted


def test_the_front_page_shows_the_error(book):
    error = glued("results")["error"]
    assert 0.7 <= float(error.split()[0]) <= 1.5
    page = (book / "index.html").read_text(encoding="utf-8")
    assert f'<span class="pasted-text">{error}</span>' in page


def test_the_error_is_that_of_the_record():
    rows = (ROOT / "record" / "history.csv").read_text().splitlines()
    last = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    assert glued("results")["error"] == f"{float(last['test_error']):.2f}\u00a0%"


def test_the_error_is_typed_nowhere():
    error = glued("results")["error"].split()[0]
    pages = [*(ROOT / "book").glob("*.py"), *(ROOT / "book").glob("*.md")]
    pages += [ROOT / "index.md", *(ROOT / "lenet5").glob("*.py")]
    assert [
        path.name for path in pages if error in path.read_text(encoding="utf-8")
    ] == []


def test_stored_outputs_name_no_path_of_a_machine():
    for path in (ROOT / "book").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            text = json.dumps(cell.get("outputs", []))
            assert not re.search(r"/(home|root|work|tmp|Users)/", text), path.name


def test_the_picture_of_the_readme_is_the_figure_of_the_results():
    notebook = nbformat.read(ROOT / "book" / "results.ipynb", as_version=4)
    saved = [cell for cell in notebook.cells if "save_as" in cell.metadata]
    assert [cell.metadata["save_as"] for cell in saved] == ["answer.svg"]
    picture = (ROOT / "book" / "answer.svg").read_text(encoding="utf-8")
    assert picture == saved[0].outputs[-1]["data"]["image/svg+xml"]
    assert "book/answer.svg" in (ROOT / "README.md").read_text(encoding="utf-8")
