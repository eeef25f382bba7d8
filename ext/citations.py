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
    """Labels such as "Kay et al., 1998"; pybtex adds the letters where two are equal."""

    def format_label(self, entry) -> str:
        """The label of an entry of the bibliography, without a letter."""
        people = entry.persons["author"]
        names = [" ".join(one.prelast_names + one.last_names) for one in people]
        if len(names) > 2:
            who = f"{names[0]} et al."
        else:
            who = " and ".join(names)
        return f"{who}, {entry.fields['year']}"


class AuthorYearStyle(PlainStyle):
    """The list of works as in the style plain, but for its labels."""

    default_label_style = AuthorYear


def link_back(app, doctree, docname: str) -> None:
    """Name under each work the pages that cite it (Sphinx event ``doctree-resolved``)."""
    places = _first_citations(app)
    keys = {}  # of the works, by the ids of their nodes
    for citation in app.env.get_domain("cite").citations:
        keys[citation.citation_id] = citation.key
    for work in doctree.findall(nodes.citation):
        links = []
        for page, place in places.get(keys[work["ids"][0]], {}).items():
            title = nodes.Text(app.env.titles[page].astext())
            # LaTeX gives a citation no label that a link could lead to: link its chapter.
            anchor = place if app.builder.format == "html" else ""
            links.append(nodes.Text(", " if links else " Cited in: "))
            links.append(make_refnode(app.builder, docname, page, anchor, title))
        links.append(nodes.Text("."))
        work[-1] += nodes.inline("", "", *links, classes=["cited-in"])


def _first_citations(app) -> dict[str, dict[str, str]]:
    """Where each work is cited first on each page, in the order of the pages.

    Returns
    -------
    dict
        By the key of a work, and then by the name of a page, the id of the place.
    """
    order = Book(Path(app.srcdir)).documents
    references = app.env.get_domain("cite").citation_refs
    found = {}
    for reference in sorted(references, key=lambda one: order.index(one.docname)):
        for target in reference.targets:
            pages = found.setdefault(target.key, {})
            pages.setdefault(reference.docname, reference.citation_ref_id)
    return found


def setup(app) -> None:
    """Connect the extension with Sphinx, and the style with pybtex."""
    app.connect("doctree-resolved", link_back)
    register_plugin("pybtex.style.formatting", "author_year", AuthorYearStyle)
