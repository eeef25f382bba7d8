"""What the book's own extensions make of another author's pages: a small book, built twice."""

import json
import os
from pathlib import Path

import nbformat
import pytest
from docutils import nodes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pybtex.database import parse_string

from built import ROOT
from looks.citations import AuthorYear
from looks.latex_layout import column_widths, drop_unprinted
from small_books import build, soup, succeed
from sphinx_chapters.book import Book, BookError

CONFIG = f"""\
title: A sample
only_build_toc_files: true
execute: {{execute_notebooks: "off"}}
bibtex_bibfiles: [works.bib]
latex: {{latex_documents: {{targetname: sample.tex}}}}
sphinx:
  extra_extensions: [sphinx_chapters]
  local_extensions:
    looks.html_repairs: "{ROOT}"
    looks.downloads: "{ROOT}"
    looks.citations: "{ROOT}"
  config:
    html_copy_source: false
    html_extra_path: [lib.js]
    html_static_path: [assets]
    html_js_files: [own.js]
    latex_additional_files: [style.sty]
    bibtex_reference_style: label
    bibtex_default_style: author_year
    mathjax_path: mathjax/startup.js
    mathjax3_config: {{loader: {{load: [input/tex, output/chtml]}}}}
"""
# The two forms in which plotly puts itself into a page: a script that comes with the output
# and one that is loaded before it.
INLINE = """\
<p id="one">not run</p>
<script>window.PlotlyConfig = {MathJaxConfig: 'local'};
document.getElementById('one').textContent = 'run ' + PlotlyConfig.MathJaxConfig</script>
"""
LOADED = """\
<p id="two">not run</p>
<link rel="preload" as="script" href="lib.js">
<script src="lib.js"></script>
<script>document.getElementById('two').textContent = lib() + ' by thebe'</script>
"""
WORKS = r"""
@book{pearson, editor={Pearson, E. S.}, title={Student}, publisher={Clarendon}, year={1990}}
@misc{r, author={{R Core Team}}, title={R}, year={2024}}
@misc{nobody, title={A long title: of, what nobody signed}, year={1900}}
@article{van, author={van der Waals, Jan and {\'E}mile, \O{}}, title={T}, journal={J}, year={2001}}
@article{undated, author={A. B{\"o}hm and others}, title={T}, journal={J}}
"""
LABELS = {
    "pearson": "Pearson, 1990",
    "r": "R Core Team, 2024",
    "nobody": "A long title: of …, 1900",
    "van": "van der Waals and Émile, 2001",
    "undated": "Böhm et al., n.d.",
}


def notebook() -> str:
    cells = [new_markdown_cell("# Scripts\n\nA formula: $x^2$.")]
    for number, html in enumerate((INLINE, LOADED), 1):
        shown = new_output("display_data", data={"text/html": html, "text/plain": "-"})
        cells.append(new_code_cell("show()", execution_count=number, outputs=[shown]))
    return nbformat.writes(new_notebook(cells=cells))


@pytest.fixture(scope="module")
def looking(tmp_path_factory) -> Path:
    """The pages of a book whose PDF is as new as they are, though its files have later times."""
    files = {
        "_config.yml": CONFIG,
        "_toc.yml": "format: jb-book\nroot: index\nchapters: [{file: scripts}]\n",
        "index.md": "# Front\n\n```{book-pdf}\n```\n\n```{include} part.md\n```\n\n"
        f"![dot](dot.svg)\n\n{{cite:p}}`{','.join(LABELS)}`\n\n```{{bibliography}}\n```\n",
        "part.md": "A part.\n",
        "dot.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "scripts.ipynb": notebook(),
        "works.bib": WORKS,
        "style.sty": "% nothing\n",
        "lib.js": "function lib() { return 'loaded' }\n",
        "assets/own.js": "window.own = document.body === null\n",
    }
    book = tmp_path_factory.mktemp("looking")
    for name, text in files.items():
        (book / name).parent.mkdir(exist_ok=True)
        (book / name).write_text(text, encoding="utf-8", newline="\n")
    succeed(build(book, "--builder", "latex"))
    Book.read(book).pdf.write_bytes(b"%PDF, as LaTeX would make it")
    for name in files:
        later = (book / name).stat().st_mtime + 1000
        os.utime(book / name, (later, later))
    succeed(build(book))
    return book / "_build" / "html"


def pages_that_offer_the_pdf(html: Path) -> list[str]:
    names = ("index", "scripts")
    return [
        name
        for name in names
        if soup(html / f"{name}.html").select("a[href='sample.pdf']")
    ]


def test_scripts_of_an_output_run_where_they_stand(looking, browser):
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((looking / "scripts.html").as_uri())
    assert page.locator("#one").text_content() == "run local"
    assert page.locator("#two").text_content() == "loaded by thebe"
    assert page.evaluate("own") is True  # the author's own script has not waited
    page.locator("mjx-container").wait_for()
    page.close()
    assert errors == []


def test_scripts_of_the_theme_wait_and_what_no_page_uses_is_not_loaded(looking):
    page = soup(looking / "scripts.html")
    scripts = page.select("head script[src], article ~ script[src]")
    hasty = [tag["src"] for tag in scripts if not tag.has_attr("defer")]
    assert [name.partition("?")[0] for name in hasty] == [
        "_static/documentation_options.js",
        "_static/own.js",
    ]
    assert [tag["href"] for tag in page.select("link[rel=preload]")] == ["lib.js"]
    for text in ("x-thebe-config", "kernelName", "fontawesome.js"):
        assert text not in str(page)
    assert "mathjax" in str(page.head)
    assert "mathjax" not in str(soup(looking / "index.html").head)


def test_works_are_cited_as_people_name_them(looking):
    page = soup(looking / "index.html")
    cited = [link.get_text() for link in page.select(".bibtex-citation a.reference")]
    assert sorted(cited) == sorted(LABELS.values())
    listed = [
        work.get_text().strip("[]") for work in page.select("div.citation > span.label")
    ]
    assert sorted(listed) == sorted(LABELS.values())


def test_a_work_without_anything_to_name_it_is_named_by_its_key():
    works = parse_string("@misc{empty, url={x}}", "bibtex").entries
    with pytest.raises(
        BookError, match="the work empty of the bibliography has no author"
    ):
        AuthorYear().format_label(works["empty"])


def test_an_author_may_offer_no_sources(looking):
    assert not (looking / "_sources").exists()
    assert "_sources" not in (looking / "scripts.html").read_text(encoding="utf-8")


def test_what_sphinx_has_read_decides_whether_the_pdf_is_offered(looking):
    """A file that a page includes is changed; no page of the other document is read anew."""
    assert pages_that_offer_the_pdf(looking) == ["index", "scripts"]
    assert (looking / "sample.pdf").read_bytes().startswith(b"%PDF")
    book = looking.parents[1]
    record = json.loads((book / "_build" / "latex" / "printed.json").read_text())
    made_of = {"index.md", "scripts.ipynb", "_toc.yml"}
    made_of |= {"part.md", "dot.svg", "works.bib", "style.sty", "the configuration"}
    assert set(record["made_of"]) == made_of
    (book / "part.md").write_text("Another part.\n")
    succeed(build(book))
    assert pages_that_offer_the_pdf(looking) == []
    assert "make pdf" in soup(looking / "index.html").get_text()
    assert not (looking / "sample.pdf").exists()


@pytest.mark.parametrize("tag", ["hide-input", "hide-output", "hide-cell"])
def test_an_output_that_the_pages_fold_is_printed(tag):
    cell = nodes.container(classes=["cell", f"tag_{tag}"])
    for part in ("input", "output"):
        box = nodes.container(classes=[f"cell_{part}"])
        box += nodes.paragraph(text=part)
        cell += box
    drop_unprinted(cell)
    assert cell.astext() == ("input\n\noutput" if tag == "hide-output" else "output")
    page = nodes.section("", cell)
    cell["classes"].append("tag_not-in-print")
    drop_unprinted(cell)
    assert page.astext() == ""


def test_a_column_is_as_wide_as_its_longest_word():
    """Of two columns with as much text, in one a word of 40 letters and in one short words."""
    long, short = column_widths([f"{'w' * 40} " * 5, "word " * 41])
    assert long + short == pytest.approx(1)
    assert long > short + 0.25
    much, little = column_widths(["word " * 400, "word " * 100])
    assert (
        1.3 < much / little < 2
    )  # less than the square root of 4, which shares the rest
