# %% tags=["remove-cell"]
import numpy as np

from exhibits import glue, provenance, show, show_table
from exhibits.dataset import class_rows
from exhibits.drawings import class_bars, digits
from lenet5.data import checksum, load

train, test = load()
origin = provenance.of_data(checksum(train, test))
train_counts = np.bincount(train.labels)
test_counts = np.bincount(test.labels)
glue("{:,}", train=train_counts.sum(), test=test_counts.sum())
glue("{:,}", total=train_counts.sum() + test_counts.sum())
glue(side=train.images.shape[-1], classes=len(train_counts))

# %% [markdown]
# # Dataset
#
# The classes are not equal. The original counts {glue:text}`mean_count` training images in each, which is the average:
# there are from {glue:text}`fewest` to {glue:text}`most`. All else that it says of the data holds,
# but for the name of its second split.
#
# MNIST {cite:p}`mnist` is {glue:text}`total` grey images of handwritten digits in {glue:text}`classes` classes, each of
# {glue:text}`side`×{glue:text}`side` pixels: {glue:text}`train` for training and {glue:text}`test` for testing. The
# authors took them from forms that census clerks and high-school students had filled in for the United States National
# Institute of Standards and Technology, scaled each digit into a box of 20×20 pixels, and placed it so that its centre
# of mass is the centre of the image {cite:p}`lecun1998`.
#
# {numref}`fig-digits` shows what the network is up against. Strokes are thick or thin, upright or slanted, and some
# digits can be told only by a small gap.

# %% [markdown]
# ```{glue:figure} fig-digits
# :name: fig-digits
# :alt: A grid of ten rows and ten columns of handwritten digits, in many hands. The first row reads
# :  5 0 4 1 9 2 1 3 1 4.
# The first hundred training images, in the order of the file. In the data 255 is ink and 0 is paper.
# ```
#
# A pixel is a grey level, and the network takes it divided by 255. Nothing else is done to the images: no mean is
# subtracted, and none is shifted, rotated or distorted. {glue:text}`paper` of all pixels are bare paper, and the mean
# grey is {glue:text}`mean_grey`.

# %% tags=["hide-input", "remove-output"]
show("fig-digits", digits(train.images[:100]), origin)
glue("{:.0f} %", paper=100 * (train.images == 0).mean())
glue("{:.3f}", mean_grey=train.images.mean() / 255)

# %% [markdown]
# ## Classes
#
# The digit {glue:text}`fewest_digit` has the fewest training images and the digit {glue:text}`most_digit` the most, as
# {numref}`fig-classes` and {numref}`tab-classes` show.
#
# ```{glue:figure} fig-classes
# :name: fig-classes
# :alt: A bar chart of the number of training images of each digit. Digit 5 has the fewest and digit 1 the most; a
# :  dashed line marks the average of 6,000.
# Training images per class. The dashed line is the average that the original gives for all.
# ```

# %% tags=["hide-input", "remove-output"]
mean_count = train_counts.mean()
glue("{:,}", fewest=train_counts.min(), most=train_counts.max())
glue("{:,}", mean_count=round(mean_count))
glue(fewest_digit=train_counts.argmin(), most_digit=train_counts.argmax())
show("fig-classes", class_bars(train_counts, "images", mean_count, "average"), origin)

# %% tags=["hide-input"]
show_table(
    "digit | training images | test images",
    class_rows(train_counts, test_counts),
    "Images per class in the two splits.",
    "tab-classes",
    origin,
    "lrr",
)

# %% [markdown]
# ## Two splits, two uses
#
# The network learns from the training images alone. The test images measure it. The original calls them its validation
# set, a name for images on which one chooses: a learning rate, or the epoch at which to stop. For the network of
# this report nothing is chosen. The recipe is fixed beforehand and the number of epochs with it, so the error on the
# test images is a fair estimate of the error on new ones from the same source. Where later chapters choose, they hold
# training images back.
#
# ## What next
#
# {doc}`implementation` turns these images into a trained network. What choosing on the test images is worth,
# {doc}`variability` measures over many seeds; {doc}`audit` trains once more with a real validation set.
