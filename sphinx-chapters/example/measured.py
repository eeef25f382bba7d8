# %% tags=["remove-cell"] depends=["measurements.csv"]
import math
from statistics import mean

import myst_nb
from matplotlib.figure import Figure

from pendulum import read_timings
from sphinx_chapters.authors import glue, show, table

timings = read_timings("measurements.csv")
count = sum(len(times) for times in timings.values())
means = {length: mean(times) for length, times in timings.items()}

# %% [markdown]
# # A stone on a string
#
# We timed ten swings of a stone on strings of {glue:text}`strings` lengths, three times each.
# {numref}`tab-timings` has the means.

# %% tags=["hide-input"]
rows = []
for length, times in timings.items():
    rows.append((length, means[length], max(times) - min(times)))
table(
    rows,
    ["length in m", "one swing in s", "largest difference in s"],
    caption="How long a swing takes, the mean of three timings.",
    name="tab-timings",
    provenance="From `measurements.csv`",
    formats={
        "length in m": "{:.2f}",
        "one swing in s": "{:.3f}",
        "largest difference in s": "{:.3f}",
    },
)

# %% [markdown]
# The square of the time grows as the string does ({numref}`fig-measured`). So a formula says it,
#
# $$T = 2\pi\sqrt{L/g},$$
#
# and the slope of the line is $4\pi^2/g$. From it comes $g$ = {glue:text}`gravity`. On a string
# of one metre a swing takes {glue:text}`period`.

# %% tags=["hide-input"]
slope = sum(length * time**2 for length, time in means.items())
slope /= sum(length**2 for length in means)
gravity = 4 * math.pi**2 / slope

figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.subplots()
axes.plot([0, 1.6], [0, 1.6 * slope], color="#767676", linewidth=1)
axes.plot(means.keys(), [time**2 for time in means.values()], "o", color="#0072b2")
axes.set_xlabel("length of the string in m")
axes.set_ylabel("time of a swing, squared, in s²")
show(
    figure,
    "fig-measured",
    caption="The square of the time of a swing, and the line through nought that fits best.",
    alt="Six points, from a quarter of a metre to one and a half, close to a line through nought.",
    provenance="From `measurements.csv`, means of three",
)

# %% tags=["remove-cell"]
glue("{:.2f} m/s²", gravity=gravity)
glue("{:.3f} s", period=2 * math.pi / math.sqrt(gravity))
glue(strings=len(timings))
spread = mean(max(times) - min(times) for times in timings.values())
glue("{:.3f} s", spread=spread)
myst_nb.glue("timings", count, display=False)
