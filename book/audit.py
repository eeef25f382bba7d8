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

# %% tags=["parameters", "remove-cell"]
epochs = 20
batch_size = 128
lr = 3e-4
seed = 0

# %% tags=["remove-cell"]
import math

import numpy as np
import pandas as pd
import torch

from lenet5 import audit_figures, ledger, network_figures, validation
from lenet5.config import Config
from lenet5.data import ROOT, checksum, load
from lenet5.display import glue_numbers, show, show_table
from lenet5.ledger import Finding
from lenet5.proportions import difference, wilson
from lenet5.provenance import provenance
from lenet5.run import load_or_train
from lenet5.train import State, cpu_threads, logits

config = Config(epochs=epochs, batch_size=batch_size, lr=lr, seed=seed)
train, test = load()
claims, literature, facts = ledger.read()
original = pd.read_csv(ROOT / "original.csv")
images = len(test.labels)
level = 0.95
rejected = torch.zeros(images, dtype=torch.bool)
rejected[facts["rejected"]] = True
drawn_error = 100 - original.accuracy
as_drawn = np.corrcoef(original.loss, drawn_error)[0, 1]
moved = np.corrcoef(original.loss[1:], drawn_error[:-1])[0, 1]
counts = train.labels.bincount()
glue_numbers(
    text_accuracy=f"{claims['accuracy'].value} %",
    plotted=f"{original.accuracy.iloc[-1]:.2f} %",
    first_loss=f"{original.loss[0]:.4f}",
    ln10=f"{math.log(10):.4f}",
    as_drawn=f"{as_drawn:.3f}",
    moved=f"{moved:.3f}",
    fewest=f"{counts.min():,}",
    most=f"{counts.max():,}",
    mean_count=f"{counts.double().mean():,.0f}",
    rejected=int(rejected.sum()),
    level=f"{100 * level:.0f} %",
    significance=f"{claims['replication'].value}",
)

# %% tags=["remove-cell", "nbval-ignore-output"]
run = load_or_train(config, (train, test))
origin = provenance(run)
history = pd.DataFrame(run.history)
with cpu_threads(config.threads):
    probabilities = logits(run.model, test.images).softmax(1)
confidence, predicted = probabilities.max(1)
wrong = predicted != test.labels
mistakes = int(wrong.sum())
plotted_mistakes = round(images * drawn_error.iloc[-1] / 100)
chance = difference(mistakes, plotted_mistakes, images)
kept = int((wrong & ~rejected).sum())
low, high = wilson(mistakes, images, level)
glue_numbers(
    accuracy=f"{100 - 100 * mistakes / images:.2f} %",
    error=f"{100 * mistakes / images:.2f} %",
    interval=f"{low:.2f} to {high:.2f} %",
    mistakes=mistakes,
    chance=f"{chance:.2f}",
    rejected_wrong=int((wrong & rejected).sum()),
    kept_error=f"{100 * kept / int((~rejected).sum()):.2f} %",
)

# %% [markdown]
# # Audit
#
# A reproduction is worth reading when it says what held and what did not. This chapter takes the original
# {cite:p}`mejia2020` statement by statement, puts its errors right beside our own curves, and says how sure our own
# numbers are. Every verdict below is the result of code.
#
# ## The claims
#
# {numref}`tab-claims` lists what the original states and can be checked. A claim *holds*, *holds with a correction*,
# *does not hold*, or *cannot be tested here*. The claims stand in a ledger, `book/claims.yml`, with the value that is
# claimed and how far a finding may be from it.

# %% tags=["hide-input", "nbval-ignore-output"]
state = State.initial(config)
layers = dict(run.model.layers.named_children())
kinds = [type(layer).__name__ for layer in layers.values()]
weighted = [i for i, kind in enumerate(kinds) if kind in ("Conv2d", "Linear")]
activated = [kinds[i + 1 : i + 2] == ["ReLU"] for i in weighted]
sizes = [layer.weight.shape[0] for layer in layers.values() if hasattr(layer, "weight")]
parameters = sum(p.numel() for p in run.model.parameters())
group = state.optimizer.param_groups[0]
near = chance >= claims["replication"].value
apart = claims["total"].value - len(train.labels) - images
mcdnn = literature["mcdnn"]
since = [row for row in literature.values() if row["date"] <= facts["report"]]
then = [row for row in since if row["date"] <= mcdnn["date"]]
rank_then, rank_since = (
    1 + sum(row["error"] < mcdnn["error"] for row in rows) for rows in (then, since)
)
ends = f"our run ends at {100 * mistakes / images:.2f} % error, the plotted one at {drawn_error.iloc[-1]:.2f} %"


def equal(name, found, text, corrected=False):
    return Finding(claims[name].agrees(found), text, corrected)


findings = {
    "image-size": equal(
        "image-size", train.images.shape[2:], "×".join(map(str, test.images.shape[2:]))
    ),
    "grey": equal("grey", train.images.shape[1], f"{train.images.shape[1]} channel"),
    "total": equal(
        "total", len(train.labels) + images, f"{len(train.labels) + images:,}"
    ),
    "splits": equal(
        "splits", (len(train.labels), images), f"{len(train.labels):,} and {images:,}"
    ),
    "classes": equal("classes", len(train.labels.unique()), f"{len(counts)}"),
    "class-size": Finding(
        all(map(claims["class-size"].agrees, counts.tolist())),
        f"from {counts.min():,} to {counts.max():,}; {counts.double().mean():,.0f} on average",
        claims["class-size"].agrees(counts.double().mean()),
    ),
    "validation": equal(
        "validation",
        apart,
        f"{apart} images are in neither split: it is the test set; the epoch reported is the last, not the best",
        original.accuracy.iloc[-1] < original.accuracy.max(),
    ),
    "lenet5": equal(
        "lenet5",
        parameters,
        f"{parameters:,} parameters, not {claims['lenet5'].value:,}; layers of the sizes {sizes} as in the paper",
        sizes == [6, 16, 120, 84, 10],
    ),
    "convolutions": equal(
        "convolutions", kinds.count("Conv2d"), f"{kinds.count('Conv2d')}"
    ),
    "pools": equal("pools", kinds.count("MaxPool2d"), f"{kinds.count('MaxPool2d')}"),
    "dense": equal("dense", kinds.count("Linear"), f"{kinds.count('Linear')}"),
    "relu": equal(
        "relu",
        sum(activated),
        f"{sum(activated)} of {len(activated)}: the last gives logits",
        activated[:-1] == [True] * 4 and not activated[-1],
    ),
    "adam": Finding(
        claims["adam"].agrees(type(state.optimizer).__name__) and near, ends
    ),
    "learning-rate": Finding(
        claims["learning-rate"].agrees(group["lr"]) and near, ends
    ),
    "loss": equal(
        "loss", original.loss[0], f"{original.loss[0]:.4f} against {math.log(10):.4f}"
    ),
    "epochs": equal("epochs", len(original), f"{len(original)} values"),
    "accuracy": equal(
        "accuracy",
        original.accuracy.iloc[-1],
        f"{original.accuracy.iloc[-1]:.2f} % plotted, {100 - 100 * mistakes / images:.2f} % ours",
    ),
    "loss-axis": Finding(
        as_drawn > moved, f"{as_drawn:.3f} as drawn, {moved:.3f} moved", moved > 0.99
    ),
    "random-examples": Finding(
        not claims["random-examples"].agrees(test.labels[:9].tolist()),
        "they are the first nine of the file, in its order",
    ),
    "replication": Finding(
        False,
        f"{mistakes} mistakes against {plotted_mistakes}, p = {chance:.2f}; no seed is set, so only the recipe repeats",
        near,
    ),
    "mcdnn": equal(
        "mcdnn", 100 - mcdnn["error"], f"{mcdnn['error']} % error in its paper"
    ),
    "best": Finding(
        claims["best"].agrees(rank_since),
        f"number {rank_then} in {mcdnn['date'][:4]}, number {rank_since} in {facts['report'][:4]}",
        claims["best"].agrees(rank_then),
    ),
    "hardware": Finding(None, "the machine is not ours, and no run was published"),
    "julia": Finding(None, "the code is not executed here"),
}
rows = ledger.table(claims, findings)
show_table(
    ["claim", "verdict", "found", "tested by", "where"],
    rows,
    "The claims of the original and what became of them.",
    "tab-claims",
    origin=origin,
)

# %% tags=["remove-cell", "nbval-ignore-output"]
verdicts = [finding.verdict for finding in findings.values()]
glue_numbers(
    claims=len(claims),
    held=verdicts.count(ledger.HOLDS),
    corrected=verdicts.count(ledger.CORRECTED),
    failed=verdicts.count(ledger.FAILS),
    untested=verdicts.count(ledger.UNTESTED),
)

# %% [markdown]
# Of {glue:text}`claims` claims {glue:text}`held` hold, {glue:text}`corrected` hold with a correction,
# {glue:text}`failed` do not hold and {glue:text}`untested` cannot be tested here. What concerns the network and the data
# is sound. What fails is the reading of the result.
#
# ## The errors, put right
#
# {numref}`fig-errata` shows the two errors of the convergence figure and its text. The loss is drawn one epoch late: its
# first value is {glue:text}`first_loss`, and a network that gives every digit the same chance has
# ln 10 = {glue:text}`ln10`. So the series begins with the untrained network, at epoch 0. Loss and error of one
# network go together. Their correlation is {glue:text}`as_drawn` as drawn and {glue:text}`moved` with the loss moved
# back by one epoch. The text gives an accuracy of {glue:text}`text_accuracy`; the plotted series ends at
# {glue:text}`plotted`.

# %% mystnb={"figure": {"caption": "The original's curves put right. Top: its loss as drawn, and moved back by one epoch, where it meets ours. Bottom: its accuracy as plotted, and the accuracy that its text gives.", "name": "fig-errata"}, "image": {"alt": "Two line charts over the epochs. In the upper one the loss of the original as drawn lies to the right of ours, and on it once it is moved back by one epoch. In the lower one the plotted accuracy of the original runs close to ours, far above a dashed line at the accuracy of its text."}} tags=["hide-input", "nbval-ignore-output"]
show(audit_figures.errata(history, original, claims["accuracy"].value), origin)

# %% [markdown]
# The classes do not hold {glue:text}`mean_count` training images each: that is their average, and they range from
# {glue:text}`fewest` to {glue:text}`most` ({doc}`dataset` shows all ten).
#
# ## A real validation split
#
# The original calls its test set a validation set. A validation set is there to choose by. To see what choosing does,
# the same network is trained once more on the first {glue:text}`fit_images` training images, with the other
# {glue:text}`validation_images` held back, and measured on the test images beside them. {numref}`tab-selection` sets
# three results side by side: the last epoch, the epoch with the lowest error on the held-back images, and the epoch with
# the lowest error on the test images. The run is recorded in `record/validation`, since it takes as long as the report's
# own.

# %% tags=["remove-cell"]
held_back, split_epochs = validation.read()
fit, validating = validation.hold_back(train)
assert held_back.environment["data_sha256"] == checksum(fit, validating)
split_origin = provenance(held_back, command="make validation")
choices = {
    "last": split_epochs[-1],
    "lowest on validation": validation.at_lowest(split_epochs, "validation_error"),
    "lowest on test": validation.at_lowest(split_epochs, "test_error"),
}
last, by_validation, by_test = choices.values()
glue_numbers(
    fit_images=f"{len(fit.labels):,}",
    validation_images=f"{len(validating.labels):,}",
    flattery=f"{last['test_error'] - by_test['test_error']:.2f}",
    validated=f"{100 - by_validation['test_error']:.2f} %",
)

# %% tags=["hide-input"]
show_table(
    ["chosen", "epoch", "validation accuracy, %", "test accuracy, %"],
    [
        [name, int(row["epoch"])]
        + [f"{100 - row[f'{split}_error']:.2f}" for split in ("validation", "test")]
        for name, row in choices.items()
    ],
    "One training, three ways to choose its epoch.",
    "tab-selection",
    "lrrr",
    origin=split_origin,
)

# %% mystnb={"figure": {"caption": "Error on the held-back and on the test images, epoch by epoch. Dashed lines mark the three choices. The test curve wavers, and its lowest point is where chance helps most.", "name": "fig-selection"}, "image": {"alt": "A line chart of the error in per cent on validation and test images over the epochs. Both fall steeply at first, then waver; dashed vertical lines mark the last epoch and those with the lowest error on either set."}} tags=["hide-input"]
show(
    audit_figures.selection(
        split_epochs[1:], {name: int(row["epoch"]) for name, row in choices.items()}
    ),
    split_origin,
)

# %% [markdown]
# The epoch that validation chooses has a test accuracy of {glue:text}`validated`, and that is a fair figure, since the
# test images had no say. The best epoch on the test images looks better than the last by {glue:text}`flattery` points.
# That gain is luck, and it would not come again on new images. The original's text names neither, so its last epoch is
# the one to compare with.
#
# ## How sure the numbers are
#
# An error counted on {glue:text}`test_images` images is an estimate. Wilson's interval {cite:p}`wilson1927` gives the
# errors that such a count is compatible with, at a confidence of {glue:text}`level`: ours is {glue:text}`error`, from
# {glue:text}`interval`. {numref}`tab-records` puts it beside the original's and those of others.
#
# The last column is the chance of a difference from ours at least as large if both had the same error, by the
# two-proportion score test. A difference with a chance of {glue:text}`significance` or more is within noise. The test
# takes the mistakes of the two networks as independent. They read the same images and share mistakes, and a paired test
# on both lists could find smaller differences. The lists of the others are not published. A seed moves the error too;
# one run of each cannot tell a better recipe from a better draw.

# %% tags=["hide-input", "nbval-ignore-output"]
compared = [
    ("this report", "2026", mistakes, "no, last epoch", ""),
    (
        "the original, as plotted",
        facts["report"][:4],
        plotted_mistakes,
        "no, last epoch",
        "{cite:p}`mejia2020`",
    ),
] + [
    (
        row["system"],
        row["date"][:4],
        round(images * row["error"] / 100),
        row["selected"],
        f"{{cite:p}}`{row['cite']}`",
    )
    for row in literature.values()
]
table = []
for number, (system, year, count, selected, source) in enumerate(compared):
    low, high = wilson(count, images, level)
    p = difference(mistakes, count, images)
    noise = "within noise" if p >= claims["replication"].value else "differs"
    table.append(
        [
            f"{system} {source}".strip(),
            year,
            f"{100 - 100 * count / images:.2f}",
            f"{100 - high:.2f} to {100 - low:.2f}",
            selected,
            ""
            if number == 0
            else f"{noise}, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}",
        ]
    )
show_table(
    [
        "system",
        "year",
        "accuracy, %",
        "interval, %",
        "selected on the test set",
        "against ours",
    ],
    table,
    f"Test accuracy with Wilson's {100 * level:.0f} % interval, ours, the original's and others'.",
    "tab-records",
    "lrrrll",
    origin=origin,
)

# %% mystnb={"figure": {"caption": "The errors of the table, with Wilson's intervals. The band is the interval of this report. A system whose line misses the band differs by more than chance; of the others the table says which.", "name": "fig-intervals"}, "image": {"alt": "Eight horizontal intervals of the test error in per cent. This report, the original and the two LeNet-5 of 1998 lie near one per cent; the later systems lie far to the left, near a fifth of a per cent and below."}} tags=["hide-input", "nbval-ignore-output"]
ends = [wilson(count, images, level) for _, _, count, _, _ in compared]
show(
    audit_figures.intervals(
        [f"{system} ({year})" for system, year, *_ in compared],
        [100 * count / images for _, _, count, _, _ in compared],
        [low for low, _ in ends],
        [high for _, high in ends],
        ours=0,
    ),
    origin,
)

# %% [markdown]
# ## Labels in doubt
#
# Some test labels are themselves wrong, or no one can tell. Raters rejected {glue:text}`rejected` of them
# {cite:p}`northcutt2021`. The network misreads {glue:text}`rejected_wrong` of those, as far as the given label goes. Its
# error is {glue:text}`error` with the given labels and {glue:text}`kept_error` without those images.
# {numref}`fig-atlas` shows every mistake, those in doubt in a frame.

# %% mystnb={"figure": {"caption": "Every mistake on the test images, in the order of the file: label, arrow, prediction, and below it the probability given to the prediction. A frame marks a label that raters rejected.", "name": "fig-atlas"}, "image": {"alt": "A grid of about a hundred small handwritten digits, black on white, twelve in a row. Above each stand its label, the wrong prediction and a probability in per cent; a few, in coloured frames, have labels that raters rejected."}} tags=["hide-input", "nbval-ignore-output"]
rows = wrong.nonzero()[:, 0]
show(
    audit_figures.atlas(
        test.images[rows],
        [
            f"{test.labels[row]}→{predicted[row]}\n{100 * confidence[row]:.0f} %"
            for row in rows
        ],
        rejected[rows].tolist(),
    ),
    origin,
)

# %% [markdown]
# ## Inside the network
#
# {numref}`fig-filters` shows what the two convolutions have learned. Some kernels of the first look for an edge in one
# direction; those of the second combine six maps and are harder to name. {numref}`fig-maps` follows one digit down to
# the logits.

# %% mystnb={"figure": {"caption": "The learned kernels of both convolutions. White is no weight; each layer has its own scale.", "name": "fig-filters"}, "image": {"alt": "Six small squares of five by five coloured cells, the kernels of the first convolution, above a field of sixteen columns and six rows of such squares, the kernels of the second. Colours run from brown for negative through white to violet for positive weights."}} tags=["hide-input", "nbval-ignore-output"]
show(network_figures.filters(run.model), origin)

# %% mystnb={"figure": {"caption": "The first test image and what each layer makes of it. Black is the largest value of a row; the logits at the bottom are bars, and the tallest is the prediction.", "name": "fig-maps"}, "image": {"alt": "From top to bottom: a handwritten seven; six maps in which its strokes are picked out in different ways; the same at half the size; sixteen small maps; the same at half the size; two strips of grey cells for the dense layers; ten bars of which the one for seven is the tallest."}} tags=["hide-input", "nbval-ignore-output"]
show(network_figures.feature_maps(run.model, test.images[0]), origin)

# %% [markdown]
# ## The verdict on your machine
#
# `python -m lenet5 verify` compares the run of your machine with the published one in `record/`, and so does
# `make reproduce` at its end. It first checks that no byte of the record has changed. Then it says one of three things.
#
# - **bit-identical**: every metric of every epoch and every weight is the same.
# - **within the band**: the run ends elsewhere, as close as another run of the recipe does. It tells the distance, and
#   which of CPU capability, threads, PyTorch and BLAS differs.
# - **outside**: it ends where the recipe does not. The command then exits with an error.
#
# The band comes from the replicates in `record/seeds.csv`, trained from different seeds. For the test error and for the
# test loss it is a prediction interval around the mean of the replicates, from their standard deviation and Student's t,
# such that both hold one more run with a probability of {glue:text}`coverage` or more.
# Nothing widens it by hand.

# %% tags=["remove-cell"]
from lenet5.verify import COVERAGE

glue_numbers(coverage=f"{100 * COVERAGE:.0f} %", test_images=f"{images:,}")
