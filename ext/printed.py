"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. The front page becomes
the title page: its text is the abstract, and the contents follow. And LaTeX must be told
how wide the columns of a table are.
"""

import math

from docutils import nodes
from sphinx.addnodes import start_of_file, tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform

TAG = "tag_hide-"  # and the part of the cell: input, output, or cell for all of it
LONG = 2000  # characters in a table that may not fit one page
RAGGED = r">{{\raggedright\arraybackslash}}\Y{{{:.3f}}}"


class Print(SphinxPostTransform):
    """Make of the whole book what is to be printed."""

    default_priority = 60  # after Sphinx has chosen what is only for LaTeX
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for cell in list(self.document.findall(nodes.container)):
            drop_hidden(cell)
        for table in list(self.document.findall(nodes.table)):
            set_columns(table)
        chapter = next(self.document.findall(start_of_file))
        front = self.document[0]
        end = front.index(chapter.parent if chapter.parent is not front else chapter)
        front.insert(end, latex(r"\end{abstract} {\parskip0pt\tableofcontents}"))
        front.insert(1, latex(r"\begin{abstract}"))


def latex(command: str) -> nodes.raw:
    return nodes.raw("", command, format="latex")


def drop_hidden(cell: nodes.container) -> None:
    """Drop from a notebook's cell what the HTML folds away."""
    tags = [name for name in cell["classes"] if name.startswith(TAG)]
    hidden = {name.replace(TAG, "cell_").replace("cell_cell", "cell") for name in tags}
    for part in list(cell.findall(nodes.container)):
        if hidden.intersection(part["classes"]):
            part.parent.remove(part)


def set_columns(table: nodes.table) -> None:
    """Set columns of numbers to the right; let a long table break, each column wide as its text."""
    rows = list(table.findall(nodes.row))
    right = ["text-right" in entry["classes"] for entry in rows[0].children]
    spec = "".join("R" if yes else "L" for yes in right)
    if len(table.astext()) > LONG:
        table["classes"].append("longtable")
        columns = zip(*(row.children for row in rows), strict=True)
        sizes = [
            math.sqrt(sum(len(cell.astext()) for cell in column)) for column in columns
        ]
        spec = "".join(RAGGED.format(size / sum(sizes)) for size in sizes)
    place = table.parent.index(table)
    table.parent.insert(place, tabular_col_spec(spec=f"{{{spec}}}"))


def setup(app) -> None:
    app.add_post_transform(Print)
