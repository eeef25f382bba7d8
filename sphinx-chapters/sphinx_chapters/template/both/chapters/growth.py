# %% [markdown]
# # When money doubles
#
# A bank holds 100 coins, and adds {glue:text}`rate` each year: of the 100, and of all that it
# has added before. After {glue:text}`years` years there are 200, as {numref}`fig-growth` shows.

# %%
from math import log

import matplotlib.pyplot as plt

from sphinx_chapters.authors import glue, show

# %% tags=["parameters"]
rate = 0.04  # of interest, a year

# %%
years = log(2) / log(1 + rate)
glue("{:.1f}", years=years)
glue("{:.1%}", rate=rate)

# %%
figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
times = range(round(1.2 * years) + 1)
axes.plot(times, [100 * (1 + rate) ** time for time in times], marker=".")
axes.axhline(200, color="grey", linewidth=0.8)
axes.set(xlabel="years", ylabel="coins", ylim=(0, None))
show(
    figure,
    "fig-growth",
    caption="What becomes of 100 coins. The grey line is at twice as many.",
    alt=f"A curve that rises ever faster: 200 coins at {years:.1f} years.",
    provenance="By the formula of compound interest, in `growth.py`",
)
