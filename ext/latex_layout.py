"""Sphinx extension: what is other on paper.

The HTML book folds an input away with a button; paper has none. The front page becomes
the title page: its text is the abstract, and the contents follow. Chapters that the table of
contents numbers come first, and those that it does not number after them, as an appendix.
And LaTeX must be told how wide the columns of a table are.
"""

import math
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import start_of_file, tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_external_toc.parsing import parse_toc_yaml

# A cell tagged hide-input has the class tag_hide-input, and the part of it that the HTML
# folds away has the class cell_input; with hide-cell, it is all of the cell.
TAG = "tag_hide-"
CLASS_BY_PART = {"input": "cell_input", "output": "cell_output", "cell": "cell"}
LONG_TABLE = 2000  # characters: more may not fit one page
LONG_LISTING = 45  # lines: more may not fit one page
LINE_OF_CODE = 0.85  # of the height of a line of text
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
        for listing in list(self.document.findall(nodes.literal_block)):
            keep_together(listing)
        self._lay_out_chapters()

    def _lay_out_chapters(self) -> None:
        """Enclose the text of the front page as the abstract; then contents and chapters.

        Sphinx puts the chapters into the first section, in nodes that each hold those of one
        part of the table of contents.
        """
        front = self.document[0]
        chapters = {}
        for chapter in list(self.document.findall(start_of_file)):
            if not inside_chapter(chapter):
                chapters[chapter["docname"]] = chapter
        for chapter in chapters.values():
            chapter.parent.remove(chapter)
        for wrapper in list(front.findall(nodes.compound)):
            if "toctree-wrapper" in wrapper["classes"]:
                wrapper.parent.remove(wrapper)  # all that is left in it are captions
        front.insert(1, latex(r"\begin{abstract}"))  # 0 is the title
        # Sphinx would head the contents with the name of their first part.
        front += latex(r"\end{abstract}\vspace{-1.5\baselineskip}")
        front += latex(r"\renewcommand{\contentsname}{Contents}")
        front += latex(r"{\parskip0pt\small\tableofcontents}")
        parts = parse_toc_yaml(Path(self.app.confdir) / "_toc.yml").root.subtrees
        numbered = [part for part in parts if part.numbered]
        others = [part for part in parts if not part.numbered]
        for part in numbered:
            if part.caption:
                front += latex(rf"\addpart{{{part.caption}}}")
            front += [chapters.pop(name) for name in part.items]
        if others:
            front += latex(r"\withoutnumbers")
        for part in others:
            if part.caption:
                front += latex(rf"\addpart{{{part.caption}}}")
            front += [chapters.pop(name) for name in part.items]


def inside_chapter(node: nodes.Node) -> bool:
    """Whether a node lies within a chapter."""
    while node.parent is not None:
        node = node.parent
        if isinstance(node, start_of_file):
            return True
    return False


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


def keep_together(listing: nodes.literal_block) -> None:
    """Let a listing that fits a page begin only where it ends on that page too."""
    lines = listing.astext().count("\n") + 1
    if lines > LONG_LISTING:
        return
    block = listing
    if "literal-block-wrapper" in listing.parent.get("classes", []):
        block = listing.parent  # the listing with its caption
    room = LINE_OF_CODE * lines + 4  # the caption and the frame, in lines of text
    place = block.parent.index(block)
    block.parent.insert(place, latex(rf"\Needspace{{{room:.0f}\baselineskip}}"))


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
