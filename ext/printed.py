"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. The front page becomes
the title page, and its first paragraphs the abstract. Cards become a list, and of tabs
the first is printed. And LaTeX must be told how wide the columns of a table are.
"""

import math
from itertools import takewhile

from docutils import nodes
from sphinx.addnodes import tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform

TAG = "tag_hide-"  # and the part of the cell: input, output, or cell for all of it
LONG = 20  # rows that may not fit one page
RAGGED = r">{{\raggedright\arraybackslash}}\Y{{{:.3f}}}"


class Print(SphinxPostTransform):
    """Make of the whole book what is to be printed."""

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        self.drop_hidden()
        self.unfold_designs()
        self.set_front_page()
        for table in list(self.document.findall(nodes.table)):
            align(table)

    def drop_hidden(self) -> None:
        """Drop what the HTML folds away."""
        for cell in list(self.document.findall(nodes.container)):
            tags = [name for name in cell["classes"] if name.startswith(TAG)]
            hidden = {
                name.replace(TAG, "cell_").replace("cell_cell", "cell") for name in tags
            }
            for part in list(cell.findall(nodes.container)):
                if hidden.intersection(part["classes"]):
                    part.parent.remove(part)

    def unfold_designs(self) -> None:
        """Make a list of the cards of a grid, and keep the first of tabs."""
        for grid in designs(self.document, "grid-container"):
            cards = designs(grid, "card-body")
            grid.replace_self(nodes.bullet_list("", *map(item, cards)))
        for tabs in designs(self.document, "tab-set"):
            tabs.replace_self(tabs[0][-1].children)

    def set_front_page(self) -> None:
        """Abstract and contents; then the sections of the front page, without a number."""
        _, *body = self.document[0].children
        lead = list(takewhile(lambda node: isinstance(node, nodes.paragraph), body))
        front = [latex(r"\begin{abstract}"), *lead, latex(r"\end{abstract}")]
        front += [latex(r"{\parskip0pt\tableofcontents}")]
        for node in body[len(lead) :]:
            unnumbered = isinstance(node, nodes.section)
            front += [nodes.rubric("", *node[0]), *node[1:]] if unnumbered else [node]
        self.document[0][1:] = front


def designs(tree: nodes.Element, name: str) -> list[nodes.container]:
    """The components of sphinx-design that have this name."""
    found = tree.findall(nodes.container)
    return [part for part in found if part.get("design_component") == name]


def latex(command: str) -> nodes.raw:
    return nodes.raw("", command, format="latex")


def item(card: nodes.container) -> nodes.list_item:
    """The body of a card, a title and paragraphs, as an item of a list."""
    title, first, *rest = card.children
    head = nodes.strong("", "", *title.children)
    return nodes.list_item(
        "", nodes.paragraph("", "", head, nodes.Text(" "), *first.children), *rest
    )


def align(table: nodes.table) -> None:
    """Set columns of numbers to the right, and let a long table break."""
    rows = list(table.findall(nodes.row))
    right = ["text-right" in entry["classes"] for entry in rows[0].children]
    spec = "".join("R" if yes else "L" for yes in right)
    if len(rows) > LONG:
        table["classes"].append("longtable")
        words = [
            sum(len(cell.astext()) for cell in column)
            for column in zip(*rows, strict=True)
        ]
        widths = [math.sqrt(count) for count in words]
        spec = "".join(RAGGED.format(width / sum(widths)) for width in widths)
    place = table.parent.index(table)
    table.parent.insert(place, tabular_col_spec(spec=f"{{{spec}}}"))


def setup(app) -> None:
    app.add_post_transform(Print)
