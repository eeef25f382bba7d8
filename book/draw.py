# %% [markdown]
# # Draw a digit
#
# ```{only} html
# Draw a digit with the mouse, a finger or a pen. Three networks read it while you draw: *our network*, the small one of
# the 2020 report, trained by us; a {doc}`committee of fifteen larger ones <committee>`; and *LeNet-5 of 1998*, which we
# train as its paper describes, but for {doc}`wider first weights <ladder>`. One sentence below the paper says what they
# read, or that the drawing seems to be no digit. Your drawing never leaves the page. The committee and LeNet-5 of 1998,
# 5 MB, are fetched from this book with the first stroke.
# ```
#
# ```{only} latex
# In the HTML book this page is a pad. The reader draws a digit on it with the mouse, a finger or a pen, and three
# networks read it, without a server: *our network*, the small one of the 2020 report, trained by us; a
# {doc}`committee of fifteen larger ones <committee>`; and *LeNet-5 of 1998*, which we train as its paper describes, but
# for {doc}`wider first weights <ladder>`. The pad is the page `book/draw.html`; `make serve` builds the book and shows
# it in a browser. In print {numref}`fig-pad` stands in its place.
# ```
#
# ```{app} kernel pad
# ---
# data: /record/model.safetensors pad/samples.json kernel.wasm=exact.compiler:webassembly
# later:
#   /record/committee/*.safetensors member.wasm=networks.member.reader:webassembly
#   lenet1998.wasm=studies.ladder:kernel_of_page lenet1998.memory=studies.ladder:memory_of_page
#   /data/MNIST/raw/t10k-images-idx3-ubyte.gz /data/MNIST/raw/t10k-labels-idx1-ubyte.gz
# ---
# ```
#
# ```{only} html
# The readings stand side by side: that of our network, that of LeNet-5 of 1998, that of the committee, and that of a
# network of your own from {doc}`train`. Those of 1998 and of the committee read here by the same code as in their
# chapters, to the same bytes. You can also give the pad a picture of a digit: choose a file, drop it there or paste it;
# it stays in the page. The row of small images is from the test set: the first of each digit, then the first ones that
# our network misreads. A click hands one to the networks as it stands in the file, and so does a click on a mistake in
# {doc}`the results <results>` or {doc}`the audit <audit>`.
#
# Under *Look inside* stands every layer of the network that reads, from the image to the ten answers, and it follows
# the pen. Draw a seven slowly and watch the maps of `conv1`: some answer to its level stroke, others to its slanting
# one, and one may answer to the empty paper beside the ink. Choose a map to see it large, and move over its cells
# with the mouse, a finger or the arrow keys. Of each cell the page shows the square that it saw, outlined on the maps
# before it and on the image, the weights, and the sum, term by term in the order in which the engine adds. Then
# choose a cell of `conv2` or `pool2`, and see how much more of the image it looks at.
# ```

# %% tags=["remove-cell"]
from pathlib import Path

from exhibits import edition, glue, provenance, show, show_table
from exhibits.draw import figures, inputs, judged, prose, tables
from exhibits.draw.judged import Readers
from exhibits.layers import listed
from exhibits.predictions import Predictions
from lenet5 import RECORD
from lenet5.data import hold_back, load
from lenet5.files import write_whole
from lenet5.run import Run
from networks import verdict
from studies import validation
from studies.intervals import wilson

train, test = load()
run = edition.recorded()
predictions = Predictions.of_run(run, test)
samples = predictions.samples(figures.chosen_samples(predictions))
write_whole(Path("pad", "samples.json"), samples)
readers = Readers.of_record(run.engine())

# %% [markdown]
# ## What the networks see
#
# Every image of MNIST was fitted into 20×20 pixels and moved until its centre of mass was the middle of 28×28
# {cite:p}`lecun1998`. A drawing gets the same treatment: it may be large or small and stand anywhere on the paper.
# {numref}`fig-pad` follows one through the pad, a letter. Our network gives {glue:text}`our_probability` to the digit
# {glue:text}`ours`, the committee {glue:text}`their_probability` to the digit {glue:text}`theirs`: they know no letter,
# and name the digit that is nearest.
#
# ```{glue:figure} fig-pad
# :name: fig-pad
# :alt: Three panels. On the left a small letter A, white on black, in the upper left of the paper. Beside it the same
# :  letter, larger, coarse and centred, within a dashed box. Below, under a sentence, bars over the ten digits, those
# :  of the committee hatched; both readers give nearly all of the probability to one digit.
# What the pad does. Left: a letter drawn on paper of 280×280 pixels, away from the middle. Right: the image that the
# networks see, fitted into 20×20 pixels (dashed) with its centre of mass in the middle of 28×28. Below: the sentence,
# and the probability of each digit.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: what the pad does"}
letter = figures.draw_letter()
read = readers.read_drawings([inputs.Drawing(inputs.LETTERS, "A", letter)])
theirs = judged.opinion_on(read, 0).probabilities
[said] = read.verdicts()
pad = figures.pad(letter, read.seen[0], read.report[0], theirs, said.sentence)
show("fig-pad", pad, provenance.of_run(run))
glue(ours=read.report[0].argmax(), theirs=theirs.argmax())
glue("{:.1f} %", our_probability=100 * read.report[0].max())
glue("{:.1f} %", their_probability=100 * theirs.max())
dot = judged.see(figures.draw_dot())
of_dot = readers.report(dot[None, None])[0]
glue(dot=of_dot.argmax())
glue("{:.0f} %", dot_sure=100 * of_dot.max())

# %% [markdown]
# ## When the answer is no
#
# Our network has ten answers and no other. Their probabilities add up to one whatever is drawn, so a letter or a
# scribble is read as a digit too, and often with confidence: a mere dot as a {glue:text}`dot`, at
# {glue:text}`dot_sure`. Something beside it has to say no, and on the pad three things do.
#
# - **The ink**, before anything reads it: a dot or a blot; two digits, which are two separate inks; what is too small
#   or too large for the paper, or touches its edge.
# - **The committee**, if it reads another digit than our network, or gives less than {glue:text}`sure` to the
#   digit that both read.
# - **LeNet-5 of 1998**, which has an eleventh answer. Its output units measure how far a drawing is from a picture of
#   each digit, and its loss lets a drawing be far from all of them {cite:p}`lecun1998`: *no digit*.
#
# The committee counts as unsure when it gives its digit less than a certain probability, the *threshold*: the one
# number here that had to be chosen. It was chosen on {glue:text}`choosing` drawings that a program made, neat and hasty
# ones (digits, letters, signs, scribbles, dashes, dots, filled and blank sheets, and pairs of digits), and on
# {glue:text}`training` training images. Our network has learned from those images, so there a second training of it
# stands in, which had not read them ({doc}`the chapter on luck <variability>` tells of it); the committee and the
# network of 1998 had learned from them. Of the thresholds that were tried we take the highest at which at most
# {glue:text}`allowed` of the drawn digits, and at most {glue:text}`allowed` of the training images, get a no.
# {numref}`fig-alarms` shows what each of them does. Chosen in the same way, the threshold without LeNet-5 of 1998 would
# be {glue:text}`without_1998`, and that of our network, if it alone should doubt itself, {glue:text}`alone`.
#
# ```{glue:figure} fig-alarms
# :name: fig-alarms
# :alt: Three lines over the share of training images that get a no. That of our network alone rises from low on the
# :  left to about two thirds on the right. The lines of ink, our network and committee, and of these with LeNet-5 of
# :  1998, lie far above it, in the upper left. On each line a ring marks the chosen threshold, left of a dotted line.
# What gets a no, for each threshold that was tried: training images, for which it is wrong, and drawings of the first
# half that are no digits, for which it is right (the mean over the kinds of drawing, but for the blank sheet). Rings
# mark the threshold that each rule would be given, at most as far as the dotted line.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the threshold is chosen"}
choosing = inputs.half(inputs.CHOOSING)
found = readers.read_drawings(choosing)
_, held_back = hold_back(train)
validated = Run.load(RECORD / validation.VALIDATED)
training = Readers.of_record(validated.engine()).read_images(held_back.images)
by_rule = {}
for name, rule in judged.RULES.items():
    by_rule[name] = judged.choices(rule, choosing, found, training)
taken = {name: judged.chosen(choices) for name, choices in by_rule.items()}
alone = taken[judged.ALONE].threshold
if taken[judged.ALL].threshold != verdict.SURE:
    raise ValueError(f"the pad has another threshold than {taken[judged.ALL]}")
names = ["model.safetensors", "validation", "committee", "lenet1998.safetensors"]
origin = provenance.of_files(names, "make book")
show("fig-alarms", figures.alarms_and_misses(by_rule, taken), origin)
glue("{:,}", choosing=len(choosing), training=len(training.ink))
glue("{:g} %", sure=100 * verdict.SURE, alone=100 * alone, allowed=judged.ALLOWED)
glue("{:g} %", without_1998=100 * taken[judged.WITHOUT_1998].threshold)

# %% [markdown]
# A second half was held back: {glue:text}`judging` drawings of other letters and signs, printed letters of another
# font, and digits in another hand. {numref}`tab-no` has what becomes of them. Of what is no digit our network alone
# doubts {glue:text}`alone_refused`, and the pad's rule {glue:text}`together_refused` (the mean over the kinds, but for
# the one blank sheet). Of {glue:text}`tested` test images, every fifth, which chose nothing, {glue:text}`tested_no` get
# a no ({term}`Wilson's interval` {glue:text}`tested_low` to {glue:text}`tested_high`). The {glue:text}`allowed` of the
# choice is no limit here: the committee and the network of 1998 had learned from the training images that set the
# threshold, and of digits that are new to them they are less sure, so more get a no.
#
# Of the {glue:text}`tested_passed` test images that pass, {glue:text}`tested_wrong` is misread (Wilson's interval up to
# {glue:text}`tested_wrong_most`). Our network alone misreads {glue:text}`tested_wrong_alone` of all
# {glue:text}`tested_again`; if as many are refused, those of which it is the least sure, it still misreads
# {glue:text}`passed_wrong_alone` of the rest ({glue:text}`passed_low` to {glue:text}`passed_high`).

# %% tags=["hide-input"] mystnb={"code_prompt_show": "Code: the rule is tried"}
judging = inputs.half(inputs.JUDGING)
held = readers.read_drawings(judging)
tested = readers.read_images(test.images[::5])
show_table(
    "what is drawn | how many | our network alone | the ink alone | ink, our network and committee | "
    "these and LeNet-5 of 1998 (the pad)",
    tables.rows(judging, held, tested, taken),
    "How often the answer is no (%), on what was held back: where our network alone is unsure, where the ink "
    "is refused, where ink, our network and committee say no together, and by the pad's rule, which asks LeNet-5 of "
    "1998 as well. Each rule has the threshold that was chosen for it: the last but one "
    f"{100 * taken[judged.WITHOUT_1998].threshold:g} %, the last {100 * verdict.SURE:g} %, so that the last can also "
    "be the lower one. In the upper lines a no is right, and for digits, in the last two lines, it is wrong; letters "
    "that look like digits stand between.",
    "tab-no",
    origin,
    "lrrrrr",
)
no = tested.no_together()
misread = tested.read_together() != test.labels[::5]
misread_alone = tested.report.argmax(axis=1) != test.labels[::5]
low, high = wilson(int(no.sum()), len(no))
_, most_wrong = wilson(int(misread[~no].sum()), int((~no).sum()))
passed_alone = judged.surest(tested.report, int((~no).sum()))
wrong_alone = misread_alone[passed_alone]
passed_low, passed_high = wilson(int(wrong_alone.sum()), len(wrong_alone))
glue("{:,}", judging=len(judging), tested=len(no), tested_again=len(no))
glue("{:,}", tested_passed=(~no).sum())
glue("{:.1f} %", tested_no=judged.share(no), tested_low=low, tested_high=high)
glue("{:.1f} %", tested_wrong_alone=judged.share(misread_alone))
glue(tested_wrong=int(misread[~no].sum()) or "none")
glue("{:.2f} %", tested_wrong_most=most_wrong)
glue("{:.2f} %", passed_low=passed_low, passed_high=passed_high)
glue(passed_wrong_alone=int(wrong_alone.sum()) or "none")
refused = held.no_together()
glue("{:.0f} %", alone_refused=judged.mean_rate(held.no_alone(alone), judging))
glue("{:.0f} %", together_refused=judged.mean_rate(refused, judging))
glue(digits_refused=refused[judged.of_kind(judging, inputs.DIGITS)].sum())
glue(ones_refused=refused[judged.of_name(judging, inputs.DIGITS, "1")].sum())

# %% [markdown]
# Of the drawn digits {glue:text}`digits_refused` get a no, and {glue:text}`ones_refused` of them are ones: in the
# second hand a one begins with a flag, and those of MNIST are mere lines. A wrong no costs little, for the readings
# stand beside it.
#
# What does LeNet-5 of 1998 add? The last two columns of {numref}`tab-no` do not say, since with the thresholds that
# were chosen it also makes the rule refuse more test images. Without it, at a threshold of {glue:text}`like`, about as
# many get a no, {glue:text}`like_tested`. {glue:text}`by_1998`
#
# Some of what is no digit passes all the same. The letters {glue:text}`twins` have the shape of a digit, and are
# counted apart: no reader of shapes can tell them from one, and the pad reads them. {numref}`fig-passes` shows the
# others, the first of each name that passes. A surer no would need a network that has been shown letters, and no
# network here has ever been shown one.
#
# ```{glue:figure} fig-passes
# :name: fig-passes
# :alt: A grid of drawings in 28 by 28 pixels, letters most of all, each under its name and the digit that both networks
# :  read. They look like digits that are badly written.
# Drawings held back that are no digits and pass, the first of each name: what is drawn, and what our network and the
# committee read.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: what passes"}
places = judged.passed(judging, held)
titles = [figures.title_of(judging[place], held.report[place]) for place in places]
show("fig-passes", figures.not_refused(held.seen[places], titles), origin)
glue(twins=listed(inputs.twins_by_name()))

# %% tags=["remove-cell"]
like = judged.as_strict(judged.Readings.no_without_1998, tested, judged.share(no))
like_refused = held.no_without_1998(like)
glue("{:g} %", like=100 * like)
glue("{:.1f} %", like_tested=judged.share(tested.no_without_1998(like)))
glue(by_1998=prose.what_1998_adds(judging, refused, like_refused))
