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
from exhibits.audit import figures, findings, tables
from exhibits.audit.evidence import Evidence
from exhibits.audit.published import systems
from exhibits.report import make_report
from exhibits.reruns import ORIGIN as ORIGIN_OF_RERUNS
from studies import intervals, rates, seeds, variations

config = edition.config_of_parameters(globals())
report = make_report(config)
run = report.run
predictions = report.predictions
others = seeds.read().errors, rates.read()
evidence = Evidence.of_run(run, report, *others)
recorded = edition.recorded()
about_2020 = findings.Findings.of_run(recorded, report, *others)
ledger = evidence.ledger
claims = ledger.claims
origin = provenance.of_run(run)

# %% [markdown]
# # The audit, claim by claim

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# Of {glue:text}`claims` claims of the 2020 report {cite:p}`mejia2020`, {glue:text}`held` hold, {glue:text}`corrected`
# hold with a correction, {glue:text}`consistent` are consistent with what we find, {glue:text}`failed` do not hold, and
# {glue:text}`untested` cannot be tested here. These do not hold: {glue:text}`failures`
#
# ## What the words mean
#
# A claim **holds** if a test that could have gone against it did not. It holds **with a correction** if a value, a name
# or an axis must be put right and the result stays. It is **consistent** if nothing that we find speaks against it, but
# the test would have come out the same if something else were true: our run by Adam ends near the plot, and so might a
# run by another optimiser. A claim **does not hold** if what we find contradicts it.
#
# Of a whole report we use the words of the Association for Computing Machinery {cite:p}`acm2020`; other authors use
# them otherwise {cite:p}`gundersen2021`. To *repeat* a result is to get it again as the same people with the same
# program: we do so with `make reproduce`. To *reproduce* it takes other people with the same program: a reader who runs
# `make reproduce` does that with our result, and the reruns below do it with the 2020 report. To *replicate* it takes
# other people with another program, which is what this book does.
#
# ## The text alone does not suffice
#
# Could a reader repeat the run from the text? {numref}`tab-sources` lists what a run needs to be told. The text names
# the network, the optimiser, the loss and the number of epochs; {glue:text}`only_program` of {glue:text}`needed` things
# stand only in the program, or nowhere. Three names that the printed listing uses, `imgsize`, `out_conv_size` and
# `nclasses`, are not defined in it. This book takes what the text leaves open from the program, and the numbers behind
# the plot from the function that draws it.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: what text and program say"}
origin_of_ledger = "File `book/claims.yml`, read off the public source of 2020"
show_table(
    "what a run needs | the text and the figures say | the program says",
    tables.recipe_rows(ledger.recipe),
    "The recipe of 2020, by what the text and the figures say of it and what the program does.",
    "tab-sources",
    origin_of_ledger,
)

# %% tags=["remove-cell"]
glue(needed=len(ledger.recipe))
glue(only_program=sum(not entry["text"] for entry in ledger.recipe))
glue(zoo_date=ledger.facts["zoo"])

# %% [markdown]
# The program, in turn, is that of Flux's public collection of models {cite:p}`fluxzoo`, in the state of
# {glue:text}`zoo_date`. We compared the two, line by line: white space apart, the training is the same, and so is every
# setting for which none is given. The 2020 report adds two functions that draw its figures, and takes out the lines
# that start the training. So the recipe is that of Flux's authors, its learning rate included. The student ran it, drew
# its results and wrote the report. Most people learn in this way, and there is nothing wrong with it; one sentence that
# names the source would help a reader.
#
# ## The program, run again
#
# {numref}`tab-rerun` says with what the program was run again. {doc}`Results <results>` shows the runs: they settle
# whether the source code gives the plotted result, and they show the same pattern of loss and error.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the versions of the rerun"}
show_table(
    "what | with what",
    tables.rerun_rows(ledger.facts["rerun"]),
    "The reruns of the program of 2020: a measurement made once, outside this repository.",
    "tab-rerun",
    ORIGIN_OF_RERUNS,
)

# %% [markdown]
# ## What a plot can tell of rate and optimiser
#
# Where a training ends says little of how it was made. Gradient descent with momentum, at its usual rate, ends at
# {glue:text}`by_sgd` (“{glue:text}`sgd`” in {doc}`the chapter on what matters <what-matters>`), where the recipe, by
# Adam, ends at {glue:text}`by_adam`. Where a training begins says more, since a higher rate learns faster at first.
# {numref}`tab-rates` has the errors after the first epoch by Adam, at the rate of the text, at a third of it and at
# three times as much. The plot has {glue:text}`plotted_first`. So with Adam the rate of the text is told from these
# two, though not from rates close to it.
#
# The optimiser itself is told only as far. That gradient descent begins otherwise: after its first epoch it misreads
# {glue:text}`first_by_sgd` of the images held back, and the recipe {glue:text}`first_by_adam`. But a lower rate would
# begin more slowly, and might begin as the plot does. From the plot we can learn the rate if we know the optimiser, or
# the optimiser if we know the rate, and not both. The program names both. We take the optimiser from it, and test the
# rate.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: one epoch by its rate"}
first_errors = about_2020.first_errors()
show_table(
    "learning rate | seeds | lowest, % | mean, % | highest, %",
    tables.rate_rows(first_errors),
    "Test errors of the recipe after its first epoch, by Adam, by the learning rate.",
    "tab-rates",
    provenance.of_files(["seeds.csv", "rates.csv"], "python -m studies rates"),
    "lrrrr",
)

# %% tags=["remove-cell"]
glue("{:.2f} %", plotted_first=about_2020.plotted_errors.iloc[0])
outcomes = {outcome.name: outcome for outcome in variations.read()}
sgd = "SGD at 0.01"
glue("{:.2f} %", by_sgd=outcomes[sgd].test.mean())
glue("{:.2f} %", by_adam=outcomes["the recipe"].test.mean())
first_by_sgd = variations.after_first_epoch(sgd)
first_by_adam = variations.after_first_epoch("the recipe")
glue(
    sgd=sgd,
    first_by_sgd=findings.span(first_by_sgd),
    first_by_adam=findings.span(first_by_adam),
)

# %% [markdown]
# ## The claims
#
# {numref}`tab-claims` has all claims, those that do not hold on top. With each stand what was found and where this book
# shows it. The last column names the section of the 2020 report that makes the claim, and in brackets whether it is
# made in the text, in a figure or by the program. The ledger `book/claims.yml` keeps the value that is claimed and how
# far a finding may be from it, and a function in `book/exhibits/audit/findings.py` tests each that can be tested: every
# verdict is the result of code.
#
# ```{app} claims
# ```

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the claims are tested"}
found = findings.find_all(about_2020)
counts = findings.count_verdicts(found)
glue(claims=len(found))
glue(held=counts[findings.HOLDS], corrected=counts[findings.CORRECTED])
glue(consistent=counts[findings.CONSISTENT])
glue(failed=counts[findings.FAILS], untested=counts[findings.UNTESTED])
failures = [f"“{claims[name].claim}”" for name in findings.failures(found)]
glue(failures=" ".join(failures))
show_table(
    "verdict | claim | found | tested by | where it is made",
    tables.claim_rows(claims, found),
    "The claims of the 2020 report and what became of them.",
    "tab-claims",
    provenance.of_run(recorded),
)

# %% [markdown]
# ## The loss, put right
#
# {numref}`fig-errata` shows the loss as it is drawn, and moved back by one epoch. Its first value is that of an
# untrained network, so the series begins at epoch 0. Loss and error of one network go together: their correlation is
# {glue:text}`as_drawn` as drawn and {glue:text}`moved` with the loss moved back. The reruns show how the slip came
# about. The program prints both before the first epoch and after each, a series of {glue:text}`printed` values; the
# plot has {glue:text}`plotted` losses from epoch 0 on and as many accuracies from epoch 1 on, typed by hand, and the
# loss after the last epoch is lost.
#
# ```{glue:figure} fig-errata
# :name: fig-errata
# :alt: A line chart of the loss over the epochs on a logarithmic axis. The loss of the 2020 report as drawn, a dotted
# :  line with crosses, lies one epoch to the right of the same line moved back, which runs along ours.
# The loss of the 2020 report as drawn, and moved back by one epoch, where it meets that of our run on the test images.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the loss, moved back"}
glue("{:.3f}", as_drawn=evidence.correlation(0), moved=evidence.correlation(1))
glue(printed=evidence.reruns.errors.shape[1], plotted=len(report.original))
show("fig-errata", figures.errata(report.history, report.original, report.name), origin)

# %% [markdown]
# ## How sure the numbers are
#
# An error counted on {glue:text}`dataset.ipynb::test:s` images is an estimate. {term}`Wilson's interval`
# {cite:p}`wilson1927` gives the errors that such a count is compatible with, at a confidence of {glue:text}`level`:
# ours is {glue:text}`results.ipynb::error:s`, from {glue:text}`interval`. {numref}`tab-records` puts it beside that of
# the 2020 report and those of others.
#
# The last column has the {term}`p-value` of the difference from ours, by a test of two proportions. Who makes
# {glue:text}`tests` tests may well find one small p-value by luck, so all are raised by {term}`Holm's correction`
# {cite:p}`holm1979`: the smallest is multiplied by the number of tests, the next by one less, and so on, and none may
# end below the one before it. One of {glue:text}`significance` or more means that this test does not tell the two
# apart; it does not mean that they are alike. The test takes the mistakes of two networks as independent. They read the
# same images and share mistakes, so that {term}`McNemar's test` on both lists of mistakes could find smaller
# differences {cite:p}`dietterich1998`, but the lists of the others are not published. Nor would it compare recipes:
# {doc}`Variability <variability>` shows how often it tells two networks of one recipe apart. Whatever the test, a
# single run of each cannot tell a better recipe from a better draw. So the column before the last counts how many of
# our {glue:text}`seeds` seeds end at the same error or a lower one: where it is none, luck with the seed is no
# explanation.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: errors and their intervals"}
compared = systems(evidence)
significance = 1 - intervals.LEVEL
show_table(
    "system | year | error, % | interval, % | selected on the test set | seeds as good | p",
    [system.row(evidence.final_of_seeds) for system in compared],
    f"Test error with Wilson's {100 * intervals.LEVEL:.0f} % interval, ours and others'; how many of our seeds are as "
    "good; and the p-value of the difference from our run.",
    "tab-records",
    origin,
    "lrrrlrr",
)

# %% tags=["remove-cell"]
glue(seeds=len(evidence.final_of_seeds))
low, high = compared[0].interval
glue("{:.0f} %", level=100 * intervals.LEVEL)
glue("{:.2f}", significance=significance)
glue(tests=len(compared) - 1, interval=f"{low:.2f} to {high:.2f} %")

# %% [markdown]
# All these systems are measured on the same {glue:text}`dataset.ipynb::test:s` images, for decades. Do they still say
# how well a network reads new digits? Yadav and Bottou {cite:p}`yadav2019` rebuilt the lost part of MNIST's test set
# and tried: on new digits the errors are somewhat higher, and the order of the systems mostly stays. Recht and others
# {cite:p}`recht2019` did the same with photographs: there the errors rise more, and the order stays. So read a small
# error as one on these images.
#
# ## Labels in doubt
#
# Some test labels are wrong, and of some nobody can tell. Raters rejected {glue:text}`rejected` of them
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
# ```{only} html
# A click on an image puts it on the pad of the page {doc}`draw`, where the committee and LeNet-5 of 1998 read it too.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: all mistakes"}
misread = predictions.wrong
rejected = ledger.facts["rejected"]  # images, by their place in the file
kept = np.ones(evidence.images, bool)
kept[rejected] = False
glue(rejected=(~kept).sum(), rejected_wrong=misread[~kept].sum())
glue("{:.2f} %", kept_error=100 * misread[kept].sum() / kept.sum())
show("fig-atlas", figures.atlas(predictions, rejected), origin)

# %% [markdown]
# ## Summary and exercises
#
# Most of what the 2020 report says holds, once a name or an axis is put right; its program gives plots like the one it
# shows, and another program does too. Four small things would complete it: a sentence on whose recipe it is, the size
# of a batch, a second run, and in the text the accuracy that the plot shows.
#
# The exercises are done in Python, in the folder of this book's source: start `.venv/bin/python`.
#
# 1. The plot ends at {glue:text}`plotted_mistakes` mistakes. Between which numbers of mistakes on as many images would
#    another network have a p-value of {glue:text}`significance` or more beside it, by the test of two proportions
#    alone? Use `difference(mistakes, others, images)`, which comes with `from studies.intervals import difference`.
# 2. Four tests have the p-values {glue:text}`four`. Which are below five in a hundred after Holm's correction, and
#    which after Bonferroni's, which multiplies each by four? Use `holm` of the same module.
# 3. A claim is that a training takes Adam. Name a test that could tell it from gradient descent, and one that could
#    not.
#
# :::{dropdown} Solutions
# 1. From {glue:text}`fewest_alike` to {glue:text}`most_alike`. So one run can hardly contradict such a claim, which is
#    why the claim of the optimiser is called consistent and no more.
# 2. By Holm's correction they become {glue:text}`by_holm`, by Bonferroni's {glue:text}`by_bonferroni`: the first alone
#    stays below in both.
# 3. The error of the last epoch cannot, and that of the first only together with the rate. The program can, since it
#    names the optimiser; so could the weights after one step, since Adam moves each by about the learning rate,
#    whatever its gradient.
# :::

# %% tags=["remove-cell"]
ends = about_2020.plotted_mistakes
alike = [
    other
    for other in range(3 * ends)
    if intervals.difference(ends, other, evidence.images) >= significance
]
glue(plotted_mistakes=ends, fewest_alike=min(alike), most_alike=max(alike))
four = [0.01, 0.02, 0.03, 0.04]
bonferroni = [4 * p for p in four]
glue(four=", ".join(f"{p:.2f}" for p in four))
glue(by_holm=", ".join(f"{p:.2f}" for p in intervals.holm(four)))
glue(by_bonferroni=", ".join(f"{p:.2f}" for p in bonferroni))
