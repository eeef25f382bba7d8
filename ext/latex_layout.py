"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. The front page becomes
the title page: its text is the abstract, and the contents follow. And LaTeX must be told
how wide the columns of a table are.
"""

import math

from docutils import nodes
from sphinx.addnodes import start_of_file, tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform

# A cell tagged hide-input has the class tag_hide-input, and the part of it that the HTML
# folds away has the class cell_input; with hide-cell, it is all of the cell.
TAG = "tag_hide-"
CLASS_BY_PART = {"input": "cell_input", "output": "cell_output", "cell": "cell"}
LONG_TABLE = 2000  # characters: more may not fit one page
# A column of text that is a given part of the line wide (\Y is Sphinx's).
RAGGED_COLUMN = r">{{\raggedright\arraybackslash}}\Y{{{:.3f}}}"


class LatexLayout(SphinxPostTransform):
    """Make of the whole book what is to be printed."""

    # Sphinx's own transform that keeps what is only for LaTeX has 50, and must be before:
    # what is not printed has no say in how it is laid out.
    default_priority = 60
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        """Change the document, which is the whole book in one."""
        for cell in list(self.document.findall(nodes.container)):
            drop_hidden(cell)
        for table in list(self.document.findall(nodes.table)):
            set_columns(table)
        self._make_title_page()

    def _make_title_page(self) -> None:
        """Enclose the text of the front page as the abstract, and put the contents after it.

        It stands in the first section, before the node that holds the chapters.
        """
        front = self.document[0]
        chapters = next(self.document.findall(start_of_file))
        if chapters.parent is not front:
            chapters = chapters.parent
        end = front.index(chapters)
        front.insert(end, latex(r"\end{abstract} {\parskip0pt\tableofcontents}"))
        front.insert(1, latex(r"\begin{abstract}"))  # 0 is the title


def latex(command: str) -> nodes.raw:
    """A node that writes a command of LaTeX."""
    return nodes.raw("", command, format="latex")


def drop_hidden(cell: nodes.container) -> None:
    """Drop from a notebook's cell what the HTML folds away."""
    hidden = set()
    for name in cell["classes"]:
        part = name.removeprefix(TAG)
        if part != name and part in CLASS_BY_PART:
            hidden.add(CLASS_BY_PART[part])
    for part in list(cell.findall(nodes.container)):
        if hidden.intersection(part["classes"]):
            part.parent.remove(part)


def set_columns(table: nodes.table) -> None:
    """Set columns of numbers to the right, and let a long table break over pages.

    The columns of a long table share the line by the square roots of how much they hold:
    a column of twice the text gets wider, but not twice as wide.
    """
    rows = list(table.findall(nodes.row))
    if len(table.astext()) > LONG_TABLE:
        table["classes"].append("longtable")
        sizes = [0] * len(rows[0].children)  # in characters
        for row in rows:
            for column, cell in enumerate(row.children):
                sizes[column] += len(cell.astext())
        widths = [math.sqrt(size) for size in sizes]
        columns = [RAGGED_COLUMN.format(width / sum(widths)) for width in widths]
    else:
        columns = []
        for cell in rows[0].children:
            columns.append("R" if "text-right" in cell["classes"] else "L")
    place = table.parent.index(table)
    table.parent.insert(place, tabular_col_spec(spec=f"{{{''.join(columns)}}}"))


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    app.add_post_transform(LatexLayout)
