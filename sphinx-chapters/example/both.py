# %% [markdown]
# # How wide is too wide?
#
# A small swing took {glue:text}`measured.ipynb::period:s` on one metre, and three timings of one
# string differed by {glue:text}`measured.ipynb::spread:s`. A swing from
# {glue:text}`deep/wide-swings.ipynb::widest:s` takes
# {glue:text}`deep/wide-swings.ipynb::period:s`, which any stopwatch shows. A swing from
# {glue:text}`angle` takes as much longer than a small one as our timings differ: below that,
# nobody with a stopwatch need care ({numref}`code-period`).
#
# So many timings stand behind this:
#
# ```{glue} timings
# :doc: measured.ipynb
# ```

# %% tags=["hide-input"] depends=["measurements.csv"]
from statistics import mean

from pendulum import period, read_timings
from sphinx_chapters.authors import glue, listing

timings = read_timings("measurements.csv").values()
spread = mean(max(times) - min(times) for times in timings)
angle = 0
while period(1.0, angle) - period(1.0) < spread:
    angle += 1
glue("{}°", angle=angle)
listing(
    period, caption="The time of a swing, by the mean of Gauss.", name="code-period"
)
