"""The printed book: its text, its make-up, and what the HTML says of it."""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdf.generic import ContentStream
from sphinx_external_toc.parsing import parse_toc_yaml

from built import ROOT
from small_books import need, soup, write_sample
from sphinx_chapters.book import Book

A4 = (595.3, 841.9)  # points
FOOT = 75  # points, above the number of the page
HEAD = 60  # points, from the edge of the page to the first line of its text
SOURCES = [path for kind in ("*.py", "*.md") for path in (ROOT / "book").glob(kind)]


@pytest.fixture(scope="module")
def paper(printed) -> PdfReader:
    return PdfReader(Book.read(printed).pdf)


@pytest.fixture(scope="module")
def page_texts(paper) -> list[str]:
    """The text of each page without its head and its number, white space as one space."""
    texts = []
    for number, page in enumerate(paper.pages, start=1):
        lines = page.extract_text().splitlines()
        if number > 1:
            assert re.match(r"(\d+ *)?[A-Z]", lines.pop(0))  # its chapter
        lines = [line for line in lines if line != str(number)]
        texts.append(" ".join(" ".join(lines).split()))
    return texts


@pytest.fixture(scope="module")
def text(page_texts) -> str:
    """All its text."""
    return " ".join(page_texts)


@pytest.fixture(scope="module")
def log(printed) -> str:
    """What LaTeX said."""
    path = Book.read(printed).pdf.with_suffix(".log")
    return path.read_text(encoding="utf-8", errors="replace")


def html_pages(project: Path) -> dict[str, BeautifulSoup]:
    html = project / "_build" / "html"
    paths = [html / "index.html", *sorted((html / "book").glob("*.html"))]
    return {path.relative_to(html).as_posix(): soup(path) for path in paths}


def test_no_page_begins_with_the_origin_of_a_table_before(paper):
    pages = [page.extract_text().splitlines() for page in paper.pages]
    origins = [line for page in pages for line in page if "· make " in line]
    assert len(origins) > 20
    assert [page[0] for page in pages if "· code" in page[0]] == []


def test_the_first_page_is_a_title_page_with_abstract_and_contents(paper, printed):
    first = paper.pages[0].extract_text()
    paragraphs = html_pages(printed)["index.html"].select("article p")
    # The pad, which stands before all words, is not printed.
    printed_too = [each for each in paragraphs if not each.find_parent(class_="front")]
    abstract = printed_too[0].get_text()
    assert squeeze(abstract) in squeeze(first)
    assert first.index("Abstract") < first.index("Contents") < first.index("References")


def test_no_page_is_half_empty(paper):
    lowest = []
    for page in paper.pages:
        places = []
        page.extract_text(
            visitor_text=lambda text, cm, tm, *_, at=places: (
                at.append(tm[5]) if text.strip() else None
            )
        )
        lowest.append(min(y for y in places if y > FOOT))
    assert len(lowest) >= 15
    assert [y for y in lowest[:-1] if y > A4[1] / 2] == []


def squeeze(words: str) -> str:
    """Without spaces and hyphens, which a line break adds or takes."""
    return re.sub(r"[\s‐-]", "", words)


def is_printed(words: str, pages: list[str]) -> bool:
    """Whether words stand on one page, or begin on one and end on the next.

    Between the two parts a table or a figure may stand, at the top of the second page.
    """
    if any(words in page for page in pages):
        return True
    for before, after in pairwise(pages):
        for cut in range(1, len(words)):
            if before.endswith(words[:cut]) and words[cut:] in after:
                return True
    return False


def test_the_numbers_of_the_html_are_in_the_pdf(printed, page_texts):
    numbers = [
        span.get_text()
        for page in html_pages(printed).values()
        for span in page.select("span.pasted-text")
    ]
    assert len(numbers) > 50
    pages = [squeeze(page) for page in page_texts]
    lacking = {number for number in numbers if not is_printed(squeeze(number), pages)}
    assert lacking == set()


def test_the_front_page_says_the_same_on_paper(printed, text):
    page = html_pages(printed)["index.html"]
    paragraph = page.select_one("article p:has(span.pasted-text)")
    assert squeeze(paragraph.get_text()) in squeeze(text)


def test_every_caption_is_printed_with_its_number(printed, text):
    paper, captions = squeeze(text), 0
    for name, page in html_pages(printed).items():
        for caption in page.select("article figcaption .caption-number"):
            number = squeeze(caption.get_text())
            words = squeeze(caption.find_next_sibling().get_text())[:30]
            captions += 1
            assert re.search(re.escape(number) + ":?" + re.escape(words), paper), (
                name,
                number,
            )
    assert captions >= 8


def test_hidden_inputs_are_not_printed(text):
    hidden = seen = 0
    for path in (ROOT / "book").glob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            tags = set(cell.metadata.get("tags", []))
            line = squeeze(cell.source.strip().splitlines()[-1])
            if tags & {"hide-input", "hide-cell"} and len(line) > 20:
                hidden += 1
                assert line not in squeeze(text), (path.name, line)
            elif not tags & {"remove-cell", "remove-input", "hide-input"}:
                first = squeeze(cell.source.strip().splitlines()[0])
                seen += first in squeeze(text)
    assert hidden >= 4
    assert seen >= 1


def test_it_is_a4_with_title_author_language_and_bookmarks(paper, text):
    sizes = {
        tuple(round(float(x), 1) for x in page.mediabox[2:]) for page in paper.pages
    }
    assert sizes == {A4}
    assert paper.metadata.title == "LeNet-5 for digit identification"
    assert "Mejía de Dios" in paper.metadata.author
    assert "authors of the replication" in paper.metadata.author
    assert paper.trailer["/Root"]["/Lang"] == "en"
    first = paper.pages[0].extract_text()
    assert "Mejía de Dios" in first
    assert "authors of the replication" in first
    titles = [re.sub(r"^\d+ ", "", mark.title) for mark in marks(paper.outline)]
    for source in (ROOT / "book").glob("*.py"):
        assert title_of(source) in titles
    assert "??" not in text


def test_the_parts_come_first_and_what_has_no_number_after_them(paper):
    parts = parse_toc_yaml(ROOT / "_toc.yml").root.subtrees
    numbered = [part.caption for part in parts if part.numbered]
    others = [item for part in parts if not part.numbered for item in part.items]
    first_lines = paper.pages[0].extract_text().splitlines()
    titles = [mark.title for mark in marks(paper.outline)]
    places = [titles.index(caption) for caption in numbered]
    assert places == sorted(places)
    assert len(places) == 3
    for item in others:
        title = title_of(ROOT / f"{item}.py", ROOT / f"{item}.md")
        assert titles.index(title) > places[-1]
    assert "Contents" in first_lines
    assert "Play" not in first_lines  # the name of a part that is not printed


def title_of(*sources: Path) -> str:
    """The title of a page, from the one of its sources that is there."""
    (source,) = [path for path in sources if path.exists()]
    title = r"^# # (.+)$" if source.suffix == ".py" else r"^# (.+)$"
    return re.search(title, source.read_text(encoding="utf-8"), re.M)[1]


def test_the_main_text_has_no_more_than_25_pages(paper):
    titles = [
        (mark.title, paper.get_destination_page_number(mark))
        for mark in marks(paper.outline)
    ]
    ((title, first),) = [mark for mark in titles if mark[0].startswith("III")]
    before, _, _ = paper.pages[first].extract_text().partition(title)
    # Pages are counted from 0. The main text ends on this one, unless the appendix begins it,
    # behind the running head.
    is_at_its_top = before.count("\n") <= 1
    assert first + (not is_at_its_top) <= 25


def marks(outline) -> list:
    """All bookmarks, in the order of the pages."""
    found = []
    for mark in outline:
        found += marks(mark) if isinstance(mark, list) else [mark]
    return found


def test_figures_are_vectors(paper):
    def kinds(resources, depth=0):
        for thing in resources.get("/XObject", {}).values():
            thing = thing.get_object()
            yield thing["/Subtype"]
            if depth < 3 and "/Resources" in thing:
                yield from kinds(thing["/Resources"].get_object(), depth + 1)

    found = [kind for page in paper.pages for kind in kinds(page["/Resources"])]
    assert found.count("/Form") >= 8


def children(node) -> list:
    """What a node of the structure holds: elements, and the numbers of marks.

    The structure of a tagged PDF is a tree. Its leaves are marks, which stand around the
    letters in the contents of a page and have a number there (ISO 32000-1, 14.7).
    """
    below = node.get("/K", [])
    below = below if isinstance(below, list) else [below]
    return [child.get_object() for child in below]


def structure(node) -> Iterator[tuple[str, dict]]:
    """Each element below a node of the structure, in the order of reading: its tag, and itself."""
    for child in children(node):
        if isinstance(child, dict) and "/S" in child:
            yield child["/S"].removeprefix("/"), child
            yield from structure(child)


def cells(row) -> list[str]:
    """The tags of the cells of a row."""
    return [tag for tag, _ in structure(row) if tag in ("TH", "TD")]


@pytest.fixture(scope="module")
def tags(paper, log) -> list[tuple[str, dict]] | None:
    """The structure of the PDF, or None where this LaTeX is not the one that makes it."""
    ours = re.search(r"LaTeX2e <([0-9-]+)>", log)[1]
    asks = (ROOT / "book" / "metadata.def").read_text(encoding="utf-8")
    tried = re.search(r"triedrelease\{(.*?)\}", asks)[1]
    root = paper.trailer["/Root"]
    assert ("/StructTreeRoot" in root) == (ours == tried)
    return list(structure(root["/StructTreeRoot"])) if ours == tried else None


def marked(page, paper) -> Iterator[tuple[bytes, dict | None]]:
    """Each operator of a page, and what the innermost mark says of it, or None without one."""
    open_marks = []
    for operands, operator in ContentStream(page.get_contents(), paper).operations:
        if operator in (b"BDC", b"BMC"):
            says = operands[1] if operator == b"BDC" else {}
            if isinstance(says, str):  # the name of what the page lists
                says = page["/Resources"]["/Properties"][says].get_object()
            open_marks.append({"/Tag": operands[0], **says})
        yield operator, open_marks[-1] if open_marks else None
        if operator == b"EMC":
            open_marks.pop()
    assert open_marks == []


def test_metadata_stand_before_all_else(printed):
    tex = Book.read(printed).pdf.with_suffix(".tex").read_text(encoding="utf-8")
    assert tex.splitlines()[0] == r"\input{metadata.def}"


def test_each_picture_has_its_alternative_text(paper, printed, tags):
    if tags is None:
        described = [
            says["/Alt"]
            for page in paper.pages
            for operator, says in marked(page, paper)
            if operator == b"BDC" and "/Alt" in says
        ]
    else:
        described = [element["/Alt"] for tag, element in tags if tag == "Figure"]
    in_html = [
        image["alt"]
        for name, page in html_pages(printed).items()
        for image in page.select("article figure img")
    ]
    assert len(described) > 20
    assert sorted(map(squeeze, described)) == sorted(map(squeeze, in_html))


def test_a_screen_reader_is_told_what_is_what(paper, tags):
    if tags is None:  # the fixture has seen that there are none
        return
    count = Counter(tag for tag, _ in tags)
    parts = parse_toc_yaml(ROOT / "_toc.yml").root.subtrees
    assert count["H1"] == len(parts)
    chapters = sum(len(part.items) for part in parts)
    assert count["TOCI"] == len(parts) + chapters
    assert count["H2"] == chapters + 1  # the contents
    below_chapters = len(marks(paper.outline)) - len(parts) - chapters
    assert count["H3"] + count["H4"] >= below_chapters
    tables = [element for tag, element in tags if tag == "Table"]
    assert len(tables) > 20
    for table in tables:
        rows = [cells(row) for tag, row in structure(table) if tag == "TR"]
        # The caption of a table that goes over pages is its first row, of one cell.
        head, *others = [row for row in rows if len(row) > 1]
        assert set(head) == {"TH"}
        for row in others:
            assert set(row) == {"TD"}


def test_all_text_is_read_or_ornament(paper, tags):
    """Each letter lies in a mark: of the structure, which has it once, or to be passed over."""
    if tags is None:
        return
    read = Counter()
    for _, element in tags:
        for child in children(element):
            if isinstance(child, int):  # of a mark on the page of the element
                read[element.raw_get("/Pg").idnum, child] += 1
            elif child.get("/Type") == "/MCR":
                read[child.raw_get("/Pg").idnum, child["/MCID"]] += 1
    written = set()
    for page in paper.pages:
        for operator, says in marked(page, paper):
            if operator in (b"Tj", b"TJ"):
                assert says is not None
                if says["/Tag"] != "/Artifact":
                    written.add((page.indirect_reference.idnum, says["/MCID"]))
    assert written <= read.keys()
    assert set(read.values()) == {1}


def test_the_head_of_a_page_names_the_chapters_that_are_on_it(paper):
    parts = {part.caption for part in parse_toc_yaml(ROOT / "_toc.yml").root.subtrees}
    chapters = {title_of(path) for path in SOURCES}
    begins = [  # where, and what
        (paper.get_destination_page_number(mark), mark["/Top"], mark.title)
        for mark in marks(paper.outline)
        if mark.title in parts | chapters
    ]
    for number, page in list(enumerate(paper.pages))[1:]:  # the first has no head
        here = [(top, title) for place, top, title in begins if place == number]
        on_it = [title for _, title in here if title in chapters]
        # The chapter before goes on here, unless the new one begins where the text does.
        if not here or here[0][0] < A4[1] - HEAD:
            before = [title for place, _, title in begins if place < number]
            on_it = [before[-1], *on_it]
        head = re.split(r" *· *", page.extract_text().splitlines()[0])
        assert [re.sub(r"^\d+ ", "", title) for title in head] == on_it, number + 1


def test_its_title_is_shown_in_place_of_the_name_of_the_file(paper):
    assert paper.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]


def test_its_fonts_are_embedded(paper):
    fonts = set()
    for page in paper.pages:
        for font in page["/Resources"]["/Font"].values():
            font = font.get_object()
            kinds = font.get("/FontDescriptor", {}).keys() & {"/FontFile", "/FontFile2"}
            fonts.add((font.get("/BaseFont"), font["/Subtype"], bool(kinds)))
    assert len(fonts) > 5
    lacking = {name for name, kind, there in fonts if not there and kind != "/Type3"}
    assert lacking == set()


def test_the_same_tex_makes_the_same_bytes(printed, tmp_path):
    pdf = Book.read(printed).pdf
    shutil.copytree(pdf.parent, tmp_path / "latex")
    command = ["pdflatex", "-interaction=batchmode", pdf.with_suffix(".tex").name]
    subprocess.run(command, cwd=tmp_path / "latex", check=True, stdout=subprocess.PIPE)
    assert (tmp_path / "latex" / pdf.name).read_bytes() == pdf.read_bytes()


def test_nothing_runs_over_and_no_character_is_missing(log):
    too_wide = [float(x) for x in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log)]
    assert [points for points in too_wide if points > 1] == []
    assert "Missing character" not in log
    assert "There were undefined references" not in log
    assert "multiply defined" not in log


def test_qpdf_finds_no_fault(printed):
    need("qpdf", "qpdf")
    command = ["qpdf", "--check", Book.read(printed).pdf]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_of_the_html_links_the_pdf(printed):
    original = Book.read(printed).pdf.read_bytes()
    for name, page in html_pages(printed).items():
        links = page.select("a[href$='lenet5.pdf']")
        folder = (printed / "_build" / "html" / name).parent
        assert {(folder / link["href"]).read_bytes() for link in links} == {original}


def test_the_pad_is_a_figure_in_print(printed):
    tex = Book.read(printed).pdf.with_suffix(".tex").read_text(encoding="utf-8")
    chapter = tex[tex.index(r"\section{Draw a digit}") :]
    assert "book/draw.html" in chapter
    assert re.search(
        r"includegraphics.*?\.pdf\}\s*\\caption\{What the pad does", chapter
    )
    for unprintable in ("canvas", "Draw a seven slowly", "A click hands"):
        assert unprintable not in chapter


def test_a_failure_of_latex_is_a_failure(tmp_path):
    need("latexmk", "latexmk")
    config = write_sample(tmp_path) / "_config.yml"
    broken = config.read_text(encoding="utf-8").replace(
        "  config: {",
        r"  config: {latex_engine: pdflatex, latex_elements: {preamble: '\nosuch'}, ",
    )
    config.write_text(
        broken.replace("latex: {", "latex: {use_jupyterbook_latex: false, ")
    )
    command = [sys.executable, "-m", "sphinx_chapters", "pdf", "--if-possible"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert last == "pdf: LaTeX failed; the whole story is in _build/latex/sample.log"
