"""Sphinx extension: the plain text of a figure's output, its origin, becomes its legend."""

from docutils import nodes


def add_legends(app, doctree) -> None:
    """Put under each figure of a notebook its plain text (Sphinx event ``doctree-read``).

    A notebook's output has several forms, of which a page shows the best, the picture. The
    others are in the document still, each in a container with its type.
    """
    for figure in list(doctree.findall(nodes.figure)):
        for container in figure.findall(nodes.container):
            if container.get("mime_type") == "text/plain":
                figure += nodes.legend("", paragraph(container.astext()))
                break


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
