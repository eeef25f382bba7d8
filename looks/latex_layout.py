"""Sphinx extension: what is other on paper.

The HTML book folds an input or an output away with a button; paper has none. It shows no
hidden input, and each output, for what a reader cannot unfold would be lost. The front page
becomes the title page: its text is the abstract, and the contents follow. Chapters that the
table of contents numbers come first, and those that it does not number after them, as an
appendix. Pictures keep their alternative texts, which Sphinx leaves out of what it writes
for LaTeX. LaTeX must be told how wide the columns of a table are. And a book that wants tags
in its PDF says so before the class of the document, where Sphinx offers no place.
"""

import math
import re
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import start_of_file, tabular_col_spec
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_external_toc.parsing import parse_toc_yaml

# What the HTML folds away of a cell with such a tag, and with hide-cell its output too.
HIDING = {"tag_hide-input", "tag_hide-cell"}
INPUT = "cell_input"
NOT_PRINTED = (
    "tag_not-in-print"  # of a cell that only the pages have, by the author's word
)
LONG_TABLE = 2000  # characters: more may not fit one page
LONG_LISTING = 45  # lines: more may not fit one page
CHARACTERS_OF_LINE = 119  # in a table
COLUMN_GAP = 3.5  # in characters, between two columns
BREAK = re.compile(r"[ \n\-‐]+")  # where LaTeX ends a line: not at a fixed space
LINE_OF_CODE = 0.85  # of the height of a line of text
# A column of text that is a given part of the line wide (\Y is Sphinx's).
RAGGED_COLUMN = r">{{\raggedright\arraybackslash}}\Y{{{:.3f}}}"

METADATA = "metadata.def"  # \DocumentMetadata, which stands before \documentclass
# A book's own style may give \describe a meaning: the text is that of the next picture.
NO_DESCRIPTIONS = r"\providecommand{\describe}[1]{}"
# What LaTeX would not print as it stands.
ESCAPES = str.maketrans(
    {character: f"\\{character}" for character in "%#&$_{}"}
    | {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)


class LatexLayout(SphinxPostTransform):
    """Make of the whole book what is to be printed."""

    # Sphinx's own transform that keeps what is only for LaTeX has 50, and must be before:
    # what is not printed has no say in how it is laid out.
    default_priority = 60
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        """Change the document, which is the whole book in one."""
        for cell in list(self.document.findall(nodes.container)):
            drop_unprinted(cell)
        for table in list(self.document.findall(nodes.table)):
            set_columns(table)
        for listing in list(self.document.findall(nodes.literal_block)):
            keep_together(listing)
        for image in list(self.document.findall(nodes.image)):
            describe(image)
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
        front.insert(1, latex(NO_DESCRIPTIONS + r"\begin{abstract}"))  # 0 is the title
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


def drop_unprinted(cell: nodes.container) -> None:
    """Drop from a notebook's cell the input that the HTML folds away.

    A cell that the author has tagged ``not-in-print`` goes with all it shows.
    """
    if NOT_PRINTED in cell["classes"]:
        cell.parent.remove(cell)
        return
    if not HIDING.intersection(cell["classes"]):
        return
    for part in list(cell.findall(nodes.container)):
        if INPUT in part["classes"]:
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


def describe(image: nodes.image) -> None:
    """Write the alternative text of a picture before it, as ``\\describe{…}``."""
    text = " ".join(image.get("alt", "").split())
    if text:
        place = image.parent.index(image)
        command = rf"\describe{{{text.translate(ESCAPES)}}}"
        image.parent.insert(place, latex(command))


def set_columns(table: nodes.table) -> None:
    """Set columns of numbers to the right, and let a long table break over pages."""
    rows = list(table.findall(nodes.row))
    if len(table.astext()) > LONG_TABLE:
        table["classes"].append("longtable")
        texts = [""] * len(rows[0].children)
        for row in rows:
            for column, cell in enumerate(row.children):
                texts[column] += f"{cell.astext()} "
        columns = [RAGGED_COLUMN.format(width) for width in column_widths(texts)]
    else:
        columns = []
        for cell in rows[0].children:
            columns.append("R" if "text-right" in cell["classes"] else "L")
    place = table.parent.index(table)
    table.parent.insert(place, tabular_col_spec(spec=f"{{{''.join(columns)}}}"))


def column_widths(texts: list[str]) -> list[float]:
    """How the columns of a long table share the line, as parts of it.

    Each gets what its longest word takes, and of the rest a share by the square root of
    how much it holds: a column of twice the text gets wider, but not twice as wide.

    Parameters
    ----------
    texts : list of str
        All the text of each column.
    """
    least = []
    for text in texts:
        longest = max(len(word) for word in BREAK.split(text))
        least.append((longest + COLUMN_GAP) / CHARACTERS_OF_LINE)
    rest = max(0, 1 - sum(least))
    roots = [math.sqrt(len(text)) for text in texts]
    widths = []
    for limit, root in zip(least, roots, strict=True):
        widths.append(limit + rest * root / sum(roots))
    return [width / sum(widths) for width in widths]


def put_metadata_first(app, exception: Exception | None) -> None:
    """Let the file for LaTeX begin with the book's ``metadata.def``, if it has one."""
    names = [Path(name).name for name in app.config.latex_additional_files]
    if exception or app.builder.name != "latex" or METADATA not in names:
        return
    for entry in app.config.latex_documents:
        path = Path(app.outdir) / entry[1]
        text = path.read_text(encoding="utf-8")
        first = rf"\input{{{METADATA}}}"
        path.write_text(f"{first}\n{text}", encoding="utf-8", newline="\n")


def setup(app) -> None:
    """Connect the extension with Sphinx."""
    app.add_post_transform(LatexLayout)
    app.connect("build-finished", put_metadata_first)
