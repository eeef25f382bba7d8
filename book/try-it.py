# %% [markdown]
# # Try it
#
# ```{only} html
# Draw a digit with the mouse, a finger or a pen, and the published network reads it while you draw. It is right about
# ninety-nine times in a hundred on digits from MNIST; yours it may find harder. The page holds the weights and asks no
# server.
# ```
#
# ```{only} latex
# In the HTML book this page is a pad. The reader draws a digit on it with the mouse, a finger or a pen, and the
# published network reads it, without a server. The pad is the page `book/try-it.html`; `make serve` builds the book and
# shows it in a browser. In print {numref}`fig-pad` stands in its place.
# ```
#
# ```{app} kernel pad
# :data: /record/model.safetensors pad/samples.json kernel.wasm=exact.compiler:webassembly
# :later: /record/committee/*.safetensors member.wasm=networks.member.reader:webassembly
# ```
#
# ```{only} html
# The row of small images is from the test set: the first of each digit, then the first ones that the network misreads.
# A click hands one to the network as it stands in the file. The {doc}`committee` is asked beside it, if you like: its
# networks are loaded then, and vote on what stands on the paper whenever the pen rests. They read here by the same code
# as in that chapter, to the same bytes.
# ```

# %% tags=["remove-cell"]
from pathlib import Path

import numpy as np

from exhibits import edition, glue, provenance, show, try_it
from exhibits.predictions import Predictions
from lenet5.data import load
from lenet5.files import write_whole
from lenet5.picture import centre

_, test = load()
run = edition.published()
predictions = Predictions.of_run(run, test)
samples = predictions.samples(try_it.chosen_samples(predictions))
write_whole(Path("pad", "samples.json"), samples)

# %% [markdown]
# ## What the network sees
#
# Every image of MNIST was fitted into 20×20 pixels and moved until its centre of mass was the middle of 28×28
# {cite:p}`lecun1998`. A drawing gets the same treatment: it may be large or small and stand anywhere on the paper.
# {numref}`fig-pad` follows one through the pad, a four whose top nearly closes. The network gives
# {glue:text}`first_probability` to the digit {glue:text}`first` and {glue:text}`second_probability` to the digit
# {glue:text}`second`. A wider or a narrower gap decides it.
#
# ```{glue:figure} fig-pad
# :name: fig-pad
# :alt: Three panels. On the left a small angular four with a narrow gap at its top, white on black, in the upper left
# :  of the paper. Beside it the same figure, larger, coarse and centred, within a dashed box. Below ten bars, one a
# :  digit; the digits 4 and 9 share nearly all of the probability.
# What the pad does. Left: a digit drawn on paper of 280×280 pixels, away from the middle. Right: the image that the
# network sees, fitted into 20×20 pixels (dashed) with its centre of mass in the middle of 28×28. Below: the probability
# of each digit.
# ```
#
# The network has ten answers and no other. Their probabilities add up to one whatever is drawn, so a letter or a
# scribble is read as a digit too, and sometimes with confidence: a mere dot as a {glue:text}`dot`, at
# {glue:text}`dot_sure`. Where the ink lies within two widths of the pen, no two strokes can leave a gap between them,
# and the pad says that it is too little for a digit.
#
# ## What next
#
# {doc}`reproduce` trains a network of your own in a minute or two, and hands it to this pad.

# %% tags=["hide-input", "remove-output"]
engine = run.engine()
drawing = try_it.draw_four()
seen = centre(np.asarray(drawing, dtype=np.float32))
probabilities = engine.probabilities(seen[None, None])[0]
first, second = (-probabilities).argsort()[:2]
glue(first=first, second=second)
glue("{:.0f} %", first_probability=100 * probabilities[first])
glue("{:.0f} %", second_probability=100 * probabilities[second])
dot = centre(np.asarray(try_it.draw_dot(), dtype=np.float32))
probabilities_of_dot = engine.probabilities(dot[None, None])[0]
glue(dot=probabilities_of_dot.argmax())
glue("{:.0f} %", dot_sure=100 * probabilities_of_dot.max())
show("fig-pad", try_it.pad(drawing, seen, probabilities), provenance.of_run(run))
