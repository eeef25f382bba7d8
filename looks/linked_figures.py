"""Sphinx extension: links in an SVG figure of a notebook become links on the page.

A page shows an SVG as a picture, and links in a picture lead nowhere. So they are laid over
it, each where it is in the picture: a rectangle in an ``a`` with a ``href`` and, for those who
cannot see it, an ``aria-label``:

    <a href="page.html#part" aria-label="The part"><rect x="1" y="2" width="3" height="4"/></a>

The last ``svg`` of them all has the size of the whole in its ``viewBox``. Addresses are
relative to the page. A style of the book says how ``.linked-figure`` looks; print has none.
"""

import xml.etree.ElementTree as ET
from html import escape
from pathlib import Path
from typing import NamedTuple

from docutils import nodes

SVG = "{http://www.w3.org/2000/svg}"


class Link(NamedTuple):
    """A link on a picture: the address, its words, and the place in % of width and height."""

    address: str
    words: str
    left: float
    top: float
    width: float
    height: float


class linked_figure(nodes.General, nodes.Element):  # noqa: N801, as docutils names nodes
    """A picture and, in ``links``, what is laid over it."""


def links_of(svg: str) -> list[Link]:
    """The links in an SVG."""
    root = ET.fromstring(svg)
    _, _, whole_width, whole_height = map(float, root.get("viewBox").split())
    links = []
    for anchor in root.iter(f"{SVG}a"):
        box = anchor.find(f"{SVG}rect")
        if box is None or not anchor.get("href"):
            continue
        link = Link(
            anchor.get("href"),
            anchor.get("aria-label", ""),
            100 * float(box.get("x")) / whole_width,
            100 * float(box.get("y")) / whole_height,
            100 * float(box.get("width")) / whole_width,
            100 * float(box.get("height")) / whole_height,
        )
        links.append(link)
    return links


def add_links(app, doctree) -> None:
    """Wrap each picture of a figure that has links (Sphinx event ``doctree-read``)."""
    for figure in list(doctree.findall(nodes.figure)):
        for image in figure.findall(nodes.image):
            path = Path(app.srcdir, image["uri"])
            if path.suffix != ".svg" or not path.is_file():
                continue
            links = links_of(path.read_text(encoding="utf-8"))
            if links:
                _wrap(figure[0], links)
            break


def _wrap(picture: nodes.Element, links: list[Link]) -> None:
    """Put a picture, in all its forms, into a node with links."""
    wrapper = linked_figure(links=links)
    picture.replace_self(wrapper)
    wrapper += picture


def begin_html(translator, node) -> None:
    """Begin what holds a picture and its links."""
    translator.body.append('<div class="linked-figure">')


def end_html(translator, node) -> None:
    """Lay the links over the picture."""
    for link in node["links"]:
        place = (
            f"left:{link.left:.3f}%;top:{link.top:.3f}%;"
            f"width:{link.width:.3f}%;height:{link.height:.3f}%"
        )
        words = escape(link.words)
        translator.body.append(
            f'<a href="{escape(link.address)}" aria-label="{words}" style="{place}"></a>\n'
        )
    translator.body.append("</div>\n")


def nothing(translator, node) -> None:
    """On paper a picture has no links."""


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    on_paper = (nothing, nothing)
    app.add_node(
        linked_figure, html=(begin_html, end_html), latex=on_paper, text=on_paper
    )
    app.connect("doctree-read", add_links)
