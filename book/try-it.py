# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Try it
#
# ```{only} html
# Draw a digit with the mouse, a finger or a pen. The published network reads it while you draw. The page holds the
# weights and asks no server.
# ```
#
# ```{only} latex
# In the HTML book this page is a pad. The reader draws a digit on it with the mouse, a finger or a pen, and the published
# network reads it, without a server. The pad is the page `book/try-it.html`; `make serve` builds the book and shows it in
# a browser. In print {numref}`fig-pad` stands in its place.
# ```
#
# ```{digit-pad}
# ```
#
# ```{only} html
# The row of small images is from the test set: the first of each digit, then the first ones that the network misreads.
# A click hands one to the network as it stands in the file.
# ```

# %% tags=["remove-cell", "nbval-ignore-output"]
import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw

from lenet5.display import glue_numbers, show
from lenet5.image import centre
from lenet5.provenance import provenance
from lenet5.run import RECORD, Run
from lenet5.style import BLUE, ORANGE, style
from lenet5.train import cpu_threads, logits

run = Run.load(RECORD)
drawing = Image.new("L", (280, 280))
pen = ImageDraw.Draw(drawing)
for stroke in [(84, 48), (62, 104), (134, 104)], [(106, 44), (134, 104), (128, 176)]:
    pen.line(stroke, fill=255, width=20, joint="curve")
seen = centre(np.asarray(drawing, dtype=np.float32))
with cpu_threads(run.config.threads):
    probabilities = logits(run.model, torch.from_numpy(seen)[None, None]).softmax(1)[0]
first, second = probabilities.argsort(descending=True)[:2].tolist()
glue_numbers(
    first=first,
    first_probability=f"{100 * probabilities[first]:.0f} %",
    second=second,
    second_probability=f"{100 * probabilities[second]:.0f} %",
)

# %% [markdown]
# ## What the network sees
#
# Every image of MNIST was fitted into 20×20 pixels and moved until its centre of mass was the middle of 28×28
# {cite:p}`lecun1998`. A drawing gets the same treatment: it may be large or small and stand anywhere on the paper.
# {numref}`fig-pad` follows one through the pad, a four whose top nearly closes. The network gives
# {glue:text}`first_probability` to the digit {glue:text}`first` and {glue:text}`second_probability` to the digit
# {glue:text}`second`. A wider or a narrower gap decides it.

# %% mystnb={"figure": {"caption": "What the pad does. Left: a digit drawn on paper of 280×280 pixels, away from the middle. Centre: the image that the network sees, fitted into 20×20 pixels (dashed) with its centre of mass in the middle of 28×28. Right: the probability of each digit.", "name": "fig-pad"}, "image": {"alt": "Three panels. On the left a small angular four with a narrow gap at its top, white on black, in the upper left of the paper. In the middle the same figure, larger, coarse and centred, within a dashed box. On the right ten horizontal bars, one a digit: the digits 4 and 9 share nearly all of the probability.", "width": "540px"}} tags=["hide-input", "nbval-ignore-output"]
with style():
    figure = Figure(figsize=(5.6, 2.3), layout="constrained")
    figure.get_layout_engine().set(wspace=0.08)
    paper, image, bars = figure.subplots(1, 3)
    for axes, picture, title in ((paper, drawing, "drawn"), (image, seen, "seen")):
        axes.imshow(picture, cmap="gray", interpolation="nearest")
        axes.set_title(title)
        axes.axis("off")
    rows, columns = (np.flatnonzero(seen.any(axis)) for axis in (1, 0))
    corner = (columns.mean() - 10, rows.mean() - 10)
    dashed = {"edgecolor": ORANGE, "linestyle": "--"}
    image.add_patch(Rectangle(corner, 20, 20, fill=False, **dashed))
    bars.barh(range(10), 100 * probabilities, color=BLUE)
    bars.set(yticks=range(10), ylabel="digit", xlabel="probability (%)", xlim=(0, 100))
    bars.set_title("read")
    bars.invert_yaxis()
    bars.grid(axis="y", visible=False)
show(figure, provenance(run))

# %% [markdown]
# The pad has ten answers and no other. Their probabilities add up to one whatever is drawn, so a letter or a scribble is
# read as a digit too, and sometimes with confidence.
