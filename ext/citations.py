"""Sphinx extension: the text cites a work as the bibliography labels it, and it links back.

Both say "Kay et al., 1998", with a letter where two works would say the same. No
built-in style does: they label a work [KBB98], or cite two works by the same words.
Under each work stand the pages that cite it.
"""

from pathlib import Path

from docutils import nodes
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels.alpha import LabelStyle
from sphinx.util.nodes import make_refnode

from ext.book import Book


class AuthorYear(LabelStyle):
    def format_label(self, entry) -> str:
        people = entry.persons["author"]
        names = [" ".join(one.prelast_names + one.last_names) for one in people]
        who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return f"{who}, {entry.fields['year']}"


class Style(PlainStyle):
    default_label_style = AuthorYear


def link_back(app, doctree, docname: str) -> None:
    """Name under each work the pages that cite it (event ``doctree-resolved``)."""
    domain, builder = app.env.get_domain("cite"), app.builder
    keys = {citation.citation_id: citation.key for citation in domain.citations}
    order = Book(Path(app.srcdir)).documents
    refs = sorted(domain.citation_refs, key=lambda ref: order.index(ref.docname))
    for work in doctree.findall(nodes.citation):
        citing = {
            ref.docname: ref.citation_ref_id
            for ref in reversed(refs)  # so that a page is linked where it first cites
            if keys[work["ids"][0]] in [target.key for target in ref.targets]
        }
        links = []
        for page, place in reversed(citing.items()):
            title = nodes.Text(app.env.titles[page].astext())
            at = place if builder.format == "html" else ""
            link = make_refnode(builder, docname, page, at, title)
            links += [nodes.Text(", " if links else " Cited in: "), link]
        work[-1] += nodes.inline("", "", *links, nodes.Text("."), classes=["cited-in"])


def setup(app) -> None:
    app.connect("doctree-resolved", link_back)
    register_plugin("pybtex.style.formatting", "author_year", Style)
