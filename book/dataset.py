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

# %% tags=["remove-cell"]
from lenet5 import figures
from lenet5.data import checksum, load
from lenet5.display import glue_numbers, show, show_table
from lenet5.provenance import provenance

train, test = load()
origin = provenance(data=checksum(train, test))
counts = train.labels.bincount()
pixels = train.images
glue_numbers(
    total=f"{len(train.images) + len(test.images):,}",
    train=f"{len(train.images):,}",
    test=f"{len(test.images):,}",
    side=f"{train.images.shape[-1]}",
    classes=f"{len(counts)}",
    mean_count=f"{len(train.images) // len(counts):,}",
    fewest=f"{counts.min():,}",
    fewest_digit=f"{counts.argmin()}",
    most=f"{counts.max():,}",
    most_digit=f"{counts.argmax()}",
    paper=f"{100 * (pixels == 0).double().mean():.0f} %",
    mean_grey=f"{pixels.double().mean():.3f}",
)

# %% [markdown]
# # Dataset
#
# MNIST {cite:p}`mnist` holds {glue:text}`total` grey images of handwritten digits in {glue:text}`classes` classes, each
# of {glue:text}`side`×{glue:text}`side` pixels. {glue:text}`train` are for training and {glue:text}`test` for testing.
# The authors took them from forms that census clerks and high-school students had filled in for the United States
# National Institute of Standards and Technology, scaled each digit into a box of 20×20 pixels, and placed it so that its
# centre of mass is the centre of the image {cite:p}`lecun1998`.
#
# {numref}`fig-digits` shows what the network is up against. Strokes are thick or thin, upright or slanted, and some
# digits can be told only by a small gap.

# %% mystnb={"figure": {"caption": "The first hundred training images, in the order of the file. The ink is drawn black on white; in the data 1 is ink and 0 is paper.", "name": "fig-digits"}, "image": {"alt": "A grid of ten rows and ten columns of handwritten digits, black on white, in many hands: the first row reads 5 0 4 1 9 2 1 3 1 4.", "width": "480px"}} tags=["hide-input"]
show(figures.digits(train.images[:100]), origin)

# %% [markdown]
# A pixel is a grey level divided by 255. Nothing else is done to the images: no mean is subtracted, and none is shifted,
# rotated or distorted. {glue:text}`paper` of all pixels are bare paper, and the mean grey is {glue:text}`mean_grey`.
#
# ## Classes
#
# The original speaks of 6,000 training images in each class. That is the average. The classes differ, as
# {numref}`fig-classes` and {numref}`tab-classes` show: from {glue:text}`fewest` images of the digit
# {glue:text}`fewest_digit` to {glue:text}`most` of the digit {glue:text}`most_digit`.

# %% mystnb={"figure": {"caption": "Training images per class. The dashed line is the average that the original gives for all.", "name": "fig-classes"}, "image": {"alt": "A bar chart of the number of training images of each digit. Digit 5 has the fewest and digit 1 the most; a dashed line marks the average of 6,000."}} tags=["hide-input"]
show(
    figures.class_bars(
        counts.numpy(), "images", len(train.images) / len(counts), "average"
    ),
    origin,
)

# %% tags=["hide-input"]
rows = zip(counts.tolist(), test.labels.bincount().tolist())
show_table(
    ["digit", "training images", "test images"],
    [[digit, f"{ours:,}", f"{theirs:,}"] for digit, (ours, theirs) in enumerate(rows)]
    + [["all", f"{len(train.labels):,}", f"{len(test.labels):,}"]],
    "Images per class in the two splits.",
    "tab-classes",
    "lrr",
    origin,
)

# %% [markdown]
# ## Two splits, two uses
#
# The network learns from the training images alone. The test images measure it. The original calls them its validation
# set, a name for images on which one chooses: a learning rate, or the epoch at which to stop. Nothing is chosen here.
# The recipe is fixed beforehand and the number of epochs with it, so the error on the test images is a fair estimate of
# the error on new ones from the same source.
