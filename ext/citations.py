"""Sphinx extension: the text cites a work as the bibliography labels it.

Both say "Kay et al., 1998", with a letter where two works would say the same. No
built-in style does: they label a work [KBB98], or cite two works by the same words.
"""

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels.alpha import LabelStyle


class AuthorYear(LabelStyle):
    def format_label(self, entry) -> str:
        people = entry.persons["author"]
        names = [" ".join(one.prelast_names + one.last_names) for one in people]
        who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return f"{who}, {entry.fields['year']}"


class Style(PlainStyle):
    default_label_style = AuthorYear


def setup(app) -> None:
    register_plugin("pybtex.style.formatting", "author_year", Style)
