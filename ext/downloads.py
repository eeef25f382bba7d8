"""Sphinx extension: each page offers its source, its notebook and a PDF that is as new."""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ext.book import Book


def pdf_is_current(book: Book) -> bool:
    """Whether the PDF of the book exists and no source of it is newer."""
    if not book.pdf.exists():
        return False
    patterns = ["_config.yml", "_toc.yml"]
    patterns += book.config.get("bibtex_bibfiles", [])
    patterns += book.setting("latex_additional_files", [])
    patterns += [f"{name}.*" for name in book.documents]
    built = book.pdf.stat().st_mtime
    for pattern in patterns:
        for path in book.root.glob(pattern):
            if path.stat().st_mtime > built:
                return False
    return True


def look_for_pdf(app, config) -> None:
    """Tell the pages of the PDF (Sphinx event ``config-inited``).

    It comes after `ext.chapters` has made the chapters, which are sources of the PDF.
    """
    config.html_theme_options["use_download_button"] = False  # a menu of bare suffixes
    book = Book(Path(app.srcdir))
    config.book_pdf = book.pdf.name if pdf_is_current(book) else ""


def add_links(app, pagename, templatename, context, doctree) -> None:
    """Say below a page what can be downloaded (Sphinx event ``html-page-context``)."""
    if "body" not in context:  # a page without text, such as the search
        return
    offers = {}  # words, by the file that they offer
    if (Path(app.srcdir) / f"{pagename}.py").exists():
        sources = f"_sources/{pagename}"
        offers[f"{sources}.py"] = "this chapter as a program (.py)"
        offers[f"{sources}.ipynb"] = "the same as a notebook with its outputs (.ipynb)"
    if app.config.book_pdf:
        offers[app.config.book_pdf] = "the whole book for print (.pdf)"
    links = []
    for file, words in offers.items():
        address = context["pathto"](file, 1)  # 1: the file is no page
        links.append(f'<a href="{address}" download>{words}</a>')
    if links:
        text = f"To take with you: {_enumerate(links)}."
        context["body"] += f'<p class="downloads">{text}</p>'


def _enumerate(parts: list[str]) -> str:
    """Such as "a, b and c"."""
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


class BookPdf(SphinxDirective):
    """A sentence with a link to the PDF, or with the command that makes it."""

    def run(self) -> list[nodes.Node]:
        """A paragraph of HTML, made anew in every build."""
        self.env.note_reread()
        name = self.config.book_pdf
        if name:
            up = "../" * self.env.docname.count("/")
            html = f'<a href="{up}{name}">The whole book for print (PDF)</a>.'
        else:
            html = "For print, <code>make pdf</code> builds the whole book."
        return [nodes.raw("", f"<p>{html}</p>", format="html")]


def copy_files(app, exception) -> None:
    """Copy what the links name (Sphinx event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    book = Book(Path(app.srcdir))
    out = Path(app.outdir)
    for source in book.chapters:
        shutil.copyfile(source, out / "_sources" / source.relative_to(book.root))
    (out / book.pdf.name).unlink(missing_ok=True)  # it may be older than the pages
    if app.config.book_pdf:
        shutil.copyfile(book.pdf, out / book.pdf.name)


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    # "html": when it changes, all pages are written again.
    app.add_config_value("book_pdf", "", "html", [str])
    app.add_directive("book-pdf", BookPdf)
    app.connect("config-inited", look_for_pdf)
    app.connect("html-page-context", add_links)
    app.connect("build-finished", copy_files)
