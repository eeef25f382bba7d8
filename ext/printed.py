"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. And LaTeX must be told
which columns of a table are numbers.
"""

from docutils import nodes
from sphinx.addnodes import tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform

TAG = "tag_hide-"  # and the part of the cell: input, output, or cell for all of it
LONG = 20  # rows that may not fit one page
RAGGED = r">{{\raggedright\arraybackslash}}\Y{{{:.3f}}}"


class Print(SphinxPostTransform):
    """Drop what the HTML folds away; align the columns of tables, and break long ones."""

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for cell in list(self.document.findall(nodes.container)):
            tags = [name for name in cell["classes"] if name.startswith(TAG)]
            hidden = {
                name.replace(TAG, "cell_").replace("cell_cell", "cell") for name in tags
            }
            for part in list(cell.findall(nodes.container)):
                if hidden.intersection(part["classes"]):
                    part.parent.remove(part)
        for table in list(self.document.findall(nodes.table)):
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
