"""Sphinx extension: the text cites a work as the bibliography labels it.

Both say "Kingma and Ba, 2014", so that it can be found on paper too.
"""

from collections import Counter
from string import ascii_lowercase

from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style as PlainStyle
from pybtex.style.labels import BaseLabelStyle


class AuthorYear(BaseLabelStyle):
    """Labels such as "LeCun et al., 1998", with a letter where two would be the same."""

    def format_labels(self, sorted_entries):
        labels = [_label(entry) for entry in sorted_entries]
        total, seen = Counter(labels), Counter()
        for label in labels:
            letter = ascii_lowercase[seen[label]] if total[label] > 1 else ""
            seen[label] += 1
            yield label + letter


class Style(PlainStyle):
    default_label_style = AuthorYear


def _label(entry) -> str:
    people = entry.persons["author"]
    names = [" ".join(person.prelast_names + person.last_names) for person in people]
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"{who}, {entry.fields['year']}"


def setup(app) -> dict:
    register_plugin("pybtex.style.formatting", "author_year", Style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
