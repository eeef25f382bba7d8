"""Every figure of the report by its name; a chapter imports the modules that it needs."""

from exhibits.figures.answer import answer
from exhibits.figures.browser import trained_here
from exhibits.figures.committee import costs, misread, sizes
from exhibits.figures.counts import class_bars, confusion, intervals
from exhibits.figures.curves import convergence, errata, selection
from exhibits.figures.images import atlas, digits, pad, predictions
from exhibits.figures.ladder import ladder, maps, passes
from exhibits.figures.network import architecture, feature_maps, filters
from exhibits.figures.seeds import final_and_best, final_errors, parting, seed_curves

__all__ = ["answer", "architecture", "atlas", "class_bars", "confusion", "convergence"]
__all__ += ["digits", "errata", "feature_maps", "filters", "final_and_best"]
__all__ += ["final_errors", "intervals", "ladder", "maps", "pad", "parting", "passes"]
__all__ += ["predictions", "seed_curves", "selection", "trained_here"]
__all__ += ["costs", "misread", "sizes"]
