"""Every figure of the report by its name; a chapter imports the modules that it needs."""

from exhibits.audit.figures import (
    atlas,
    errata,
    feature_maps,
    filters,
    intervals,
    selection,
)
from exhibits.committee.figures import errors_by_cost, errors_by_size, misread
from exhibits.drawings import class_bars, digits
from exhibits.introduction import architecture
from exhibits.ladder.figures import errors_by_pass, errors_by_rung, first_maps
from exhibits.reproduce import trained_here
from exhibits.results.figures import answer, confusion, convergence, examples
from exhibits.try_it import pad
from exhibits.variability.figures import (
    final_and_best,
    final_errors,
    parting,
    seed_curves,
)

__all__ = [
    "answer",
    "architecture",
    "atlas",
    "class_bars",
    "confusion",
    "convergence",
    "digits",
    "errata",
    "errors_by_cost",
    "errors_by_pass",
    "errors_by_rung",
    "errors_by_size",
    "examples",
    "feature_maps",
    "filters",
    "final_and_best",
    "final_errors",
    "first_maps",
    "intervals",
    "misread",
    "pad",
    "parting",
    "seed_curves",
    "selection",
    "trained_here",
]
