"""How readers are told the names of rungs, where the record has others."""

from collections.abc import Iterable

from studies.ladder import Step

# The record keeps its names, since the name of a run is computed from that of its rung.
SHOWN = {
    "1998, as it may be read": "1998, wider first weights",
    "bitmaps as of one fount": "bitmaps as in one font, which differ less",
    "random codes": "random patterns in place of the bitmaps",
    "the file's order": "images in the order of the file, in each pass",
    "the first 500 patterns": "second derivatives on the first 500 images",
}


def named(steps: Iterable[Step]) -> list[Step]:
    """The steps under the names that readers see."""
    return [step._replace(name=SHOWN.get(step.name, step.name)) for step in steps]
