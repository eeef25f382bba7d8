# %% tags=["remove-cell"]
from statistics import fmean

import numpy as np

from exhibits import glue, provenance, show, show_source, show_table
from exhibits.committee import costs, figures, tables
from exhibits.drawings import digits
from exhibits.ledger import read_ledger
from lenet5.data import load
from networks.column2012 import definition as column_definition
from networks.column2012.tried import for_column
from networks.lenet1998.rungs import BEST
from networks.member import definition as member_definition
from networks.views import view
from studies import committee, ladder

train, test = load()
columns = committee.read(committee.COLUMNS_STUDY, test)
members = committee.read(committee.STUDY, test)
origin_of_columns = provenance.of_files(["columns.csv"], "make committee")
origin_of_members = provenance.of_files(["committee.csv"], "make committee")
origin_of_choices = provenance.of_files(["committee-choices.csv"], "make committee")
ledger = read_ledger()
their_networks = ledger.facts["mcdnn_networks"]
their_epochs = ledger.facts["mcdnn_epochs"]
glue("{:.2f} %", error=members.error, single=fmean(members.singles))
glue("{:.2f} %", columns=columns.error, column=fmean(columns.singles))
glue("{:.2f} %", theirs=ledger.literature["mcdnn"]["error"])
low, high = members.interval
glue("{:.2f} %", low=low, high=high)
glue(networks=len(members.table), wrong=len(members.wrong))
glue(their_networks=their_networks, their_epochs=their_epochs)
glue(epochs=committee.AS_GIVEN.epochs, trained=len(columns.table))

# %% [markdown]
# # Committee
#
# The original names one system among the best: {glue:text}`their_networks` networks of 2012 that read a digit together,
# with an error of {glue:text}`theirs` {cite:p}`ciresan2012`. A committee of {glue:text}`networks` networks that two
# cores train in an hour or so reaches {glue:text}`error`: {glue:text}`wrong` of the 10,000 test images, too close to
# tell apart. Fewer columns of 2012, trained for {glue:text}`epochs` epochs in place of some {glue:text}`their_epochs`,
# reach {glue:text}`columns`.
#
# This chapter ends the way that {doc}`ladder` begins. First come the columns of 2012, trained anew for a part of their
# time, then the committee. The weights of both stand in `record/`, and every error below is computed from them here.

# %% [markdown]
# ## The columns of 2012
#
# A *column* is a network of {glue:text}`parameters` numbers, {numref}`code-column`. Each sees one *view* of the digits:
# as they are given, or with the box of the digit drawn to one of six widths. Every image is distorted anew in every
# epoch: turned, scaled, shifted, and bent by a smooth random field. {numref}`fig-views` shows both. The weights move
# after each image, at a rate that falls by the same factor each epoch. Several columns read together by the mean of
# their probabilities.
#
# ```{glue:figure} fig-views
# :name: fig-views
# :alt: Two rows of seven images of one handwritten digit. In the upper row it is narrow on the left and wide on the
# :  right, and last as given; in the lower row it is turned, shifted and bent, each time in another way.
# Above: the seven views of one training digit, from 10 to 20 pixels wide, and as given. Below: the digit as seven
# epochs present it.
# ```

# %% tags=["hide-input", "remove-output"]
digit = train.images[:1]
shown = [view(digit, column.width)[0] for column in committee.PUBLISHED]
engine = for_column(committee.AS_GIVEN, 0)
for epoch in range(len(committee.PUBLISHED)):
    level = engine.distorted(view(digit, 0), epoch)[0, 0]  # from -1, paper, to 1, ink
    shown.append(np.round(127.5 * (level + 1)).astype(np.uint8))
show("fig-views", digits(np.stack(shown)[:, None], 7), origin_of_columns)
column = column_definition.Network()
glue("{:,}", parameters=sum(array.numel() for array in column.parameters()))

# %% tags=["hide-input"]
caption = "The column, from `networks/column2012/definition.py`."
show_source(column_definition.Network, caption, "code-column")

# %% [markdown]
# The paper trains {glue:text}`their_networks` columns for about {glue:text}`their_epochs` epochs each, which would take
# {glue:text}`their_hours` hours of one core here. This chapter trains {glue:text}`trained` for {glue:text}`epochs`
# epochs, in {glue:text}`our_hours` hours. They are made by `networks/column2012/column2012.c`, exact as the report's
# engine is, and held to the definition by tests. The ranges of the distortions are not stated; ours are those of an
# earlier paper of the same group, and nothing was tuned. {numref}`tab-views` sets the errors beside the paper's: after
# so few epochs a column reaches {glue:text}`column` on average, and all together {glue:text}`columns`.

# %% tags=["hide-input"]
show_table(
    "view | one column | the paper | together | the paper | columns",
    tables.view_rows(columns),
    "Test error by view (%): the mean of single columns and that of all columns of a view together, ours beside those "
    "of the paper, which has five columns a view.",
    "tab-views",
    origin_of_columns,
    "lrrrrr",
)
per_epoch = columns.seconds / columns.table.epochs.sum()
their_seconds = per_epoch * their_epochs * their_networks
glue("{:.0f}", their_hours=their_seconds / 3600)
glue("{:.1f}", our_hours=columns.seconds / 3600)

# %% [markdown]
# ## A committee for two cores
#
# Since 2012 networks learn faster: batches are normalised, ReLU replaces the tangent, Adam sets the rates, and their
# size rises and falls once. {numref}`code-member` is a network of {glue:text}`member_parameters` numbers that needs
# {glue:text}`member_epochs` epochs in place of {glue:text}`their_epochs`. The committee has {glue:text}`networks` such
# *members*, {glue:text}`seeds` for each of three views. PyTorch trains them, so a training is repeated bit for bit on
# the machine that made it and not on every other. Reading is exact: from the weights that are kept,
# `networks/member/member.c` computes the same bytes on every machine, and so every error below.

# %% tags=["hide-input"]
caption = "A member of the committee, from `networks/member/definition.py`."
show_source(member_definition.Network, caption, "code-member")
member = member_definition.Network()
glue("{:,}", member_parameters=sum(array.numel() for array in member.parameters()))
glue(member_epochs=committee.VOTERS[0].epochs, seeds=len(committee.STUDY.seeds))

# %% [markdown]
# What was open was settled on {glue:text}`held_back` training images that trained nothing, with trainings of
# {glue:text}`choice_epochs` epochs: {numref}`tab-committee-choices`. No change differs by more than
# two seeds of one choice do, so what was chosen first is kept. This gave a forecast: at
# least half of the six networks of the three views misread {glue:text}`promised` of these images. Only then were the
# test images read, from {glue:text}`read_on` on, by each network once, when it had been trained. Nothing was chosen
# after.

# %% tags=["hide-input"]
show_table(
    "choice | misread, by seed | error",
    tables.choice_rows(),
    "Images held back that a network misreads, seed by seed, and the mean error (%): with the ranges of distortion as "
    "they were chosen, with others, and in other views.",
    "tab-committee-choices",
    origin_of_choices,
    "lrr",
)
glue("{:,}", held_back=committee.HELD_BACK)
glue(choice_epochs=committee.CHOSEN.epochs, read_on="26 November 2026")
views = "as chosen", "W20", "W14"
glue("{:.2f} %", promised=committee.promised(views))

# %% [markdown]
# ## The result
#
# Together the {glue:text}`networks` misread {glue:text}`error`, {term}`Wilson's interval` {glue:text}`low` to
# {glue:text}`high`;
# alone they misread {glue:text}`single` on average, from {glue:text}`best_single` to {glue:text}`worst_single`.
#
# One committee is one draw, as one seed is. {numref}`fig-sizes` takes the networks in a thousand random orders and lets
# the first of each order vote. Most of the gain comes with the first few.
#
# ```{glue:figure} fig-sizes
# :name: fig-sizes
# :alt: A line over the number of networks, from one up, in a band. The test error falls steeply over the first
# :  networks and then slowly, and the band narrows.
# The test error of committees of so many of the networks: the mean of a thousand random ones, and the band that holds
# nine in ten of them. All share the same networks, so the band ends in one point.
# ```

# %% tags=["hide-input", "remove-output"]
sizes = figures.errors_by_size(members.errors_by_size())
show("fig-sizes", sizes, origin_of_members)
glue("{:.2f} %", best_single=min(members.singles), worst_single=max(members.singles))

# %% [markdown]
# ## What is still misread
#
# {numref}`fig-still-misread` shows every test image that the committee misreads. In {glue:text}`rejected` of them the
# label itself is doubtful: human raters rejected it {cite:p}`northcutt2021`.
#
# ```{glue:figure} fig-still-misread
# :name: fig-still-misread
# :alt: A grid of handwritten digits, most of them broken, cramped or between two digits. Over each stand its label, an
# :  arrow, what the committee reads, and the votes by digit.
# The test images that the committee misreads: label and reading, and below them how many voted for each digit, such as
# *9:12* for twelve votes that it is a nine. A frame marks labels that raters rejected.
# ```

# %% tags=["hide-input", "remove-output"]
wrong = members.wrong
titles = []
for place in wrong:
    title = f"{test.labels[place]}→{members.read[place]}\n{members.votes(place)}"
    titles.append(title)
doubtful = np.isin(wrong, ledger.facts["rejected"])
still_misread = figures.misread(test.images[wrong], titles, doubtful)
show("fig-still-misread", still_misread, origin_of_members)
glue(rejected=doubtful.sum())

# %% [markdown]
# The 50,000 further test digits of QMNIST would tell whether the committee is good or lucky. They are a download of
# their own, so that test is not made here.
#
# ## From 1998 to today
#
# {numref}`fig-costs` sets the error beside what the training takes. The multiply-adds are counted: an image costs three
# times as much to train on as to read. Joules are not given, for nothing here measures them. {numref}`tab-costs` has
# the numbers.
#
# ```{glue:figure} fig-costs
# :name: fig-costs
# :alt: Points over the multiply-adds of the training, from 10 to the 12 to 10 to the 16. The report and LeNet-5 of 1998
# :  stand at the upper left near one per cent, single columns and members in the middle, and the committees below them;
# :  the published committee of 2012 stands far to the right.
# Test error and cost of training, for what was run here and, with costs counted here, for what papers state. Left is
# cheaper, lower better.
# ```

# %% tags=["hide-input", "remove-output"]
steps = [*ladder.read(ladder.STUDY, [BEST]), ladder.read_report()]
here = costs.costs_here(steps, columns, members)
published = costs.costs_of_papers(here[0].multiply_adds, columns)
names = ["committee.csv", "columns.csv", "ladder.csv", "seeds.csv"]
origin_of_costs = provenance.of_files(names, "make committee ladder seeds")
show("fig-costs", figures.errors_by_cost(here, published), origin_of_costs)

# %% tags=["hide-input"]
show_table(
    "system | error | multiply-adds | seconds | selected on the test images",
    tables.cost_rows(here, ledger.literature),
    "Test error (%), multiply-adds and seconds of one core of the training, and whether the network was selected on "
    "the test images. Of what was run here, single networks stand with their mean. The report was trained on an "
    f"{steps[1].machine}, the others on an {steps[0].machine}. A paper states no cost.",
    "tab-costs",
    origin_of_costs,
    "lrrrl",
)

# %% [markdown]
# ## What next
#
# `python -m lenet5 predict --committee` reads an image with the committee, and `make committee` trains it anew; it goes
# on where it stood, and with `--scheduler` the networks run side by side on a cluster. {doc}`audit` returns to the
# original.
