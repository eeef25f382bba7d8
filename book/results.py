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

from exact.random_numbers import shuffle
from exhibits import edition, glue, provenance, show, show_table
from exhibits.drawings import class_bars
from exhibits.report import make_report
from exhibits.results import figures, prose, tables
from studies import seeds

config = edition.config_of_parameters(globals())
report = make_report(config)
predictions = report.predictions
history = report.history
original = report.original
origin = provenance.of_run(report.run)
last = history.iloc[-1]
glue(epochs=epochs, mistakes=predictions.mistakes)
glue("{:.2f} %", accuracy=100 - last.test_error, error=last.test_error)
glue("{:.2f} %", train_error=last.train_error)
glue(
    book=prose.subject(config),
    shape=prose.compare_shapes(config),
    by_heart=prose.compare_errors(last.train_error, last.test_error),
)

# %% [markdown]
# # Results

# %% tags=["remove-input"]
edition.show_note(config)

# %% [markdown]
# The accuracy that the original plots holds, and the one in its text does not. After {glue:text}`epochs` epochs the
# network misreads {glue:text}`mistakes` of the {glue:text}`dataset.ipynb::test:s` test images, an error of
# {glue:text}`error`. The original's plot ends at {glue:text}`original_error`, and {numref}`fig-answer` shows both among
# the errors of other seeds of the report's recipe.
#
# ```{glue:figure} fig-answer
# :name: fig-answer
# :alt: A line chart of the test error in per cent over the epochs. The line of our run and that of the original fall
# :  beside a grey band, which falls steeply, then slowly, to about one per cent.
# The test error of our run and of the original. At each epoch nine of ten seeds of the report's recipe lie in the grey
# band.
# ```

# %% save_as="answer.svg" tags=["hide-input", "remove-output"]
glue("{:.2f} %", original_error=100 - original.accuracy.iloc[-1])
glue("{:.2f} %", original_accuracy=original.accuracy.iloc[-1])
errors_of_seeds = seeds.read().errors
answer = figures.answer(history, original, errors_of_seeds, report.name)
show("fig-answer", answer, origin)

# %% [markdown]
# ## Convergence
#
# {numref}`fig-convergence` adds the loss and the training images, {term}`epoch` by epoch. {glue:text}`shape` On the
# training images the error ends at {glue:text}`train_error`, {glue:text}`by_heart`.
#
# ```{glue:figure} fig-convergence
# :name: fig-convergence
# :alt: Two line charts over the epochs, each with our curves for training and test images and the published one, which
# :  falls steeply, then slowly.
# Top: the natural logarithm of the mean loss of our run and of the original, from the untrained network on. Bottom: the
# error.
# ```
#
# One correction is made. The first loss that the original draws, {glue:text}`original_first_loss`, is that of a network
# that knows nothing, ln 10 = {glue:text}`ln10`. It belongs to epoch 0, where ours starts at {glue:text}`first_loss`
# with {glue:text}`first_error` of the images misread, and so its losses are moved back by one epoch ({doc}`audit` shows
# why). {numref}`tab-epochs` gives the numbers.

# %% tags=["hide-input"]
show_table(
    "epoch | training loss | test loss | training error, % | test error, % | original's error, %",
    tables.epoch_rows(history, original),
    "Loss (nats) and error at some epochs, with the error that the original plots.",
    "tab-epochs",
    origin,
    "rrrrrr",
)

# %% tags=["hide-input", "remove-output"]
glue("{:.1f} %", first_error=history.test_error[0])
glue("{:.4f}", first_loss=history.test_loss[0], ln10=np.log(10))
glue("{:.4f}", original_first_loss=original.loss[0])
convergence = figures.convergence(history, original, report.name)
show("fig-convergence", convergence, origin)

# %% [markdown]
# ## Accuracy
#
# The text of the original gives {glue:text}`introduction.ipynb::text_accuracy:s` in 20 epochs, but its plot ends at
# {glue:text}`original_accuracy` and has its best value, {glue:text}`original_best`, at epoch
# {glue:text}`original_best_epoch`. Ours ends at {glue:text}`accuracy`; its best, at epoch {glue:text}`best_epoch`, is
# {glue:text}`best_accuracy`. The last epoch is reported, since the best would be chosen on the test images.
#
# ## Examples
#
# The original shows nine predictions and calls them random. They are the first nine images of the test file, which
# {numref}`fig-first` shows again.
#
# ```{glue:figure} fig-first
# :name: fig-first
# :alt: Nine handwritten digits in three rows, 7 2 1, 0 4 1 and 4 9 5, each under the digit that is predicted.
# The first nine test images under the predicted digits. A wrong one would be bold, with the label in brackets.
# ```
#
# {numref}`fig-random` is drawn at random. With so few mistakes among so many images, a handful seldom shows one.
#
# ```{glue:figure} fig-random
# :name: fig-random
# :alt: Nine handwritten digits in three rows, each under the digit that is predicted.
# Nine test images drawn at random with the seed of the run, each under the predicted digit.
# ```

# %% tags=["hide-input", "remove-output"]
best_epoch = history.test_error.idxmin()  # rows are counted from epoch 0
original_best = original.accuracy.idxmax()
glue(best_epoch=best_epoch)
glue(original_best_epoch=original.drawn_at_epoch[original_best])
glue("{:.2f} %", best_accuracy=100 - history.test_error[best_epoch])
glue("{:.2f} %", original_best=original.accuracy[original_best])
show("fig-first", figures.examples(predictions, range(9)), origin)
drawn = shuffle(seed, 0, len(predictions.labels))[:9]
show("fig-random", figures.examples(predictions, drawn), origin)

# %% [markdown]
# ## Mistakes
#
# The most frequent mistake is a {glue:text}`worst_label` read as a {glue:text}`worst_guess`, {glue:text}`worst_pair`
# times ({numref}`fig-confusion`). The digit {glue:text}`easiest` has the least error, {glue:text}`easiest_error`, and
# the digit {glue:text}`hardest` the most, {glue:text}`hardest_error` ({numref}`fig-class-error`).
#
# ```{glue:figure} fig-confusion
# :name: fig-confusion
# :alt: A table of ten rows and ten columns. The diagonal holds the correctly read images of each class, of about a
# :  thousand each; the other fields hold the mistakes.
# The confusion matrix of the test images. The stronger a colour off the diagonal, the more frequent the mistake.
# ```
#
# ```{glue:figure} fig-class-error
# :name: fig-class-error
# :alt: A bar chart of the error in per cent of each digit from 0 to 9, with a dashed line at the error of all images.
# The error of each class on the test images, with the error of all images as a dashed line.
# ```
#
# The {term}`softmax` of the {term}`logits` can be read as confidence. The network gives more than {glue:text}`sure` to
# a wrong digit {glue:text}`sure_mistakes` times. {numref}`fig-mistakes` shows the mistakes of which it is surest, up to
# {glue:text}`surest_confidence`. Some of them a person would read otherwise too.
#
# ```{glue:figure} fig-mistakes
# :name: fig-mistakes
# :alt: Nine handwritten digits, white on black, in three rows, ambiguous or oddly shaped. Above each stand the wrong
# :  prediction, the label and a probability near one.
# The nine mistakes of which the network is surest: above each the prediction, the label in brackets, the probability.
# ```

# %% tags=["hide-input", "remove-output"]
matrix = predictions.confusion()
errors = predictions.class_errors()
mistakes = matrix - np.diag(matrix.diagonal())
label, guess = np.unravel_index(mistakes.argmax(), mistakes.shape)
glue(worst_label=label, worst_guess=guess, worst_pair=mistakes.max())
glue(easiest=errors.argmin(), hardest=errors.argmax())
glue("{:.2f} %", easiest_error=errors.min(), hardest_error=errors.max())
sure = 0.9
surest = predictions.surest_mistakes(9)
glue("{:.0f} %", sure=100 * sure)
glue(sure_mistakes=(predictions.confidence[predictions.wrong] > sure).sum())
glue("{:.2f} %", surest_confidence=100 * predictions.confidence[surest[0]])
show("fig-confusion", figures.confusion(matrix), origin)
bars = class_bars(errors, "error (% of the class)", last.test_error, "all images")
show("fig-class-error", bars, origin)
show("fig-mistakes", figures.examples(predictions, surest, confident=True), origin)

# %% [markdown]
# ## What next
#
# One run of each report cannot tell which is better: another seed moves the error by a tenth of a point or more, and
# {doc}`variability` measures by how much. What the original claims beside its curves, {doc}`audit` takes claim by
# claim. {doc}`reproduce` trains the published network before your eyes.
