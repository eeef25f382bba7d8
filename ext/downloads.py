"""Sphinx extension: each page links its notebook, its source and the printed book.

The PDF is linked where there is one and it is as new as what it prints.
"""

import shutil
from pathlib import Path

PDF = Path("_build", "latex", "lenet5.pdf")


def is_current(root: Path) -> bool:
    """Whether the PDF of the book in ``root`` exists and no source is newer."""
    sources = [root / name for name in ("index.md", "_config.yml", "_toc.yml")]
    for pattern in ("*.ipynb", "*.md", "*.bib"):
        sources += root.glob(f"book/{pattern}")
    pdf = root / PDF
    return pdf.exists() and pdf.stat().st_mtime >= max(
        source.stat().st_mtime for source in sources
    )


def look_for_pdf(app, config) -> None:
    """Tell the pages of the PDF (event ``config-inited``, after the chapters are made)."""
    config.book_pdf = PDF.name if is_current(Path(app.srcdir)) else ""


def add_links(app, pagename, templatename, context, doctree) -> None:
    """Fill the download menu (event ``html-page-context``, after the theme's own)."""
    path_to = context["pathto"]
    for menu in context.get("header_buttons", []):
        if menu.get("label") != "download-buttons":
            continue
        links = [link for link in menu["buttons"] if link["type"] == "link"]
        if (Path(app.srcdir) / f"{pagename}.py").exists():
            url = path_to(f"_sources/{pagename}.py", 1)
            links.append(_link(url, ".py", "Download the chapter's Python source"))
        if app.config.book_pdf:
            url = path_to(app.config.book_pdf, 1)
            links.append(_link(url, "book .pdf", "The whole book for print"))
        menu["buttons"] = links


def copy_files(app, exception) -> None:
    """Copy what the links name (event ``build-finished``)."""
    if exception or app.builder.format != "html":
        return
    root, out = Path(app.srcdir), Path(app.outdir)
    for name in app.env.found_docs:
        source = root / f"{name}.py"
        if source.exists():
            shutil.copyfile(source, out / "_sources" / f"{name}.py")
    if app.config.book_pdf:
        shutil.copyfile(root / PDF, out / app.config.book_pdf)
    else:
        (out / PDF.name).unlink(missing_ok=True)


def _link(url: str, text: str, tooltip: str) -> dict:
    return {
        "type": "link",
        "url": url,
        "text": text,
        "tooltip": tooltip,
        "icon": "fas fa-file",
        "label": f"download-{text.split('.')[-1]}-button",
    }


def setup(app) -> dict:
    app.add_config_value("book_pdf", "", "html", [str])
    app.connect("config-inited", look_for_pdf)
    app.connect("html-page-context", add_links, priority=900)
    app.connect("build-finished", copy_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
