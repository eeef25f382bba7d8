"""Sphinx extension: a picture that LaTeX cannot show is converted, or a warning names it.

MyST-NB prints of an output the best form that LaTeX knows. SVG is none, so that it would take
the plain text, and the picture would be lost without a word.
"""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
SVG = "image/svg+xml"
# What MyST-NB takes for LaTeX before the plain text.
PRINTED = {"application/pdf", "image/png", "image/jpeg", "text/latex", "text/markdown"}
BARE_OBJECT = "<IPython.core.display."  # how IPython begins a text that says nothing
INSTEAD = "This output is in the pages of the book, and not in print."


class PrintPictures(SphinxPostTransform):
    """Choose for print what an output has beside the forms that MyST-NB knows."""

    default_priority = 3  # before MyST-NB chooses, at 4
    formats = ("latex",)

    def run(self, **kwargs) -> None:
        """Change the document, which is the whole book in one."""
        for bundle in list(self.document.findall(is_bundle)):
            forms = {form["mime_type"]: form for form in bundle.children}
            if PRINTED.intersection(forms) or self._chosen_by_the_book(forms):
                continue
            if SVG in forms and self._converts_svg():
                bundle.replace_self(forms[SVG].children)
            elif SVG in forms:
                self._warn(
                    bundle,
                    "print cannot show SVG: give the output a PDF or a PNG beside it, or name"
                    " an extension that converts it, such as sphinxcontrib.cairosvgconverter",
                )
            elif _says_nothing(forms):
                self._warn(
                    bundle,
                    "print cannot show HTML: give the output a text for it, as text/plain"
                    " or text/latex",
                )

    def _chosen_by_the_book(self, forms: dict) -> bool:
        """Whether the author's own priorities name one of the forms."""
        chosen = self.config.nb_mime_priority_overrides
        names = {self.app.builder.name, "*"}
        return any(builder in names and kind in forms for builder, kind, *_ in chosen)

    def _converts_svg(self) -> bool:
        """Whether the book has an image converter of Sphinx for SVG that works here."""
        targets = self.app.builder.supported_image_types
        for transform in self.app.registry.get_post_transforms():
            if not issubclass(transform, ImageConverter):
                continue
            rules = transform.conversion_rules
            if any(source == SVG and target in targets for source, target in rules):
                if transform(self.document).is_available():
                    return True
        return False

    def _warn(self, bundle: nodes.container, why: str) -> None:
        """Say which output is not printed, and leave a line in its place."""
        document = self.env.docname
        figure = "an output"
        node = bundle.parent
        while node is not None:
            if isinstance(node, nodes.figure):
                names = node["names"] or node["ids"]
                figure = f"the figure {names[0]}" if names else "a figure"
            if node.get("docname"):  # a section that is the whole of a page
                document = node["docname"]
                break
            node = node.parent
        LOGGER.warning(
            "%s: %s is not printed, since %s",
            document, figure, why,
            type="chapters", subtype="print",
        )  # fmt: skip
        line = nodes.paragraph("", "", nodes.emphasis(text=INSTEAD))
        bundle.replace_self(line)


def is_bundle(node: nodes.Node) -> bool:
    """Whether a node has all forms of an output, of which one is to be shown."""
    is_container = isinstance(node, nodes.container)
    return is_container and node.get("nb_element") == "mime_bundle"


def _says_nothing(forms: dict) -> bool:
    """Whether an output in HTML has nothing for print but the name of an object."""
    text = forms["text/plain"].astext() if "text/plain" in forms else ""
    return "text/html" in forms and text.lstrip().startswith(BARE_OBJECT)


def setup(app) -> None:
    """Connect this part of the extension with Sphinx."""
    app.add_post_transform(PrintPictures)
