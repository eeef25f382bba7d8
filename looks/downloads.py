"""Sphinx extension: each page offers its source, its notebook and a PDF that is as new.

The sources are offered where Sphinx copies them beside the pages (``html_copy_source``).
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from sphinx_chapters.book import Book
from sphinx_chapters.printed import is_current


class book_pdf(nodes.General, nodes.Element):  # noqa: N801, as docutils names nodes
    """A sentence with a link to the PDF, or with the command that makes it."""


def hide_menu(app, config) -> None:
    """Have the theme offer no menu of bare suffixes (Sphinx event ``config-inited``)."""
    config.html_theme_options["use_download_button"] = False


def look_for_pdf(app, env) -> list[str]:
    """See whether the PDF is of the pages as Sphinx has read them (event ``env-updated``).

    Returns
    -------
    list of str
        The pages to write anew: all, if the last build has linked the PDF and this one does
        not, or the other way round.
    """
    if app.builder.format != "html":
        return []
    book = Book.built_by(app)
    app.offered_pdf = book.pdf.name if is_current(app) else ""
    was_offered = (Path(app.outdir) / book.pdf.name).exists()
    return sorted(env.found_docs) if was_offered != bool(app.offered_pdf) else []


def add_links(app, pagename, templatename, context, doctree) -> None:
    """Say below a page what can be downloaded (Sphinx event ``html-page-context``)."""
    if "body" not in context:  # a page without text, such as the search
        return
    offers = {}  # words, by the file that they offer
    is_chapter = (Path(app.srcdir) / f"{pagename}.py").exists()
    if is_chapter and app.config.html_copy_source:
        sources = f"_sources/{pagename}"
        offers[f"{sources}.py"] = "this chapter as a program (.py)"
        notebook = "the same as a notebook with its outputs (.ipynb)"
        offers[f"_sources/{context['sourcename']}"] = notebook
    if app.offered_pdf:
        offers[app.offered_pdf] = "the whole book for print (.pdf)"
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
    """Where the PDF is, or how it is made; known when all pages are read."""

    def run(self) -> list[nodes.Node]:
        """A place that `say_where_pdf_is` fills."""
        return [book_pdf()]


def say_where_pdf_is(app, doctree, docname: str) -> None:
    """Fill the places that ask for the PDF (Sphinx event ``doctree-resolved``)."""
    for place in list(doctree.findall(book_pdf)):
        if app.builder.format != "html":
            place.parent.remove(place)
            continue
        html = "For print, <code>make pdf</code> builds the whole book."
        if app.offered_pdf:
            up = "../" * docname.count("/")
            html = (
                f'<a href="{up}{app.offered_pdf}">The whole book for print (PDF)</a>.'
            )
        place.replace_self(nodes.raw("", f"<p>{html}</p>", format="html"))


def copy_files(app, exception) -> None:
    """Copy what the links name (Sphinx event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    book = Book.built_by(app)
    out = Path(app.outdir)
    if app.config.html_copy_source:
        for source in book.chapters:
            target = out / "_sources" / source.relative_to(book.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (out / book.pdf.name).unlink(missing_ok=True)  # it may be older than the pages
    if app.offered_pdf:
        shutil.copyfile(book.pdf, out / book.pdf.name)


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    app.add_node(book_pdf)
    app.add_directive("book-pdf", BookPdf)
    app.connect("config-inited", hide_menu)
    # 500 is usual, and the highest comes last: after others have changed settings.
    app.connect("env-updated", look_for_pdf, priority=900)
    app.connect("html-page-context", add_links)
    app.connect("doctree-resolved", say_where_pdf_is)
    app.connect("build-finished", copy_files)
