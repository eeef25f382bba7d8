"""Sphinx extension: each page offers its source, its notebook and a PDF that is as new."""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ext.book import Book


def is_current(book: Book) -> bool:
    """Whether the PDF of the book exists and no source of it is newer."""
    sources = ["_config.yml", "_toc.yml", *book.config.get("bibtex_bibfiles", [])]
    sources += [f"{name}.*" for name in book.documents]
    times = [p.stat().st_mtime for name in sources for p in book.root.glob(name)]
    return book.pdf.exists() and book.pdf.stat().st_mtime >= max(times)


def look_for_pdf(app, config) -> None:
    """Tell the pages of the PDF (event ``config-inited``, after the chapters are made)."""
    config.html_theme_options["use_download_button"] = False  # a menu of bare suffixes
    book = Book(Path(app.srcdir))
    config.book_pdf = book.pdf.name if is_current(book) else ""


def add_links(app, pagename, templatename, context, doctree) -> None:
    """Say below a page what can be downloaded (event ``html-page-context``)."""
    offers = []
    if (Path(app.srcdir) / f"{pagename}.py").exists():
        names = {".py": "this chapter as a program"}
        names |= {".ipynb": "the same as a notebook with its outputs"}
        for suffix, name in names.items():
            offers.append((f"_sources/{pagename}{suffix}", f"{name} ({suffix})"))
    if app.config.book_pdf:
        offers.append((app.config.book_pdf, "the whole book for print (.pdf)"))
    links = [
        f'<a href="{context["pathto"](path, 1)}" download>{text}</a>'
        for path, text in offers
    ]
    if links and "body" in context:
        words = " and ".join(filter(None, [", ".join(links[:-1]), links[-1]]))
        context["body"] += f'<p class="downloads">To take with you: {words}.</p>'


class BookPdf(SphinxDirective):
    """A sentence with a link to the PDF, or with the command that makes it."""

    def run(self) -> list[nodes.Node]:
        self.env.note_reread()  # in every build
        name, up = self.config.book_pdf, "../" * self.env.docname.count("/")
        html = f'<a href="{up}{name}">The whole book for print (PDF)</a>.'
        if not name:
            html = "For print, <code>make pdf</code> builds the whole book."
        return [nodes.raw("", f"<p>{html}</p>", format="html")]


def copy_files(app, exception) -> None:
    """Copy what the links name (event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    book, out = Book(Path(app.srcdir)), Path(app.outdir)
    for source in book.chapters:
        shutil.copyfile(source, out / "_sources" / source.relative_to(book.root))
    (out / book.pdf.name).unlink(missing_ok=True)
    if app.config.book_pdf:
        shutil.copyfile(book.pdf, out / book.pdf.name)


def setup(app) -> None:
    app.add_config_value("book_pdf", "", "html", [str])
    app.add_directive("book-pdf", BookPdf)
    app.connect("config-inited", look_for_pdf)
    app.connect("html-page-context", add_links)
    app.connect("build-finished", copy_files)
