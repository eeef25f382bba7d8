"""Sphinx extension: the origin of a figure, which its output tells, stands in its legend.

An output has several forms, of which a page shows the best, the picture. Its plain text is
the figure's origin if it begins with ``Provenance:``, as that of `sphinx_chapters.authors.show`
does, or one that a chapter displays itself::

    display({"image/svg+xml": svg, "text/plain": "Provenance: from `a.csv`"}, raw=True)

Any other is what Python calls the figure, and no page shows it.
"""

from docutils import nodes

from sphinx_chapters.authors import PROVENANCE


def add_legends(app, doctree) -> None:
    """Put the origin of each figure of a notebook under it (Sphinx event ``doctree-read``).

    MyST-NB keeps all forms of an output in the document, each in a container with its type.
    """
    for figure in list(doctree.findall(nodes.figure)):
        origin = _origin_of(figure)
        if origin:
            legend = next(iter(figure.findall(nodes.legend)), None)
            if legend is None:
                legend = nodes.legend()
                figure += legend
            legend += paragraph(origin)


def _origin_of(figure: nodes.figure) -> str:
    """From what a figure is made; empty if its output does not say so."""
    for container in figure.findall(nodes.container):
        if container.get("mime_type") == "text/plain":
            text = container.astext().strip()
            if text.startswith(PROVENANCE.strip()):
                return text.removeprefix(PROVENANCE.strip()).strip()
    return ""


def paragraph(text: str) -> nodes.paragraph:
    """A paragraph of the class ``provenance``; what stands in backquotes is literal."""
    node = nodes.paragraph(classes=["provenance"])
    for number, part in enumerate(text.strip().split("`")):
        is_quoted = number % 2 == 1  # every second part stands between two backquotes
        node += nodes.literal(text=part) if is_quoted else nodes.Text(part)
    return node


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    app.connect("doctree-read", add_legends)
