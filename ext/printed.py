"""Sphinx extension: what the printed book leaves out.

The HTML book folds an input away with a button; paper has none.
"""

from sphinx.transforms.post_transforms import SphinxPostTransform

# A cell's tag, and the class of the part of it that the tag hides.
HIDDEN = {
    "tag_hide-input": "cell_input",
    "tag_hide-output": "cell_output",
    "tag_hide-cell": "cell",
}


class DropHidden(SphinxPostTransform):
    """Drop the parts of code cells that the reader of the HTML must click to see."""

    default_priority = 5
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        for tag, part in HIDDEN.items():
            for cell in list(self.document.findall(_has_class(tag))):
                for hidden in list(cell.findall(_has_class(part))):
                    hidden.parent.remove(hidden)


def _has_class(name: str):
    return lambda node: name in getattr(node, "attributes", {}).get("classes", ())


def setup(app) -> dict:
    app.add_post_transform(DropHidden)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
