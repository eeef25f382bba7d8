"""Every figure of the report by its name; a chapter imports the modules that it needs."""

from exhibits.audit.figures import atlas, errata
from exhibits.committee.figures import errors_by_cost, errors_by_size, misread
from exhibits.draw.figures import alarms_and_misses, not_refused, pad
from exhibits.drawings import digits
from exhibits.introduction import architecture
from exhibits.ladder.figures import errors_by_pass, errors_by_rung, first_maps
from exhibits.results.figures import answer, confusion, convergence, examples
from exhibits.results.inside import feature_maps, filters
from exhibits.train import trained_here
from exhibits.variability.figures import errors_by_digit, final_errors, parting
from exhibits.what_matters.figures import errors_by_variation

__all__ = [
    "alarms_and_misses",
    "answer",
    "architecture",
    "atlas",
    "confusion",
    "convergence",
    "digits",
    "errata",
    "errors_by_cost",
    "errors_by_digit",
    "errors_by_pass",
    "errors_by_rung",
    "errors_by_size",
    "errors_by_variation",
    "examples",
    "feature_maps",
    "filters",
    "final_errors",
    "first_maps",
    "misread",
    "not_refused",
    "pad",
    "parting",
    "trained_here",
]
