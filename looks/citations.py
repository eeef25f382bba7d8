"""Sphinx extension: the text cites a work as the bibliography labels it, and it links back.

Both say "Kay et al., 1998", with a letter where two works would say the same. No
built-in style does: they label a work [KBB98], or cite two works by the same words.
Under each work stand the pages that cite it.
"""

from copy import deepcopy

from docutils import nodes
from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels.alpha import LabelStyle
from sphinx.util.nodes import make_refnode

from sphinx_chapters.book import Book, BookError

NO_DATE = "n.d."
LONGEST_TITLE = 4  # words of a title that stand for who wrote it


class AuthorYear(LabelStyle):
    """Labels such as "Kay et al., 1998"; pybtex adds the letters where two are equal."""

    def format_label(self, entry) -> str:
        """The label of an entry of the bibliography, without a letter.

        Who: the authors, else the editors, else an organization, else the title; and "n.d.",
        no date, where there is no year.

        Raises
        ------
        BookError
            If an entry has nothing of these.
        """
        year = entry.fields.get("year", NO_DATE)
        return f"{self._who(entry)}, {plain(year)}"

    def _who(self, entry) -> str:
        for role in ("author", "editor"):
            people = entry.persons.get(role, [])
            names = [
                plain(" ".join(one.prelast_names + one.last_names)) for one in people
            ]
            if len(names) > 2 or "others" in names[1:]:
                return f"{names[0]} et al."
            if names:
                return " and ".join(names)
        for field in ("organization", "institution", "key", "title"):
            if field in entry.fields:
                return shortened(plain(entry.fields[field]))
        raise BookError(
            f"the work {entry.key} of the bibliography has no author, editor, organization"
            " or title: give it one, for its label"
        )


def plain(latex: str) -> str:
    r"""The text that LaTeX would show: of ``{\'E}mile`` Émile, of ``{R Core Team}`` no braces."""
    return str(Text.from_latex(latex))


def shortened(title: str) -> str:
    """The first words of a title, where it is longer than a label should be."""
    words = title.split()
    if len(words) <= LONGEST_TITLE:
        return title
    return f"{' '.join(words[:LONGEST_TITLE]).rstrip(',;:')} …"


class AuthorYearStyle(PlainStyle):
    """The list of works as in the style plain, but for its labels."""

    default_label_style = AuthorYear

    def format_entry(self, label: str, entry, bib_data=None):
        """An entry of the list; without a year it would be left out."""
        if "year" not in entry.fields:
            entry = deepcopy(entry)
            entry.fields["year"] = NO_DATE
        return super().format_entry(label, entry, bib_data)


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
    order = Book.built_by(app).documents
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
