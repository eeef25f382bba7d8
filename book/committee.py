# %% tags=["remove-cell"]
from statistics import fmean

import numpy as np

from exhibits import glue, provenance, show, show_source, show_table
from exhibits.committee import costs, figures, prose, tables
from exhibits.drawings import digits
from exhibits.layers import in_words
from exhibits.ledger import read_ledger
from exhibits.rung_names import named
from lenet5.data import TEST, load
from networks.column2012 import definition as column_definition
from networks.column2012.tried import for_column
from networks.lenet1998.rungs import BEST
from networks.member import definition as member_definition
from networks.views import view
from studies import committee, ladder, variations
from studies.intervals import LEVEL

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
# # The committee
#
# Networks that have learned apart make different mistakes, so several of them that read a digit together misread fewer.
# The 2020 report names one such system among the best: {glue:text}`their_networks` networks of 2012, with an error of
# {glue:text}`theirs` {cite:p}`ciresan2012`. This chapter reaches about the same error: a committee of
# {glue:text}`networks` networks, which two cores train in about an hour, misreads {glue:text}`wrong` of the 10,000 test
# images, {glue:text}`error`. The two errors are too close to tell apart. Columns like those of 2012,
# {glue:text}`trained` of them, trained for {glue:text}`epochs` epochs in place of some {glue:text}`their_epochs`, reach
# {glue:text}`columns`.
#
# The weights of all networks stand in `record/`, and every error below is computed from them here.

# %% [markdown]
# ## The columns of 2012
#
# The paper of 2012 calls its networks *columns*. Each has {glue:text}`parameters` trained numbers and sees one *view*
# of the digits: as they are given, or with the box around the digit drawn to one of six widths. A view is called by its
# width, so that W14 shows each digit 14 pixels wide. And every image is distorted anew in every epoch: turned, scaled,
# shifted, and bent as if it were drawn on rubber, by shifts that vary smoothly over the image, which is called an
# *elastic* distortion. {numref}`fig-views` shows both.
#
# ```{glue:figure} fig-views
# :name: fig-views
# :alt: Two rows of seven images of one handwritten digit. In the upper row it is narrow on the left and wide on the
# :  right, and last as given; in the lower row it is turned, shifted and bent, each time in another way.
# Above: the seven views of one training digit, from 10 to 20 pixels wide, and as given. Below: the digit as seven
# epochs present it.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: views of a digit"}
digit = train.images[:1]
shown = [view(digit, column.width)[0] for column in committee.PUBLISHED]
engine = for_column(committee.AS_GIVEN, 0)
for epoch in range(len(committee.PUBLISHED)):
    level = engine.distorted(view(digit, 0), epoch)[0, 0]  # from -1, paper, to 1, ink
    shown.append(np.round(127.5 * (level + 1)).astype(np.uint8))
show("fig-views", digits(np.stack(shown)[:, None], 7), origin_of_columns)
column = column_definition.Network()
glue("{:,}", parameters=sum(array.numel() for array in column.parameters()))

# %% [markdown]
# The paper of 2012 trains {glue:text}`their_networks` columns for about {glue:text}`their_epochs` epochs each, which
# would take {glue:text}`their_hours` hours of one core here. This chapter trains {glue:text}`trained` for
# {glue:text}`epochs` epochs, in {glue:text}`our_hours` hours. The paper of 2012 does not state how strongly it
# distorts; ours are the ranges of an earlier paper of the same group, and nothing was tuned. After so few epochs a
# column reaches {glue:text}`column` on average (the paper's: {glue:text}`their_column`), and all together
# {glue:text}`columns`.

# %% tags=["remove-input", "hide-output"] mystnb={"code_prompt_show": "A column, and all errors by view"}
show_table(
    "view | one column | the paper of 2012 | together | the paper of 2012 | columns",
    tables.view_rows(columns),
    "Test error by view (%): the mean of single columns and that of all columns of a view together, ours beside those "
    "of the paper of 2012, which has five columns a view.",
    "tab-views",
    origin_of_columns,
    "lrrrrr",
)
caption = "The column, from `networks/column2012/definition.py`."
show_source(column_definition.Network, caption, "code-column")
per_epoch = columns.seconds / columns.table.epochs.sum()
their_seconds = per_epoch * their_epochs * their_networks
glue("{:.0f}", their_hours=their_seconds / 3600)
glue("{:.1f}", our_hours=columns.seconds / 3600)
glue("{:.2f} %", their_column=ledger.facts["mcdnn_single"])

# %% [markdown]
# ## A committee for two cores
#
# Since 2012 networks learn faster: the values within a layer are brought to one scale, batch by batch (*batch
# normalisation*); ReLU, which only cuts off what is below zero, replaces the hyperbolic tangent; and Adam's rate rises
# and falls once. A network of {glue:text}`member_parameters` numbers then needs {glue:text}`member_epochs` epochs in
# place of {glue:text}`their_epochs`. The committee has {glue:text}`networks` such *members*, {glue:text}`seeds` for
# each of three views: the digits as given, W20 and W14. PyTorch trains them, so that another machine may end at
# slightly different weights; ours are kept. Reading is exact: from the weights kept, every build that was tried
# computes the same bytes, and so every error below.
#
# What was open was settled on {glue:text}`held_back` training images that trained nothing, with trainings of
# {glue:text}`choice_epochs` epochs: how strong the distortions are, and which views. No change moves the error by more
# than another seed does, so what was chosen first is kept. This gave a forecast for the committee. In it
# {glue:text}`forecasters` of these trial networks, {glue:text}`forecasters_a_view` for each view, stand in for the
# committee: at least half of them misread {glue:text}`promised` of the images held back. Only then, on
# {glue:text}`read_on`, were the test images read, by each network once, when it had been trained. Nothing was chosen
# after. (The page {doc}`status` has a later day for the files: on {glue:text}`renamed_on` every run of the record got
# another name, and no weight and no reading changed.)

# %% tags=["remove-input", "hide-output"] mystnb={"code_prompt_show": "A member, and what was tried"}
caption = "A member of the committee, from `networks/member/definition.py`."
show_source(member_definition.Network, caption, "code-member")
member = member_definition.Network()
show_table(
    "choice | misread, by seed | error",
    tables.choice_rows(),
    "Images held back that a network misreads, seed by seed, and the mean error (%): with the ranges of distortion as "
    "they were chosen, with others, and in other views.",
    "tab-committee-choices",
    origin_of_choices,
    "lrr",
)
glue("{:,}", member_parameters=sum(array.numel() for array in member.parameters()))
glue(member_epochs=committee.VOTERS[0].epochs, seeds=len(committee.STUDY.seeds))
glue("{:,}", held_back=committee.HELD_BACK)
glue(choice_epochs=committee.CHOSEN.epochs)
glue(read_on="26 November 2026", renamed_on="28 November")
views = "as chosen", "W20", "W14"
promised = committee.promised(views)
glue("{:.2f} %", promised=promised)
forecasters = committee.read_choices().column.isin(views).sum()
glue(forecasters=in_words(forecasters))
glue(forecasters_a_view=in_words(forecasters // len(views)))

# %% [markdown]
# ## The result
#
# Together the {glue:text}`networks` misread {glue:text}`error`, {term}`Wilson's interval` {glue:text}`low` to
# {glue:text}`high`; alone they misread {glue:text}`single` on average, from {glue:text}`best_single` to
# {glue:text}`worst_single`. {glue:text}`of_forecast`
#
# One committee is one draw, as one seed is. {numref}`fig-sizes` takes the networks in a thousand random orders, and has
# the first one, two, three and so on of each order read together. Most of the gain comes with the first few.
#
# ```{glue:figure} fig-sizes
# :name: fig-sizes
# :alt: A line over the number of networks, from one up, in a band. The test error falls steeply over the first
# :  networks and then slowly, and the band narrows.
# The test error of committees by their number of networks: the mean of a thousand random ones, and the band that holds
# nine in ten of them. All share the same networks, so the band ends in one point.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: the error by the number of networks"}
sizes = figures.errors_by_size(members.errors_by_size())
show("fig-sizes", sizes, origin_of_members)
glue("{:.2f} %", best_single=min(members.singles), worst_single=max(members.singles))
forecast = round(promised / 100 * committee.HELD_BACK)
glue(
    of_forecast=prose.of_forecast(
        (forecast, committee.HELD_BACK), (len(members.wrong), TEST)
    )
)

# %% [markdown]
# {numref}`fig-still-misread` shows every test image that the committee misreads. In {glue:text}`rejected` of them the
# label itself is doubtful: human raters rejected it {cite:p}`northcutt2021`. The votes below each image may surprise:
# in {glue:text}`outvoted` of them most are for another digit than the one that is read. The committee does not count
# votes. It averages the probabilities that its networks give to each digit, as the paper of 2012 does, and reads
# the digit with the highest average, so that a network which is sure weighs more than one that wavers.
#
# ```{glue:figure} fig-still-misread
# :name: fig-still-misread
# :alt: A grid of handwritten digits, most of them broken, cramped or between two digits. Over each stand its label, an
# :  arrow, what the committee reads, and the votes by digit.
# The test images that the committee misreads: label and reading, and below them for which digit each network would
# read alone, such as *9:12* for twelve that read a nine. A frame marks labels that raters rejected.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: what is still misread"}
wrong = members.wrong
titles = []
for place in wrong:
    title = f"{test.labels[place]}→{members.read[place]}\n{members.votes(place)}"
    titles.append(title)
doubtful = np.isin(wrong, ledger.facts["rejected"])
still_misread = figures.misread(test.images[wrong], titles, doubtful)
show("fig-still-misread", still_misread, origin_of_members)
glue(rejected=doubtful.sum())
glue(outvoted=in_words((members.voted != members.read)[wrong].sum()))

# %% [markdown]
# Is the committee good, or lucky with these 10,000 images? The 50,000 further test digits of QMNIST would tell. They
# are a download of their own, which no package brings, so that test is not made here.
#
# ## From 1998 to today
#
# {numref}`fig-costs` sets the error beside what the training takes. The multiply-adds are counted: an image costs three
# times as much to train on as to read. Joules are not given, for nothing here measures them.
#
# ```{glue:figure} fig-costs
# :name: fig-costs
# :alt: Points over the multiply-adds of the training, from 10 to the 12 to 10 to the 16. The 2020 recipe and LeNet-5 of
# :  1998 stand at the upper left near one per cent, single columns and members in the middle, and the committees below
# :  them; the committee of 2012 stands far to the right.
# Test error and cost of training, for what was run here and, with costs counted here, for what papers state. Left is
# cheaper, lower better.
# ```

# %% tags=["hide-input", "remove-output"] mystnb={"code_prompt_show": "Code: error against cost"}
steps = named([*ladder.read(ladder.STUDY, [BEST]), ladder.read_report()])
here = costs.costs_here(steps, columns, members)
published = costs.costs_of_papers(here[0].multiply_adds, columns)
names = ["committee.csv", "columns.csv", "ladder.csv", "seeds.csv"]
origin_of_costs = provenance.of_files(names, "make committee ladder seeds")
show("fig-costs", figures.errors_by_cost(here, published), origin_of_costs)

# %% tags=["remove-input", "hide-output"] mystnb={"code_prompt_show": "Errors and costs in numbers"}
show_table(
    "system | error | multiply-adds | seconds | selected on the test images",
    tables.cost_rows(here, published, ledger.literature),
    "Test error (%), multiply-adds and seconds of one core of the training, and whether the network was selected on "
    "the test images. Of what was run here, single networks stand with their mean. The 2020 report's recipe was "
    f"trained on an {steps[1].machine}, the others on an {steps[0].machine}. The multiply-adds of 1998 and of 2012 are "
    "counted here; a dash stands for what is not. Seconds that papers state are those of other machines and left out.",
    "tab-costs",
    origin_of_costs,
    "lrrrl",
)

# %% [markdown]
# ## Part III in short
#
# - LeNet-5 was described in 1998. {glue:text}`ladder.ipynb::reached:s` Trained as in 1998, a network with layers of
#   today reaches {glue:text}`ladder.ipynb::top:s`, and the recipe of the 2020 report
#   {glue:text}`ladder.ipynb::report:s`.
# - The 2020 report's recipe was varied. {glue:text}`what-matters.ipynb::of_rates:s` {glue:text}`rate_or_network`: see
#   {doc}`the chapter on what matters <what-matters>`.
# - {glue:text}`networks` networks that read together reach {glue:text}`error`, about as {glue:text}`their_networks` did
#   in 2012. To read an image they take {glue:text}`times_read` times the multiply-adds of the 2020 report's network.
#
# ## Exercises
#
# 1. The committee averages probabilities. How many test images would it misread if it counted votes, one a network? In
#    a Python of the project, `.venv/bin/python`, these lines have all that the networks find in the test images:
#
#    ```python
#    from lenet5.data import load
#    from studies import committee
#    members = committee.read(committee.STUDY, load()[1])
#    ```
#
#    `members.probabilities` has a row a network, with ten probabilities for each image, and `members.labels` the
#    labels.
# 2. Train the report's network with “{glue:text}`rate`”, the rate with the lowest error on the images held back.
#    Where do you expect its test error, and where does yours end?
# 3. How many multiply-adds does it cost to misread one image less than the report's network, by the
#    committee?
#
# :::{dropdown} Solutions
# 1. `members.voted` has the digit with the most votes, of equals the lower one, and `members.wrong` the images that are
#    misread by the mean:
#
#    ```python
#    print((members.voted != members.labels).sum(), len(members.wrong))
#    ```
#
#    By votes the committee misreads {glue:text}`by_votes` images, by the mean {glue:text}`by_mean`. The two ways differ
#    on {glue:text}`apart` of the 10,000 test images.
# 2. The learning rate is {glue:text}`lr`, and its schedule {glue:text}`schedule`. `.venv/bin/python -m lenet5 train`
#    takes them as `--lr` and `--schedule`; the page {doc}`train` has fields for them. Expect an error between
#    {glue:text}`one_low` and {glue:text}`one_high`, in about {glue:text}`level` runs of a hundred. The middle is the
#    mean of the {glue:text}`tuned_seeds` seeds with this rate. How far runs scatter is better told by many, so the
#    width is that of the report's {glue:text}`report_seeds` seeds, which are taken to scatter alike. Yours has learned
#    from {glue:text}`more` images more than those {glue:text}`tuned_seeds`, so it may end a little lower.
# 3. The report's network takes {glue:text}`of_report` multiply-adds for an image, the committee
#    {glue:text}`of_committee`. On the 10,000 test images that is {glue:text}`surplus` more, for {glue:text}`fewer`
#    mistakes less than the report's mean: {glue:text}`price` each.
# :::

# %% tags=["remove-cell"]
of_report = steps[1].multiply_adds
of_committee = members.multiply_adds * len(members.table)
surplus = TEST * (of_committee - of_report)
fewer = TEST * (steps[1].mean - members.error) / 100
outcomes = variations.read()
tuned = variations.best(outcomes, variations.OF_RATE)
network = variations.best(outcomes, variations.OF_NETWORK)
config = variations.config_of(tuned.name)
low, high = prose.one_more_run(tuned.test, steps[1].errors)
glue(rate_or_network=prose.rate_or_network(tuned, network))
glue(rate=tuned.name, lr=config.lr, schedule=config.schedule)
glue("{:.2f} %", one_low=low, one_high=high)
glue(tuned_seeds=in_words(len(tuned.test)), report_seeds=len(steps[1].errors))
glue("{:.0f}", level=100 * LEVEL)
glue("{:,}", of_report=of_report, of_committee=of_committee, more=ladder.HELD_BACK)
glue("{:.0f}", times_read=of_committee / of_report, fewer=fewer)
glue("{:.0f} billion", surplus=surplus / 1e9)
glue("{:.1f} billion", price=surplus / fewer / 1e9)
glue(by_votes=(members.voted != test.labels).sum(), by_mean=len(members.wrong))
glue(apart=(members.voted != members.read).sum())
