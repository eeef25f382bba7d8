"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. The front page becomes
the title page: its first paragraphs are the abstract, and its cards a list. And LaTeX
must be told which columns of a table are numbers.
"""

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

    def set_front_page(self) -> None:
        """Abstract and contents; then the sections of the front page, without a number."""
        title, *body = self.document[0].children
        others = (
            k for k, node in enumerate(body) if not isinstance(node, nodes.paragraph)
        )
        end = next(others, len(body))
        abstract = [latex(r"\begin{abstract}"), *body[:end], latex(r"\end{abstract}")]
        rest = []
        for node in body[end:]:
            unnumbered = isinstance(node, nodes.section)
            rest += [nodes.rubric("", *node[0]), *node[1:]] if unnumbered else [node]
        self.document[0][1:] = [*abstract, latex(r"\tableofcontents"), *rest]


def latex(command: str) -> nodes.raw:
    return nodes.raw("", command, format="latex")


def align(table: nodes.table) -> None:
    """Set columns of numbers to the right, and let a long table break."""
    rows = list(table.findall(nodes.row))
    right = ["text-right" in entry["classes"] for entry in rows[0].children]
    spec = "".join("R" if yes else "L" for yes in right)
    if len(rows) > LONG:
        table["classes"].append("longtable")
        spec = RAGGED.format(1 / len(right)) * len(right)
    place = table.parent.index(table)
    table.parent.insert(place, tabular_col_spec(spec=f"{{{spec}}}"))


def setup(app) -> None:
    app.add_post_transform(Print)
