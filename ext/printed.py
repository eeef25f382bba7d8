"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. And LaTeX must be told
which columns of a table are numbers.
"""

from docutils import nodes
from sphinx.addnodes import tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform

# A cell's tag, and the class of the part of it that the tag hides.
HIDDEN = {
    "tag_hide-input": "cell_input",
    "tag_hide-output": "cell_output",
    "tag_hide-cell": "cell",
}

LONG = 20  # rows that may not fit one page
RAGGED = r">{{\raggedright\arraybackslash}}\Y{{{:.3f}}}"


class DropHidden(SphinxPostTransform):
    """Drop the parts of code cells that the reader of the HTML must click to see."""

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for tag, part in HIDDEN.items():
            for cell in list(self.document.findall(_has_class(tag))):
                for hidden in list(cell.findall(_has_class(part))):
                    hidden.parent.remove(hidden)


class AlignColumns(SphinxPostTransform):
    """Align each column of a table as the HTML does; a wide one wraps, a long one breaks."""

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for table in list(self.document.findall(nodes.table)):
            rows = list(table.findall(nodes.row))
            right = ["text-right" in entry["classes"] for entry in rows[0].children]
            spec = "".join("R" if yes else "L" for yes in right)
            if len(rows) > LONG:
                table["classes"].append("longtable")
                spec = RAGGED.format(1 / len(right)) * len(right)
            place = table.parent.index(table)
            table.parent.insert(place, tabular_col_spec(spec=f"{{{spec}}}"))


def _has_class(name: str):
    return lambda node: name in getattr(node, "attributes", {}).get("classes", ())


def setup(app) -> dict:
    app.add_post_transform(DropHidden)
    app.add_post_transform(AlignColumns)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
