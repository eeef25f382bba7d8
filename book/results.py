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
import math
from statistics import fmean, stdev

import numpy as np

from exhibits import edition, glue, provenance, show, show_table
from exhibits.layers import in_words
from exhibits.ledger import read_ledger
from exhibits.report import make_report
from exhibits.reruns import read_reruns
from exhibits.results import figures, inside, prose, tables
from studies import intervals, rates, seeds

config = edition.config_of_parameters(globals())
report = make_report(config)
predictions = report.predictions
history = report.history
original = report.original
origin = provenance.of_run(report.run)
last = history.iloc[-1]
glue(epochs=epochs, mistakes=predictions.mistakes)
glue("{:.2f} %", error=last.test_error)
glue("{:.2f} %", train_error=last.train_error)
glue(
    book=prose.subject(config),
    shape=prose.compare_shapes(config),
    by_heart=prose.compare_errors(last.train_error, last.test_error),
)

# %% [markdown]
# # Results: one digit in a hundred

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# After {glue:text}`epochs` epochs our run misreads {glue:text}`mistakes` of the {glue:text}`dataset.ipynb::test:s` test
# images, an error of {glue:text}`error`. The plot of the 2020 report ends at {glue:text}`original_error`. Its text
# gives an accuracy of {glue:text}`introduction.ipynb::text_accuracy:s`, and that is not what its own plot shows:
# {glue:text}`original_accuracy`. {numref}`fig-answer` puts both runs among {glue:text}`seeds` of ours with other
# {term}`seeds <seed>`, and among {glue:text}`reruns` that the program of 2020 made when it was run again.
#
# ```{glue:figure} fig-answer
# :name: fig-answer
# :alt: A line chart of the test error in per cent over the epochs, from about six down to about one on a logarithmic
# :  axis. The line of our run, that of the 2020 report and nearly all of twelve thin broken lines of its program run
# :  again fall within a grey band; the line of the 2020 report runs along the lower edge of the band at first.
# The error on the test images after each epoch. The light band holds all our seeds of the same recipe, the darker one
# nine in ten. Each thin line is one of the runs of the 2020 report's own program, made outside this repository.
# ```

# %% save_as="answer.svg" tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the error by epoch"}
study = seeds.read()
reruns = read_reruns()
glue("{:.2f} %", original_error=100 - original.accuracy.iloc[-1])
glue("{:.2f} %", original_accuracy=original.accuracy.iloc[-1])
glue(seeds=len(study.final), reruns=len(reruns.final))
answer = figures.answer(history, original, study.errors, reruns.errors, report.name)
show(
    "fig-answer",
    answer,
    f"{origin} · beside it `record/seeds.csv` and `data/rerun.csv`",
)

# %% [markdown]
# ## The same program, run again
#
# The most direct test is the program of 2020 itself. It is public, and in November 2026 it was run {glue:text}`reruns`
# times, in Julia, with the libraries of April 2020. This was done outside this repository, so `make reproduce` does not
# repeat it; what the runs printed is kept in `data/rerun.csv`. {doc}`The audit <audit>` lists the versions, and what
# had to be changed to run it.
#
# The reruns end between {glue:text}`least` and {glue:text}`most`, at {glue:text}`rerun_mean` on average, with a
# {term}`standard deviation` of {glue:text}`rerun_spread` points. (A *point* is one image in a hundred: from one per
# cent to two is one point.) Our {glue:text}`seeds` seeds end at {glue:text}`seed_mean`, with a standard deviation of
# {glue:text}`seed_spread`. The means differ by {glue:text}`gap` points, and the difference lies between
# {glue:text}`gap_low` and {glue:text}`gap_high`, at a confidence of {glue:text}`level`: a range made in this way misses
# the true difference in five of a hundred studies.
#
# In short, the two programs cannot be told apart by where they end: the runs of one recipe scatter about four times as
# far as the means differ. When is such a difference as good as nothing? We take as *margin* {glue:text}`margin` points,
# by which LeNet-5 (1998) improved when its training images were distorted, from
# {glue:text}`introduction.ipynb::lenet5_error:s` to {glue:text}`introduction.ipynb::distorted_error:s`
# {cite:p}`lecun1998`, and call two recipes *equivalent* if the whole range of their difference lies within it, above
# zero and below. It does. (The usual procedure {cite:p}`schuirmann1987` asks this of the narrower range at
# {glue:text}`usual_level`, which goes from {glue:text}`usual_low` to {glue:text}`usual_high`; so we ask a little more.)
# So this book {term}`replicates <replication>` the 2020 report: other people, with another program, get the same
# result. The margin comes from the literature and not from these runs, but we knew their means when we took it. The
# range fits within any margin from {glue:text}`smallest_margin` points on. Smaller differences than that may be there:
# with more runs {doc}`ladder` tells some of them from chance.
#
# The one run of the plot can prove less. It is ordinary at its end: {glue:text}`as_bad` of our {glue:text}`seeds` seeds
# end at its error or higher. At its start it is low. Over its first {glue:text}`early` epochs only
# {glue:text}`early_lower` of the {glue:text}`seeds` seeds and {glue:text}`early_reruns` of the {glue:text}`reruns`
# reruns have a lower error, by the mean of the logarithms, in which each of these epochs counts alike. A
# {term}`p-value` is the probability that chance alone gives something at least as unusual. Of {glue:text}`places`
# places, the plot and the seeds, {glue:text}`low_places` are as low; as many could be as high, and
# {glue:text}`both_places` in {glue:text}`places` make a p-value of {glue:text}`early_p`. We looked at these epochs
# because the line lies low there, which makes the p-value look smaller than it should. It is a lucky start, and not an
# impossible one.

# %% tags=["remove-cell"]
final = study.final
margin = read_ledger().claims["replication"].tolerance
low, high = intervals.welch_interval(reruns.final, final)
glue("{:.2f} %", least=reruns.final.min(), most=reruns.final.max())
glue("{:.3f} %", rerun_mean=fmean(reruns.final), seed_mean=fmean(final))
glue("{:.3f}", rerun_spread=stdev(reruns.final), seed_spread=stdev(final))
glue("{:+.3f}", gap=fmean(reruns.final) - fmean(final), gap_low=low, gap_high=high)
glue("{:.0f} %", level=100 * intervals.LEVEL)
glue(margin=margin)
usual = 2 * intervals.LEVEL - 1  # of two tests, one on each side, at five in a hundred
usual_low, usual_high = intervals.welch_interval(reruns.final, final, usual)
glue("{:.0f} %", usual_level=100 * usual)
glue("{:+.3f}", usual_low=usual_low, usual_high=usual_high)
plotted = round(100 - original.accuracy, 2)
glue(as_bad=(final >= plotted.iloc[-1]).sum())
early = 3
glue(early={3: "three"}[early])
plotted_start = np.log(plotted[:early]).mean()
start = np.log(study.errors.loc[:, 1:early]).mean(axis=1)
start_of_reruns = np.log(reruns.errors.loc[:, 1:early]).mean(axis=1)
early_lower = (start < plotted_start).sum()
glue(early_lower=early_lower, low_places=in_words(early_lower + 1))
glue(both_places=2 * (early_lower + 1), places=len(start) + 1)
glue("{:.2f}", smallest_margin=math.ceil(100 * max(-low, high)) / 100)
glue(early_reruns=in_words((start_of_reruns < plotted_start).sum()))
glue("{:.2f}", early_p=intervals.rank_p(plotted_start, list(start)))

# %% [markdown]
# ## Loss and error
#
# {numref}`fig-convergence` adds the loss and the training images. {glue:text}`shape` On the training images the error
# ends at {glue:text}`train_error`, {glue:text}`by_heart`. {numref}`tab-epochs` gives the numbers.
#
# ```{glue:figure} fig-convergence
# :name: fig-convergence
# :alt: Two line charts over the epochs, each with our curves for training and test images and that of the 2020 report,
# :  which falls steeply, then slowly.
# Top: the mean loss of our run and of the 2020 report, from the untrained network on. Bottom: the error.
# ```
#
# We move the loss of the 2020 report back by one epoch: its first value, {glue:text}`original_first_loss`, is that of
# an untrained network, for which every digit is as likely as any other, ln 10 = {glue:text}`ln10`. Ours starts at
# {glue:text}`first_loss`, with {glue:text}`first_error` of the images misread. {doc}`The audit <audit>` shows more of
# it.
#
# The lowest error of the plot, {glue:text}`original_best`, is at epoch {glue:text}`original_best_epoch`, and of our
# run, {glue:text}`best_error`, at epoch {glue:text}`best_epoch`. Neither counts: it would be an epoch chosen on the
# test images, and {doc}`Variability <variability>` shows how much such a choice flatters.

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the numbers by epoch"}
show_table(
    "epoch | training loss | test loss | training error, % | test error, % | 2020 report, error, %",
    tables.epoch_rows(history, original),
    "Loss (nats) and error at some epochs, with the error that the 2020 report plots.",
    "tab-epochs",
    origin,
    "rrrrrr",
)

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: loss and error by epoch"}
glue("{:.1f} %", first_error=history.test_error[0])
glue("{:.4f}", first_loss=history.test_loss[0], ln10=np.log(10))
glue("{:.4f}", original_first_loss=original.loss[0])
best_epoch = history.test_error.idxmin()  # rows are counted from epoch 0
original_best = original.accuracy.idxmax()
glue(best_epoch=best_epoch)
glue(original_best_epoch=original.drawn_at_epoch[original_best])
glue("{:.2f} %", best_error=history.test_error[best_epoch])
glue("{:.2f} %", original_best=100 - original.accuracy[original_best])
convergence = figures.convergence(history, original, report.name)
show("fig-convergence", convergence, origin)

# %% [markdown]
# ## What it reads
#
# The 2020 report shows nine predictions and calls them random. They are the first nine images of the test file, and
# {numref}`fig-first` shows them as our network reads them. With so few mistakes among so many images, a handful seldom
# has one.
#
# ```{glue:figure} fig-first
# :name: fig-first
# :alt: Nine handwritten digits in three rows, 7 2 1, 0 4 1 and 4 9 5, each under the digit that is predicted.
# The first nine test images under the predicted digits. A wrong one would be bold, with the label in brackets.
# ```
#
# In our run {glue:text}`most_frequent` ({numref}`fig-confusion`). Of the images of a {glue:text}`easiest` the fewest
# are misread, {glue:text}`easiest_error`, and of a {glue:text}`hardest` the most, {glue:text}`hardest_error`. Such
# rankings are this network's: over seeds the hardest digit changes, as {ref}`Variability <sec-over-seeds>` shows.
#
# ```{glue:figure} fig-confusion
# :name: fig-confusion
# :alt: A table of ten rows and ten columns. The diagonal holds the correctly read images of each class, of about a
# :  thousand each; the other fields hold the mistakes.
# The *confusion matrix*: each field counts the test images whose label is its row and that are read as its column. On
# the diagonal they are read rightly; off it, the stronger a colour, the more frequent the mistake.
# ```
#
# ## How sure it is
#
# The {term}`softmax` of the {term}`logits` gives each digit a probability, and that of the digit that is read is the
# network's confidence. Does it deserve to be believed? If it did, our run would misread about {glue:text}`promised` of
# the test images; it misreads {glue:text}`mistakes_again`. Of those with a confidence above {glue:text}`sure` it would
# misread about {glue:text}`promised_sure`; it misreads {glue:text}`sure_mistakes`, {glue:text}`trust`. The common
# measure hardly shows such a thing here. It is the *expected calibration error* {cite:p}`guo2017`: sort the images into
# {glue:text}`bins` bins by their confidence, and take the mean difference between the confidence and the share of right
# answers. It is {glue:text}`calibration`, whatever happens to the few images in doubt, for {glue:text}`top_bin` of all
# images lie in the highest bin. {numref}`fig-mistakes` shows the mistakes of which the network is surest, up to
# {glue:text}`surest_confidence`. Some of them a person would read otherwise too.
#
# ```{glue:figure} fig-mistakes
# :name: fig-mistakes
# :alt: Nine handwritten digits, white on black, in three rows, ambiguous or oddly shaped. Above each stand the wrong
# :  prediction, the label and a probability near one.
# The nine mistakes of which the network is surest: above each the prediction, the label in brackets, the probability.
# ```
#
# ```{only} html
# A click on an image puts it on the pad of the page {doc}`draw`, where the committee and LeNet-5 of 1998 read it too.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: predictions and mistakes"}
show("fig-first", figures.examples(predictions, range(9)), origin)
matrix = predictions.confusion()
errors = predictions.class_errors()
glue(most_frequent=prose.most_frequent(matrix))
glue(easiest=errors.argmin(), hardest=errors.argmax())
glue("{:.2f} %", easiest_error=errors.min(), hardest_error=errors.max())
show("fig-confusion", figures.confusion(matrix), origin)
sure = 0.9
bins = 15
surest = predictions.surest_mistakes(9)
glue(bins=bins)
glue("{:.2f} %", calibration=predictions.calibration_error(bins))
glue("{:.0f} %", sure=100 * sure)
sure_mistakes = (predictions.confidence[predictions.wrong] > sure).sum()
promised_sure = predictions.promised_mistakes(sure)
glue(sure_mistakes=sure_mistakes, mistakes_again=predictions.mistakes)
glue(
    "{:.0f}",
    promised=predictions.promised_mistakes()[0],
    promised_sure=promised_sure[0],
)
glue(trust=prose.trust(promised_sure, sure_mistakes))
glue("{:.0f} %", top_bin=100 * np.mean(predictions.confidence >= 1 - 1 / bins))
glue("{:.2f} %", surest_confidence=100 * predictions.confidence[surest[0]])
show("fig-mistakes", figures.examples(predictions, surest, confident=True), origin)

# %% [markdown]
# ## Inside the network
#
# {numref}`fig-filters` shows {glue:text}`learned`. {numref}`fig-maps` follows one digit down to the {term}`logits`. In
# {doc}`draw` you can watch both at work on a digit of your own.
#
# ```{glue:figure} fig-filters
# :name: fig-filters
# :alt: Small squares of coloured cells, the kernels of the first layer, and above or below one another fields of such
# :  squares for the convolutions after it. Colours run from blue for negative through the colour of the page to orange
# :  for positive weights.
# {glue:text}`kernels`, each layer on its own scale: blue below zero, orange above.
# ```
#
# ```{glue:figure} fig-maps
# :name: fig-maps
# :alt: From top to bottom, a handwritten seven; for each layer of maps a row or more of them, smaller from layer to
# :  layer, in which strokes and parts of the digit show; a grey strip for each dense layer; ten bars for the logits.
# The first test image and what each layer makes of it. The more ink in a cell, the larger its value; each row has a
# scale of its own. The logits at the bottom are bars, and the tallest is the prediction.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: kernels and maps"}
glue(
    learned=prose.learned(report.run.network), kernels=prose.kernels(report.run.network)
)
filters = inside.filters(report.run.weights, report.run.network)
show("fig-filters", filters, origin)
first = predictions.images[0]
activations = report.run.engine().activations(first)
maps = inside.feature_maps(first, activations, report.run.network)
show("fig-maps", maps, origin)

# %% [markdown]
# ## What became of the claims
#
# {numref}`tab-verdicts` counts what became of the {glue:text}`audit.ipynb::claims:s` claims that the 2020 report makes,
# in its text and its figures. {doc}`The audit <audit>` defines the words, takes the claims one by one and says how each
# was tested.
#
# :::{table} The claims of the 2020 report, by verdict.
# :name: tab-verdicts
#
# | verdict | claims | among them |
# | :--- | ---: | :--- |
# | holds | {glue:text}`audit.ipynb::held:s` | layers, data, loss, epochs, and the learning rate |
# | holds with a correction | {glue:text}`audit.ipynb::corrected:s` | replication from the source code; the loss |
# | consistent | {glue:text}`audit.ipynb::consistent:s` | the optimiser, which the plot cannot tell from others |
# | does not hold | {glue:text}`audit.ipynb::failed:s` | the accuracy in the text; the random examples |
# | cannot be tested here | {glue:text}`audit.ipynb::untested:s` | the laptop |
# :::
#
# Three findings stand out. The text and the plot contradict each other, and the plot is right: neither our runs nor the
# reruns come near the accuracy of the text. The loss is drawn one epoch late. And the text alone does not suffice to
# repeat the run: the size of a batch, the first weights and more stand only in the program, which is that of Flux's
# public collection of examples {cite:p}`fluxzoo`.
#
# ## Summary of part I
#
# A small network reads all but one in a hundred of the handwritten digits of MNIST. The plot of 2020 says so, its
# program says so when it is run again, and another program, in another language, says so too. The number in the text is
# the one that does not fit. One run of each program could not have shown that they agree, for another seed moves the
# error by a tenth of a point or more. Part II asks how sure all of it is.
#
# ## Exercises
#
# 1. A network is to read 26 letters in place of ten digits. At which loss does it start, before it has learned
#    anything?
# 2. A network misreads a share of digits as large as our run does. Of {glue:text}`new_images` new digits from the same
#    source, how many mistakes do you expect, and by how much will the number scatter from one such set to another? (Of
#    $n$ independent tries that fail with a probability $p$ each, $np$ fail on average, with a
#    {term}`standard deviation` of $\sqrt{n p (1 - p)}$.)
# 3. Train one epoch at a higher learning rate, `python -m lenet5 train --epochs 1 --lr 0.001`, or in {doc}`train`.
#    Could the plot of 2020, which has {glue:text}`plotted_first` after its first epoch, come from that rate?
#
# :::{dropdown} Solutions
# 1. At ln 26 = {glue:text}`ln26` nats: each letter gets the same probability, and the loss is minus its logarithm.
# 2. {glue:text}`expected` mistakes are expected, the number of images times the share. Their number is
#    {term}`binomial`, with a standard deviation of {glue:text}`expected_spread`.
# 3. Hardly. With seed 0 the error after that epoch is {glue:text}`first_at_higher_rate`, and {numref}`tab-rates` shows
#    that no seed comes near: the higher rate learns faster at first.
# :::

# %% tags=["remove-cell"]
share = last.test_error / 100
new_images = 1000
glue("{:,}", new_images=new_images)
glue("{:.4f}", ln26=math.log(26))
glue("{:.1f}", expected=new_images * share)
glue("{:.1f}", expected_spread=math.sqrt(new_images * share * (1 - share)))
glue("{:.2f} %", plotted_first=plotted.iloc[0])
glue("{:.2f} %", first_at_higher_rate=rates.read()[0.001][0])
