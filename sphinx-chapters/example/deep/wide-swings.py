# %% [markdown]
# # Wide swings take longer
#
# The formula of [](/measured.ipynb) holds for small swings. The wider one is, the longer it takes.
# We follow a stone on a string of {glue:text}`length` from where it is let go, in steps of a
# hundred thousandth of a second.

# %% tags=["parameters"]
gravity = 9.81  # m/s², on the Moon 1.62
length = 1.0  # m

# %% tags=["remove-cell"]
from matplotlib.figure import Figure

from pendulum import period, period_by_steps
from sphinx_chapters.authors import glue, show, table

angles = [10, 30, 60, 90, 120, 150, 170]
times = {angle: period_by_steps(length, angle, gravity) for angle in angles}
small = period(length, gravity=gravity)

# %% [markdown]
# A swing from {glue:text}`widest` takes {glue:text}`period`, {glue:text}`longer` times as long as
# a small one ({numref}`fig-wide`). The mean of Gauss gives the same to the last figure of
# {numref}`tab-wide`. A small swing on one metre takes {glue:text}`/measured.ipynb::period:s`, as we
# measured it.
#
# ```{glue:figure} fig-wide
# :name: fig-wide
# :alt: A curve that is flat to thirty degrees, rises by a fifth at ninety, and steeply at the end.
#
# The time of a swing, by how far the stone is pulled aside: by steps (points) and by the mean of
# Gauss (line).
# ```

# %% tags=["hide-input", "remove-output"]
figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.subplots()
line = range(0, 173, 2)
curve = [period(length, angle, gravity) for angle in line]
axes.plot(line, curve, color="#767676", linewidth=1)
axes.plot(times.keys(), times.values(), "o", color="#0072b2")
axes.set_ylim(bottom=0)
axes.set_xlabel("pulled aside by, in degrees")
axes.set_ylabel("time of a swing in s")
show(figure, "fig-wide", provenance=f"Computed with gravity = {gravity} m/s²")

# %% tags=["hide-input"]
rows = []
for angle, time in times.items():
    rows.append((f"{angle}°", time, period(length, angle, gravity), time / small))
table(
    rows,
    ["pulled aside by", "by steps, in s", "by the mean, in s", "of a small swing"],
    caption="The time of a swing, computed in two ways.",
    name="tab-wide",
    provenance=f"Computed with gravity = {gravity} m/s²",
    formats={
        "by steps, in s": "{:.4f}",
        "by the mean, in s": "{:.4f}",
        "of a small swing": "{:.2f}",
    },
)
glue("{:.2f} m", length=length)
glue("{}°", widest=angles[-1])
glue("{:.3f} s", period=times[angles[-1]])
glue("{:.2f}", longer=times[angles[-1]] / small)
