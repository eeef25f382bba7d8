"""Sphinx extension: each page links its notebook, its source and a PDF that is as new."""

import shutil
from pathlib import Path

from ext.book import Book


def is_current(book: Book) -> bool:
    """Whether the PDF of the book exists and no source of it is newer."""
    sources = ["_config.yml", *book.config.get("bibtex_bibfiles", [])]
    sources += [f"{name}.*" for name in book.documents]
    times = [p.stat().st_mtime for name in sources for p in book.root.glob(name)]
    return book.pdf.exists() and book.pdf.stat().st_mtime >= max(times)


def look_for_pdf(app, config) -> None:
    """Tell the pages of the PDF (event ``config-inited``, after the chapters are made)."""
    book = Book(Path(app.srcdir))
    config.book_pdf = book.pdf.name if is_current(book) else ""


def add_links(app, pagename, templatename, context, doctree) -> None:
    """Fill the download menu (event ``html-page-context``, after the theme's own)."""
    more = []
    if (Path(app.srcdir) / f"{pagename}.py").exists():
        source = f"_sources/{pagename}.py"
        more.append((source, ".py", "Download the chapter's Python source"))
    if app.config.book_pdf:
        more.append((app.config.book_pdf, "book .pdf", "The whole book for print"))
    for menu in context.get("header_buttons", []):
        if menu.get("label") == "download-buttons":
            links = [link for link in menu["buttons"] if link["type"] == "link"]
            for path, text, tooltip in more:
                link = {"type": "link", "icon": "fas fa-file", "label": "download-more"}
                link |= {"url": context["pathto"](path, 1), "text": text}
                links.append(link | {"tooltip": tooltip})
            menu["buttons"] = links


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
    app.connect("config-inited", look_for_pdf)
    app.connect("html-page-context", add_links, priority=900)
    app.connect("build-finished", copy_files)
