# %% tags=["parameters", "remove-cell"]
from lenet5 import Config

network: str = Config.network
activation: str = Config.activation
optimizer: str = Config.optimizer
epochs: int = Config.epochs
batch_size: int = Config.batch_size
lr: float = Config.lr
schedule: str = Config.schedule
seed: int = Config.seed

# %% tags=["remove-cell"]
import numpy as np

from exhibits import edition, glue, provenance, show, show_table
from exhibits.audit import figures, findings, prose, tables
from exhibits.audit.evidence import Evidence
from exhibits.audit.published import systems
from exhibits.report import make_report
from lenet5.data import HELD_BACK
from studies.intervals import LEVEL
from studies.validation import choices, two_measures
from studies.verdict import COVERAGE

config = edition.config_of_parameters(globals())
report = make_report(config)
run = report.run
predictions = report.predictions
evidence = Evidence(run, predictions, report.original)
claims = evidence.ledger.claims
origin = provenance.of_run(run)

# %% [markdown]
# # Audit

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# Of {glue:text}`claims` claims of the original {cite:p}`mejia2020`, {glue:text}`held` hold as written,
# {glue:text}`corrected` hold with a correction, {glue:text}`failed` do not hold, and {glue:text}`untested` cannot be
# tested here. These fail: {glue:text}`failures` A claim holds *with a correction* if a value, a name or an axis must be
# put right and the result stays.
#
# ## The claims
#
# {numref}`tab-claims` has them all, those that fail on top. With each stand what was found and where this book shows
# it. The ledger `book/claims.yml` keeps the value that is claimed and how far a finding may be from it, and a function
# in `book/exhibits/audit/findings.py` tests each: every verdict is the result of code. What is claimed of the network
# and the recipe is tested on the published run, built by it, which ends near the plotted one; nothing here looks into
# the original code.
#
# ```{app} claims
# ```

# %% tags=["hide-input"]
published = edition.published()
about_original = findings.Findings.of_run(published, report)
found = findings.find_all(about_original)
counts = findings.count_verdicts(found)
glue(claims=len(found))
glue(held=counts[findings.HOLDS], corrected=counts[findings.CORRECTED])
glue(failed=counts[findings.FAILS], untested=counts[findings.UNTESTED])
failures = [f"“{claims[name].claim}”" for name in findings.failures(found)]
glue(failures=" ".join(failures))
show_table(
    "verdict | claim | found | tested by | where",
    tables.claim_rows(claims, found),
    "The claims of the original and what became of them.",
    "tab-claims",
    provenance.of_run(published),
)

# %% [markdown]
# ## The errors, put right
#
# {numref}`fig-errata` shows the two errors of the convergence figure and its text. The loss is drawn one epoch late:
# its first value is {glue:text}`results.ipynb::original_first_loss:s`, and a network that gives every digit the same
# chance has ln 10 = {glue:text}`results.ipynb::ln10:s`. So the series begins with the untrained network, at epoch 0.
# Loss and error of one network go together. Their correlation is {glue:text}`as_drawn` as drawn and {glue:text}`moved`
# with the loss moved back by one epoch. The text gives an accuracy of {glue:text}`introduction.ipynb::text_accuracy:s`;
# the plotted series ends at {glue:text}`results.ipynb::original_accuracy:s`.
#
# ```{glue:figure} fig-errata
# :name: fig-errata
# :alt: Two line charts over the epochs. In the upper one the loss of the original as drawn, the same moved back by one
# :  epoch, and ours. In the lower one the plotted accuracy of the original and ours, far above a dashed line at the
# :  accuracy of its text.
# The original's curves put right, beside ours. Top: its loss as drawn, and moved back by one epoch, where it meets that
# of the report. Bottom: its accuracy as plotted, and the accuracy that its text gives.
# ```

# %% tags=["hide-input", "remove-output"]
glue("{:.3f}", as_drawn=evidence.correlation(0), moved=evidence.correlation(1))
text_accuracy = claims["accuracy"].value
errata = figures.errata(report.history, report.original, text_accuracy, report.name)
show("fig-errata", errata, origin)

# %% [markdown]
# ## A real validation split
#
# The original calls its test set a validation set, and such a set is there to choose by. To see what choosing does,
# the same network is trained once more on the first {glue:text}`fit_images` training images, with the other
# {glue:text}`validation_images` held back, and measured on those and on the test images. {numref}`tab-selection` sets
# three results side by side: the last epoch, the epoch with the lowest error on the held-back images, and the epoch
# with the lowest error on the test images.

# %% tags=["hide-input"]
held_back, errors = two_measures(run.config)
origin_of_held_back = provenance.of_run(held_back, "make record")
chosen = choices(errors)
show_table(
    "chosen | epoch | validation accuracy, % | test accuracy, %",
    tables.choice_rows(errors, chosen),
    "One training, three ways to choose its epoch.",
    "tab-selection",
    origin_of_held_back,
    "lrrr",
)

# %% tags=["hide-input", "remove-output"]
last, by_validation, by_test = errors.test[list(chosen.values())]
fit_images = len(evidence.train.labels) - HELD_BACK
glue("{:,}", fit_images=fit_images, validation_images=HELD_BACK)
glue("{:.2f} %", validated=100 - by_validation)
epochs_in_words = {1: "one epoch", 2: "two epochs", 3: "three epochs"}
glue(taken=epochs_in_words[len(set(chosen.values()))])
gain = last - by_test
glue(flattery=f"{gain:.2f} points" if gain else "nothing")
show("fig-selection", figures.selection(errors, chosen), origin_of_held_back)

# %% [markdown]
# ```{glue:figure} fig-selection
# :name: fig-selection
# :alt: A line chart of the error in per cent on validation and test images over the epochs. Both fall steeply at first,
# :  then waver; dashed vertical lines mark the last epoch and, where they differ, those with the lowest error on either
# :  set.
# Error on the held-back and on the test images, epoch by epoch. Dashed lines mark the epochs chosen; choices
# that agree share one.
# ```
#
# The epoch that validation chooses has a test accuracy of {glue:text}`validated`, and that is a fair figure, since the
# test images had no say. The three choices fall on {glue:text}`taken`, and the best on the test images gains
# {glue:text}`flattery` over the last. A gain of this kind is luck; {doc}`variability` measures it over many
# seeds. The original's text names neither epoch, so its last is the one to compare with.
#
# ## How sure the numbers are
#
# An error counted on {glue:text}`dataset.ipynb::test:s` images is an estimate. {term}`Wilson's interval`
# {cite:p}`wilson1927` gives the errors that such a count is compatible with, at a confidence of {glue:text}`level`:
# ours is {glue:text}`results.ipynb::error:s`, from {glue:text}`interval`. {numref}`tab-records` puts it beside the
# original's and those of others.
#
# The last column has the {term}`p-value` of the difference from ours, by the two-proportion score test. One of
# {glue:text}`significance` or more is within noise. The test takes the mistakes of the two networks as independent.
# They read the same images and share mistakes, and a paired test on both lists could find smaller differences. The
# lists of the others are not published. A seed moves the error too; one run of each cannot tell a better recipe from a
# better draw.

# %% tags=["hide-input"]
compared = systems(evidence)
significance = claims["replication"].value
show_table(
    "system | year | accuracy, % | interval, % | selected on the test set | against ours",
    [system.row(significance) for system in compared],
    f"Test accuracy with Wilson's {100 * LEVEL:.0f} % interval, ours and others'.",
    "tab-records",
    origin,
    "lrrrll",
)

# %% tags=["hide-input", "remove-output"]
low, high = compared[0].interval
glue("{:.0f} %", level=100 * LEVEL, coverage=100 * COVERAGE)
glue(significance=significance, interval=f"{low:.2f} to {high:.2f} %")
show("fig-intervals", figures.intervals(compared), origin)

# %% [markdown]
# ```{glue:figure} fig-intervals
# :name: fig-intervals
# :alt: Eight horizontal intervals of the test error in per cent, ours on top in a band. The original and the two
# :  LeNet-5 of 1998 lie near one per cent; the later systems lie far to the left, near a fifth of a per cent and below.
# The errors of the table, with Wilson's intervals. The band is the interval of our run. A system whose line misses the
# band differs by more than the luck of the images; the luck of the seed comes on top.
# ```
#
# ## Labels in doubt
#
# Some test labels are wrong, or no one can tell. Raters rejected {glue:text}`rejected` of them
# {cite:p}`northcutt2021`. The network misreads {glue:text}`rejected_wrong` of those, as far as the given label goes.
# Its error is {glue:text}`results.ipynb::error:s` with the given labels and {glue:text}`kept_error` without those
# images. {numref}`fig-atlas` shows the mistakes, those in doubt in a frame.
#
# ```{glue:figure} fig-atlas
# :name: fig-atlas
# :alt: A grid of small handwritten digits, black on white, twelve in a row. Above each stand its label, the wrong
# :  prediction and a probability in per cent; a few, in coloured frames, have labels that raters rejected.
# Every mistake on the test images, or the first three hundred, in the order of the file: label, arrow, prediction, and
# below it the probability given to the prediction, in per cent. A frame marks a label that raters rejected.
# ```
#
# ## Inside the network
#
# {numref}`fig-filters` shows {glue:text}`learned`. {numref}`fig-maps` follows one digit down to the {term}`logits`.
#
# ```{glue:figure} fig-filters
# :name: fig-filters
# :alt: Small squares of coloured cells, the kernels of the first layer, and above or below one another fields of such
# :  squares for the convolutions after it. Colours run from brown for negative through the colour of the page to violet
# :  for positive weights.
# {glue:text}`kernels`, each layer on its own scale.
# ```
#
# ```{glue:figure} fig-maps
# :name: fig-maps
# :alt: From top to bottom, a handwritten seven; for each layer of maps a row or more of them, smaller from layer to
# :  layer, in which strokes and parts of the digit show; a grey strip for each dense layer; ten bars for the logits.
# The first test image and what each layer makes of it. The most ink is the largest value of a row; the logits at the
# bottom are bars, and the tallest is the prediction.
# ```
#
# ## The verdict on your machine
#
# `python -m lenet5 verify` compares the run of your machine with the published one in `record/`, as `make reproduce`
# does at its end. A run of the exact engine is either **bit-identical**, in every metric of every epoch and in every
# weight, or something is wrong, and the verdict names the first epoch that differs and the likely cause. A run that
# rounds otherwise, in PyTorch or on a graphics processor, is judged by a band: for the test error and for the test loss
# a prediction interval around the mean of the replicates in `record/seeds.csv`, from their standard deviation and
# Student's t, such that both hold one more run with a probability of {glue:text}`coverage` or more.
#
# ## What next
#
# {doc}`reproduce` passes the same verdict in your browser, without an installation. In {doc}`try-it` you can look for a
# digit that the network misreads, and {doc}`variability` says how much of any difference is luck.

# %% tags=["hide-input", "remove-output"]
wrong = predictions.wrong
rejected = evidence.ledger.facts["rejected"]  # images, by their place in the file
kept = np.ones(evidence.images, bool)
kept[rejected] = False
glue(rejected=(~kept).sum(), rejected_wrong=wrong[~kept].sum())
glue("{:.2f} %", kept_error=100 * wrong[kept].sum() / kept.sum())
show("fig-atlas", figures.atlas(predictions, rejected), origin)
glue(learned=prose.learned(run.network), kernels=prose.kernels(run.network))
show("fig-filters", figures.filters(run.weights, run.network), origin)
first = predictions.images[0]
activations = run.engine().activations(first)
maps = figures.feature_maps(first, activations, run.network)
show("fig-maps", maps, origin)
