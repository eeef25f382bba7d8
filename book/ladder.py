# %% tags=["remove-cell"]
import itertools
from statistics import fmean, stdev

from exhibits import figures, glue, ladder, ledger, origin, show, show_source, show_table
from exhibits import intervals as ci
from lenet5.data import load
from systems import lenet1998, rungs

literature = ledger.read().literature
paper, distorted_paper = (literature[name]["error"] for name in ("lenet5", "lenet5-distorted"))
steps = [*ladder.read("ladder.csv", rungs.RUNGS), ladder.report()]
by_name = {step.name: step for step in steps}
letter, best, last = by_name[rungs.LETTER.name], by_name[rungs.BEST.name], steps[-1]
distorted, one_rate = ladder.read("ladder.csv", rungs.BESIDE)
runs = origin.of_file("ladder.csv", "make ladder")
glue("{} %", paper=paper, distorted_paper=distorted_paper)
glue("{:.2f} %", letter=letter.mean, best=best.mean, report=last.mean)
glue(seeds=len(best.errors))
low, high = best.interval
glue("{:.2f}", best_low=low, best_high=high)
one_more = ci.prediction_interval(best.errors)
glue("{:.2f}", one_low=one_more[0], one_high=one_more[1])
verdicts = {"inside": "reproduced", "above": "bettered", "below": "not reproduced"}
glue(verdict=verdicts[ci.place(paper, one_more)], best_spread=f"{stdev(best.errors):.2f}")

# %% [markdown]
# # Ladder
#
# LeNet-5 of 1998, trained anew from the words of its paper {cite:p}`lecun1998`, misreads {glue:text}`best` of the test
# images on average. The network of this report bears its name and misreads {glue:text}`report`. This chapter walks from
# one to the other, a change at a time, and trains {glue:text}`seeds` seeds at each step.

# %% [markdown]
# ## From 1998 to the report
#
# {numref}`fig-ladder` shows every run. Each row is the network of the row above with one thing changed, and nothing is
# tuned to the test images. {numref}`tab-ladder` has the numbers: what a change is worth is measured seed by seed.
#
# ```{glue:figure} fig-ladder
# :name: fig-ladder
# :alt: Nine rows of dots over the test error in per cent, one dot a run, with a diamond at the mean of each row and a
# :  bar for its interval. The first rows, of 1998, stand at the left of the dashed line or around it; from the row of
# :  the softmax on, the dots stand to the right of it.
# The test error of every run, rung by rung, one dot each. Diamonds are means, bars their t intervals. The dashed line
# is the error that the paper of 1998 states.
# ```

# %% tags=["hide-input", "remove-output"]
show("fig-ladder", figures.ladder(steps, paper), runs)

# %% tags=["hide-input"]
befores = [None, *steps]
show_table(
    "rung | seeds | mean | interval | spread | against the rung before",
    [step.row(before) for step, before in zip(steps, befores, strict=False)],
    "Test error by rung: the mean, its t interval, the standard deviation of the seeds (%), and the mean difference "
    "to the rung before, seed by seed, with its interval (points).",
    "tab-ladder",
    runs,
    "lrrrrr",
)
